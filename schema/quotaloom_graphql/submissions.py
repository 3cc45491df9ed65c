"""What was handed in of a plan's draft, and how it was judged."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import strawberry

from quotaloom.platform.errors import AccessDenied
from quotaloom.platform.unit_of_work import Record
from quotaloom.targets import submissions
from quotaloom.targets.permission import PlanningRight, planning_right
from quotaloom_graphql.context import Info
from quotaloom_graphql.nodes import Node, NodeLoader, global_id
from quotaloom_graphql.organization_loaders import load_units
from quotaloom_graphql.organizations import OrgUnit
from strawberry_breadth import batch


@strawberry.enum(
    description="`SUBMITTED`: it waits for whoever heads a unit above. `APPROVED`: it stands. `RETURNED` and"
    " `WITHDRAWN`: its cells are open again."
)
class SubmissionStatus(StrEnum):
    """Where a submission stands."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


@strawberry.type(description="What you may do with a submission as it stands; the server checks again.")
class ViewerCanOnSubmission:
    """Rights of the viewer."""

    judge: bool = strawberry.field(description="Approve or return it; nobody judges his own.")
    withdraw: bool = strawberry.field(description="Take it back before anybody has judged it.")


async def load_submissions_of_versions(keys: list[int], info: Info) -> list[Record]:
    """What was submitted of versions, of branches that the viewer leads, the latest first."""
    return await _visible(info, await submissions.submissions_of_versions(info.context.snapshot, keys))


async def load_submissions(keys: list[int], info: Info) -> list[Record]:
    """Submissions by number, of branches that the viewer leads."""
    return await _visible(info, await submissions.submissions_by_id(info.context.snapshot, keys))


async def _visible(info: Info, rows: list[Record]) -> list[Record]:
    sight = await info.context.sight()
    return [row for row in rows if sight.everything or row["unit_id"] in sight.led_unit_ids]


async def load_submission_rights(rows: list[Any], info: Info) -> list[dict[str, bool]]:
    """What the viewer may do with each submission."""
    right, viewer = await _planning_right(info), (await info.context.work()).viewer
    found = [submissions.rights_on(right, viewer, row) for row in rows]
    return [{"judge": one.judge, "withdraw": one.withdraw} for one in found]


async def _planning_right(info: Info) -> PlanningRight | None:
    async def load() -> PlanningRight | None:
        try:
            return await planning_right(info.context.snapshot, await info.context.work())
        except AccessDenied:
            return None

    return await info.context.once("planning right", load)


@strawberry.type(
    description="What a head hands in of a plan's draft: the targets of all units below one. While it is submitted or"
    " approved, they are closed to editing."
)
class TargetSubmission(Node):
    """A submission."""

    id: strawberry.ID = global_id("TargetSubmission")
    status: SubmissionStatus = strawberry.field(description="Where it stands.")
    comment: str | None = strawberry.field(description="What the submitter says of it.")
    submitted_at: datetime = strawberry.field(description="When it was submitted.")
    submitted_by: str = strawberry.field(description="By whom.")
    decided_at: datetime | None = strawberry.field(description="When it was approved, returned or withdrawn.")
    decided_by: str | None = strawberry.field(description="By whom.")
    reason: str | None = strawberry.field(description="Why it was returned.")
    org_unit: OrgUnit | None = batch(
        load_units, key="unit_id", by="id", one=True, description="The unit below which the targets are."
    )
    viewer_can: ViewerCanOnSubmission = batch(load_submission_rights, description="What you may do with it.")


NODE_LOADERS: dict[str, NodeLoader] = {"TargetSubmission": load_submissions}
"""How `node(id:)` finds what these types name."""
