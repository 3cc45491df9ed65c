"""Scores and what they are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from asyncpg import Record

from quotaloom.platform.unit_of_work import Snapshot

_SCORE = "SELECT id, key, name, description, version FROM score"


@dataclass(frozen=True, slots=True)
class Component:
    """What one metric counts for in a score; `cap` is the most that its contribution may be, None for any."""

    metric_id: int
    weight: Decimal
    cap: Decimal | None


async def all_scores(snapshot: Snapshot) -> list[Record]:
    """Every score, in the order in which they were defined."""
    return await snapshot.fetch(f"{_SCORE} ORDER BY id")


async def scores_by_id(snapshot: Snapshot, ids: Sequence[int]) -> list[Record]:
    """The scores with these ids, in no order; an id that names none is left out."""
    return await snapshot.fetch(f"{_SCORE} WHERE id = ANY($1::bigint[])", list(ids))


async def components_of(snapshot: Snapshot, score_ids: Sequence[int]) -> dict[int, tuple[Component, ...]]:
    """The components of each score, in their order."""
    rows = await snapshot.fetch(
        "SELECT score_id, metric_id, weight, cap FROM score_component WHERE score_id = ANY($1::bigint[])"
        " ORDER BY score_id, ordinal",
        list(score_ids),
    )
    found: dict[int, list[Component]] = defaultdict(list)
    for row in rows:
        found[row["score_id"]].append(Component(row["metric_id"], row["weight"], row["cap"]))
    return {score_id: tuple(components) for score_id, components in found.items()}
