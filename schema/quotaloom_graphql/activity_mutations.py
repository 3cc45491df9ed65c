"""Mutations of activities."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import strawberry

from quotaloom.activities.commands import (
    cancel_activity,
    change_activity,
    complete_activity,
    log_activity,
    plan_activity,
)
from quotaloom.activities.facts import Moment, NewActivity, Particulars, Subjects
from quotaloom.activities.kinds import ActivityKind
from quotaloom.activities.reads import activities_by_id
from quotaloom.metrics.currencies import currency_scale, known_currency
from quotaloom.organizations.sight import load_sight
from quotaloom.platform.amounts import parse_amount
from quotaloom.platform.work import Work
from quotaloom_graphql.activities import Activity
from quotaloom_graphql.activity_loaders import load_activities
from quotaloom_graphql.context import Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id, optional_id
from strawberry_breadth import batch

EXPECTED = "The version you saw; refused where it has changed meanwhile."
CURRENCY = "ISO 4217 code of the cost; the company's currency if not given."
ONCE = "Your own name of this request: the same again enters nothing and answers with the first activity."
DUE_AT = "Or the moment, with its offset; the company's time zone makes the day of it."
DONE_ON = "The day on which it was done; today if neither is given."


@strawberry.input(description="What an activity is for, and who does it.")
class _Entered:
    """What planning and logging have in common."""

    kind: ActivityKind = strawberry.field(description="A visit, call, meeting, mail or task.")
    matter: str = strawberry.field(description="What it is about, in 200 characters at the most.")
    opportunity_id: strawberry.ID | None = strawberry.field(
        default=None, description="The deal that it is for; its customer is named with it."
    )
    customer_id: strawberry.ID | None = strawberry.field(default=None, description="Or the customer.")
    lead_id: strawberry.ID | None = strawberry.field(default=None, description="Or the lead.")
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="Who does it: you if not given, or somebody below you."
    )
    position_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="A position that the member holds; the one that works on the record, or his first, if not given.",
    )
    place: str | None = strawberry.field(default=None, description="Where.")
    materials: list[str] = strawberry.field(default_factory=list, description="With what; 50 at the most.")
    cost: Decimal | None = strawberry.field(default=None, description="What it costs.")
    currency: str | None = strawberry.field(default=None, description=CURRENCY)
    idempotency_key: str | None = strawberry.field(default=None, description=ONCE)


@strawberry.input(description="Something to do for a lead, a customer or a deal, one of them at least.")
class PlanActivityInput(_Entered):
    """A plan."""

    due_on: date | None = strawberry.field(default=None, description="The day on which it is due.")
    due_at: datetime | None = strawberry.field(default=None, description=DUE_AT)


@strawberry.input(description="Something that is done already, for a lead, a customer or a deal, one of them at least.")
class LogActivityInput(_Entered):
    """What is done."""

    done_on: date | None = strawberry.field(default=None, description=DONE_ON)
    done_at: datetime | None = strawberry.field(default=None, description=DUE_AT)
    result: str | None = strawberry.field(default=None, description="What came of it.")


@strawberry.input(description="What to change of what is told; what is left out stays.")
class _Changed:
    """What completing and changing have in common."""

    id: strawberry.ID = strawberry.field(description="The activity.")
    matter: str | None = strawberry.field(default=None, description="What it is about.")
    place: str | None = strawberry.field(default=strawberry.UNSET, description="Where.")
    materials: list[str] | None = strawberry.field(default=None, description="With what, all of it; 50 at the most.")
    cost: Decimal | None = strawberry.field(default=strawberry.UNSET, description="What it cost; null for unknown.")
    currency: str | None = strawberry.field(default=None, description=CURRENCY)
    result: str | None = strawberry.field(default=strawberry.UNSET, description="What came of it.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="Something planned that is done.")
class CompleteActivityInput(_Changed):
    """What is done."""

    done_on: date | None = strawberry.field(default=None, description=DONE_ON)
    done_at: datetime | None = strawberry.field(default=None, description=DUE_AT)


@strawberry.input(
    description="What to change of an activity; what is left out stays. By when, and who, change while it is planned."
)
class ChangeActivityInput(_Changed):
    """Changes."""

    due_on: date | None = strawberry.field(default=None, description="The day on which it is due.")
    due_at: datetime | None = strawberry.field(default=None, description=DUE_AT)
    member_id: strawberry.ID | None = strawberry.field(default=None, description="Who does it instead.")


@strawberry.input(description="Something planned that will not be done, or something logged that was not done.")
class CancelActivityInput:
    """A cancellation."""

    id: strawberry.ID = strawberry.field(description="The activity.")
    reason: str | None = strawberry.field(default=None, description="Why; needed for what is done.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.type(description="The activity as it stands now.")
class ActivityPayload:
    """An activity, or what was wrong."""

    activity: Activity | None = batch(
        load_activities, key="activity_id", by="id", one=True, description="The activity."
    )
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _plan(work: Work, input: PlanActivityInput, _: Services) -> dict[str, Any]:
    when = Moment(input.due_at, input.due_on)
    return {"activity_id": await plan_activity(work, _entered(work, input, when, None))}


async def _log(work: Work, input: LogActivityInput, _: Services) -> dict[str, Any]:
    when = Moment(input.done_at, input.done_on)
    return {"activity_id": await log_activity(work, _entered(work, input, when, input.result))}


def _entered(work: Work, input: _Entered, when: Moment, result: str | None) -> NewActivity:
    subjects = Subjects(
        optional_id(input.lead_id, "Lead", ("leadId",)),
        optional_id(input.customer_id, "Customer", ("customerId",)),
        optional_id(input.opportunity_id, "Opportunity", ("opportunityId",)),
    )
    cost = _cost(input.cost, input.currency or work.company.currency)
    told = Particulars(input.matter, input.place, tuple(input.materials), cost, input.currency, result)
    return NewActivity(
        input.kind,
        subjects,
        told,
        when,
        optional_id(input.member_id, "Member", ("memberId",)),
        optional_id(input.position_id, "OrgUnit", ("positionId",)),
        input.idempotency_key,
    )


async def _complete(work: Work, input: CompleteActivityInput, _: Services) -> dict[str, Any]:
    activity_id = decode_id(input.id, "Activity", ("id",))
    when = Moment(input.done_at, input.done_on)
    await complete_activity(work, activity_id, when, await _changes(work, activity_id, input), input.expected_version)
    return {"activity_id": activity_id}


async def _change(work: Work, input: ChangeActivityInput, _: Services) -> dict[str, Any]:
    activity_id = decode_id(input.id, "Activity", ("id",))
    member_id = optional_id(input.member_id, "Member", ("memberId",))
    due = Moment(input.due_at, input.due_on)
    changes = await _changes(work, activity_id, input)
    await change_activity(work, activity_id, changes, due if due.named else None, member_id, input.expected_version)
    return {"activity_id": activity_id}


async def _changes(work: Work, activity_id: int, input: _Changed) -> dict[str, Any]:
    given = {"place": input.place, "result": input.result}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not strawberry.UNSET}
    if input.matter is not None:
        changes["matter"] = input.matter
    if input.materials is not None:
        changes["materials"] = tuple(input.materials)
    if input.cost is not strawberry.UNSET and input.cost is not None:
        currency = input.currency or await _currency_of(work, activity_id)
        changes |= {"cost": _cost(input.cost, currency), "currency": currency}
    elif input.cost is None or input.currency is not None:
        changes |= {"cost": None, "currency": input.currency}
    return changes


async def _cancel(work: Work, input: CancelActivityInput, _: Services) -> dict[str, Any]:
    activity_id = decode_id(input.id, "Activity", ("id",))
    await cancel_activity(work, activity_id, input.reason, input.expected_version)
    return {"activity_id": activity_id}


def _cost(cost: Decimal | None, currency: str) -> int | None:
    scale = currency_scale(known_currency(currency, ("currency",)))
    return None if cost is None else parse_amount(cost, scale, ("cost",))


async def _currency_of(work: Work, activity_id: int) -> str:
    """The currency of an activity's cost, where it has one that the viewer may see, or else the company's."""
    async with work.snapshot() as snapshot:
        sight = await load_sight(snapshot, work.viewer, work.company, work.today)
        rows = await activities_by_id(snapshot, sight, [activity_id])
    return next((row["currency"] for row in rows if row["currency"]), work.company.currency)


@strawberry.type
class ActivityMutation:
    """Mutations of activities."""

    plan_activity: ActivityPayload = mutation(
        _plan, description="Plan a visit, call, meeting, mail or task for a record that you work on."
    )
    log_activity: ActivityPayload = mutation(
        _log, description="Enter what is done already; a visit or a call counts for the metric `visits` or `calls`."
    )
    complete_activity: ActivityPayload = mutation(
        _complete, description="Say that something planned is done; it counts as if it was logged."
    )
    change_activity: ActivityPayload = mutation(_change, description="Change what is told of an activity.")
    cancel_activity: ActivityPayload = mutation(
        _cancel, description="Take back what is planned, or what was logged by mistake: what that counted is reversed."
    )
