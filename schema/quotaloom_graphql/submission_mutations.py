"""Mutations that hand in targets and judge what was handed in."""

from __future__ import annotations

from typing import Any

import strawberry

from quotaloom.platform.work import Work
from quotaloom.targets.submissions import approve_targets, return_targets, submit_targets, withdraw_targets
from quotaloom_graphql.context import Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id
from quotaloom_graphql.submissions import TargetSubmission, load_submissions
from strawberry_breadth import batch


@strawberry.input(description="Targets of a draft to hand in: those of all units below one.")
class SubmitTargetsInput:
    """A submission."""

    plan_id: strawberry.ID = strawberry.field(description="The plan, whose draft is meant.")
    org_unit_id: strawberry.ID = strawberry.field(description="The unit below which the targets are; you head it.")
    comment: str | None = strawberry.field(default=None, description="What its judge should know.")


@strawberry.input(description="A submission to approve.")
class ApproveTargetsInput:
    """An approval."""

    submission_id: strawberry.ID = strawberry.field(description="The submission.")


@strawberry.input(description="A submission to send back.")
class ReturnTargetsInput:
    """A return."""

    submission_id: strawberry.ID = strawberry.field(description="The submission.")
    reason: str = strawberry.field(description="What has to change.")


@strawberry.input(description="A submission to take back.")
class WithdrawTargetsInput:
    """A withdrawal."""

    submission_id: strawberry.ID = strawberry.field(description="The submission.")


@strawberry.type(description="The submission as it stands now.")
class SubmissionPayload:
    """A submission, or what was wrong."""

    submission: TargetSubmission | None = batch(
        load_submissions, key="submission_id", by="id", one=True, description="The submission."
    )
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _submit(work: Work, input: SubmitTargetsInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "Plan", ("planId",))
    unit_id = decode_id(input.org_unit_id, "OrgUnit", ("orgUnitId",))
    return {"submission_id": await submit_targets(work, plan_id, unit_id, input.comment)}


async def _approve(work: Work, input: ApproveTargetsInput, _: Services) -> dict[str, Any]:
    submission_id = _number(input.submission_id)
    await approve_targets(work, submission_id)
    return {"submission_id": submission_id}


async def _return(work: Work, input: ReturnTargetsInput, _: Services) -> dict[str, Any]:
    submission_id = _number(input.submission_id)
    await return_targets(work, submission_id, input.reason)
    return {"submission_id": submission_id}


async def _withdraw(work: Work, input: WithdrawTargetsInput, _: Services) -> dict[str, Any]:
    submission_id = _number(input.submission_id)
    await withdraw_targets(work, submission_id)
    return {"submission_id": submission_id}


def _number(global_id: str) -> int:
    return decode_id(global_id, "TargetSubmission", ("submissionId",))


@strawberry.type
class SubmissionMutation:
    """Mutations of submissions."""

    submit_targets: SubmissionPayload = mutation(
        _submit, description="Hand in the targets below a unit that you head; they are closed until they come back."
    )
    approve_targets: SubmissionPayload = mutation(
        _approve, description="Approve what was submitted below a unit that you head; nobody approves his own."
    )
    return_targets: SubmissionPayload = mutation(
        _return, description="Send a submission back with a reason; its cells are open again."
    )
    withdraw_targets: SubmissionPayload = mutation(
        _withdraw, description="Take back what you submitted, before anybody has judged it."
    )
