"""Budgets of incentives."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import strawberry

from quotaloom.incentives import budgets
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.work import Work
from quotaloom_graphql.context import Info, Services
from quotaloom_graphql.enums import Grain
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import Node, NodeLoader, decode_id, global_id
from quotaloom_graphql.organization_loaders import load_units
from quotaloom_graphql.organizations import OrgUnit
from strawberry_breadth import batch


@strawberry.type(description="What a unit may spend on incentives in a period. Admins see all, heads those they lead.")
class IncentiveBudget(Node):
    """A budget."""

    id: strawberry.ID = global_id("IncentiveBudget")
    period: str = strawberry.field(description="The label of the period.")
    grain: Grain = strawberry.field(description="How long it is.")
    starts_on: date = strawberry.field(description="Its first day.")
    ends_on: date = strawberry.field(description="The day after its last.")
    amount: Decimal = strawberry.field(description="In the company's currency.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    org_unit: OrgUnit | None = batch(load_units, key="unit_id", by="id", one=True, description="Of which unit.")


def shown_budget(row: Any, currency: str) -> dict[str, Any]:
    """A budget as the graph shows it."""
    return {**row, "period": row["label"], "amount": format_amount(row["amount"], currency_scale(currency))}


async def load_budgets(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """Budgets by number, of the units that the viewer leads; all for whoever sees everything."""
    sight = await info.context.sight()
    units = None if sight.everything else sight.led_unit_ids
    currency = (await info.context.work()).company.currency
    rows = await budgets.budgets_by_id(info.context.snapshot, keys, units)
    return [shown_budget(row, currency) for row in rows]


@strawberry.input(description="What a unit may spend in a period.")
class SetIncentiveBudgetInput:
    """A budget."""

    org_unit_id: strawberry.ID = strawberry.field(description="The unit; those below have budgets of their own.")
    period: str = strawberry.field(description="The label of a period, such as `2017-06` or `2017`.")
    amount: Decimal | None = strawberry.field(description="In the company's currency; null takes the budget away.")
    expected_version: int | None = strawberry.field(
        default=None, description="The version you saw, 0 where there was none; refused where it has changed meanwhile."
    )


@strawberry.type(description="The budget that was set.")
class IncentiveBudgetPayload:
    """A budget, or what was wrong."""

    incentive_budget: IncentiveBudget | None = batch(
        load_budgets, key="budget_id", by="id", one=True, description="The budget; null where it was taken away."
    )
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _set_budget(work: Work, input: SetIncentiveBudgetInput, _: Services) -> dict[str, Any]:
    unit_id = decode_id(input.org_unit_id, "OrgUnit", ("orgUnitId",))
    return {"budget_id": await budgets.set_budget(work, unit_id, input.period, input.amount, input.expected_version)}


@strawberry.type
class IncentiveBudgetMutation:
    """The mutation of budgets."""

    set_incentive_budget: IncentiveBudgetPayload = mutation(
        _set_budget, description="Set what a unit may spend on incentives in a period, or take that away."
    )


NODE_LOADERS: dict[str, NodeLoader] = {"IncentiveBudget": load_budgets}
"""How `node(id:)` finds what these types name."""
