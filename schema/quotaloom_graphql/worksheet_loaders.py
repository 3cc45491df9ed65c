"""Loaders of worksheets: each takes all parents of a level, and shows what the viewer may see."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from quotaloom.loads.reads import customers_carried
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.amounts import format_amount
from quotaloom.targets.worksheets import FIGURES, TEXTS, may_fill_worksheet, may_see_worksheet, worksheets_of
from quotaloom_graphql.context import Info
from quotaloom_graphql.decimals import shortest
from quotaloom_graphql.nodes import decode_id
from quotaloom_graphql.plan_loaders import load_plans

OfPlan = Annotated[strawberry.ID, strawberry.argument(description="The plan whose target it is about.")]

_EMPTY: dict[str, Any] = {**dict.fromkeys((*TEXTS, *FIGURES, "updated_at", "updated_by")), "version": 0}


async def load_worksheets(unit_ids: list[int], info: Info, plan: OfPlan) -> list[dict[str, Any]]:
    """The worksheets of units for a plan, as far as the viewer sees them; those that nobody has filled are empty."""
    return await _seen_worksheets(unit_ids, info, decode_id(plan, "Plan", ("plan",)))


async def _seen_worksheets(unit_ids: list[int], info: Info, plan_id: int) -> list[dict[str, Any]]:
    sight = await info.context.sight()
    visible = [unit_id for unit_id in unit_ids if may_see_worksheet(sight, unit_id)]
    if not visible or not await load_plans([plan_id], info):
        return []
    return await worksheet_rows(info, plan_id, visible)


async def load_set_worksheets(parents: list[Any], info: Info) -> list[dict[str, Any] | None]:
    """The worksheet that each payload names by `plan_id` and `unit_id`, as far as the viewer sees it now."""
    found: list[dict[str, Any] | None] = []
    for parent in parents:  # a mutation has one payload
        named = parent["plan_id"] is not None
        rows = await _seen_worksheets([parent["unit_id"]], info, parent["plan_id"]) if named else []
        found.append(rows[0] if rows else None)
    return found


async def worksheet_rows(info: Info, plan_id: int, unit_ids: Sequence[int]) -> list[dict[str, Any]]:
    """The worksheets of units for a plan as the graph shows them."""
    stored = {row["unit_id"]: dict(row) for row in await worksheets_of(info.context.snapshot, plan_id, unit_ids)}
    scale = currency_scale((await info.context.work()).company.currency)
    return [_row(unit_id, stored.get(unit_id, _EMPTY), scale) for unit_id in unit_ids]


def _row(unit_id: int, values: dict[str, Any], scale: int) -> dict[str, Any]:
    money, rate = values["money"], values["repurchase_rate"]
    return {
        **values,
        "unit_id": unit_id,
        "money": None if money is None else Decimal(format_amount(money, scale)),
        "repurchase_rate": None if rate is None else shortest(rate),
    }


async def load_customers_held(unit_ids: list[int], info: Info) -> list[int]:
    """How many customers each unit has an open or a won deal with, with all that lies below it."""
    today = await info.context.today()
    counted = await customers_carried(info.context.snapshot, info.context.identity.company_id, unit_ids, today)
    return [counted[unit_id] for unit_id in unit_ids]


async def load_worksheet_rights(unit_ids: list[int], info: Info) -> list[dict[str, Any]]:
    """What the viewer may do with the worksheet of each unit."""
    sight = await info.context.sight()
    return [{"edit": may_fill_worksheet(sight, unit_id)} for unit_id in unit_ids]
