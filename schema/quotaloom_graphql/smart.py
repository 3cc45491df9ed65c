"""What keeps a plan from being published, as a field of plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from quotaloom.targets.smart import NO_FINDINGS, FindingPage, Lack, smart_findings, versions_to_check
from quotaloom_graphql.connections import After, First, page, window
from quotaloom_graphql.context import Info
from quotaloom_graphql.organization_loaders import load_units
from strawberry_breadth import batch

if TYPE_CHECKING:
    from quotaloom_graphql.organizations import OrgUnit

strawberry.enum(
    Lack,
    name="SmartLack",
    description="What is missing. `TARGET`, `ASSESSMENT`: a value in some of the months; `OWNER`: somebody who holds"
    " the position or heads the unit; `SOURCE`: the metric does not say what it is measured by.",
)


@strawberry.type(description="What a target lacks to be SMART: a plan is published once there is nothing of the kind.")
class SmartFinding:
    """A finding."""

    lacks: Lack = strawberry.field(description="What is missing.")
    months: list[str] = strawberry.field(description="In which months, by their labels; empty for the metric's source.")
    message: str = strawberry.field(description="The finding as a sentence, with the unit and the months.")
    org_unit: Annotated[OrgUnit, strawberry.lazy("quotaloom_graphql.organizations")] | None = batch(
        load_units, key="unit_id", by="id", one=True, description="The unit; null for the metric's source."
    )


async def load_smart_findings(
    plan_ids: list[int], info: Info, first: First = 50, after: After = None
) -> list[dict[str, Any]]:
    """What keeps plans from being published, a page for each; heads see what lies below the units that they head."""
    offset, limit = window(first, after)
    context = info.context
    sight = await context.sight()
    if not sight.everything and not sight.headed_unit_ids:
        return []
    versions = await versions_to_check(context.snapshot, plan_ids)
    found = await smart_findings(
        context.snapshot,
        (await context.calendar()).fiscal,
        list(versions.values()),
        owners=(await context.work()).company.plans_need_owners,
        unit_ids=None if sight.everything else sight.led_unit_ids,
        first=limit,
        offset=offset,
    )
    return [
        {"plan_id": plan_id, **_page(found.get(version_id, NO_FINDINGS), offset)}
        for plan_id, version_id in versions.items()
    ]


def _page(found: FindingPage, offset: int) -> dict[str, Any]:
    rows = [
        {"lacks": one.lacks, "months": list(one.months), "message": one.message, "unit_id": one.unit_id}
        for one in found.findings
    ]
    return page(rows, offset, found.total)
