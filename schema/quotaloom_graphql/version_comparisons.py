"""Versions of a plan side by side, as a field of plans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from quotaloom.platform.amounts import format_amount
from quotaloom.platform.errors import BeyondLimit, InputError, NotFound
from quotaloom.targets.attainment import NO_LINES, Lines
from quotaloom.targets.gathering import KINDS
from quotaloom.targets.version_comparisons import (
    Compared,
    compared_lines,
    compared_units,
    day_of_plan,
    periods_of_plan,
)
from quotaloom_graphql.connections import After, First, page, window
from quotaloom_graphql.context import Info, RequestContext
from quotaloom_graphql.enums import Grain
from quotaloom_graphql.organization_loaders import filtering_unit, load_units
from quotaloom_graphql.organizations import OrgUnit
from quotaloom_graphql.version_loaders import versions_by_number
from strawberry_breadth import batch

MOST_VERSIONS = 12
"""How many versions are compared at a time. No setting: the schema says so, and clients are written against it."""

MOST_VALUES = 20_000
"""How many values, units × periods × versions, one page has at the most.

No setting: pages are made smaller, and nothing is out of reach by that.
"""


@strawberry.type(description="What a unit aims for in one period by one version. Null where the version has no cell.")
class ComparedTarget:
    """A version's values, and what they are more than the first version's."""

    number: int = strawberry.field(description="The version's number.")
    target: Decimal | None = strawberry.field(description="What is aimed for (目标值).")
    assessment: Decimal | None = strawberry.field(description="What is assessed against (考核值).")
    stretch: Decimal | None = strawberry.field(description="Above the target (冲刺值).")
    target_difference: Decimal | None = strawberry.field(
        description="This target − that of the first version; null where one of them is."
    )
    assessment_difference: Decimal | None = strawberry.field(description="The same of the assessment.")
    stretch_difference: Decimal | None = strawberry.field(description="The same of the stretch.")


@strawberry.type(description="One period of a plan in several versions.")
class ComparedPeriod:
    """A period."""

    period: str = strawberry.field(description="The period's label.")
    starts_on: date = strawberry.field(description="First day.")
    ends_on: date = strawberry.field(description="The day after the last.")
    versions: list[ComparedTarget] = strawberry.field(description="The versions, in the order in which you named them.")


@strawberry.type(description="A unit in several versions of a plan.")
class ComparedUnit:
    """A row of the comparison."""

    depth: int | None = strawberry.field(
        description="Levels below the company; null for a unit that has no place in the tree on the day."
    )
    periods: list[ComparedPeriod] = strawberry.field(description="The plan's periods of the grain, in order.")
    org_unit: OrgUnit | None = batch(load_units, key="unit_id", by="id", one=True, description="The unit.")


async def load_comparison(
    plans: list[Any],
    info: Info,
    versions: Annotated[
        list[int], strawberry.argument(description="The numbers of 2 to 12 versions; differences are to the first.")
    ],
    under: Annotated[
        strawberry.ID | None, strawberry.argument(description="Only this unit and those below it.")
    ] = None,
    grain: Annotated[Grain, strawberry.argument(description="Year, half, quarter or month.")] = Grain.YEAR,
    first: First = 50,
    after: After = None,
) -> list[Any]:
    """For each plan a page of the units that have a value in any of the versions, in tree order."""
    context = info.context
    offset, limit = window(first, after)
    if not 2 <= len(versions) <= MOST_VERSIONS or len(set(versions)) < len(versions):
        raise InputError("BAD_VERSIONS", f"name 2 to {MOST_VERSIONS} different versions", ("versions",))
    results = await _compared(plans, info, versions, grain)
    known = [one for one in results if isinstance(one, Compared)]
    asked = max((limit * len(one.periods) * len(versions) for one in known), default=0)
    if asked > MOST_VALUES:
        text = f"that is {asked:,} values, and {MOST_VALUES:,} are the most; ask for fewer units"
        raise BeyondLimit("BAD_PAGE", text, ("first",), limit="values", allowed=MOST_VALUES, found=asked)
    if not known:
        return results
    among = (await context.sight()).units_with_figures
    unit_id = await filtering_unit(info.context, under, "under")
    pages = await compared_units(context.snapshot, known, among, unit_id, offset, limit)
    shown = {row["unit_id"] for found in pages.values() for row in found.rows}
    lines = await compared_lines(context.snapshot, known, shown) if shown else {}
    metrics = await context.metrics()
    for place, (plan, one) in enumerate(zip(plans, results, strict=True)):
        if isinstance(one, Compared):
            found, scale = pages[one.plan_id], metrics[plan["metric_id"]]["scale"]
            rows = [
                {**row, "periods": list(_periods(one, row["unit_id"], versions, lines, scale))} for row in found.rows
            ]
            results[place] = page(rows, offset, found.total)
    return results


async def _compared(plans: list[Any], info: Info, versions: Sequence[int], grain: Grain) -> list[Any]:
    """What is compared of each plan, or why it cannot be."""
    context: RequestContext = info.context
    calendar, today = await context.calendar(), await context.today()
    known = await versions_by_number(info, [plan["id"] for plan in plans])
    found: list[Any] = []
    for plan in plans:
        missing = next((number for number in versions if (plan["id"], number) not in known), None)
        if missing is not None:
            message = f"{plan['name']} has no version {missing} that you can see"
            found.append(NotFound("NOT_FOUND", message, ("versions", versions.index(missing))))
            continue
        try:
            periods = periods_of_plan(plan, calendar.fiscal, grain)
        except InputError as error:
            found.append(error.at("grain"))
            continue
        ids = tuple(known[plan["id"], number]["id"] for number in versions)
        found.append(Compared(plan["id"], day_of_plan(plan, today), ids, periods))
    return found


def _periods(
    compared: Compared, unit_id: int, numbers: Sequence[int], lines: dict[tuple[int, int, int], Lines], scale: int
) -> Iterator[dict[str, Any]]:
    for index, period in enumerate(compared.periods):
        of_versions = [lines.get((version, unit_id, index), NO_LINES) for version in compared.version_ids]
        yield {
            "period": period.label,
            "starts_on": period.starts_on,
            "ends_on": period.ends_on,
            "versions": [
                {"number": number, **_values(of_one, of_versions[0], scale)}
                for number, of_one in zip(numbers, of_versions, strict=True)
            ],
        }


def _values(lines: Lines, of_first: Lines, scale: int) -> dict[str, str | None]:
    values: dict[str, str | None] = {}
    for kind in KINDS:
        amount, other = getattr(lines, kind), getattr(of_first, kind)
        values[kind] = None if amount is None else format_amount(amount, scale)
        differs = amount is not None and other is not None
        values[f"{kind}_difference"] = format_amount(amount - other, scale) if differs else None
    return values
