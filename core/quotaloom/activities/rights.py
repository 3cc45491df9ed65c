"""Who may change what is planned and done."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from quotaloom.activities.facts import ActivityState
from quotaloom.organizations.sight import Sight
from quotaloom.platform.access import Role, Scope, Viewer


@dataclass(frozen=True, slots=True)
class ActivityRights:
    """What one viewer may do with activities; `worked` are the positions whose records he works on, None for all."""

    viewer: Viewer
    sight: Sight
    worked: Collection[int] | None

    def may_change(
        self, state: ActivityState, member_id: int, position_id: int | None, records: Iterable[int | None]
    ) -> bool:
        """Whether he may complete, change or cancel an activity; `records` are the positions that work on its records.

        What is done is for the member himself, for who leads his position, for admins and for services with
        `funnels:write`; what is planned also for whoever works on one of its records.
        """
        if self.viewer.may(Scope.FUNNELS):
            return True
        if self.viewer.role is Role.SERVICE or self.viewer.member_id is None:
            return False
        if member_id == self.viewer.member_id or self._leads(member_id, position_id):
            return True
        return state is ActivityState.PLANNED and self.worked is not None and any(one in self.worked for one in records)

    def _leads(self, member_id: int, position_id: int | None) -> bool:
        if position_id is None:
            return self.sight.sees_member(member_id)
        return self.sight.everything or position_id in self.sight.led_unit_ids
