"""Target cells and attainment, as fields of units and members."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from quotaloom.platform.amounts import format_amount
from quotaloom.targets.attainments import attainment_by_member, attainment_by_unit
from quotaloom.targets.reads import PlanChoice, cells_by_unit, children_target, lines_by_unit
from quotaloom_graphql.context import Info
from quotaloom_graphql.enums import AttainmentStatus, Grain, Structure
from quotaloom_graphql.questions import (
    attainment_question,
    draft_named,
    known_as_of,
    metric_named,
    period_named,
    periods_named,
)

PeriodLabel = Annotated[
    str,
    strawberry.argument(
        description="A period of the company's calendar by its label (`2017`, `2017-H1`, `2017-Q2`, `2017-06`,"
        " `2017-W23`, `2017-06-14`), or a range whose end is not included (`2017-03-05/2017-04-01`)."
    ),
]
GrainChoice = Annotated[
    Grain,
    strawberry.argument(
        description="The parts of the period that are answered, one by one. Weeks are those that start in it."
    ),
]
MetricKey = Annotated[str, strawberry.argument(description="The key of a metric, such as `revenue` or `orders`.")]
AsOf = Annotated[
    date | None,
    strawberry.argument(description="Counts what was posted, and plans published, by the end of this day."),
]
PlanId = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Compare with this plan's draft instead of the published plan."),
]
StructureChoice = Annotated[Structure, strawberry.argument(description="Which tree rolls the entries up.")]
PlanRate = Annotated[
    bool, strawberry.argument(description="Figures at the plan rate, worked out from the original amounts.")
]


@strawberry.type(description="What a unit aims for in one period. Amounts have the metric's decimal places.")
class TargetCell:
    """One month's cell, or the sum or part of cells for another grain."""

    period: str = strawberry.field(description="The period's label.")
    starts_on: date = strawberry.field(description="First day.")
    ends_on: date = strawberry.field(description="The day after the last.")
    target: Decimal | None = strawberry.field(description="What is aimed for (目标值).")
    assessment: Decimal | None = strawberry.field(description="What is assessed against (考核值).")
    stretch: Decimal | None = strawberry.field(description="Above the target (冲刺值).")
    locked: bool = strawberry.field(description="Closed to editing; false for grains other than months.")
    pinned: bool = strawberry.field(description="Fixed by the planner; a decomposition leaves it as it is.")
    version: int | None = strawberry.field(
        description="Version of the stored cell, for `expectedVersion`; null for grains other than months."
    )


@strawberry.type(description="How much of a target is achieved. Amounts have the metric's decimal places.")
class Attainment:
    """Achieved against the three lines of one period."""

    period: str = strawberry.field(description="The period's label.")
    starts_on: date = strawberry.field(description="First day.")
    ends_on: date = strawberry.field(description="The day after the last.")
    target: Decimal | None = strawberry.field(description="The sum of the unit's own cells; null where it has none.")
    assessment: Decimal | None = strawberry.field(description="The floor that separates reward from penalty.")
    stretch: Decimal | None = strawberry.field(description="Above the target.")
    achieved: Decimal = strawberry.field(
        description="Credited amounts. Those of positions and members include overlay, those of units above do not."
    )
    overlay: Decimal = strawberry.field(
        description="The overlay part (协销), shown apart; adds nothing to the company."
    )
    rate: Decimal | None = strawberry.field(
        description="achieved ÷ target, six places, from the sums; null where the target is 0 or absent."
    )
    gap: Decimal | None = strawberry.field(description="target − achieved.")
    status: AttainmentStatus | None = strawberry.field(
        description="Where it stands against the three lines; null without a target."
    )
    expected: Decimal | None = strawberry.field(
        description="The target prorated over the working days elapsed through today, or `asOf`."
    )
    pace: Decimal | None = strawberry.field(description="achieved ÷ expected, six places: 1 is on schedule.")
    elapsed_days: int = strawberry.field(description="Working days of the period through today, or `asOf`.")
    working_days: int = strawberry.field(description="Working days of the period.")


@strawberry.type(description="A unit's own target against the sum of its children's.")
class TargetMismatch:
    """Kept apart and shown, never hidden."""

    target: Decimal | None = strawberry.field(description="The unit's own cells.")
    children_target: Decimal | None = strawberry.field(description="The sum of its children's cells.")
    over_assignment: Decimal | None = strawberry.field(
        description="children − own (超额分配); null where one of them is absent."
    )


async def load_unit_attainment(
    keys: list[int],
    info: Info,
    period: PeriodLabel,
    metric: MetricKey = "revenue",
    as_of: AsOf = None,
    structure: StructureChoice = Structure.AS_WAS,
    plan: PlanId = None,
    at_plan_rate: PlanRate = False,
) -> list[dict[str, Any]]:
    """Attainment of the units whose figures the viewer may see."""
    periods = [await period_named(info.context, period)]
    return await _unit_attainments(keys, info, periods, metric, as_of, structure, plan, at_plan_rate)


async def load_unit_attainments(
    keys: list[int],
    info: Info,
    period: PeriodLabel,
    grain: GrainChoice,
    metric: MetricKey = "revenue",
    as_of: AsOf = None,
    structure: StructureChoice = Structure.AS_WAS,
    plan: PlanId = None,
    at_plan_rate: PlanRate = False,
) -> list[dict[str, Any]]:
    """Attainment of the units for each period of a grain."""
    periods = await periods_named(info.context, period, grain)
    return await _unit_attainments(keys, info, periods, metric, as_of, structure, plan, at_plan_rate)


async def _unit_attainments(
    keys: list[int],
    info: Info,
    periods: Sequence[Any],
    metric: str,
    as_of: date | None,
    structure: Structure,
    plan: str | None,
    at_plan_rate: bool,
) -> list[dict[str, Any]]:
    context = info.context
    sight = await context.sight()
    visible = [key for key in keys if sight.sees_unit(key)]
    question = await attainment_question(
        context, periods, metric, structure=structure, as_of=as_of, plan=plan, at_plan_rate=at_plan_rate
    )
    if not visible:
        return []
    company = (await context.work()).company
    return await attainment_by_unit(context.snapshot, await context.calendar(), company.currency, visible, question)


async def load_member_attainment(
    keys: list[int],
    info: Info,
    period: PeriodLabel,
    metric: MetricKey = "revenue",
    as_of: AsOf = None,
    plan: PlanId = None,
) -> list[dict[str, Any]]:
    """Attainment of the members whose figures the viewer may see: his own whole, others' in the subtrees he heads."""
    context = info.context
    sight = await context.sight()
    periods = [await period_named(context, period)]
    question = await attainment_question(context, periods, metric, as_of=as_of, plan=plan)
    rows: list[dict[str, Any]] = []
    for members, positions in sight.positions_of(keys):
        calendar = await context.calendar()
        rows += await attainment_by_member(context.snapshot, calendar, members, question, positions)
    return rows


async def load_target_cells(
    keys: list[int],
    info: Info,
    period: PeriodLabel,
    grain: GrainChoice = Grain.MONTH,
    metric: MetricKey = "revenue",
    plan: PlanId = None,
    as_of: AsOf = None,
) -> list[dict[str, Any]]:
    """Target values of the units whose figures the viewer may see, for each period of a grain that has any."""
    context = info.context
    sight = await context.sight()
    visible = [key for key in keys if sight.sees_unit(key)]
    counted = await metric_named(context, metric)
    choice = PlanChoice(counted["id"], await draft_named(context, plan, counted), known_as_of(as_of))
    periods = await periods_named(context, period, grain)
    if not visible or not periods:
        return []
    if grain is Grain.MONTH:
        return await _stored_cells(info, visible, choice, period, counted["scale"])
    lines = await lines_by_unit(context.snapshot, await context.calendar(), visible, choice, periods)
    return [
        {
            "unit_id": key,
            "period": one.label,
            "starts_on": one.starts_on,
            "ends_on": one.ends_on,
            **{kind: _text(getattr(found, kind), counted["scale"]) for kind in ("target", "assessment", "stretch")},
            "locked": False,
            "pinned": False,
            "version": None,
        }
        for key in visible
        for index, one in enumerate(periods)
        if (found := lines.get((key, index))) is not None
    ]


async def _stored_cells(
    info: Info, visible: list[int], choice: PlanChoice, period: str, scale: int
) -> list[dict[str, Any]]:
    context = info.context
    span = await period_named(context, period)
    labels = {month.starts_on: month.label for month in (await context.calendar()).fiscal.months_of(span)}
    rows = await cells_by_unit(context.snapshot, visible, choice, span)
    return [
        {
            **dict(row),
            "period": labels.get(row["starts_on"], f"{row['starts_on']}/{row['ends_on']}"),
            "target": _text(row["target"], scale),
            "assessment": _text(row["assessment"], scale),
            "stretch": _text(row["stretch"], scale),
        }
        for row in rows
    ]


async def load_target_mismatch(
    keys: list[int], info: Info, period: PeriodLabel, metric: MetricKey = "revenue", plan: PlanId = None
) -> list[dict[str, Any]]:
    """Own target against the children's sum, for the units whose figures the viewer may see."""
    context = info.context
    sight = await context.sight()
    counted = await metric_named(context, metric)
    choice = PlanChoice(counted["id"], await draft_named(context, plan, counted))
    span = await period_named(context, period)
    visible = [key for key in keys if sight.sees_unit(key)]
    if not visible:
        return []
    sums = await children_target(context.snapshot, await context.calendar(), visible, choice, span)
    return [_mismatch(key, own, children, counted["scale"]) for key, (own, children) in sums.items()]


def _mismatch(unit_id: int, own: int | None, children: int | None, scale: int) -> dict[str, Any]:
    difference = None if own is None or children is None else children - own
    return {
        "unit_id": unit_id,
        "target": _text(own, scale),
        "children_target": _text(children, scale),
        "over_assignment": _text(difference, scale),
    }


def _text(amount: int | None, scale: int) -> str | None:
    return None if amount is None else format_amount(amount, scale)
