"""Targets of units along products: a unit's own against those of its products, and decomposition along them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from quotaloom.calendars.periods import Period
from quotaloom.metrics.counting import counts_part_of
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Record
from quotaloom.targets.product_mismatches import ProductMismatch, product_mismatches
from quotaloom.targets.reads import PlanChoice
from quotaloom_graphql.arguments import AsOf, GrainChoice, MetricKey, PeriodLabel
from quotaloom_graphql.context import Info, RequestContext
from quotaloom_graphql.field_costs import FIGURE
from quotaloom_graphql.metrics import Metric, load_metrics
from quotaloom_graphql.questions import known_as_of, metric_named, period_named, periods_named
from strawberry_breadth import batch

PartKeys = Annotated[
    list[str] | None,
    strawberry.argument(
        description="The keys of metrics of products of `metric`, no product in two of them; all that there are of it"
        " if not given."
    ),
]


@strawberry.type(description="What a unit aims for in some products.")
class ProductTarget:
    """A target of products."""

    metric: Metric = batch(load_metrics, key="metric_id", by="id", one=True, description="The metric of the products.")
    target: Decimal | None = strawberry.field(description="The unit's own cells of it; null where it has none.")


@strawberry.type(description="A unit's own target against the sum of its products'.", directives=[FIGURE])
class ProductMismatchValue:
    """Kept apart and shown, never hidden."""

    period: str = strawberry.field(description="The period's label.")
    starts_on: date = strawberry.field(description="First day.")
    ends_on: date = strawberry.field(description="The day after the last.")
    target: Decimal | None = strawberry.field(description="The unit's own cells.")
    products_target: Decimal | None = strawberry.field(
        description="The sum of its cells of the products; null where it has none of any."
    )
    difference: Decimal | None = strawberry.field(
        description="`products − own`; zero where all of the target is split, null where one of them is absent."
    )
    products: list[ProductTarget] = strawberry.field(description="Each metric of products, in the order given.")


async def load_product_mismatch(
    keys: list[int],
    info: Info,
    period: PeriodLabel,
    metric: MetricKey = "revenue",
    parts: PartKeys = None,
    as_of: AsOf = None,
) -> list[dict[str, Any]]:
    """Own target against the products', for the units whose figures the viewer may see."""
    return await _mismatches(keys, info, [await period_named(info.context, period)], metric, parts, as_of)


async def load_product_mismatches(
    keys: list[int],
    info: Info,
    period: PeriodLabel,
    grain: GrainChoice,
    metric: MetricKey = "revenue",
    parts: PartKeys = None,
    as_of: AsOf = None,
) -> list[dict[str, Any]]:
    """The same for each period of a grain."""
    return await _mismatches(keys, info, await periods_named(info.context, period, grain), metric, parts, as_of)


async def _mismatches(
    keys: list[int], info: Info, periods: Sequence[Period], metric: str, parts: list[str] | None, as_of: date | None
) -> list[dict[str, Any]]:
    context = info.context
    own = await metric_named(context, metric)
    products = await _parts(context, own, parts)
    visible, day = (await context.sight()).seen_units(keys), known_as_of(as_of)
    if not visible or not periods:
        return []
    choices = [PlanChoice(one["id"], None, day) for one in (own, *products)]
    found = await product_mismatches(
        context.snapshot, await context.calendar(), visible, choices[0], choices[1:], periods
    )
    return [
        _row(key, one, found[key, place], own["scale"], products)
        for key in visible
        for place, one in enumerate(periods)
    ]


async def _parts(context: RequestContext, own: Record, keys: list[str] | None) -> list[Record]:
    """The metrics of products of `own`; raises `InputError` UNKNOWN_METRIC, OTHER_METRIC, OVERLAPPING_PARTS."""
    if keys is None:
        metrics = (await context.metrics()).values()
        found = [metric for metric in metrics if counts_part_of(metric, own)]
    else:
        found = [await _part(context, own, key, place) for place, key in enumerate(keys)]
    counted: dict[int, str] = {}
    for place, metric in enumerate(found):
        for product in metric["product_ids"]:
            if product in counted:
                message = f"{metric['key']} and {counted[product]} count the same product: name metrics that share none"
                raise InputError("OVERLAPPING_PARTS", message, ("parts",) if keys is None else ("parts", place))
        counted |= dict.fromkeys(metric["product_ids"], metric["key"])
    return found


async def _part(context: RequestContext, own: Record, key: str, place: int) -> Record:
    try:
        metric = await metric_named(context, key)
    except InputError as error:
        raise InputError(error.code, error.message, ("parts", place)) from None
    if not counts_part_of(metric, own):
        message = f"{metric['key']} does not count products of {own['key']}"
        raise InputError("OTHER_METRIC", message, ("parts", place))
    return metric


def _row(
    unit_id: int, period: Period, found: ProductMismatch, scale: int, products: Sequence[Record]
) -> dict[str, Any]:
    return {
        "unit_id": unit_id,
        "period": period.label,
        "starts_on": period.starts_on,
        "ends_on": period.ends_on,
        "target": _text(found.own, scale),
        "products_target": _text(found.together, scale),
        "difference": _text(found.difference, scale),
        "products": [
            {"metric_id": metric["id"], "target": _text(part, scale)}
            for metric, part in zip(products, found.parts, strict=True)
        ],
    }


def _text(amount: int | None, scale: int) -> str | None:
    return None if amount is None else format_amount(amount, scale)
