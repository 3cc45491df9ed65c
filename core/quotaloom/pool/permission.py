"""Who may claim from a pool, who looks after it, and whose records one may move."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from quotaloom.ownership.owners import Owner
from quotaloom.ownership.permission import worked_positions
from quotaloom.ownership.pool_people import pools_of_member
from quotaloom.platform.access import Role, Scope, Viewer
from quotaloom.platform.errors import AccessDenied
from quotaloom.platform.unit_of_work import Snapshot, Transaction


@dataclass(frozen=True, slots=True)
class PoolReach:
    """What of the pools is open to somebody: `everything`, or the pools that he looks after and claims from.

    `positions` are those whose records he may move, None for all; his own, and those below a unit that he heads.
    """

    everything: bool
    administered: frozenset[int]
    joined: frozenset[int]
    positions: frozenset[int] | None

    def manages(self, pool_id: int | None) -> bool:
        """Whether he hands out the records of that pool and may override rules."""
        return self.everything or pool_id in self.administered

    def works(self, owner: Owner) -> bool:
        """Whether he may move a record of that owner on: its holder, whoever heads him, who looks after its pool."""
        return self.manages(owner.pool_id) or (owner.held and self.works_position(owner.position_id))

    def works_position(self, position_id: int | None) -> bool:
        """Whether the records of that position are his to move."""
        return self.positions is None or position_id in self.positions

    def sees(self, owner: Owner) -> bool:
        """Whether he may know where a record is: those that he may move, and those that wait in a pool of his."""
        return self.works(owner) or (not owner.held and owner.pool_id in self.joined)


async def pool_reach(reader: Snapshot | Transaction, viewer: Viewer, today: date) -> PoolReach:
    """What is open to the viewer today; two statements at most."""
    positions = await worked_positions(reader, viewer, today)
    worked = None if positions is None else frozenset(positions)
    if viewer.member_id is None or viewer.role is Role.SERVICE:
        return PoolReach(viewer.may(Scope.POOL), frozenset(), frozenset(), worked)
    pools = await pools_of_member(reader, viewer.member_id, today)
    return PoolReach(viewer.may(Scope.POOL), pools.administered, pools.joined, worked)


def require_mover(viewer: Viewer, doing: str) -> None:
    """Raise `AccessDenied` for who could never do it: no member, no admin, no service with `pool:write`."""
    if viewer.member_id is None or viewer.role is Role.SERVICE:
        viewer.require(Scope.POOL, doing)


def require_claimant(viewer: Viewer) -> int:
    """The member who claims for himself; raises `AccessDenied` for services and operators."""
    if viewer.member_id is None or viewer.role is Role.SERVICE:
        raise AccessDenied("claiming is for members: a service assigns records instead")
    return viewer.member_id
