"""Thousands of random trees with dated placements, heads and holders, kept in plain lists and put into tables at once.

Days are numbers: 0 stands for all before the first change, `DAYS` for the end of time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from typing import Any

from quotaloom.organizations.paths import rebuild_paths
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

DAYS = 20
FIRST_DAY = date(2026, 3, 1)
STEP = 1_000
"""Ids of one tree lie within so many numbers."""


def day(number: int) -> date | None:
    """A bound of a range as tables hold it; None for the beginning and for the end of time."""
    return FIRST_DAY + timedelta(days=number) if 0 < number < DAYS else None


@dataclass(frozen=True, slots=True)
class Range:
    """Something of a unit's on the days [start, end): a parent, a head or a holder."""

    unit: int
    other: int
    start: int
    end: int

    def covers(self, number: int) -> bool:
        """Whether a day is among them."""
        return self.start <= number < self.end


@dataclass
class Tree:
    """A department under the company, whatever lies below it, and people with posts in it."""

    kinds: dict[int, str] = field(default_factory=dict)
    placements: dict[int, list[Range]] = field(default_factory=dict)
    headships: list[Range] = field(default_factory=list)
    holdings: list[Range] = field(default_factory=list)
    members: list[int] = field(default_factory=list)

    def parent(self, unit: int, number: int) -> int | None:
        """Under whom a unit lies on a day."""
        return next((one.other for one in self.placements.get(unit, ()) if one.covers(number)), None)

    def is_open(self, unit: int, number: int) -> bool:
        """Whether a unit exists on a day; its days are one range."""
        return self.placements[unit][0].start <= number < self.placements[unit][-1].end

    def climb(self, unit: int, number: int) -> list[int]:
        """The unit and all above it on a day, one step at a time."""
        found = [unit]
        while (parent := self.parent(found[-1], number)) is not None:
            found.append(parent)
        return found


def random_tree(random: Random, number: int, company_root: int) -> Tree:
    """The tree of a number: up to eleven units, each moved up to three times, some open for a part of the days."""
    first = (number + 1) * STEP
    tree = Tree({first: "department"}, {first: [Range(first, company_root, 0, DAYS)]})
    tree.members = [first + place for place in range(random.randint(2, 5))]
    for unit in range(first + 1, first + random.randint(2, 11)):
        above = [one for one, kind in tree.kinds.items() if kind != "position"]
        tree.kinds[unit] = random.choice(["department", "team", "position", "position"])
        placements = tree.placements[unit] = []
        for start, end in _parts(random, random.choice([0, 0, 1]), DAYS - random.choice([0, 0, 0, 5])):
            # Under a unit that is open all that time; one entered earlier, so that nothing lies under itself.
            there = [one for one in above if tree.is_open(one, start) and tree.is_open(one, end - 1)]
            placements.append(Range(unit, random.choice(there), start, end))
    for unit, kind in tree.kinds.items():
        terms = tree.holdings if kind == "position" else tree.headships
        for start, end in _parts(random, 0, DAYS):
            if random.random() < 0.6:
                terms.append(Range(unit, random.choice(tree.members), start, end))
    return tree


def _parts(random: Random, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The days from `start` to `end` in up to four parts."""
    cuts = sorted({start, end, *(random.randrange(start + 1, end) for _ in range(random.randrange(4)))})
    yield from pairwise(cuts)


async def plant(work: Work, trees: Sequence[Tree], company_root: int) -> None:
    """Put the trees into the company's tables, and let the product derive their paths; in one transaction."""
    units = [(company_root, "company"), *(one for tree in trees for one in tree.kinds.items())]
    members = [member for tree in trees for member in tree.members]

    async def apply(transaction: Transaction) -> None:
        await _insert(transaction, "org_unit", "kind text", units, "key, name, version", "id::text, 'Unit', 1")
        people = [(member, "member") for member in members]
        await _insert(transaction, "member", "role text", people, "key, name, version", "id::text, 'Somebody', 1")
        placements = [one for tree in trees for ranges in tree.placements.values() for one in ranges]
        columns = "unit_id bigint, parent_id bigint, valid_from date, valid_to date"
        await _insert(transaction, "placement", columns, _rows(placements), "ordinal", "0")
        columns = "unit_id bigint, member_id bigint, valid_from date, valid_to date"
        await _insert(transaction, "headship", columns, _rows(one for tree in trees for one in tree.headships))
        columns = "position_id bigint, member_id bigint, valid_from date, valid_to date"
        await _insert(transaction, "holding", columns, _rows(one for tree in trees for one in tree.holdings))
        await rebuild_paths(transaction, None)

    await work.write(apply)


def _rows(ranges: Iterable[Range]) -> list[tuple[Any, ...]]:
    return [(number, one.unit, one.other, day(one.start), day(one.end)) for number, one in enumerate(ranges, start=1)]


async def _insert(
    transaction: Transaction, table: str, columns: str, rows: Sequence[Sequence[Any]], more: str = "", same: str = ""
) -> None:
    """Rows of an id and these columns; `more` are columns that hold the `same` in each."""
    typed = [one.split() for one in ("id bigint", *columns.split(", "))]
    names = ", ".join(name for name, _ in typed)
    arrays = ", ".join(f"${place}::{kind}[]" for place, (_, kind) in enumerate(typed, start=2))
    extra, same = (f", {more}", f", {same}") if more else ("", "")
    await transaction.execute(
        f"INSERT INTO {table} (company_id, {names}{extra})"
        f" SELECT $1, {names}{same} FROM unnest({arrays}) AS given ({names})",
        transaction.company_id,
        *(list(column) for column in zip(*rows, strict=True)),
    )
