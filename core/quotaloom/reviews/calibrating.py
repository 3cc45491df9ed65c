"""How many of each group may have which grade, and what grades would fit: for the graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from asyncpg import Record

from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.reviews.cycles import groups, reviews_to_calibrate
from quotaloom.reviews.forms import Layout, layout_of
from quotaloom.reviews.grading import Graded, Places, Proposed, places_of, propose


@dataclass(frozen=True, slots=True)
class Group:
    """Peers among whom grades are limited: those directly under a unit, or all of a cycle where it is None."""

    cycle_id: int
    unit_id: int | None
    peers: Sequence[Graded]
    places: Sequence[Places]
    proposed: Sequence[Proposed]


async def groups_of_cycles(snapshot: Snapshot, cycle_ids: Sequence[int]) -> list[Group]:
    """The groups of cycles whose forms limit grades, of reviews that wait for calibration or are filed."""
    by_cycle: dict[int, list[Record]] = defaultdict(list)
    for row in await reviews_to_calibrate(snapshot, cycle_ids):
        by_cycle[row["cycle_id"]].append(row)
    found = []
    for cycle_id, rows in by_cycle.items():
        layout = layout_of(orjson.loads(rows[0]["layout"]))
        if layout.calibrated:
            found += [_group(cycle_id, unit, peers, layout) for unit, peers in groups(rows, layout).items()]
    return found


def _group(cycle_id: int, unit_id: int, peers: Sequence[Graded], layout: Layout) -> Group:
    places, proposed = places_of(peers, layout.grades), propose(peers, layout.grades)
    return Group(cycle_id, unit_id or None, peers, places, proposed)
