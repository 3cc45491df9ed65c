"""Attainment of units and members, and all that can be asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from quotaloom.calendars.periods import Period
from quotaloom.targets.attainment_columns import answered
from quotaloom.targets.attainments import Figures, ToldSums, attainment_by_member, attainment_by_unit
from quotaloom_graphql.arguments import (
    AsOf,
    GrainChoice,
    MetricKey,
    PeriodLabel,
    PlanId,
    PlanRate,
    PlanVersionNumber,
    StructureChoice,
)
from quotaloom_graphql.comparisons import AttainmentChange, load_change, load_previous_period, load_previous_year
from quotaloom_graphql.connections import Connection
from quotaloom_graphql.context import Info
from quotaloom_graphql.entry_pages import load_figure_achievements
from quotaloom_graphql.enums import AttainmentStatus, Structure
from quotaloom_graphql.field_costs import FIGURE, together
from quotaloom_graphql.projections import Projection
from quotaloom_graphql.questions import PlanAsked, attainment_question, period_named, periods_named
from strawberry_breadth import asked, batch, column

if TYPE_CHECKING:
    from quotaloom_graphql.achievements import Achievement


@strawberry.type(description="The sums of a chart's periods from the first to one of them, that one included.")
class CumulativeAttainment:
    """Achieved so far against the three lines so far."""

    target: Decimal | None = strawberry.field(description="The targets so far; null where there is none yet.")
    assessment: Decimal | None = strawberry.field(description="The assessment values so far.")
    stretch: Decimal | None = strawberry.field(description="The stretch values so far.")
    achieved: Decimal = strawberry.field(description="Achieved so far.")
    overlay: Decimal = strawberry.field(description="The overlay part so far.")
    gap: Decimal | None = strawberry.field(description="`target − achieved`, so far.")
    rate: Decimal | None = strawberry.field(description="`achieved ÷ target`, so far, six places.")
    status: AttainmentStatus | None = strawberry.field(description="Where the sums stand against the three lines.")


def _so_far(figures: Figures) -> ToldSums:
    return ToldSums(figures.so_far, figures.question)


@strawberry.type(
    description="How much of a target is achieved. Amounts have the metric's decimal places.", directives=[FIGURE]
)
class Attainment:
    """Achieved against the three lines of one period."""

    period: str = strawberry.field(description="The period's label.")
    starts_on: date = strawberry.field(description="First day.")
    ends_on: date = strawberry.field(description="The day after the last.")
    target: Decimal | None = strawberry.field(
        description="The sum of the unit's own cells, less the relief; null where it has none."
    )
    relief: Decimal = strawberry.field(
        description="What positions are relieved of, taken off the target; the other lines are lowered alike."
    )
    assessment: Decimal | None = strawberry.field(description="The floor that separates reward from penalty.")
    stretch: Decimal | None = strawberry.field(description="Above the target.")
    achieved: Decimal = strawberry.field(
        description="Credited amounts. Those of positions and members include overlay, those of units above do not."
    )
    overlay: Decimal = strawberry.field(
        description="The overlay part (协销), shown apart; adds nothing to the company."
    )
    rate: Decimal | None = strawberry.field(
        description="`achieved ÷ target`, six places, from the sums; null where the target is 0 or absent."
    )
    gap: Decimal | None = strawberry.field(description="`target − achieved`.")
    status: AttainmentStatus | None = strawberry.field(
        description="Where it stands against the three lines; null without a target."
    )
    expected: Decimal | None = strawberry.field(
        description="The target prorated over the working days elapsed through today, or `asOf`."
    )
    pace: Decimal | None = strawberry.field(description="`achieved ÷ expected`, six places: 1 is on schedule.")
    elapsed_days: int = strawberry.field(description="Working days of the period through today, or `asOf`.")
    working_days: int = strawberry.field(description="Working days of the period.")
    cumulative: CumulativeAttainment = column(
        _so_far,
        of="figures",
        description="The sums of the list's periods up to this one, for burn-up charts; of a single period its own.",
    )
    projection: Projection = column(
        lambda figures: figures, of="figures", description="What the period will come to by its end."
    )
    previous_period: Attainment | None = batch(
        load_previous_period,
        description="The same of the calendar's period right before, or of the range of as many days right before."
        " Null before the year 1900.",
        directives=[together(10_000)],
    )
    previous_year: Attainment | None = batch(
        load_previous_year,
        description="The same of the same period of the year before, or of the range of the same dates. Null before"
        " the year 1900.",
        directives=[together(10_000)],
    )
    change: AttainmentChange | None = batch(
        load_change, description="What has changed since an earlier period; null before the year 1900."
    )
    achievements: Connection[Annotated[Achievement, strawberry.lazy("quotaloom_graphql.achievements")]] | None = batch(
        load_figure_achievements,
        description="The ledger entries that `achieved` is the sum of (at the plan rate, of their original"
        " amounts), page by page, as far as you may see them.",
        directives=[together(5_000)],
    )


async def load_unit_attainment(
    keys: list[int],
    info: Info,
    period: PeriodLabel,
    metric: MetricKey = "revenue",
    as_of: AsOf = None,
    structure: StructureChoice = Structure.AS_WAS,
    plan: PlanId = None,
    plan_version: PlanVersionNumber = None,
    at_plan_rate: PlanRate = False,
) -> list[Any]:
    """Attainment of the units whose figures the viewer may see."""
    periods = [await period_named(info.context, period)]
    return await _unit_attainments(
        keys, info, periods, metric, as_of, structure, PlanAsked(plan, plan_version), at_plan_rate
    )


async def load_unit_attainments(
    keys: list[int],
    info: Info,
    period: PeriodLabel,
    grain: GrainChoice,
    metric: MetricKey = "revenue",
    as_of: AsOf = None,
    structure: StructureChoice = Structure.AS_WAS,
    plan: PlanId = None,
    plan_version: PlanVersionNumber = None,
    at_plan_rate: PlanRate = False,
) -> list[Any]:
    """Attainment of the units for each period of a grain."""
    periods = await periods_named(info.context, period, grain)
    return await _unit_attainments(
        keys, info, periods, metric, as_of, structure, PlanAsked(plan, plan_version), at_plan_rate
    )


async def _unit_attainments(
    keys: list[int],
    info: Info,
    periods: Sequence[Period],
    metric: str,
    as_of: date | None,
    structure: Structure,
    plan: PlanAsked,
    at_plan_rate: bool,
) -> list[Any]:
    context = info.context
    sight = await context.sight()
    visible = sight.seen_units(keys)
    question = await attainment_question(
        context, periods, metric, structure=structure, as_of=as_of, plan=plan, at_plan_rate=at_plan_rate
    )
    if not visible or not periods:
        return []
    company = (await context.work()).company
    rows = await attainment_by_unit(context.snapshot, await context.calendar(), company.currency, visible, question)
    return await answered(rows, asked(info))


async def load_member_attainment(
    keys: list[int],
    info: Info,
    period: PeriodLabel,
    metric: MetricKey = "revenue",
    as_of: AsOf = None,
    plan: PlanId = None,
    plan_version: PlanVersionNumber = None,
) -> list[Any]:
    """Attainment of the members whose figures the viewer may see: his own whole, others' in the subtrees he heads."""
    return await _member_attainments(
        keys, info, [await period_named(info.context, period)], metric, as_of, PlanAsked(plan, plan_version)
    )


async def load_member_attainments(
    keys: list[int],
    info: Info,
    period: PeriodLabel,
    grain: GrainChoice,
    metric: MetricKey = "revenue",
    as_of: AsOf = None,
    plan: PlanId = None,
    plan_version: PlanVersionNumber = None,
) -> list[Any]:
    """Attainment of the members for each period of a grain."""
    periods = await periods_named(info.context, period, grain)
    return await _member_attainments(keys, info, periods, metric, as_of, PlanAsked(plan, plan_version))


async def _member_attainments(
    keys: list[int], info: Info, periods: Sequence[Period], metric: str, as_of: date | None, plan: PlanAsked
) -> list[Any]:
    context = info.context
    sight = await context.sight()
    question = await attainment_question(context, periods, metric, as_of=as_of, plan=plan)
    rows: list[Figures] = []
    for members, positions in sight.positions_of(keys) if periods else ():
        calendar, of_them = await context.calendar(), replace(question, position_ids=positions)
        rows += await attainment_by_member(context.snapshot, calendar, members, of_them)
    return await answered(rows, asked(info))
