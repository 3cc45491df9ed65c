"""Whose leads one may see and change."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from quotaloom.funnels.permission import worked_positions
from quotaloom.ownership.owners import Owner
from quotaloom.platform.access import Role, Viewer
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
class LeadReach:
    """What of the leads is open to somebody.

    `positions` are those whose leads he works on, None for all of the company; `joined` the pools that he claims from
    and `administered` those that he looks after.
    """

    positions: frozenset[int] | None
    joined: frozenset[int] = frozenset()
    administered: frozenset[int] = frozenset()

    def works(self, owner: Owner) -> bool:
        """Whether he may change a lead of that owner: he holds it, heads its holder, or looks after its pool."""
        return (
            self.positions is None
            or (owner.position_id is not None and owner.position_id in self.positions)
            or (owner.pool_id is not None and owner.pool_id in self.administered)
        )

    def sees(self, owner: Owner) -> bool:
        """Whether he may see it: he works on it, or it waits in a pool that he claims from."""
        return self.works(owner) or (not owner.held and owner.pool_id in self.joined)

    def puts_into(self, pool_id: int) -> bool:
        """Whether he may let a new lead wait in that pool."""
        return self.positions is None or pool_id in self.joined or pool_id in self.administered


async def lead_reach(reader: Snapshot | Transaction, viewer: Viewer, today: date) -> LeadReach:
    """What of the leads is the viewer's to write today; two statements at most."""
    worked = await worked_positions(reader, viewer, today)
    return await reach_of_positions(reader, viewer, today, worked)


async def reach_of_positions(
    reader: Snapshot | Transaction, viewer: Viewer, today: date, positions: Collection[int] | None
) -> LeadReach:
    """The reach of a viewer to whom the leads of these positions are open; None stands for all of the company."""
    found = None if positions is None else frozenset(positions)
    if found is None or viewer.member_id is None or viewer.role is Role.SERVICE:
        return LeadReach(found)
    rows = await reader.fetch(_POOLS, reader.company_id, viewer.member_id, today)
    return LeadReach(
        found,
        frozenset(row["pool_id"] for row in rows if not row["looks_after"]),
        frozenset(row["pool_id"] for row in rows if row["looks_after"]),
    )
