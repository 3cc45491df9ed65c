"""Whose leads one may see and change."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from quotaloom.ownership.owners import Owner
from quotaloom.ownership.permission import worked_positions
from quotaloom.ownership.pool_people import pools_of_member
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.unit_of_work import Snapshot, Transaction


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
    pools = await pools_of_member(reader, viewer.member_id, today)
    return LeadReach(found, pools.joined, pools.administered)
