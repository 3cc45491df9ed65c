"""What units and members achieved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from quotaloom.achievements.ledger import Reversal
from quotaloom.achievements.rollups import (
    achieved_at_plan_rate,
    achieved_by_member,
    achieved_by_month,
    achieved_by_unit,
)
from quotaloom.calendars.periods import Period, date_range
from quotaloom.metrics.commands import set_exchange_rate
from quotaloom.metrics.rates import RateKind
from quotaloom.metrics.reads import rate_table
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction
from tests.founding import at
from tests.integration.achievements.trees import EVER, NEVER, Tree, append, hold, lay_path, plant, reverse

MARCH = date_range(date(2026, 3, 1), date(2026, 4, 1))
APRIL = date_range(date(2026, 4, 1), date(2026, 5, 1))
BOTH = date_range(date(2026, 3, 1), date(2026, 5, 1))
MOVE = date(2026, 4, 16)
TODAY = date(2026, 6, 1)


async def achieved(
    tree: Tree, period: Period = BOTH, *, metric: str = "revenue", column: str = "achieved", **options: Any
) -> dict[str, int]:
    """What each unit that has a row achieved in one period."""
    async with tree.work.snapshot() as snapshot:
        rows = await achieved_by_unit(snapshot, list(tree.units.values()), tree.counting(metric), [period], **options)
    keys = {id_: key for key, id_ in tree.units.items()}
    return {keys[row["unit_id"]]: row[column] for row in rows}


async def of_members(tree: Tree, periods: Sequence[Period], **options: Any) -> dict[tuple[str, int], int]:
    async with tree.work.snapshot() as snapshot:
        rows = await achieved_by_member(snapshot, list(tree.members.values()), tree.counting(), periods, **options)
    keys = {id_: key for key, id_ in tree.members.items()}
    return {(keys[row["member_id"]], row["period_index"]): row["achieved"] for row in rows}


async def test_a_holder_who_moves_leaves_his_achievements_with_the_position(database: Database) -> None:
    """100,000 in March in the East, 50,000 on 20 April in the West: so as it was and as it is; his are 150,000."""
    tree = await plant(database, {"acme": None, "east": "acme", "west": "acme"}, holders={})

    async def apply(transaction: Transaction) -> int:
        row = await transaction.fetch_one(
            "INSERT INTO member (company_id, key, name, role, version) VALUES ($1, 'li', 'Li', 'member', 1)"
            " RETURNING id",
            transaction.company_id,
        )
        assert row is not None
        await hold(transaction, tree.units["east"], row["id"], (EVER, MOVE))
        await hold(transaction, tree.units["west"], row["id"], (MOVE, NEVER))
        return int(row["id"])

    tree.members["li"] = await tree.work.write(apply)
    await append(
        tree.work,
        tree.posting("march", 100_000_00, tree.direct("east"), business_date=date(2026, 3, 10)),
        tree.posting("april", 50_000_00, tree.direct("west"), business_date=date(2026, 4, 20)),
    )
    expected = {"acme": 150_000_00, "east": 100_000_00, "west": 50_000_00}
    assert await achieved(tree) == expected
    assert await achieved(tree, structure="as_is", tree_day=TODAY) == expected
    assert await of_members(tree, [MARCH, APRIL]) == {("li", 0): 100_000_00, ("li", 1): 50_000_00}
    with pytest.raises(InputError, match="nobody held West on 2026-04-15"):
        await append(tree.work, tree.posting("early", 1, tree.direct("west"), business_date=date(2026, 4, 15)))


async def moved_position(database: Database) -> Tree:
    """A position below East until 16 April and below West from then on, with an order on either side."""
    tree = await plant(database, {"acme": None, "east": "acme", "west": "acme", "seat": "east", "other": "west"})

    async def apply(transaction: Transaction) -> None:
        await transaction.execute(
            "UPDATE unit_path SET valid_to = $3 WHERE ancestor_id = $1 AND unit_id = $2",
            tree.units["east"],
            tree.units["seat"],
            MOVE,
        )
        await lay_path(transaction, tree.units["west"], tree.units["seat"], 1, (MOVE, NEVER))

    await tree.work.write(apply)
    for day, amount in ((date(2026, 3, 10), 100_000_00), (date(2026, 4, 20), 50_000_00)):
        posted = at(tree.work, datetime(day.year, day.month, day.day, 4, tzinfo=UTC))
        await append(posted, tree.posting(f"on {day}", amount, tree.direct("seat"), business_date=day))
    return tree


async def test_a_position_that_moves_counts_where_it_stood(database: Database) -> None:
    """As it was East 100,000 and West 50,000; as it is nothing and 150,000; as it was in March, all in the East."""
    tree = await moved_position(database)
    whole = {"acme": 150_000_00, "seat": 150_000_00}
    assert await achieved(tree) == {**whole, "east": 100_000_00, "west": 50_000_00}
    assert await achieved(tree, structure="as_is", tree_day=TODAY) == {**whole, "west": 150_000_00}
    assert await achieved(tree, structure="as_is", tree_day=date(2026, 3, 31)) == {**whole, "east": 150_000_00}


async def test_as_of_a_day_nothing_later_has_happened(database: Database) -> None:
    """As of 31 March the order of April is not there yet, neither as it was nor as it is."""
    tree = await moved_position(database)
    through = date(2026, 3, 31)
    march = {"acme": 100_000_00, "seat": 100_000_00}
    assert await achieved(tree, posted_through=through) == {**march, "east": 100_000_00}
    assert await achieved(tree, structure="as_is", tree_day=TODAY, posted_through=through) == {
        **march,
        "west": 100_000_00,
    }
    assert await of_members(tree, [BOTH], posted_through=through) == {("seat", 0): 100_000_00}


async def test_a_reversal_counts_on_the_originals_day_from_the_day_it_is_posted(database: Database) -> None:
    """40,000 of March's 100,000 come back in May: March is 60,000, and 100,000 still as of April."""
    tree = await plant(database, {"acme": None, "ann": "acme"})
    (entry,) = await append(
        at(tree.work, datetime(2026, 3, 10, tzinfo=UTC)),
        tree.posting("a", 100_000_00, tree.direct("ann"), business_date=date(2026, 3, 10)),
    )
    await reverse(at(tree.work, datetime(2026, 5, 2, tzinfo=UTC)), Reversal(entry.id, 40_000_00, "r", "r"))
    assert await achieved(tree, MARCH) == {"acme": 60_000_00, "ann": 60_000_00}
    assert (await achieved(tree, MARCH, posted_through=date(2026, 5, 1)))["acme"] == 100_000_00


async def test_a_parent_achieves_the_sum_of_what_is_below_it(database: Database) -> None:
    """East 90 and West 10 make 100 for the parent: of its target 150 that is 0.666667."""
    tree = await plant(
        database, {"acme": None, "east": "acme", "west": "acme", "e": "east", "w": "west", "idle": "west"}
    )
    await append(tree.work, tree.posting("a", 90, tree.direct("e")), tree.posting("b", 10, tree.direct("w")))
    assert await achieved(tree) == {"acme": 100, "east": 90, "e": 90, "west": 10, "w": 10}


async def test_an_overlay_adds_nothing_to_the_company(database: Database) -> None:
    """A deal of 1,000 with a 100% overlay for an engineer: hers is 1,000, her team's 0, the company's 1,000."""
    tree = await plant(database, {"acme": None, "sales": "acme", "tech": "acme", "ann": "sales", "eva": "tech"})
    await append(tree.work, tree.posting("a", 1_000_00, tree.direct("ann"), tree.overlay("eva")))
    assert await achieved(tree) == {"acme": 1_000_00, "sales": 1_000_00, "ann": 1_000_00, "tech": 0, "eva": 1_000_00}
    assert await achieved(tree, column="overlay") == {
        "acme": 1_000_00,
        "sales": 0,
        "ann": 0,
        "tech": 1_000_00,
        "eva": 1_000_00,
    }
    assert await of_members(tree, [APRIL]) == {("ann", 0): 1_000_00, ("eva", 0): 1_000_00}


async def by_month(tree: Tree, months: Sequence[Period], tree_day: date) -> dict[str, list[int]]:
    """What each unit achieved month by month, as it is composed on a day."""
    async with tree.work.snapshot() as snapshot:
        found = await achieved_by_month(snapshot, list(tree.units.values()), tree.counting(), months, tree_day)
    return {key: found[id_] for key, id_ in tree.units.items()}


async def test_every_unit_has_a_figure_for_every_month(database: Database) -> None:
    """A deal of 1,000 with an overlay for an engineer in March, one more of hers in April; overlay is hers alone."""
    tree = await plant(database, {"acme": None, "sales": "acme", "tech": "acme", "ann": "sales", "eva": "tech"})
    await append(
        tree.work,
        tree.posting("a", 1000, tree.direct("ann"), tree.overlay("eva"), business_date=date(2026, 3, 31)),
        tree.posting("b", 7, tree.direct("eva"), business_date=date(2026, 4, 1)),
        tree.posting("c", 500, tree.direct("ann"), business_date=date(2026, 5, 1)),
        tree.posting("d", 1, tree.direct("ann"), metric="orders", business_date=date(2026, 4, 2)),
    )
    assert await by_month(tree, [MARCH, APRIL], TODAY) == {
        "acme": [1000, 7],
        "sales": [1000, 0],
        "tech": [0, 7],
        "ann": [1000, 0],
        "eva": [1000, 7],
    }


async def test_months_count_for_whoever_is_above_on_the_trees_day(database: Database) -> None:
    """The position that moved on 16 April takes its past along, or has not moved yet, and so may be nowhere."""
    tree = await moved_position(database)
    mine = [100_000_00, 50_000_00]
    none = [0, 0]
    moved = {"acme": mine, "east": none, "west": mine, "seat": mine, "other": none}
    assert await by_month(tree, [MARCH, APRIL], TODAY) == moved
    assert await by_month(tree, [MARCH, APRIL], date(2026, 3, 31)) == {**moved, "east": mine, "west": none}
    assert await by_month(tree, [MARCH, APRIL], date(1899, 12, 31)) == dict.fromkeys(moved, none)


async def test_months_need_not_follow_one_another(database: Database) -> None:
    """Each has its own figure, in the order in which they are asked for."""
    tree = await plant(database, {"acme": None, "ann": "acme"})
    for key, amount, day in (("a", 1, date(2026, 3, 31)), ("b", 2, date(2026, 4, 1))):
        await append(tree.work, tree.posting(key, amount, tree.direct("ann"), business_date=day))
    assert (await by_month(tree, [APRIL, MARCH], TODAY))["acme"] == [2, 1]


async def test_two_splitters_of_one_team_count_once_for_its_head(database: Database) -> None:
    """The deal of 100.01 and its one order stand once in the team, though both splitters show the order."""
    tree = await plant(database, {"acme": None, "team": "acme", "ann": "team", "bob": "team"})
    halves = (tree.direct("ann", "1/2"), tree.direct("bob", "1/2"))
    await append(tree.work, tree.posting("a", 100_01, *halves), tree.posting("b", 1, *halves, metric="orders"))
    assert await achieved(tree) == {"acme": 100_01, "team": 100_01, "ann": 50_01, "bob": 50_00}
    assert await achieved(tree, metric="orders") == {"acme": 1, "team": 1, "ann": 1, "bob": 1}


async def test_many_periods_at_once_with_half_open_ends(database: Database) -> None:
    """An entry of 1 April is April's and not March's; the periods may overlap."""
    tree = await plant(database, {"acme": None, "ann": "acme"})
    await append(
        tree.work,
        tree.posting("a", 1, tree.direct("ann"), business_date=date(2026, 3, 31)),
        tree.posting("b", 2, tree.direct("ann"), business_date=date(2026, 4, 1)),
        tree.posting("c", 4, tree.direct("ann"), business_date=date(2026, 4, 30)),
    )
    async with tree.work.snapshot() as snapshot:
        rows = await achieved_by_unit(snapshot, [tree.units["acme"]], tree.counting(), [MARCH, APRIL, BOTH])
        assert snapshot.statements == 2
    assert [(row["period_index"], row["achieved"]) for row in rows] == [(0, 1), (1, 6), (2, 7)]


async def test_what_moved_takes_one_statement_more(database: Database) -> None:
    """What it has in each part of its time, however often it moved; the seat that stayed is counted as before."""
    tree = await moved_position(database)
    async with tree.work.snapshot() as snapshot:
        rows = await achieved_by_unit(snapshot, list(tree.units.values()), tree.counting(), [MARCH, APRIL])
        assert snapshot.statements == 3
    west = [(row["period_index"], row["achieved"]) for row in rows if row["unit_id"] == tree.units["west"]]
    assert west == [(1, 50_000_00)]


async def test_what_positions_have_is_read_once_for_a_tree(database: Database) -> None:
    """East alone, then all: both are read again, as West was not; then each team: where it stands is read, once."""
    tree = await plant(database, {"acme": None, "east": "acme", "west": "acme", "e": "east", "w": "west"})
    await append(tree.work, tree.posting("a", 90, tree.direct("e")), tree.posting("b", 10, tree.direct("w")))
    found = []
    async with tree.work.snapshot() as snapshot:
        for unit, statements in ("east", 2), ("acme", 4), ("west", 5), ("east", 5), ("e", 5), ("acme", 5):
            rows = await achieved_by_unit(snapshot, [tree.units[unit]], tree.counting(), [BOTH])
            assert snapshot.statements == statements
            found += [row["achieved"] for row in rows]
        assert await achieved_by_unit(snapshot, [tree.units["west"]], tree.counting("orders"), [BOTH]) == []
    assert found == [90, 100, 10, 90, 90, 100]


async def test_levels_asked_one_after_the_other_add_up_as_when_asked_alone(database: Database) -> None:
    """Direct 90 + 10 + 4; of overlay 7 is E's own and counts for no unit above, where it is shown apart."""
    tree = await plant(
        database, {"acme": None, "east": "acme", "west": "acme", "team": "east", "e": "team", "f": "team", "w": "west"}
    )
    await append(
        tree.work,
        tree.posting("a", 90, tree.direct("e"), business_date=date(2026, 3, 2)),
        tree.posting("b", 10, tree.direct("f")),
        tree.posting("c", 4, tree.direct("w")),
        tree.posting("d", 7, tree.direct("w"), tree.overlay("e")),
    )
    found: dict[tuple[str, int], tuple[int, int]] = {}
    async with tree.work.snapshot() as snapshot:
        for level in ("acme",), ("east", "west"), ("team", "w"), ("e", "f"):
            ids = {tree.units[key]: key for key in level}
            for row in await achieved_by_unit(snapshot, list(ids), tree.counting(), [MARCH, APRIL]):
                found[ids[row["unit_id"]], row["period_index"]] = row["achieved"], row["overlay"]
    assert found == {
        ("acme", 0): (90, 0),
        ("acme", 1): (21, 7),
        ("east", 0): (90, 0),
        ("east", 1): (10, 7),
        ("west", 1): (11, 0),
        ("team", 0): (90, 0),
        ("team", 1): (10, 7),
        ("w", 1): (11, 0),
        ("e", 0): (90, 0),
        ("e", 1): (7, 7),
        ("f", 1): (10, 0),
    }


async def test_a_level_in_which_a_position_moved_is_no_standing_tree(database: Database) -> None:
    """The company has it all the time, East and West on some days each: asked after the company, as asked alone."""
    tree = await moved_position(database)
    alone = await achieved(tree)
    keys = {id_: key for key, id_ in tree.units.items()}
    found: dict[str, int] = {}
    async with tree.work.snapshot() as snapshot:
        for level in ("acme",), [key for key in tree.units if key != "acme"]:
            ids = [tree.units[key] for key in level]
            rows = await achieved_by_unit(snapshot, ids, tree.counting(), [BOTH])
            found |= {keys[row["unit_id"]]: row["achieved"] for row in rows}
    assert found == alone == {"acme": 150_000_00, "east": 100_000_00, "west": 50_000_00, "seat": 150_000_00}


async def test_bookings_plan_rate_and_collections_of_one_deal(database: Database) -> None:
    """10,000 USD booked at 7.20, plan rate 7.00, paid at 7.10: 72,000, at plan rate 70,000, collected 71,000."""
    tree = await plant(database, {"acme": None, "ann": "acme"})
    await set_exchange_rate(tree.work, "USD", RateKind.BOOKING, date(2026, 3, 1), Decimal("7.20"))
    await set_exchange_rate(tree.work, "USD", RateKind.BOOKING, date(2026, 4, 1), Decimal("7.10"))
    await set_exchange_rate(tree.work, "USD", RateKind.PLAN, date(2026, 1, 1), Decimal("7.00"))
    deal = {"currency": "USD"}
    await append(
        tree.work,
        tree.posting("won", 10_000_00, tree.direct("ann"), business_date=date(2026, 3, 10), **deal),
        tree.posting(
            "paid", 10_000_00, tree.direct("ann"), business_date=date(2026, 4, 10), metric="collected_payments", **deal
        ),
    )
    assert (await achieved(tree))["acme"] == 72_000_00
    assert (await achieved(tree, metric="collected_payments"))["acme"] == 71_000_00
    assert await planned(tree, [BOTH]) == [("acme", 0, 70_000_00), ("ann", 0, 70_000_00)]


async def test_plan_rates_change_and_positions_move_within_one_period(database: Database) -> None:
    """In April 10 USD at 7 and 1 at 8 for the East, 1 at 8 and 50,000 CNY for the West, where the seat went."""
    tree = await moved_position(database)
    await set_exchange_rate(tree.work, "USD", RateKind.BOOKING, date(2026, 1, 1), Decimal("7.5"))
    await set_exchange_rate(tree.work, "USD", RateKind.PLAN, date(2026, 1, 1), Decimal(7))
    await set_exchange_rate(tree.work, "USD", RateKind.PLAN, date(2026, 4, 10), Decimal(8))
    for day, amount in ((5, 10_00), (12, 1_00), (20, 1_00)):
        deal = tree.posting(f"usd {day}", amount, tree.direct("seat"), business_date=date(2026, 4, day), currency="USD")
        await append(tree.work, deal)
    found = {(unit, place): amount for unit, place, amount in await planned(tree, [MARCH, APRIL])}
    assert found == {
        ("acme", 0): 100_000_00,
        ("east", 0): 100_000_00,
        ("seat", 0): 100_000_00,
        ("acme", 1): 50_086_00,
        ("east", 1): 78_00,
        ("west", 1): 50_008_00,
        ("seat", 1): 50_086_00,
    }


async def planned(tree: Tree, periods: Sequence[Period]) -> list[tuple[str, int, int]]:
    async with tree.work.snapshot() as snapshot:
        rows = await achieved_at_plan_rate(
            snapshot,
            list(tree.units.values()),
            tree.counting(),
            2,
            periods,
            await rate_table(snapshot, "CNY", RateKind.PLAN),
        )
    keys = {id_: key for key, id_ in tree.units.items()}
    return [(keys[row.unit_id], row.period_index, row.achieved) for row in rows]


async def test_plan_rates_are_those_of_the_business_dates_and_round_once(database: Database) -> None:
    """0.01 USD at 0.6 and 0.01 USD at 0.7 are 1.3 minor units, so 1, not 1 + 1; own currency stays as it is."""
    tree = await plant(database, {"acme": None, "ann": "acme"})
    await set_exchange_rate(tree.work, "USD", RateKind.BOOKING, date(2026, 1, 1), Decimal("7"))
    await set_exchange_rate(tree.work, "USD", RateKind.PLAN, date(2026, 1, 1), Decimal("0.6"))
    await set_exchange_rate(tree.work, "USD", RateKind.PLAN, date(2026, 4, 1), Decimal("0.7"))
    await append(
        tree.work,
        tree.posting("a", 1, tree.direct("ann"), business_date=date(2026, 3, 31), currency="USD"),
        tree.posting("b", 1, tree.direct("ann"), business_date=date(2026, 4, 1), currency="USD"),
        tree.posting("c", 100, tree.direct("ann"), business_date=date(2026, 4, 1)),
    )
    assert await planned(tree, [MARCH, APRIL, BOTH]) == [
        ("acme", 0, 1),
        ("acme", 1, 101),
        ("acme", 2, 101),
        ("ann", 0, 1),
        ("ann", 1, 101),
        ("ann", 2, 101),
    ]


async def test_a_missing_plan_rate_is_refused(database: Database) -> None:
    """The booking rate does not stand in for it."""
    tree = await plant(database, {"acme": None, "ann": "acme"})
    await set_exchange_rate(tree.work, "USD", RateKind.BOOKING, date(2026, 1, 1), Decimal("7"))
    await append(tree.work, tree.posting("a", 1, tree.direct("ann"), currency="USD"))
    with pytest.raises(InputError, match="no plan rate of USD") as caught:
        await planned(tree, [APRIL])
    assert caught.value.code == "MISSING_RATE"
