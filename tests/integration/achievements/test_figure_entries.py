"""From a figure to the entries that it is the sum of."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from random import Random

import pytest

from quotaloom.achievements.figure_entries import Counted, count_figure_entries, figure_entries
from quotaloom.achievements.ledger import Reversal
from quotaloom.achievements.rollups import achieved_by_member, achieved_by_unit
from quotaloom.achievements.splits import CreditKind
from quotaloom.achievements.unit_sums import Structure
from quotaloom.calendars.periods import Period, date_range
from quotaloom.platform.database import Database
from quotaloom.platform.unit_of_work import Transaction
from tests.integration.achievements.trees import NEVER, Tree, append, lay_path, plant, reverse

MARCH = date_range(date(2026, 3, 1), date(2026, 4, 1))
APRIL = date_range(date(2026, 4, 1), date(2026, 5, 1))
MOVE, TODAY = date(2026, 4, 16), date(2026, 6, 1)
TEAMS = {"acme": None, "east": "acme", "west": "acme", "ann": "east", "bob": "east", "cem": "west"}


async def moved(database: Database) -> Tree:
    """Bob's position moves from East to West on 16 April; Ann holds it besides her own."""
    tree = await plant(database, TEAMS, holders={"ann": "ann", "bob": "ann", "cem": "cem"})

    async def apply(transaction: Transaction) -> None:
        await transaction.execute(
            "UPDATE unit_path SET valid_to = $3 WHERE ancestor_id = $1 AND unit_id = $2",
            tree.units["east"],
            tree.units["bob"],
            MOVE,
        )
        await lay_path(transaction, tree.units["west"], tree.units["bob"], 1, (MOVE, NEVER))

    await tree.work.write(apply)
    return tree


async def some_ledger(tree: Tree, seed: int) -> None:
    """Fifty postings of two months, shared and with overlay, every third partly taken back."""
    dice = Random(seed)
    postings = []
    for number in range(50):
        first, second, third = dice.sample(["ann", "bob", "cem"], 3)
        credits = [tree.direct(first, "2/3"), tree.direct(second, "1/3")]
        credits += [tree.overlay(third)] if dice.random() < 0.5 else []
        day = MARCH.starts_on + timedelta(days=dice.randrange(61))
        metric = dice.choice(["revenue", "revenue", "collected_payments"])
        amount = dice.randrange(3, 10_000)
        postings.append(tree.posting(f"k{number}", amount, *credits, metric=metric, business_date=day))
    entries = await append(tree.work, *postings)
    await reverse(
        tree.work,
        *(
            Reversal(entry.id, dice.randrange(1, entry.original_amount + 1), f"r{entry.id}", f"r{entry.id}")
            for entry in entries[::3]
        ),
    )


async def sums(tree: Tree, asked: list[tuple[int, Period]], counted: Counted) -> list[int]:
    """The sum of all pages of each figure, seven entries at a time; each is counted and told once."""
    found: list[set[int]] = [set() for _ in asked]
    totals = [0] * len(asked)
    async with tree.work.snapshot() as snapshot:
        counts = await count_figure_entries(snapshot, asked, counted)
        for place, one in enumerate(asked):
            after, more = None, True
            while more:
                (page,) = await figure_entries(snapshot, [one], counted, first=7, after=after)
                rows = page.rows
                assert len(rows) == 7 or not page.has_next
                assert not found[place] & {row["id"] for row in rows}
                found[place] |= {row["id"] for row in rows}
                totals[place] += sum(row["amount"] for row in rows)
                after, more = (rows[-1]["business_date"], rows[-1]["id"]) if rows else None, page.has_next
    assert counts == [len(ids) for ids in found]
    return totals


@pytest.mark.parametrize("seed", range(3))
async def test_the_entries_of_a_figure_sum_to_it(database: Database, seed: int) -> None:
    """Of every unit and member, as it was and as it is, whole and overlay: nothing is missing, nothing is twice."""
    tree = await moved(database)
    await some_ledger(tree, seed)
    metric, periods = tree.counting(), [MARCH, APRIL]
    units, members = list(tree.units.values()), list(tree.members.values())
    for tree_day in (None, TODAY, MARCH.starts_on):
        async with tree.work.snapshot() as snapshot:
            structure: Structure = "as_was" if tree_day is None else "as_is"
            rows = await achieved_by_unit(snapshot, units, metric, periods, structure=structure, tree_day=tree_day)
        figures = {(row["unit_id"], row["period_index"]): row for row in rows}
        places = list(product(units, range(2)))
        asked = [(unit, periods[index]) for unit, index in places]
        for credit, name in ((None, "achieved"), (CreditKind.OVERLAY, "overlay")):
            found = await sums(tree, asked, Counted(metric, tree_day=tree_day, credit=credit))
            assert found == [figures[place][name] if place in figures else 0 for place in places]
    async with tree.work.snapshot() as snapshot:
        rows = await achieved_by_member(snapshot, members, metric, periods)
    figures = {(row["member_id"], row["period_index"]): row for row in rows}
    places = list(product(members, range(2)))
    asked = [(member, periods[index]) for member, index in places]
    for credit, name in ((None, "achieved"), (CreditKind.OVERLAY, "overlay")):
        found = await sums(tree, asked, Counted(metric, of_members=True, credit=credit))
        assert found == [figures[place][name] if place in figures else 0 for place in places]


async def test_what_moved_is_listed_where_it_counts(database: Database) -> None:
    """Bob's order of 10 April is East's as it was and West's as it is; that of 20 April is West's either way."""
    tree = await moved(database)
    for day in (10, 20):
        await append(tree.work, tree.posting(f"of {day}", day, tree.direct("bob"), business_date=date(2026, 4, day)))
    asked = [(tree.units["east"], APRIL), (tree.units["west"], APRIL), (tree.units["bob"], APRIL)]
    metric = tree.counting()
    assert await sums(tree, asked, Counted(metric)) == [10, 20, 30]
    assert await sums(tree, asked, Counted(metric, tree_day=TODAY)) == [0, 30, 30]


async def test_many_figures_take_one_statement_and_pages_go_either_way(database: Database) -> None:
    """Both months of the company at once: the two latest of each, then those before; the earliest first too."""
    tree = await moved(database)
    for month, day in product((3, 4), (1, 2, 3)):
        key = f"{month}-{day}"
        await append(
            tree.work, tree.posting(key, 10 * month + day, tree.direct("ann"), business_date=date(2026, month, day))
        )
    asked, counted = [(tree.units["acme"], month) for month in (MARCH, APRIL)], Counted(tree.counting())
    async with tree.work.snapshot() as snapshot:
        pages = await figure_entries(snapshot, asked, counted, first=2, newest_first=True)
        assert snapshot.statements == 1
        assert [[row["amount"] for row in page.rows] for page in pages] == [[33, 32], [43, 42]]
        assert [page.has_next for page in pages] == [True, True]
        last = pages[0].rows[-1]
        after = (last["business_date"], last["id"])
        (rest,) = await figure_entries(snapshot, asked[:1], counted, first=2, after=after, newest_first=True)
        assert ([row["amount"] for row in rest.rows], rest.has_next) == ([31], False)
        pages = await figure_entries(snapshot, asked, counted, first=1)
        assert [[row["amount"] for row in page.rows] for page in pages] == [[31], [41]]


async def test_a_viewer_finds_the_entries_that_he_may_see(database: Database) -> None:
    """Of the company's 7 he sees Ann's 3 by the position, Cem's 4 as Cem himself; nobody's by neither."""
    tree = await moved(database)
    await append(
        tree.work,
        tree.posting("a", 3, tree.direct("ann"), business_date=MARCH.starts_on),
        tree.posting("b", 4, tree.direct("cem"), business_date=MARCH.starts_on),
    )
    asked, metric = [(tree.units["acme"], MARCH)], tree.counting()
    assert await sums(tree, asked, Counted(metric)) == [7]
    assert await sums(tree, asked, Counted(metric, seen_units=[tree.units["ann"]])) == [3]
    assert await sums(tree, asked, Counted(metric, seen_units=[], seen_members=[tree.members["cem"]])) == [4]
    assert await sums(tree, asked, Counted(metric, seen_units=[], seen_members=[])) == [0]


async def test_of_a_member_some_positions_count(database: Database) -> None:
    """Ann has 3 in her own position and 4 in Bob's: where only Bob's counts, 4."""
    tree = await moved(database)
    await append(
        tree.work,
        tree.posting("a", 3, tree.direct("ann"), business_date=MARCH.starts_on),
        tree.posting("b", 4, tree.direct("bob"), business_date=MARCH.starts_on),
    )
    asked, metric = [(tree.members["ann"], MARCH)], tree.counting()
    assert await sums(tree, asked, Counted(metric, of_members=True)) == [7]
    for positions, total in (({tree.units["bob"]}, 4), (set[int](), 0)):
        assert await sums(tree, asked, Counted(metric, of_members=True, position_ids=positions)) == [total]
