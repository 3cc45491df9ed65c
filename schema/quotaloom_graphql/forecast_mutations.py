"""The mutation that adjusts a forecast."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import strawberry

from quotaloom.funnels.commands.forecasts import NewAdjustment, adjust_forecast
from quotaloom.funnels.forecasting import ForecastCategory
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.amounts import parse_amount
from quotaloom.platform.work import Work
from quotaloom_graphql.context import Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id
from quotaloom_graphql.organization_loaders import load_units
from quotaloom_graphql.organizations import OrgUnit
from strawberry_breadth import batch


@strawberry.input(description="What you expect of a unit's period beside what its deals say.")
class AdjustForecastInput:
    """An adjustment."""

    org_unit_id: strawberry.ID = strawberry.field(description="The unit: one that you lead.")
    funnel_id: strawberry.ID = strawberry.field(description="The funnel.")
    period: str = strawberry.field(description="A period by its label, such as `2017-Q2`, or a range.")
    category: ForecastCategory = strawberry.field(description="To which category of the forecast it is added.")
    amount: Decimal = strawberry.field(
        description="How much is added, in the company's currency; below zero it is taken off, 0 takes back what was"
        " adjusted before."
    )
    reason: str = strawberry.field(description="Why.")


@strawberry.type(description="The unit whose forecast was adjusted.")
class AdjustForecastPayload:
    """The unit, or what was wrong."""

    org_unit: OrgUnit | None = batch(load_units, key="unit_id", by="id", one=True, description="The unit.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _adjust(work: Work, input: AdjustForecastInput, _: Services) -> dict[str, Any]:
    unit_id = decode_id(input.org_unit_id, "OrgUnit", ("orgUnitId",))
    funnel_id = decode_id(input.funnel_id, "Funnel", ("funnelId",))
    amount = parse_amount(input.amount, currency_scale(work.company.currency), ("amount",))
    await adjust_forecast(work, NewAdjustment(unit_id, funnel_id, input.period, input.category, amount, input.reason))
    return {"unit_id": unit_id}


@strawberry.type
class ForecastMutation:
    """Mutations of forecasts."""

    adjust_forecast: AdjustForecastPayload = mutation(
        _adjust,
        description="Put your judgement beside what a unit's deals say of a period. It takes the place of the earlier"
        " one of the unit, funnel, period and category, which is kept.",
    )
