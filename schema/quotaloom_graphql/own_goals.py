"""Goals that members set themselves above their targets."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from quotaloom.platform.amounts import parse_amount
from quotaloom.platform.work import Work
from quotaloom.targets.own_goals import set_own_goal
from quotaloom_graphql.context import Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id
from quotaloom_graphql.organization_loaders import load_units
from quotaloom_graphql.own_goal_loaders import load_goals_set
from quotaloom_graphql.plans import scale_of
from strawberry_breadth import batch

if TYPE_CHECKING:
    from quotaloom_graphql.organizations import OrgUnit


@strawberry.type(
    description="What a member sets himself for a month or the year of a position, not below his target. It is for him"
    " and those above him to see, and enters no roll-up. Amounts have the metric's decimal places."
)
class OwnGoal:
    """A goal."""

    period: str = strawberry.field(description="The month's or the year's label.")
    starts_on: date = strawberry.field(description="First day.")
    ends_on: date = strawberry.field(description="The day after the last.")
    goal: Decimal = strawberry.field(description="What he sets himself.")
    target: Decimal | None = strawberry.field(
        description="His target: his share of the position's, by the days on which he holds it."
    )
    achieved: Decimal = strawberry.field(description="What he has achieved in this position, overlay included.")
    rate: Decimal | None = strawberry.field(description="`achieved ÷ goal`, six places; null for a goal of 0.")
    gap: Decimal = strawberry.field(description="`goal − achieved`.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    position: Annotated[OrgUnit, strawberry.lazy("quotaloom_graphql.organizations")] | None = batch(
        load_units, key="position_id", by="id", one=True, description="The position."
    )


@strawberry.input(description="A goal of your own for a position that you hold; null clears it.")
class SetOwnGoalInput:
    """A goal."""

    plan_id: strawberry.ID = strawberry.field(description="The published plan whose target it goes beyond.")
    position_id: strawberry.ID = strawberry.field(description="The position.")
    period: str = strawberry.field(description="A month of the plan or its year, such as `2026-03` or `2026`.")
    goal: Decimal | None = strawberry.field(description="Not below your target for that period.")
    expected_version: int | None = strawberry.field(
        default=None, description="The version you saw, 0 for none; refused where it has changed meanwhile."
    )


@strawberry.type(description="Your own goals for the plan, after the change.")
class OwnGoalPayload:
    """Goals, or what was wrong."""

    own_goals: list[OwnGoal] | None = batch(load_goals_set, description="Your own goals for the plan.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _set_own_goal(work: Work, input: SetOwnGoalInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "Plan", ("planId",))
    position_id = decode_id(input.position_id, "OrgUnit", ("positionId",))
    goal = None if input.goal is None else parse_amount(input.goal, await scale_of(work, plan_id), ("goal",))
    await set_own_goal(work, plan_id, position_id, input.period, goal, input.expected_version)
    return {"plan_id": plan_id, "member_id": work.viewer.member_id}


@strawberry.type
class OwnGoalMutation:
    """Mutations of own goals."""

    set_own_goal: OwnGoalPayload = mutation(
        _set_own_goal, description="Set yourself a goal above your target, for a month or the year of a position."
    )
