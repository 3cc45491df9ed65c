"""What-if: mutations of the scenarios of a plan."""

from __future__ import annotations

from typing import Any

import strawberry

from quotaloom.platform.work import Work
from quotaloom.targets.scenarios import add_scenario, adopt_scenario, drop_scenario
from quotaloom_graphql.context import Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.field_costs import WHOLE_PLAN
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id
from quotaloom_graphql.plan_loaders import load_plans
from quotaloom_graphql.plans import Plan, PlanPayload, PlanVersion
from quotaloom_graphql.version_loaders import load_versions_by_id
from strawberry_breadth import batch


@strawberry.input(description="A further draft of a plan, to try something out.")
class AddScenarioInput:
    """A new scenario."""

    plan_id: strawberry.ID = strawberry.field(description="The plan; it has 10 scenarios at the most.")
    name: str = strawberry.field(description="What it is called.")
    from_version: int | None = strawberry.field(
        default=None, description="The number of the version whose cells it begins with; without it, it is empty."
    )


@strawberry.input(description="A scenario that becomes the draft.")
class AdoptScenarioInput:
    """A scenario to adopt."""

    plan_id: strawberry.ID = strawberry.field(description="The plan.")
    scenario: int = strawberry.field(description="The scenario's number.")
    reason: str = strawberry.field(description="Why; it is kept with the version.")


@strawberry.input(description="A scenario that nobody needs any more.")
class DropScenarioInput:
    """A scenario to drop."""

    plan_id: strawberry.ID = strawberry.field(description="The plan.")
    scenario: int = strawberry.field(description="The scenario's number.")


@strawberry.type(description="The scenario that was opened.")
class ScenarioPayload:
    """A scenario, or what was wrong."""

    scenario: PlanVersion | None = batch(
        load_versions_by_id, key="version_id", by="id", one=True, description="The scenario."
    )
    plan: Plan | None = batch(load_plans, key="plan_id", by="id", one=True, description="Its plan.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _add(work: Work, input: AddScenarioInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "Plan", ("planId",))
    version = await add_scenario(work, plan_id, input.name, input.from_version)
    return {"plan_id": plan_id, "version_id": version}


async def _adopt(work: Work, input: AdoptScenarioInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "Plan", ("planId",))
    await adopt_scenario(work, plan_id, input.scenario, input.reason)
    return {"plan_id": plan_id}


async def _drop(work: Work, input: DropScenarioInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "Plan", ("planId",))
    await drop_scenario(work, plan_id, input.scenario)
    return {"plan_id": plan_id}


@strawberry.type
class ScenarioMutation:
    """Mutations of scenarios."""

    add_scenario: ScenarioPayload = mutation(
        _add, weight=WHOLE_PLAN, description="Open a further draft of a plan beside the main one, to try something out."
    )
    adopt_scenario: PlanPayload = mutation(
        _adopt,
        weight=WHOLE_PLAN,
        description="Make a scenario the plan's draft; the draft before it becomes a scenario.",
    )
    drop_scenario: PlanPayload = mutation(_drop, description="Do away with a scenario and its cells.")
