"""Who may see, change and judge an action plan."""

from __future__ import annotations

from dataclasses import dataclass

from quotaloom.action_plans.facts import PlanState
from quotaloom.organizations.sight import Sight
from quotaloom.platform.access import Role, Scope, Viewer


@dataclass(frozen=True, slots=True)
class PlanRights:
    """What one viewer may do with action plans.

    A plan is its member's own: he changes it, and admins and services with `funnels:write` do. Whoever leads its unit
    reads it, comments on it, agrees to it and returns it, and nobody agrees to his own.
    """

    viewer: Viewer
    sight: Sight

    def sees(self, member_id: int, unit_id: int | None) -> bool:
        """Whether he may read it."""
        return self.sight.everything or self.edits(member_id) or self.leads(unit_id)

    def edits(self, member_id: int) -> bool:
        """Whether he may change a plan of that member, as far as its state allows."""
        return self.is_own(member_id) or self.viewer.may(Scope.FUNNELS)

    def is_own(self, member_id: int) -> bool:
        """Whether it is the viewer's own plan."""
        return self.viewer.role is not Role.SERVICE and member_id == self.viewer.member_id

    def leads(self, unit_id: int | None) -> bool:
        """Whether he heads the plan's unit today, or one above it; whoever heads the company leads everybody."""
        if self.viewer.role is Role.SERVICE or self.viewer.member_id is None:
            return False
        return self.sight.everything or (unit_id is not None and unit_id in self.sight.led_unit_ids)

    def judges(self, member_id: int, unit_id: int | None) -> bool:
        """Whether he may agree to such a plan, or return it."""
        return not self.is_own(member_id) and (self.viewer.is_admin or self.leads(unit_id))

    def comments(self, member_id: int, unit_id: int | None) -> bool:
        """Whether he may say something of it."""
        return self.edits(member_id) or self.judges(member_id, unit_id)

    def may(self, member_id: int, unit_id: int | None, state: PlanState) -> dict[str, bool]:
        """What he may do with a plan that stands so, by the graph's names."""
        edits, judges = self.edits(member_id), self.judges(member_id, unit_id)
        submitted, open_ = state is PlanState.SUBMITTED, state is not PlanState.CLOSED
        return {
            "edit": edits and open_ and not submitted,
            "complete_items": edits and open_,
            "comment": edits or judges,
            "submit": edits and state is PlanState.DRAFT,
            "agree": judges and submitted,
            "send_back": (edits or judges) and submitted,
            "close": edits and open_,
            "copy": edits,
        }
