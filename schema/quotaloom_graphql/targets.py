"""Target cells, and a unit's own target against its children's, as fields of units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, Final

import strawberry

from quotaloom.calendars.periods import Period
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.stretches import AT_A_STRETCH, LONG, each_in_turn
from quotaloom.platform.unit_of_work import Record
from quotaloom.targets.gathering import KINDS, is_day_cell
from quotaloom.targets.mismatches import NO_CELLS, Mismatch, target_mismatches
from quotaloom.targets.month_cells import MonthCells
from quotaloom.targets.reads import PlanChoice, cells_by_unit, lines_by_unit
from quotaloom_graphql.arguments import AsOf, GrainChoice, MetricKey, PeriodLabel, PlanId, PlanVersionNumber
from quotaloom_graphql.comment_loaders import load_cell_comments
from quotaloom_graphql.context import Info, RequestContext
from quotaloom_graphql.enums import Grain
from quotaloom_graphql.field_costs import FIGURE
from quotaloom_graphql.plan_loaders import load_plans
from quotaloom_graphql.questions import PlanAsked, known_as_of, metric_named, period_named, periods_named, plan_named
from strawberry_breadth import Pieces, Table, Texts, asked, batch

if TYPE_CHECKING:
    from quotaloom_graphql.comments import CellComment
    from quotaloom_graphql.plans import Plan


@strawberry.type(description="What a unit aims for in one period. Amounts have the metric's decimal places.")
class TargetCell:
    """One month's cell, or the sum or part of cells for another grain."""

    period: str = strawberry.field(description="The period's label.")
    starts_on: date = strawberry.field(description="First day.")
    ends_on: date = strawberry.field(description="The day after the last.")
    target: Decimal | None = strawberry.field(description="What is aimed for (目标值).")
    assessment: Decimal | None = strawberry.field(description="What is assessed against (考核值).")
    stretch: Decimal | None = strawberry.field(description="Above the target (冲刺值).")
    locked: bool = strawberry.field(
        description="Closed to editing, or one of its days is; false for sums and parts of cells."
    )
    pinned: bool = strawberry.field(description="Fixed by the planner; a decomposition leaves it as it is.")
    by_day: bool = strawberry.field(
        description="It is, or belongs to, a month that is planned by the day. The days are the cells to set then."
    )
    version: int | None = strawberry.field(
        description="Version of the stored cell, for `expectedVersion`; null for sums and parts of cells."
    )
    plan: Annotated[Plan, strawberry.lazy("quotaloom_graphql.plans")] | None = batch(
        load_plans,
        key="plan_id",
        by="id",
        one=True,
        description="The plan that it belongs to, and so the objective that it serves; null for sums and parts of cells"
        " of grains other than months.",
    )
    comments: list[Annotated[CellComment, strawberry.lazy("quotaloom_graphql.comments")]] | None = batch(
        load_cell_comments,
        description="What was said of it, the earliest first, as far as you may read it; null for grains other than"
        " months.",
    )


@strawberry.type(description="A unit's own target against the sum of its children's.", directives=[FIGURE])
class TargetMismatch:
    """Kept apart and shown, never hidden."""

    period: str = strawberry.field(description="The period's label.")
    starts_on: date = strawberry.field(description="First day.")
    ends_on: date = strawberry.field(description="The day after the last.")
    target: Decimal | None = strawberry.field(description="The unit's own cells.")
    children_target: Decimal | None = strawberry.field(description="The sum of its children's cells.")
    over_assignment: Decimal | None = strawberry.field(
        description="`children − own` (超额分配); null where one of them is absent."
    )
    over_assignment_percent: Decimal | None = strawberry.field(
        description="The over-assignment in percent of the unit's own target, four places, half up: `10.0000` where the"
        " children aim for 1.1 times as much. Null where one is absent, or its own target is 0."
    )


async def load_target_cells(
    keys: list[int],
    info: Info,
    period: PeriodLabel,
    grain: GrainChoice = Grain.MONTH,
    metric: MetricKey = "revenue",
    plan: PlanId = None,
    plan_version: PlanVersionNumber = None,
    as_of: AsOf = None,
) -> Sequence[Any] | Pieces:
    """Target values of the units whose figures the viewer may see, for each period of a grain that has any."""
    context = info.context
    sight = await context.sight()
    visible = sight.seen_units(keys)
    counted = await metric_named(context, metric)
    choice = await _choice(context, counted, PlanAsked(plan, plan_version), as_of)
    periods = await periods_named(context, period, grain)
    if not visible or not periods:
        return []
    if grain is Grain.MONTH:
        span = await period_named(context, period)
        months = (await context.calendar()).fiscal.months_of(span)
        cells = MonthCells(choice, span, months, counted["scale"], asked(info))
        read = partial(cells.read, context.snapshot)
        return Pieces(cells.parts(visible), read, lambda _, found: Table(_with_texts(cells.columns(found))))
    lines = await lines_by_unit(context.snapshot, await context.calendar(), visible, choice, periods)
    days = await _day_cells(context, visible, choice, period) if grain is Grain.DAY else {}
    numbered, scale = list(enumerate(periods)), counted["scale"]

    def shown(key: int) -> list[dict[str, Any]]:
        return [
            {
                "unit_id": key,
                **_days(one),
                **{kind: _text(getattr(found, kind), scale) for kind in ("target", "assessment", "stretch")},
                **days.get((key, one.starts_on), _NOT_STORED),
            }
            for index, one in numbered
            if (found := lines.get((key, index))) is not None
        ]

    return await _of_units(visible, periods, shown)


def _with_texts(columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Amounts, days and the labels of months, which are digits and marks, as texts that JSON holds as they are."""
    return {
        name: Texts(values) if name in _DIGITS and _are_texts(values) else values for name, values in columns.items()
    }


def _are_texts(values: list[Any]) -> bool:
    """Whether a column, which holds texts or days, and nulls, is texts alone; none of them is empty."""
    return bool(values) and type(values[0]) is str and all(values)


_DIGITS: Final = frozenset({"period", "starts_on", "ends_on", *KINDS})


_NOT_STORED: Final[dict[str, Any]] = {
    "locked": False,
    "pinned": False,
    "version": None,
    "plan_id": None,
    "by_day": False,
}


async def _day_cells(
    context: RequestContext, visible: list[int], choice: PlanChoice, period: str
) -> dict[tuple[int, date], dict[str, Any]]:
    """What is stored of days that are planned by themselves, by unit and day."""
    rows = await cells_by_unit(context.snapshot, visible, choice, await period_named(context, period))

    def stored(row: Record) -> tuple[tuple[int, date], dict[str, Any]]:
        return (row["unit_id"], row["starts_on"]), {name: row.get(name, True) for name in _NOT_STORED}

    return dict(await each_in_turn([row for row in rows if is_day_cell(row)], stored, AT_A_STRETCH))


async def load_target_mismatch(
    keys: list[int],
    info: Info,
    period: PeriodLabel,
    metric: MetricKey = "revenue",
    plan: PlanId = None,
    plan_version: PlanVersionNumber = None,
    as_of: AsOf = None,
) -> list[dict[str, Any]]:
    """Own target against the children's sum, for the units whose figures the viewer may see."""
    return await _mismatches(
        keys, info, [await period_named(info.context, period)], metric, PlanAsked(plan, plan_version), as_of
    )


async def load_target_mismatches(
    keys: list[int],
    info: Info,
    period: PeriodLabel,
    grain: GrainChoice = Grain.MONTH,
    metric: MetricKey = "revenue",
    plan: PlanId = None,
    plan_version: PlanVersionNumber = None,
    as_of: AsOf = None,
) -> list[dict[str, Any]]:
    """The same for each period of a grain, those without any cells included."""
    return await _mismatches(
        keys, info, await periods_named(info.context, period, grain), metric, PlanAsked(plan, plan_version), as_of
    )


async def _mismatches(
    keys: list[int], info: Info, periods: Sequence[Period], metric: str, plan: PlanAsked, as_of: date | None
) -> list[dict[str, Any]]:
    context = info.context
    sight = await context.sight()
    counted = await metric_named(context, metric)
    choice = await _choice(context, counted, plan, as_of)
    visible = sight.seen_units(keys)
    if not visible or not periods:
        return []
    found = await target_mismatches(context.snapshot, await context.calendar(), visible, choice, periods)
    numbered, scale = list(enumerate(periods)), counted["scale"]

    def shown(key: int) -> list[dict[str, Any]]:
        return [
            {"unit_id": key, **_days(one), **_mismatch(found.get((key, index), NO_CELLS), scale)}
            for index, one in numbered
        ]

    return await _of_units(visible, periods, shown)


async def _of_units(
    unit_ids: Sequence[int], periods: Sequence[Period], shown: Callable[[int], list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """What is `shown` of each unit in each period, units after each other; others have their turn in between."""
    return list(chain.from_iterable(await each_in_turn(unit_ids, shown, max(1, LONG // len(periods)))))


async def _choice(context: RequestContext, metric: Record, plan: PlanAsked, as_of: date | None) -> PlanChoice:
    named = await plan_named(context, plan, metric)
    return PlanChoice(metric["id"], named.version_id, known_as_of(as_of))


def _mismatch(found: Mismatch, scale: int) -> dict[str, Any]:
    return {
        "target": _text(found.own, scale),
        "children_target": _text(found.children, scale),
        "over_assignment": _text(found.over_assignment, scale),
        "over_assignment_percent": found.over_assignment_percent,
    }


def _days(period: Period) -> dict[str, Any]:
    return {"period": period.label, "starts_on": period.starts_on, "ends_on": period.ends_on}


def _text(amount: int | None, scale: int) -> str | None:
    return None if amount is None else format_amount(amount, scale)
