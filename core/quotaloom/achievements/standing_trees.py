"""Trees in which nobody moved: read once, they tell the sums of all units of every level below."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from quotaloom.achievements.adding import ADDED, added
from quotaloom.platform.stretches import Turns
from quotaloom.platform.unit_of_work import Snapshot

_PARENTS = """
SELECT array_agg(unit_id) AS units, array_agg(ancestor_id) AS parents FROM unit_path
WHERE depth = 1 AND valid_from <= $2 AND valid_to >= $3 AND ($1::bigint[] IS NULL OR unit_id IN (SELECT unnest($1)))
"""


@dataclass(frozen=True, slots=True)
class Days:
    """The days on which a tree stands, [first, last)."""

    first: date
    last: date


@dataclass(slots=True)
class StandingTree:
    """Units that lie under `tops`, or are these, on all `days`; `whole` where they are those of the company.

    `order` has each unit before those below it, whose parents are in `parents`; None until they are read, and empty
    where a unit has its parent on some of the days alone.
    """

    days: Days
    tops: frozenset[int]
    units: frozenset[int]
    whole: bool
    order: Sequence[int] | None = None
    parents: Mapping[int, int] = field(default_factory=dict)

    async def stands(self, snapshot: Snapshot) -> bool:
        """Whether all of its units keep their parents; one statement, the first time."""
        if self.order is None:
            among = None if self.whole else list(self.units)
            row = await snapshot.fetch_one(_PARENTS, among, self.days.first, self.days.last)
            if row is not None and row["units"] is not None:
                self.parents = dict(zip(row["units"], row["parents"], strict=True))
            self.order = self._ordered()
        return bool(self.order)

    def _ordered(self) -> Sequence[int]:
        below: dict[int, list[int]] = defaultdict(list)
        for unit_id, parent_id in self.parents.items():
            if unit_id in self.units:
                below[parent_id].append(unit_id)
        order = [top for top in self.tops if self.parents.get(top) not in self.units]
        for unit_id in order:
            if unit_id in below:
                order += below[unit_id]
        return order if len(order) == len(self.units) else ()

    async def summed(self, own: Mapping[int, list[int]]) -> dict[int, list[int]]:
        """By unit, what it has itself and all below it have; `own` is what each has itself, if it has anything."""
        totals: dict[int, list[int]] = {}
        turns = Turns(ADDED)
        gathered: dict[int | None, list[list[int]]] = defaultdict(list)
        for unit_id in reversed(self.order or ()):
            parts = gathered.pop(unit_id, None)
            mine = own.get(unit_id)
            if parts is None:
                total = mine
            else:
                if mine is not None:
                    parts.append(mine)
                total = await added(parts, turns)
            if total is not None:
                totals[unit_id] = total
                gathered[self.parents.get(unit_id)].append(total)
        return totals


async def standing_tree(snapshot: Snapshot, days: Days, unit_ids: Collection[int]) -> StandingTree | None:
    """A tree that was read in this snapshot, has all these units, and stands; None where there is none."""
    tree: StandingTree | None = snapshot.kept.get(days)
    if tree is None or not tree.units.issuperset(unit_ids):
        return None
    return tree if await tree.stands(snapshot) else None
