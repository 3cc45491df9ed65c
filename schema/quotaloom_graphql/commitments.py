"""Bottom-up: commitments of units, and the mutations that call for them, make them and take them over."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import strawberry

from quotaloom.platform.amounts import parse_amount
from quotaloom.platform.work import Work
from quotaloom.targets.adopting import Adoption, adopt_commitments
from quotaloom.targets.commitments import CommittedMonth, call_for_commitments, commit_targets
from quotaloom_graphql.context import Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.field_costs import WHOLE_PLAN
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id
from quotaloom_graphql.organization_loaders import load_members, load_units
from quotaloom_graphql.organizations import Member, OrgUnit
from quotaloom_graphql.plan_loaders import load_plans
from quotaloom_graphql.plans import Plan, PlanPayload, scale_of
from strawberry_breadth import batch


@strawberry.type(
    description="What was committed to for a unit in one period, from below and by the unit itself, against its target."
)
class UnitCommitment:
    """A comparison of top-down with bottom-up."""

    period: str = strawberry.field(description="The period's label.")
    starts_on: date = strawberry.field(description="First day.")
    ends_on: date = strawberry.field(description="The day after the last.")
    target: Decimal | None = strawberry.field(
        description="The target, top-down: of the draft for those who plan, else of the published version."
    )
    committed: Decimal | None = strawberry.field(
        description="What was committed to for the unit itself; null where nobody has."
    )
    gap: Decimal | None = strawberry.field(description="`target − committed`; null where one of them is.")
    gap_percent: Decimal | None = strawberry.field(
        description="The gap in percent of the target, four places, half up."
    )
    gathered: Decimal | None = strawberry.field(
        description="What was committed to below it: month by month, a unit with a commitment speaks for all below it."
    )
    gathered_gap: Decimal | None = strawberry.field(description="`target − gathered`; null where one of them is.")
    gathered_gap_percent: Decimal | None = strawberry.field(
        description="That gap in percent of the target, four places, half up."
    )


@strawberry.type(description="What somebody committed to for a unit's month.")
class Commitment:
    """A commitment."""

    period: str = strawberry.field(description="The month's label.")
    starts_on: date = strawberry.field(description="First day of the month.")
    ends_on: date = strawberry.field(description="The day after the last.")
    amount: Decimal = strawberry.field(description="The figure.")
    comment: str | None = strawberry.field(description="What was said of it.")
    at: datetime = strawberry.field(description="When.")
    author: str = strawberry.field(description="By whom.")
    superseded_at: datetime | None = strawberry.field(
        description="When another one took its place, or it was taken back; null while it stands."
    )
    member: Member | None = batch(
        load_members, key="author_id", by="id", one=True, description="Its author; null where that was no member."
    )


@strawberry.input(description="A plan that calls for commitments, or does so no more.")
class CallForCommitmentsInput:
    """A call."""

    plan_id: strawberry.ID = strawberry.field(description="The plan.")
    until: date | None = strawberry.field(
        default=None, description="The last day on which holders of positions may commit; null ends the call."
    )


@strawberry.input(description="A figure for a month.")
class CommittedMonthInput:
    """A month."""

    month: str = strawberry.field(description="A month of the plan by its label, such as `2017-06`.")
    amount: Decimal | None = strawberry.field(description="The figure; null takes back what was committed to.")


@strawberry.input(description="Figures that you commit to.")
class CommitTargetsInput:
    """A commitment."""

    plan_id: strawberry.ID = strawberry.field(description="The plan.")
    org_unit_id: strawberry.ID = strawberry.field(description="The unit: one that you lead, or a position you hold.")
    months: list[CommittedMonthInput] = strawberry.field(description="The months, each once.")
    comment: str | None = strawberry.field(default=None, description="What those above should know.")


@strawberry.input(description="Commitments to take over as targets of a plan's draft.")
class AdoptCommitmentsInput:
    """An adoption."""

    plan_id: strawberry.ID = strawberry.field(description="The plan; its draft is written.")
    org_unit_id: strawberry.ID = strawberry.field(
        description="The unit: its own commitment is taken over where you may set its targets, and those below it."
    )
    levels: int | None = strawberry.field(default=None, description="How many levels down; all if not given.")
    roll_up: bool = strawberry.field(
        default=False, description="Give parents the sums of their children, up to the unit, where these have targets."
    )
    pinned: bool = strawberry.field(
        default=False, description="Fix what is taken over, so that a decomposition leaves it alone."
    )
    scenario: int | None = strawberry.field(
        default=None, description="The number of a scenario to work on instead of the draft."
    )


@strawberry.type(description="What was committed to.")
class CommitTargetsPayload:
    """The unit and the plan, or what was wrong."""

    org_unit: OrgUnit | None = batch(load_units, key="unit_id", by="id", one=True, description="The unit.")
    plan: Plan | None = batch(load_plans, key="plan_id", by="id", one=True, description="The plan.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


@strawberry.type(description="What was taken over.")
class AdoptCommitmentsPayload:
    """The plan, or what was wrong."""

    adopted: int | None = strawberry.field(description="How many cells were set; 0 where all were so already.")
    skipped: int | None = strawberry.field(
        description="How many stayed, because they are locked, pinned, planned by the day, or the unit is not open."
    )
    plan: Plan | None = batch(load_plans, key="plan_id", by="id", one=True, description="The plan.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _call(work: Work, input: CallForCommitmentsInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "Plan", ("planId",))
    await call_for_commitments(work, plan_id, input.until)
    return {"plan_id": plan_id}


async def _commit(work: Work, input: CommitTargetsInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "Plan", ("planId",))
    unit_id = decode_id(input.org_unit_id, "OrgUnit", ("orgUnitId",))
    scale = await scale_of(work, plan_id)
    months = [
        CommittedMonth(
            one.month, None if one.amount is None else parse_amount(one.amount, scale, ("months", index, "amount"))
        )
        for index, one in enumerate(input.months)
    ]
    await commit_targets(work, plan_id, unit_id, months, input.comment)
    return {"plan_id": plan_id, "unit_id": unit_id}


async def _adopt(work: Work, input: AdoptCommitmentsInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "Plan", ("planId",))
    unit_id = decode_id(input.org_unit_id, "OrgUnit", ("orgUnitId",))
    adoption = Adoption(plan_id, unit_id, input.levels, input.scenario, input.pinned, input.roll_up)
    adopted = await adopt_commitments(work, adoption)
    return {"plan_id": plan_id, "adopted": len(adopted.cells), "skipped": adopted.skipped}


@strawberry.type
class CommitmentMutation:
    """Mutations of commitments."""

    call_for_commitments: PlanPayload = mutation(
        _call,
        weight=WHOLE_PLAN,
        description="Let everybody who holds a position commit to figures in a plan until a day, or end that.",
    )
    commit_targets: CommitTargetsPayload = mutation(
        _commit, description="Commit to figures for months of a unit; earlier ones are superseded and kept."
    )
    adopt_commitments: AdoptCommitmentsPayload = mutation(
        _adopt,
        weight=WHOLE_PLAN,
        description="Take commitments over as targets of a plan's draft, and sum them up to the top if asked.",
    )
