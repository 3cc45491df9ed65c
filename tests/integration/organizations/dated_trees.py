"""Random trees with dated moves, and the same kept by hand, day by day, in plain lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

import pytest

from quotaloom.organizations.placing import place_unit
from quotaloom.organizations.planting import NewUnit, insert_units
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

FIRST_DAY = date(2026, 3, 1)
DAYS = 40


def day(number: int) -> date:
    """A day by its number; moves happen on days 1 to 39, day 0 stands for all before."""
    return FIRST_DAY + timedelta(days=number)


@dataclass
class Diary:
    """For every unit its parent on each day, and the days on which a change was entered."""

    parents: dict[int, list[int | None]] = field(default_factory=dict)
    changes: dict[int, set[int]] = field(default_factory=dict)
    kinds: dict[int, str] = field(default_factory=dict)

    def enter(self, unit: int, kind: str, parent: int | None) -> None:
        """A unit that has lain under `parent` from the beginning."""
        self.parents[unit], self.changes[unit], self.kinds[unit] = [parent] * DAYS, set(), kind

    def climb(self, unit: int, number: int) -> list[int]:
        """The unit and all above it on a day, one step at a time."""
        found = [unit]
        while (parent := self.parents[found[-1]][number]) is not None:
            found.append(parent)
        return found

    def moved_days(self, unit: int, number: int) -> range:
        """The days that a move on a day would change: until the next change."""
        return range(number, min([later for later in self.changes[unit] if later > number], default=DAYS))

    def makes_cycle(self, unit: int, parent: int, number: int) -> bool:
        """Whether the parent lies under the unit on any of those days."""
        return any(unit in self.climb(parent, changed) for changed in self.moved_days(unit, number))

    def move(self, unit: int, parent: int, number: int) -> None:
        """Write the move into the diary; one that changes nothing is no change."""
        if self.parents[unit][number] == parent:
            return
        for changed in self.moved_days(unit, number):
            self.parents[unit][changed] = parent
        self.changes[unit].add(number)


async def grow(work: Work, random: Random, units: int = 12, moves: int = 12) -> Diary:
    """A random tree with random moves, in the database and in the diary; a cycle must be refused by both."""

    async def apply(transaction: Transaction) -> Diary:
        diary = Diary()
        await _plant(transaction, diary, random, units)
        for _ in range(moves):
            await _move(transaction, diary, random)
        return diary

    return await work.write(apply)


async def _plant(transaction: Transaction, diary: Diary, random: Random, units: int) -> None:
    root = (await insert_units(transaction, [NewUnit("Root", "company")]))[0]
    diary.enter(root, "company", None)
    for number in range(units):
        parent = random.choice([unit for unit, kind in diary.kinds.items() if kind != "position"])
        kind = random.choice(["department", "team", "position"])
        unit = (await insert_units(transaction, [NewUnit(f"Unit {number}", kind, parent)]))[0]
        diary.enter(unit, kind, parent)


async def _move(transaction: Transaction, diary: Diary, random: Random) -> None:
    unit = random.choice([unit for unit, kind in diary.kinds.items() if kind != "company"])
    parent = random.choice([unit for unit, kind in diary.kinds.items() if kind != "position"])
    number = random.randrange(1, DAYS)
    if diary.makes_cycle(unit, parent, number):
        with pytest.raises(InputError) as caught:
            await place_unit(transaction, unit, parent, day(number))
        assert caught.value.code == "CYCLE"
        return
    await place_unit(transaction, unit, parent, day(number))
    diary.move(unit, parent, number)
