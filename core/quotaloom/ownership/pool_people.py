"""To which pools somebody belongs, and which he looks after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from quotaloom.platform.unit_of_work import Snapshot, Transaction

# A unit's people: whoever holds a position that lies below it today or is it, and the heads of it and of units below.
_POOLS = """
WITH mine AS (
    SELECT position_id AS unit_id FROM holding
    WHERE company_id = $1 AND member_id = $2 AND daterange(valid_from, valid_to) @> $3::date
    UNION SELECT unit_id FROM headship
    WHERE company_id = $1 AND member_id = $2 AND daterange(valid_from, valid_to) @> $3::date
)
SELECT pool_id, false AS looks_after FROM pool_member
WHERE company_id = $1 AND (member_id = $2 OR unit_id IN (
    SELECT path.ancestor_id FROM mine JOIN unit_path AS path ON path.company_id = $1 AND path.unit_id = mine.unit_id
        AND path.valid_from <= $3 AND $3 < path.valid_to
))
UNION SELECT pool_id, true FROM pool_admin WHERE company_id = $1 AND member_id = $2
"""


@dataclass(frozen=True, slots=True)
class PoolsOfMember:
    """The pools that a member claims from (`joined`), and those that he looks after (`administered`)."""

    joined: frozenset[int] = frozenset()
    administered: frozenset[int] = frozenset()


async def pools_of_member(reader: Snapshot | Transaction, member_id: int, today: date) -> PoolsOfMember:
    """The pools of a member on a day, closed ones too."""
    rows = await reader.fetch(_POOLS, reader.company_id, member_id, today)
    return PoolsOfMember(
        frozenset(row["pool_id"] for row in rows if not row["looks_after"]),
        frozenset(row["pool_id"] for row in rows if row["looks_after"]),
    )
