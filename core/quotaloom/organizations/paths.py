"""The derived table `unit_path`: who lay under whom, how far down, on which days."""

from __future__ import annotations

from collections.abc import Sequence

from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction

DEEPEST = 50
"""How many levels a unit may lie below the root."""

# Adjacent ranges of the same depth become one: a move between two teams of a region leaves the region's path whole.
_REBUILD = """
WITH RECURSIVE affected (unit_id) AS (
    SELECT id FROM org_unit WHERE company_id = $1 AND ($2::bigint[] IS NULL OR id = ANY($2))
    UNION
    SELECT p.unit_id FROM affected a JOIN placement p ON p.company_id = $1 AND p.parent_id = a.unit_id
), climbed (ancestor_id, unit_id, depth, valid_from, valid_to) AS (
    SELECT unit_id, unit_id, 0, '-infinity'::date, 'infinity'::date FROM affected
    UNION ALL
    SELECT p.parent_id, c.unit_id, c.depth + 1,
        greatest(c.valid_from, coalesce(p.valid_from, '-infinity')),
        least(c.valid_to, coalesce(p.valid_to, 'infinity'))
    FROM climbed c JOIN placement p ON p.company_id = $1 AND p.unit_id = c.ancestor_id
    WHERE greatest(c.valid_from, coalesce(p.valid_from, '-infinity'))
        < least(c.valid_to, coalesce(p.valid_to, 'infinity')) AND c.depth <= $3
), removed AS (
    DELETE FROM unit_path WHERE company_id = $1 AND unit_id IN (SELECT unit_id FROM affected)
), added AS (
    INSERT INTO unit_path (company_id, ancestor_id, unit_id, depth, valid_from, valid_to)
    SELECT $1, ancestor_id, unit_id, depth, lower(days), upper(days)
    FROM (
        SELECT ancestor_id, unit_id, depth, unnest(range_agg(daterange(valid_from, valid_to))) AS days
        FROM climbed GROUP BY ancestor_id, unit_id, depth
    ) AS merged
    RETURNING depth
)
SELECT max(depth) AS deepest FROM added
"""


async def rebuild_paths(transaction: Transaction, unit_ids: Sequence[int] | None) -> None:
    """Derive the paths of these units, and of all that ever lay under them, anew; None means the whole company.

    Every unit is its own ancestor at depth 0 on all days; a placement on [valid_from, valid_to) makes ancestors on
    those days. The caller holds the organization's lock. Raises `InputError` TOO_DEEP beyond `DEEPEST` levels.
    """
    found = await transaction.fetch_one(
        _REBUILD, transaction.company_id, None if unit_ids is None else list(unit_ids), DEEPEST
    )
    if found is not None and (found["deepest"] or 0) > DEEPEST:
        raise InputError(
            "TOO_DEEP",
            f"a unit would lie more than {DEEPEST} levels below the root; {DEEPEST} are allowed",
            ("parentId",),
        )
    transaction.attainment_changed()
