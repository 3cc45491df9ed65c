"""Whether the targets of a plan can be reached at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import strawberry

from quotaloom.funnels import achievability
from quotaloom.funnels.achievability import Beyond, target_warnings
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.errors import NotFound
from quotaloom.targets.plans import load_plan
from quotaloom.targets.smart import versions_to_check
from quotaloom_graphql.connections import After, Connection, First, page, window
from quotaloom_graphql.context import Info
from quotaloom_graphql.nodes import decode_id
from quotaloom_graphql.organization_loaders import load_units
from quotaloom_graphql.organizations import OrgUnit
from quotaloom_graphql.questions import sees_drafts
from quotaloom_graphql.roots import root_field
from strawberry_breadth import batch

strawberry.enum(
    Beyond,
    name="TargetBeyond",
    description="What a target is beyond: what was achieved the year before, what the pipeline will bring, or what the"
    " customers could buy.",
)

Factor = Annotated[
    Decimal, strawberry.argument(description="By how much a target may pass what it is compared with: `1.2` is 20%.")
]


@strawberry.type(
    description="A unit's target for the year that may be out of reach, with all that it was compared with. Amounts"
    " have the metric's decimal places."
)
class TargetWarning:
    """A warning."""

    target: Decimal = strawberry.field(description="What it aims for in all months of the plan.")
    beyond: list[Beyond] = strawberry.field(description="What that passes by more than the factor.")
    history: Decimal | None = strawberry.field(
        description="What the unit, as it is composed today, achieved in the year before; null for nothing."
    )
    pipeline: Decimal | None = strawberry.field(
        description="What it has achieved in the plan's days so far, and its open deals that are expected to close in"
        " the rest, each × the win probability of its stage; null for other metrics than `revenue`."
    )
    potential: Decimal | None = strawberry.field(
        description="Its customers × the orders of each in a year × what an order is worth: as noted in the unit's"
        " attributes `customers`, `repurchase_rate` and `average_order`, or else as counted over the last twelve"
        " months. Null where nobody knows, and for other metrics than `revenue`."
    )
    org_unit: OrgUnit | None = batch(load_units, key="unit_id", by="id", one=True, description="The unit.")


async def _target_warnings(
    info: Info,
    plan: Annotated[strawberry.ID, strawberry.argument(description="A plan: its draft, or what is published.")],
    factor: Factor = Decimal("1.2"),
    first: First = 50,
    after: After = None,
) -> dict[str, Any]:
    context = info.context
    work, sight = await context.work(), await context.sight()
    offset, limit = window(first, after)
    plan_id = decode_id(plan, "Plan", ("plan",))
    facts = await load_plan(context.snapshot, plan_id, ("plan",))
    if not await sees_drafts(context):
        raise NotFound("NOT_FOUND", "there is no such plan that you can see", ("plan",))
    version_id = (await versions_to_check(context.snapshot, [plan_id]))[plan_id]
    metric = (await context.metrics())[facts.metric_id]
    found = await target_warnings(
        context.snapshot,
        work.company,
        (await context.calendar()).fiscal,
        facts,
        version_id,
        metric,
        factor,
        work.today,
        None if sight.everything else sight.led_unit_ids,
    )
    rows = [_row(one, metric["scale"]) for one in found[offset : offset + limit]]
    return page(rows, offset, len(found))


def _row(one: achievability.TargetWarning, scale: int) -> dict[str, Any]:
    figures = {"history": one.history, "pipeline": one.pipeline, "potential": one.potential}
    return {
        "unit_id": one.unit_id,
        "target": format_amount(one.target, scale),
        "beyond": list(one.beyond),
        **{name: None if figure is None else format_amount(figure, scale) for name, figure in figures.items()},
    }


@strawberry.type
class TargetWarningQuery:
    """Root fields."""

    target_warnings: Connection[TargetWarning] = root_field(
        _target_warnings,
        weight=100_000,
        description="The units whose targets in a plan may be out of reach, the largest target first. For those who"
        " plan: heads see what lies below the units that they head.",
    )
