"""The mutation that splits a unit's target along products."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import strawberry

from quotaloom.platform.amounts import format_amount
from quotaloom.platform.work import Work
from quotaloom.targets.along_products import (
    AlongProductsOutcome,
    AlongProductsRequest,
    ProductPart,
    decompose_along_products,
)
from quotaloom_graphql.context import Info, Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.field_costs import WHOLE_PLAN
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id
from quotaloom_graphql.organization_loaders import load_units
from quotaloom_graphql.organizations import OrgUnit
from quotaloom_graphql.plan_loaders import all_known, load_plans
from quotaloom_graphql.plans import Plan
from strawberry_breadth import batch


@strawberry.input(description="A plan of a metric of products, and how much of the target it gets.")
class ProductPartInput:
    """A part."""

    plan_id: strawberry.ID = strawberry.field(description="The plan, of the same year; its draft is written.")
    weight: Decimal | None = strawberry.field(
        default=None, description="Zero or more; only the proportion counts. Given for all parts, or for none."
    )


@strawberry.input(
    description="A unit's target to split along products. Without weights it is split as what the unit, as it is"
    " composed now, achieved in the same months of last year; a month without any counts like that year as a whole."
)
class DecomposeAlongProductsInput:
    """A decomposition along products."""

    plan_id: strawberry.ID = strawberry.field(
        description="The plan whose cells are split: its draft's, or the published ones where it has no draft."
    )
    org_unit_id: strawberry.ID = strawberry.field(description="The unit.")
    parts: list[ProductPartInput] = strawberry.field(
        description="1 to 50 plans of metrics of products of the plan's metric, no product in two of them."
    )
    levels: int | None = strawberry.field(
        default=0,
        description="How many levels below the unit are split as well, each unit with the mix of the one above; null"
        " for all. Up to 500 units.",
    )
    dry_run: bool = strawberry.field(default=False, description="Answer with all cells and store nothing.")


@strawberry.type(description="What one unit aims for in the products of one plan: one value per month.")
class ProductCells:
    """A row."""

    name: str = strawberry.field(description="The name of the metric of the products.")
    target: list[Decimal | None] = strawberry.field(
        description="Target per month; to a service without `graph:read` only what changed."
    )
    assessment: list[Decimal | None] = strawberry.field(description="Assessment per month.")
    stretch: list[Decimal | None] = strawberry.field(description="Stretch per month.")
    year_target: Decimal = strawberry.field(description="The sum of its targets.")
    plan: Plan | None = batch(load_plans, key="plan_id", by="id", one=True, description="The plan of the products.")
    org_unit: OrgUnit | None = batch(load_units, key="unit_id", by="id", one=True, description="The unit.")


async def _load_cells(payloads: list[Any], info: Info) -> list[Any]:
    """The cells of each payload."""
    sight = await info.context.sight()
    return [all_known(sight, payload["cells"]) for payload in payloads]


@strawberry.type(description="The cells that a decomposition along products made.")
class DecomposeAlongProductsPayload:
    """Cells, or what was wrong."""

    stored: bool | None = strawberry.field(description="False for a dry run.")
    months: list[str] | None = strawberry.field(description="The labels of the columns.")
    cells: list[ProductCells] | None = batch(
        _load_cells, description="One row per unit, from the top down, and part, in the order given."
    )
    plan: Plan | None = batch(load_plans, key="plan_id", by="id", one=True, description="The plan that was split.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _decompose_along_products(work: Work, input: DecomposeAlongProductsInput, _: Services) -> dict[str, Any]:
    request = AlongProductsRequest(
        plan_id=decode_id(input.plan_id, "Plan", ("planId",)),
        unit_id=decode_id(input.org_unit_id, "OrgUnit", ("orgUnitId",)),
        parts=tuple(
            ProductPart(decode_id(part.plan_id, "Plan", ("parts", place, "planId")), part.weight)
            for place, part in enumerate(input.parts)
        ),
        levels=input.levels,
    )
    outcome = await decompose_along_products(work, request, dry_run=input.dry_run)
    return {"plan_id": request.plan_id, **_shown(outcome)}


def _shown(outcome: AlongProductsOutcome) -> dict[str, Any]:
    split, scale = outcome.split, outcome.split.base.metric_scale
    rows = []
    for unit_id in outcome.units:
        for place, part in enumerate(split.parts):
            lines = outcome.cells[place, unit_id]
            rows.append(
                {
                    "name": split.names[place],
                    "plan_id": part.plan_id,
                    "unit_id": unit_id,
                    **{kind: [_text(amount, scale) for amount in row] for kind, row in lines.items()},
                    "year_target": _text(sum(amount or 0 for amount in lines["target"]), scale),
                }
            )
    return {"stored": outcome.stored, "months": [month.label for month in split.base.months], "cells": rows}


def _text(amount: int | None, scale: int) -> str | None:
    return None if amount is None else format_amount(amount, scale)


@strawberry.type
class ProductDecompositionMutation:
    """Mutations of targets along products."""

    decompose_along_products: DecomposeAlongProductsPayload = mutation(
        _decompose_along_products,
        weight=WHOLE_PLAN,
        description="Split a unit's target along products into the drafts of their plans, with exact margins: each"
        " month's products sum to the unit's own cell. Locked and pinned cells of the products stay.",
    )
