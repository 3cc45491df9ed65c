"""Copying a plan into another fiscal year."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import strawberry

from quotaloom.platform.work import Work
from quotaloom.targets.copying import PlanCopy, copy_plan
from quotaloom_graphql.context import Info, Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.field_costs import WHOLE_PLAN
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id
from quotaloom_graphql.organization_loaders import load_units
from quotaloom_graphql.organizations import OrgUnit
from quotaloom_graphql.plan_loaders import load_plans
from quotaloom_graphql.plans import Plan
from strawberry_breadth import batch


@strawberry.input(description="A plan to copy into another fiscal year.")
class CopyPlanInput:
    """A copy."""

    plan_id: strawberry.ID = strawberry.field(description="The plan to copy.")
    name: str = strawberry.field(description="The new plan's name.")
    factor: Decimal = strawberry.field(
        default=Decimal(1), description="What every year is multiplied by, from 0 to 10: `1.08` is 8% more."
    )
    fiscal_year: int | None = strawberry.field(default=None, description="The new fiscal year; the next by default.")
    version: int | None = strawberry.field(
        default=None, description="The number of the version to copy; the published one, or else the draft, by default."
    )


async def load_left_out(parents: list[Any], info: Info) -> list[list[Any]]:
    """The units that were left out, for each payload."""
    wanted = [id for parent in parents for id in parent["left_out"] or ()]
    units = {row["id"]: row for row in await load_units(wanted, info)} if wanted else {}
    return [[units[id] for id in parent["left_out"] or () if id in units] for parent in parents]


@strawberry.type(description="The new plan.")
class CopyPlanPayload:
    """A plan, or what was wrong."""

    plan: Plan | None = batch(load_plans, key="plan_id", by="id", one=True, description="The new plan, a draft.")
    left_out: list[OrgUnit] = batch(
        load_left_out,
        description="Units whose cells were not copied, because they are not open in the new year; their siblings share"
        " what was theirs.",
    )
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _copy_plan(work: Work, input: CopyPlanInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "Plan", ("planId",))
    copied = await copy_plan(work, PlanCopy(plan_id, input.name, input.factor, input.fiscal_year, input.version))
    return {"plan_id": copied.plan_id, "left_out": copied.left_out}


@strawberry.type
class PlanCopyMutation:
    """Mutations that copy plans."""

    copy_plan: CopyPlanPayload = mutation(
        _copy_plan,
        weight=WHOLE_PLAN,
        description="Make a plan of another fiscal year out of this one, times a factor: sums that were exact stay"
        " exact.",
    )
