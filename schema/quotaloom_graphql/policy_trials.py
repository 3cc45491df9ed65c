"""Trying a policy on what has been."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import strawberry
from strawberry.scalars import JSON

from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.periods import Period
from quotaloom.funnels.crediting_trials import try_crediting
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.errors import InputError
from quotaloom.platform.work import Work
from quotaloom.policies.trials import Trial, TrialLine, select_for_trial
from quotaloom.targets.allocation_trials import AllocationTrial, try_allocation
from quotaloom_graphql.context import Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.field_costs import WHOLE_PLAN
from quotaloom_graphql.funnel_loaders import load_opportunities
from quotaloom_graphql.funnels import Opportunity
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id
from quotaloom_graphql.organization_loaders import load_units
from quotaloom_graphql.organizations import OrgUnit
from strawberry_breadth import batch


@strawberry.input(description="A policy to try, and what to try it on.")
class SimulatePolicyInput:
    """A trial."""

    policy: str = strawberry.field(description="Its full key; it need not be switched on.")
    parameters: JSON | None = strawberry.field(
        default=None, description="Parameters to try; those that are set, or the defaults, if not given."
    )
    period: str | None = strawberry.field(
        default=None,
        description="The period to try it on, such as `2025-Q4`: needed for crediting rules; the whole plan for"
        " allocation rules, if not given.",
    )
    plan_id: strawberry.ID | None = strawberry.field(
        default=None, description="For an allocation rule: the plan, whose published version is compared."
    )
    org_unit_id: strawberry.ID | None = strawberry.field(
        default=None, description="For an allocation rule: the unit whose own cells it splits."
    )
    levels: int | None = strawberry.field(
        default=1, description="For an allocation rule: how many levels down; null for all."
    )
    over_assignment: Decimal = strawberry.field(
        default=Decimal(1), description="For an allocation rule: how much of its target a unit hands down."
    )
    changed_only: bool = strawberry.field(default=False, description="Leave out lines without a difference.")


@strawberry.type(description="One figure as it is stored, and as the policy would have it.")
class SimulationLine:
    """A line of a trial."""

    period: str = strawberry.field(description="The month, or the day of the win.")
    what: str = strawberry.field(
        description="`target`, `assessment` or `stretch` of a unit; `direct` or `overlay` credit of a deal."
    )
    currency: str | None = strawberry.field(description="Of a deal's credit; null for targets.")
    stored: Decimal | None = strawberry.field(description="As it is; null where there is nothing.")
    simulated: Decimal | None = strawberry.field(description="As it would be; null where there would be nothing.")
    difference: Decimal = strawberry.field(description="How much more the policy gives.")
    org_unit: OrgUnit | None = batch(load_units, key="unit_id", by="id", one=True, description="Whose figure it is.")
    opportunity: Opportunity | None = batch(
        load_opportunities, key="opportunity_id", by="id", one=True, description="Which deal it is of."
    )


@strawberry.type(description="Why the policy would decide so, in its own words.")
class SimulationReason:
    """An explanation of a trial."""

    explanation: JSON = strawberry.field(description="Text, values and items.")
    org_unit: OrgUnit | None = batch(load_units, key="unit_id", by="id", one=True, description="The unit it split.")
    opportunity: Opportunity | None = batch(
        load_opportunities, key="opportunity_id", by="id", one=True, description="The deal it shared."
    )


@strawberry.type(description="What a policy would have decided; nothing of it is stored.")
class PolicySimulation:
    """A trial."""

    policy: str | None = strawberry.field(description="The policy's full key.")
    version: str | None = strawberry.field(description="The version of its plugin.")
    parameters: JSON | None = strawberry.field(description="The parameters that were tried, defaults included.")
    changed: int | None = strawberry.field(description="How many lines have a difference.")
    lines: list[SimulationLine] | None = strawberry.field(description="Line by line, in tree order or by day.")
    reasons: list[SimulationReason] | None = strawberry.field(description="Why, for each unit or deal.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was tried.")


async def _simulate_policy(work: Work, input: SimulatePolicyInput, services: Services) -> dict[str, Any]:
    trial = await _trial(work, input, services)
    changed = [line for line in trial.lines if line.difference or (line.stored is None) != (line.simulated is None)]
    return {
        "policy": trial.selected.policy.key,
        "version": trial.selected.policy.plugin.version,
        "parameters": dict(trial.selected.parameters),
        "changed": len(changed),
        "lines": [_row(line) for line in (changed if input.changed_only else trial.lines)],
        "reasons": [
            {"explanation": one.explanation, "unit_id": one.unit_id, "opportunity_id": one.opportunity_id}
            for one in trial.reasons
        ],
    }


async def _trial(work: Work, input: SimulatePolicyInput, services: Services) -> Trial:
    host = services.policies
    selected = await select_for_trial(work, host, input.policy, input.parameters)
    period = None if input.period is None else _period(work, input.period)
    if selected.policy.kind == "crediting":
        if period is None:
            raise InputError("PERIOD_MISSING", "name the period whose won deals it is tried on", ("period",))
        return await try_crediting(work, host, selected, period)
    for name, given in (("planId", input.plan_id), ("orgUnitId", input.org_unit_id)):
        if given is None:
            raise InputError("PLAN_MISSING", "name the plan and the unit that it is tried on", (name,))
    plan_id = decode_id(input.plan_id or "", "Plan", ("planId",))
    unit_id = decode_id(input.org_unit_id or "", "OrgUnit", ("orgUnitId",))
    trial = AllocationTrial(plan_id, unit_id, period, input.levels, input.over_assignment)
    return await try_allocation(work, host, selected, trial)


def _period(work: Work, label: str) -> Period:
    try:
        return fiscal_calendar(work.company).period(label)
    except InputError as error:
        raise error.at("period") from None


def _row(line: TrialLine) -> dict[str, Any]:
    def shown(amount: int | None) -> str | None:
        return None if amount is None else format_amount(amount, line.scale)

    return {
        "period": line.period,
        "what": line.what,
        "currency": line.currency,
        "stored": shown(line.stored),
        "simulated": shown(line.simulated),
        "difference": shown(line.difference),
        "unit_id": line.unit_id,
        "opportunity_id": line.opportunity_id,
    }


@strawberry.type
class PolicyTrialMutation:
    """Trials of policies: mutations, because a policy is asked outside any snapshot; they store nothing."""

    simulate_policy: PolicySimulation = mutation(
        _simulate_policy,
        weight=WHOLE_PLAN,
        description="Try a policy on a past period: what it would have decided beside what is stored, line by line."
        " Stores nothing. For admins.",
    )
