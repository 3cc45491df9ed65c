"""Jobs that failed for the last time, and the mutations that have them tried again or put away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from quotaloom.platform.jobs.failures import dismiss_job, failed_job_count, failed_jobs, retry_job
from quotaloom.platform.work import Work
from quotaloom.policies.delivering import DELIVERY, leave_out
from quotaloom_graphql.connections import After, Connection, First, page, window
from quotaloom_graphql.context import Info, Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.field_costs import WHOLE_LIST
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id, encode_id
from quotaloom_graphql.roots import root_field
from strawberry_breadth import column

TYPE = "FailedJob"

LETTING_GO = {DELIVERY: leave_out}


@strawberry.type(description="Something that was to be done for your company, and failed however often it was tried.")
class FailedJob:
    """A failed job."""

    id: strawberry.ID = column(
        lambda number: encode_id(TYPE, number), of="id", description="Names it for `retryJob` and `dismissJob`."
    )
    name: str = strawberry.field(description="What was to be done, such as `pool.recycle`.")
    about: str | None = strawberry.field(description="What it was about, where there are several of the name.")
    enqueued_at: datetime = strawberry.field(description="When it was asked for.")
    failed_at: datetime = strawberry.field(description="When the last attempt failed.")
    attempts: int = strawberry.field(description="How often it was tried.")
    reason: str = strawberry.field(description="What went wrong at last, as the program says it.")


async def _failed_jobs(info: Info, first: First = 50, after: After = None) -> dict[str, Any]:
    offset, limit = window(first, after)
    if not (await info.context.sight()).everything:
        return page([], offset, 0)
    total = await failed_job_count(info.context.snapshot)
    return page(await failed_jobs(info.context.snapshot, limit=limit, offset=offset), offset, total)


@strawberry.type
class JobQuery:
    """Root fields."""

    failed_jobs: Connection[FailedJob] = root_field(
        _failed_jobs,
        weight=WHOLE_LIST,
        description="Jobs that nobody tries any more, the latest first; for whoever sees everything.",
    )


@strawberry.input(description="A failed job.")
class RetryJobInput:
    """A job."""

    id: strawberry.ID = strawberry.field(description="The failed job.")


@strawberry.input(description="A failed job.")
class DismissJobInput:
    """A job."""

    id: strawberry.ID = strawberry.field(description="The failed job.")


@strawberry.type(description="That it was done.")
class JobPayload:
    """The job's name, or what was wrong."""

    name: str | None = strawberry.field(description="What is to be done, or is left undone.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _retry(work: Work, input: RetryJobInput, _: Services) -> dict[str, Any]:
    return {"name": await retry_job(work, decode_id(input.id, TYPE, ("id",)))}


async def _dismiss(work: Work, input: DismissJobInput, _: Services) -> dict[str, Any]:
    return {"name": await dismiss_job(work, decode_id(input.id, TYPE, ("id",)), LETTING_GO)}


@strawberry.type
class JobMutation:
    """Mutations of failed jobs."""

    retry_job: JobPayload = mutation(
        _retry, description="Have a failed job tried again, at once and as often as at first."
    )
    dismiss_job: JobPayload = mutation(
        _dismiss, description="Put a failed job away; what it should have done is left undone."
    )
