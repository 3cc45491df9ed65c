"""Loaders of members' own goals: he himself sees his, whoever heads a unit above, and admins."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from quotaloom.organizations.sight import Sight
from quotaloom.platform.amounts import format_amount
from quotaloom.targets.attainment import gap, rate
from quotaloom.targets.own_goals import OwnGoalFigures, own_goals
from quotaloom.targets.plans import load_plan
from quotaloom_graphql.context import Info
from quotaloom_graphql.nodes import decode_id
from quotaloom_graphql.plan_loaders import load_plans

OfPlan = Annotated[strawberry.ID, strawberry.argument(description="The plan whose targets they go beyond.")]


async def load_own_goals(member_ids: list[int], info: Info, plan: OfPlan) -> list[dict[str, Any]]:
    """The own goals of members for a plan, as far as the viewer may see them."""
    return await own_goal_rows(member_ids, info, decode_id(plan, "Plan", ("plan",)))


async def load_goals_set(parents: list[Any], info: Info) -> list[list[dict[str, Any]] | None]:
    """The own goals that each payload names by `member_id` and `plan_id`; null where it was refused."""
    return [
        None if parent["plan_id"] is None else await own_goal_rows([parent["member_id"]], info, parent["plan_id"])
        for parent in parents  # a mutation has one payload
    ]


async def own_goal_rows(member_ids: list[int], info: Info, plan_id: int) -> list[dict[str, Any]]:
    """The own goals of members for a plan as the graph shows them."""
    context = info.context
    sight = await context.sight()
    visible = [member_id for member_id in member_ids if sight.sees_member(member_id)]
    if not visible or not await load_plans([plan_id], info):
        return []
    plan = await load_plan(context.snapshot, plan_id)
    if plan.published_id is None:
        return []
    metric = (await context.metrics())[plan.metric_id]
    found = await own_goals(context.snapshot, await context.calendar(), plan, metric, visible)
    return [_row(one, metric["scale"]) for one in found if _may_see(sight, one)]


def _may_see(sight: Sight, goal: OwnGoalFigures) -> bool:
    """Of others one sees what falls in the subtrees that one heads."""
    return sight.everything or goal.member_id == sight.member_id or goal.position_id in sight.led_unit_ids


def _row(one: OwnGoalFigures, scale: int) -> dict[str, Any]:
    return {
        "member_id": one.member_id,
        "position_id": one.position_id,
        "period": one.period.label,
        "starts_on": one.period.starts_on,
        "ends_on": one.period.ends_on,
        "goal": format_amount(one.goal, scale),
        "target": None if one.target is None else format_amount(one.target, scale),
        "achieved": format_amount(one.achieved, scale),
        "rate": rate(one.achieved, one.goal),
        "gap": format_amount(gap(one.achieved, one.goal) or 0, scale),
        "version": one.version,
    }
