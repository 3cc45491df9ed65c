"""Who may plan for which unit: admins anywhere, heads for what lies below the units they head today."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quotaloom.organizations.sight import Sight, load_sight
from quotaloom.platform.errors import AccessDenied, NotFound, Path
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import Work
from quotaloom.targets.plans import NO_PLAN, PlanFacts

BELOW_ONLY = "you may plan for the units below those that you head, and for no others"


@dataclass(frozen=True, slots=True)
class PlanningRight:
    """What a planner may write: `everywhere`, or the units strictly `below` those that he heads."""

    sight: Sight
    everywhere: bool
    below: frozenset[int]

    def may_set(self, unit_id: int) -> bool:
        """Whether he may set the unit's own targets: whoever heads a unit sets none of it, but of what lies below."""
        return self.everywhere or unit_id in self.below

    def may_split(self, unit_id: int) -> bool:
        """Whether he may hand the unit's targets to its children."""
        return self.may_set(unit_id) or self.sight.heads(unit_id)

    def require_to_set(
        self, unit_ids: Sequence[int], known: Iterable[int], path: Path, field: Path = ("orgUnitId",)
    ) -> None:
        """Raise `NotFound` for a unit out of sight or unknown, `AccessDenied` for one that he may not set.

        `known` are those of the units that exist; the place in `unit_ids` and `field` follow `path` in the path of the
        error.
        """
        existing = set(known)
        for index, unit_id in enumerate(unit_ids):
            if unit_id not in existing or not (self.everywhere or self.sight.sees_unit(unit_id)):
                raise NotFound("NOT_FOUND", "there is no such unit that you can see", (*path, index, *field))
        if not all(self.may_set(unit_id) for unit_id in unit_ids):
            raise AccessDenied(BELOW_ONLY)


async def planner_sight(snapshot: Snapshot, work: Work) -> Sight:
    """What the viewer sees today; raises `AccessDenied` for whoever plans nothing at all, before any plan is read."""
    sight = await load_sight(snapshot, work.viewer, work.company, work.today)
    if not (sight.plans_everything or sight.headed_unit_ids):
        raise AccessDenied("planning is for admins, and for heads within the subtrees that they head")
    return sight


def refuse_hidden(sight: Sight, plan: PlanFacts) -> None:
    """Raise `NotFound`, as for an id of nothing, for a plan of which only those know who plan.

    All know of one that is published, or calls for their commitments.
    """
    if not (sight.plans or plan.published_id is not None or plan.commitments_until is not None):
        raise NotFound("NOT_FOUND", NO_PLAN, ("planId",))


async def planning_right(snapshot: Snapshot, work: Work) -> PlanningRight:
    """What the viewer may plan today; raises `AccessDenied` for whoever plans nothing at all."""
    sight = await planner_sight(snapshot, work)
    if sight.plans_everything:
        return PlanningRight(sight, True, frozenset())
    rows = await snapshot.fetch(
        "SELECT DISTINCT unit_id FROM unit_path WHERE ancestor_id = ANY($1::bigint[]) AND depth > 0"
        " AND valid_from <= $2 AND valid_to > $2",
        list(sight.headed_unit_ids),
        work.today,
    )
    return PlanningRight(sight, False, frozenset(row["unit_id"] for row in rows))
