"""Objectives for the graph, many at once, and which of them a viewer sees."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from asyncpg import Record

from quotaloom.platform.unit_of_work import Snapshot, Transaction

_OBJECTIVE = (
    "SELECT o.id, o.fiscal_year, o.level, o.parent_id, o.name, o.description, o.owner_id, o.unit_id, o.archived,"
    " o.version FROM objective o"
)
_ORDER = (
    " ORDER BY o.fiscal_year DESC, array_position(ARRAY['corporate', 'business', 'functional'], o.level::text),"
    ' o.name COLLATE "C", o.id'
)

# A member may walk from each plan that he sees, and from each objective of his own units, up to the company's.
_SEEN = """
WITH RECURSIVE seen (company_id, id, parent_id) AS (
    SELECT company_id, id, parent_id FROM objective WHERE unit_id IS NULL OR unit_id = ANY($1::bigint[])
    UNION SELECT o.company_id, o.id, o.parent_id FROM objective o
        JOIN plan p ON p.company_id = o.company_id AND p.objective_id = o.id
        WHERE $2 OR EXISTS (SELECT FROM plan_version v WHERE v.company_id = p.company_id AND v.plan_id = p.id
            AND v.status = 'published')
    UNION SELECT o.company_id, o.id, o.parent_id FROM seen s
        JOIN objective o ON o.company_id = s.company_id AND o.id = s.parent_id
) SELECT id FROM seen
"""


async def seen_objectives(
    snapshot: Snapshot | Transaction, unit_ids: Collection[int], *, drafts: bool
) -> frozenset[int]:
    """What a viewer sees who may know of these units: the objectives of the whole company, theirs, and those of plans.

    And all that these serve. Plans that were never published count with `drafts` only.
    """
    return frozenset(row["id"] for row in await snapshot.fetch(_SEEN, list(unit_ids), drafts))


async def objectives_by_id(snapshot: Snapshot, ids: Sequence[int]) -> list[Record]:
    """Objectives by id, in no particular order; an unknown id has no row."""
    return await snapshot.fetch(f"{_OBJECTIVE} WHERE o.id = ANY($1::bigint[])", list(ids))


async def objectives_of_year(snapshot: Snapshot, fiscal_year: int, *, archived: bool) -> list[Record]:
    """The objectives of a fiscal year, corporate ones first, then by name."""
    return await snapshot.fetch(
        f"{_OBJECTIVE} WHERE o.fiscal_year = $1 AND ($2 OR NOT o.archived){_ORDER}", fiscal_year, archived
    )


async def objectives_below(snapshot: Snapshot, parent_ids: Sequence[int], *, archived: bool) -> list[Record]:
    """The objectives that serve these, by `parent_id`, then by name."""
    return await snapshot.fetch(
        f"{_OBJECTIVE} WHERE o.parent_id = ANY($1::bigint[]) AND ($2 OR NOT o.archived){_ORDER}",
        list(parent_ids),
        archived,
    )


async def objectives_of_units(
    snapshot: Snapshot, unit_ids: Sequence[int], fiscal_year: int, *, archived: bool
) -> list[Record]:
    """The objectives that these units pursue in a year, by `unit_id`, corporate ones first, then by name."""
    return await snapshot.fetch(
        f"{_OBJECTIVE} WHERE o.unit_id = ANY($1::bigint[]) AND o.fiscal_year = $2 AND ($3 OR NOT o.archived){_ORDER}",
        list(unit_ids),
        fiscal_year,
        archived,
    )
