"""Reading the ledger's entries."""

from __future__ import annotations

from datetime import date

from quotaloom.achievements.entries import EntrySource
from quotaloom.achievements.ledger import Reversal
from quotaloom.achievements.reads import (
    Cursor,
    EntryFilter,
    count_entries,
    entries_by_id,
    entries_page,
    reversals_of,
)
from quotaloom.platform.database import Database
from tests.integration.achievements.trees import Tree, append, plant, reverse

TEAMS = {"acme": None, "east": "acme", "west": "acme", "ann": "east", "bob": "west"}


async def filled(database: Database) -> Tree:
    """Ten entries: Ann's of 1 to 5 on days 5 down to 1 of April, Bob's payments of 6 to 10 on the same days."""
    tree = await plant(database, TEAMS)
    postings = []
    for number in range(1, 11):
        ann = number <= 5
        postings.append(
            tree.posting(
                f"k{number:02}",
                number,
                tree.direct("ann" if ann else "bob"),
                metric="revenue" if ann else "collected_payments",
                source=EntrySource.ORDER if ann else EntrySource.PAYMENT,
                business_date=date(2026, 4, 1 + (10 - number) % 5),
            )
        )
    await append(tree.work, *postings)
    return tree


async def listed(tree: Tree, wanted: EntryFilter) -> list[int]:
    async with tree.work.snapshot() as snapshot:
        page = await entries_page(snapshot, wanted)
        assert await count_entries(snapshot, wanted) == len(page.rows)
    return [row["amount"] for row in page.rows]


async def test_pages_go_on_where_the_last_one_ended(database: Database) -> None:
    """Four at a time, each entry once, by business date and then in posting order; and backwards."""
    tree = await filled(database)
    for newest_first, expected in ((False, [5, 10, 4, 9, 3, 8, 2, 7, 1, 6]), (True, [6, 1, 7, 2, 8, 3, 9, 4, 10, 5])):
        seen, after, pages = [], None, []
        async with tree.work.snapshot() as snapshot:
            for _ in range(3):
                page = await entries_page(snapshot, first=4, after=after, newest_first=newest_first)
                seen += [row["amount"] for row in page.rows]
                last: Cursor = (page.rows[-1]["business_date"], page.rows[-1]["id"])
                after = last
                pages.append(page.has_next)
        assert seen == expected
        assert pages == [True, True, False]


async def test_filters_leave_what_meets_all_of_them(database: Database) -> None:
    """By metric, unit, member, business date, source and posting day."""
    tree = await filled(database)
    ann, bob = [5, 4, 3, 2, 1], [10, 9, 8, 7, 6]
    assert await listed(tree, EntryFilter(metric_ids=[tree.metrics["collected_payments"]])) == bob
    assert await listed(tree, EntryFilter(unit_ids=[tree.units["east"]])) == ann
    assert await listed(tree, EntryFilter(unit_ids=[tree.units["ann"]])) == ann
    assert await listed(tree, EntryFilter(member_ids=[tree.members["bob"]])) == bob
    assert await listed(tree, EntryFilter(sources=[EntrySource.PAYMENT])) == bob
    assert await listed(tree, EntryFilter(starts_on=date(2026, 4, 2), ends_on=date(2026, 4, 3))) == [4, 9]
    assert await listed(tree, EntryFilter(posted_through=date(2026, 5, 31))) == []
    assert await listed(tree, EntryFilter(unit_ids=[tree.units["west"]], member_ids=[tree.members["ann"]])) == []


async def test_a_viewer_is_shown_the_entries_he_may_see(database: Database) -> None:
    """Those of the positions he sees and those of the members he sees; nothing where he sees nobody."""
    tree = await filled(database)
    assert await listed(tree, EntryFilter(seen_units=[tree.units["east"], tree.units["ann"]])) == [5, 4, 3, 2, 1]
    assert await listed(tree, EntryFilter(seen_units=[tree.units["east"]])) == []
    assert await listed(tree, EntryFilter(seen_members=[tree.members["bob"]])) == [10, 9, 8, 7, 6]
    seen = EntryFilter(seen_units=[tree.units["ann"]], seen_members=[tree.members["bob"]])
    assert len(await listed(tree, seen)) == 10
    assert await listed(tree, EntryFilter(seen_units=[], seen_members=[])) == []


async def test_an_entry_and_its_reversals(database: Database) -> None:
    """Reversals are found by what they reverse, in the order in which they were posted."""
    tree = await plant(database, TEAMS)
    (entry,) = await append(tree.work, tree.posting("a", 100, tree.direct("ann")))
    await reverse(tree.work, Reversal(entry.id, 30, "z", "z"), Reversal(entry.id, 20, "y", "y"))
    async with tree.work.snapshot() as snapshot:
        reversals = await reversals_of(snapshot, [entry.id])
        (found,) = await entries_by_id(snapshot, [entry.id, 0])
    assert [row["amount"] for row in reversals] == [-30, -20]
    assert (found["amount"], found["reverses_id"]) == (100, None)
