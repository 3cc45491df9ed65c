"""What units achieved in trees that keep changing, against a count by hand of every entry, one by one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from quotaloom.achievements import unit_sums
from quotaloom.achievements.ledger import Posting, Reversal
from quotaloom.achievements.rollups import achieved_at_plan_rate, achieved_by_unit
from quotaloom.calendars.periods import Period, date_range
from quotaloom.metrics.product_commands import NewProduct, define_product
from quotaloom.metrics.rates import RateKind
from quotaloom.metrics.reads import rate_table
from quotaloom.platform.custom_plans import MANY
from quotaloom.platform.database import Database
from quotaloom.platform.unit_of_work import Transaction
from tests.founding import at
from tests.integration.achievements.trees import EVER, NEVER, Tree, append, lay_path, plant, reverse

FIRST = date(2026, 1, 1)
DAYS = 120
HUGE = 4 * 10**18
"""Two of them are more than 64 bits hold."""


@dataclass
class Entry:
    """One entry as it was posted, or a reversal of one."""

    position: str
    day: date
    posted_on: date
    amount: int
    overlay: bool
    product: int | None


@dataclass
class World:
    """A tree, who was above each position since when, and every entry."""

    tree: Tree
    above: dict[str, list[tuple[date, tuple[str, ...]]]]
    products: list[int]
    entries: list[Entry] = field(default_factory=list)

    def ancestors(self, position: str, day: date) -> tuple[str, ...]:
        """Those above the position on the day, itself included; nobody while it is not there."""
        found: tuple[str, ...] = ()
        for since, units in self.above[position]:
            if since <= day:
                found = units
        return found


async def world(database: Database, seed: int) -> World:
    """Four teams in two departments, six positions that move, vanish and come back on any day, forty entries."""
    chance = random.Random(seed)
    parents: dict[str, str | None] = {"acme": None, "d0": "acme", "d1": "acme"}
    teams = {f"t{number}": f"d{number % 2}" for number in range(4)}
    positions = [f"p{number}" for number in range(6)]
    parents.update(teams)
    parents.update({position: chance.choice([*teams, "d0", "d1"]) for position in positions})
    parents.update({f"vacant{number}": team for number, team in enumerate(teams)})
    tree = await plant(database, parents)
    products = [await define_product(tree.work, NewProduct(name, name)) for name in ("tea", "pots")]
    made = World(tree, {position: list(spans(chance, position, teams)) for position in positions}, products)
    await tree.work.write(lambda transaction: lay(transaction, made))
    for number in range(40):
        await post(chance, made, number)
    return made


def spans(chance: random.Random, position: str, teams: dict[str, str]) -> Iterator[tuple[date, tuple[str, ...]]]:
    """Where the position stands from which day on."""
    starts = sorted(chance.sample(range(1, DAYS), chance.randint(0, 4)))
    for start in [EVER, *(FIRST + timedelta(day) for day in starts)]:
        above = chance.choice([*teams, "d0", "d1", "acme", ""])
        between = (above, teams[above], "acme") if above in teams else ("acme",) if above == "acme" else (above, "acme")
        yield start, (position, *between) if above else ()


async def lay(transaction: Transaction, made: World) -> None:
    """Store where the positions stand."""
    units = made.tree.units
    for position, places in made.above.items():
        await transaction.execute("DELETE FROM unit_path WHERE unit_id = $1", units[position])
        for (since, above), (until, _) in pairwise([*places, (NEVER, ())]):
            for depth, unit in enumerate(above):
                await lay_path(transaction, units[unit], units[position], depth, (since, until))


async def post(chance: random.Random, made: World, number: int) -> None:
    """Post an order split among two positions and an overlay, and now and then take back a part of it."""
    work, tree = made.tree.work, made.tree
    first, second, third = chance.sample(list(made.above), 3)
    day = FIRST + timedelta(chance.randrange(DAYS))
    posted_on = day + timedelta(chance.randrange(40))
    amount = chance.choice([2 * chance.randint(1, 10**9), HUGE if number < 3 else 2])
    product = chance.choice([None, *made.products])
    credits = tree.direct(first, "0.5"), tree.direct(second, "0.5"), tree.overlay(third)
    posting: Posting = tree.posting(f"order {number}", amount, *credits, business_date=day, product_id=product)
    then = at(work, datetime.combine(posted_on, datetime.min.time(), UTC) + timedelta(hours=4))
    entries = await append(then, posting)
    for entry, position, share in zip(entries, (first, second, third), (2, 2, 1), strict=True):
        overlay = entry.credit.value == "overlay"
        made.entries.append(Entry(position, day, posted_on, amount // share, overlay, product))
        if chance.random() < 0.3:
            later = posted_on + timedelta(chance.randrange(30))
            part = chance.randint(1, amount // share)
            taken = at(work, datetime.combine(later, datetime.min.time(), UTC) + timedelta(hours=4))
            key = f"refund {number} {position}"
            await reverse(taken, Reversal(entry.id, part, key, key))
            made.entries.append(Entry(position, day, later, -part, overlay, product))


def counted(
    made: World, periods: list[Period], tree_day: date | None, through: date | None, products: tuple[int, ...] | None
) -> dict[tuple[str, int], tuple[int, int]]:
    """By unit and period, achieved and overlay, entry by entry; what is nothing is left out."""
    sums: dict[tuple[str, int], list[int]] = {}
    for entry in made.entries:
        if (through and entry.posted_on > through) or (products and entry.product not in products):
            continue
        for place, period in enumerate(periods):
            if not period.starts_on <= entry.day < period.ends_on:
                continue
            for unit in made.ancestors(entry.position, tree_day or entry.day):
                both = sums.setdefault((unit, place), [0, 0])
                if not entry.overlay or unit == entry.position:
                    both[0] += entry.amount
                if entry.overlay:
                    both[1] += entry.amount
    return {key: (achieved, overlay) for key, (achieved, overlay) in sums.items() if achieved or overlay}


PERIODS = {
    "one": [date_range(date(2026, 1, 10), date(2026, 3, 20))],
    "months": [date_range(date(2026, month, 1), date(2026, month + 1, 1)) for month in range(1, 5)],
    "days": [date_range(FIRST + timedelta(day), FIRST + timedelta(day + 1)) for day in range(DAYS)],
    "overlapping": [
        date_range(date(2026, 3, 1), date(2026, 5, 1)),
        date_range(FIRST, date(2026, 4, 1)),
        date_range(date(2026, 3, 15), date(2026, 3, 16)),
    ],
}


@pytest.mark.parametrize(("seed", "many"), [(0, MANY), (1, MANY), (2, MANY), (3, 1), (4, 1)])
async def test_every_sum_is_that_of_its_entries(
    database: Database, monkeypatch: pytest.MonkeyPatch, seed: int, many: int
) -> None:
    """As it was and as it is, as of any day, of some products or all, for one period, many, and overlapping ones.

    In large companies too, all of whose positions are summed without looking each one up.
    """
    monkeypatch.setattr(unit_sums, "MANY", many)
    made = await world(database, seed)
    names = {number: key for key, number in made.tree.units.items()}
    questions = [
        (kind, tree_day, through, products)
        for kind in PERIODS
        for tree_day in (None, date(2026, 2, 11), date(2026, 6, 1))
        for through in (None, date(2026, 3, 1))
        for products in (None, (made.products[0],), tuple(made.products))
    ]
    async with made.tree.work.snapshot() as snapshot:
        rates = await rate_table(snapshot, "CNY", RateKind.PLAN)
        for kind, tree_day, through, products in questions:
            counting = made.tree.counting("revenue", *(products or ()))
            structure = "as_was" if tree_day is None else "as_is"
            asked = {"structure": structure, "tree_day": tree_day, "posted_through": through}
            expected = counted(made, PERIODS[kind], tree_day, through, products)
            rows = await achieved_by_unit(snapshot, list(names), counting, PERIODS[kind], **asked)  # type: ignore[arg-type]
            found = {(names[row["unit_id"]], row["period_index"]): (row["achieved"], row["overlay"]) for row in rows}
            assert found == expected, (kind, tree_day, through, products)
            planned = await achieved_at_plan_rate(snapshot, list(names), counting, 2, PERIODS[kind], rates, **asked)  # type: ignore[arg-type]
            at_rate = {(names[row.unit_id], row.period_index): (row.achieved, row.overlay) for row in planned}
            assert {key: both for key, both in at_rate.items() if any(both)} == expected
            some = [made.tree.units[unit] for unit in ("t1", "p3", "d0")]
            rows = await achieved_by_unit(snapshot, some, counting, PERIODS[kind], **asked)  # type: ignore[arg-type]
            found = {(names[row["unit_id"]], row["period_index"]): (row["achieved"], row["overlay"]) for row in rows}
            assert found == {key: both for key, both in expected.items() if key[0] in ("t1", "p3", "d0")}
