"""The worksheet of a target, and the mutation that fills it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import strawberry

from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.amounts import parse_amount
from quotaloom.platform.work import Work
from quotaloom.targets.worksheets import FIGURES, TEXTS, set_worksheet
from quotaloom_graphql.context import Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id
from quotaloom_graphql.worksheet_loaders import load_customers_held, load_set_worksheets, load_worksheet_rights
from strawberry_breadth import batch

TEXT = "2000 characters at most; null clears it."


@strawberry.type(description="What you may do with a worksheet; the server checks again.")
class ViewerCanOnWorksheet:
    """Rights of the viewer."""

    edit: bool = strawberry.field(description="Fill it.")


@strawberry.type(
    description="What the target of a unit takes, and what is in the way (目标分解表). Filled by whoever holds the"
    " position or heads the unit; seen by them, by whoever heads a unit above, and by admins."
)
class Worksheet:
    """A worksheet; that of a unit for which nobody has filled one is empty."""

    conditions: str | None = strawberry.field(description="What must be given.")
    obstacles: str | None = strawberry.field(description="What is in the way.")
    people: str | None = strawberry.field(description="Who is needed.")
    material: str | None = strawberry.field(description="What is needed.")
    money: Decimal | None = strawberry.field(description="What it costs, in the company's currency.")
    customers_needed: int | None = strawberry.field(description="How many customers the target takes.")
    customers_held: int = batch(
        load_customers_held,
        key="unit_id",
        description="How many customers have an open or a won deal with the unit today, or with one below it.",
    )
    repurchase_rate: Decimal | None = strawberry.field(description="How many orders a customer gives in a year.")
    cooperation: str | None = strawberry.field(description="Opportunities to cooperate.")
    product_mix: str | None = strawberry.field(description="What is to be sold, in which proportions.")
    competitors: str | None = strawberry.field(description="Who else is after it.")
    updated_at: datetime | None = strawberry.field(description="When it was last changed.")
    updated_by: str | None = strawberry.field(description="By whom.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`. 0 while nobody has filled it.")
    viewer_can: ViewerCanOnWorksheet = batch(
        load_worksheet_rights, key="unit_id", description="What you may do with it."
    )


@strawberry.input(description="What to note in a worksheet; what is left out stays, null clears it.")
class SetWorksheetInput:
    """A worksheet."""

    plan_id: strawberry.ID = strawberry.field(description="The plan whose target it is about.")
    org_unit_id: strawberry.ID = strawberry.field(description="The unit: a position that you hold, or what you head.")
    conditions: str | None = strawberry.field(default=strawberry.UNSET, description=f"What must be given, {TEXT}")
    obstacles: str | None = strawberry.field(default=strawberry.UNSET, description=f"What is in the way, {TEXT}")
    people: str | None = strawberry.field(default=strawberry.UNSET, description=f"Who is needed, {TEXT}")
    material: str | None = strawberry.field(default=strawberry.UNSET, description=f"What is needed, {TEXT}")
    money: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="What it costs, in the company's currency."
    )
    customers_needed: int | None = strawberry.field(
        default=strawberry.UNSET, description="How many customers the target takes."
    )
    repurchase_rate: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="How many orders a customer gives in a year, 0 to 1000: `0.3` is 3 of 10."
    )
    cooperation: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"Opportunities to cooperate, {TEXT}"
    )
    product_mix: str | None = strawberry.field(default=strawberry.UNSET, description=f"What is to be sold, {TEXT}")
    competitors: str | None = strawberry.field(default=strawberry.UNSET, description=f"Who else is after it, {TEXT}")
    expected_version: int | None = strawberry.field(
        default=None, description="The version you saw, 0 for none; refused where it has changed meanwhile."
    )


@strawberry.type(description="The worksheet as it stands now.")
class WorksheetPayload:
    """A worksheet, or what was wrong."""

    worksheet: Worksheet | None = batch(load_set_worksheets, description="The worksheet.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _set_worksheet(work: Work, input: SetWorksheetInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "Plan", ("planId",))
    unit_id = decode_id(input.org_unit_id, "OrgUnit", ("orgUnitId",))
    given = {name: getattr(input, name) for name in (*TEXTS, *FIGURES)}
    values = {name: value for name, value in given.items() if value is not strawberry.UNSET}
    if values.get("money") is not None:
        values["money"] = parse_amount(values["money"], currency_scale(work.company.currency), ("money",))
    await set_worksheet(work, plan_id, unit_id, values, input.expected_version)
    return {"plan_id": plan_id, "unit_id": unit_id}


@strawberry.type
class WorksheetMutation:
    """Mutations of worksheets."""

    set_worksheet: WorksheetPayload = mutation(
        _set_worksheet, description="Note what the target of a unit takes, and what is in the way."
    )
