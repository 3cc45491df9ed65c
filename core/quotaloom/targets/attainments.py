"""Attainment of many units or members for many periods: achieved against the three lines, in flat rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from quotaloom.achievements.rollups import Structure, achieved_at_plan_rate, achieved_by_member, achieved_by_unit
from quotaloom.calendars.company_calendar import CompanyCalendar
from quotaloom.calendars.periods import Period
from quotaloom.metrics.rates import RateKind
from quotaloom.metrics.reads import rate_table
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.targets.attainment import Lines, expected, gap, rate, status
from quotaloom.targets.reads import PlanChoice, lines_by_member, lines_by_unit

NOTHING = Lines()


@dataclass(frozen=True, slots=True)
class AttainmentQuestion:
    """What is asked of every unit or member.

    `structure` is `as_was` (an entry counts where its position stood on the business date) or `as_is` (the tree
    of `today`, or of `as_of`, for all dates). `as_of` counts what was posted and published by the end of that day.
    """

    metric_id: int
    metric_key: str
    scale: int
    lower_is_better: bool
    periods: Sequence[Period]
    today: date
    structure: Structure = "as_was"
    as_of: date | None = None
    version_id: int | None = None
    at_plan_rate: bool = False

    @property
    def day(self) -> date:
        """The day at whose end the question is asked."""
        return self.as_of or self.today

    @property
    def choice(self) -> PlanChoice:
        """The cells that count."""
        return PlanChoice(self.metric_id, self.version_id, self.as_of)


async def attainment_by_unit(
    snapshot: Snapshot, calendar: CompanyCalendar, currency: str, unit_ids: Sequence[int], question: AttainmentQuestion
) -> list[dict[str, Any]]:
    """One row per unit and period, in that order; units with nothing are there with zero achieved."""
    lines = await lines_by_unit(snapshot, calendar, unit_ids, question.choice, question.periods)
    sums = await _achieved(snapshot, currency, unit_ids, question)
    return [
        {"unit_id": unit_id, **_row(question, calendar, index, lines.get((unit_id, index)), sums.get((unit_id, index)))}
        for unit_id in unit_ids
        for index in range(len(question.periods))
    ]


async def _achieved(
    snapshot: Snapshot, currency: str, unit_ids: Sequence[int], question: AttainmentQuestion
) -> dict[tuple[int, int], tuple[int, int]]:
    """Achieved and overlay by unit and place of the period."""
    arguments: dict[str, Any] = {
        "structure": question.structure,
        "tree_day": question.day,
        "posted_through": question.as_of,
    }
    metric_id, periods = question.metric_id, question.periods
    if not question.at_plan_rate:
        rows = await achieved_by_unit(snapshot, unit_ids, metric_id, periods, **arguments)
        return {(row["unit_id"], row["period_index"]): (row["achieved"], row["overlay"]) for row in rows}
    rates = await rate_table(snapshot, currency, RateKind.PLAN)
    planned = await achieved_at_plan_rate(snapshot, unit_ids, metric_id, question.scale, periods, rates, **arguments)
    return {(row.unit_id, row.period_index): (row.achieved, row.overlay) for row in planned}


async def attainment_by_member(
    snapshot: Snapshot,
    calendar: CompanyCalendar,
    member_ids: Sequence[int],
    question: AttainmentQuestion,
    position_ids: Collection[int] | None = None,
) -> list[dict[str, Any]]:
    """One row per member and period, in that order; overlay credit included.

    With `position_ids` only what the members aim for and achieve in those positions.
    """
    lines = await lines_by_member(snapshot, calendar, member_ids, question.choice, question.periods, position_ids)
    found = await achieved_by_member(
        snapshot,
        list(member_ids),
        question.metric_id,
        question.periods,
        posted_through=question.as_of,
        position_ids=position_ids,
    )
    sums = {(row["member_id"], row["period_index"]): (row["achieved"], row["overlay"]) for row in found}
    return [
        {
            "member_id": member_id,
            **_row(question, calendar, index, lines.get((member_id, index)), sums.get((member_id, index))),
        }
        for member_id in member_ids
        for index in range(len(question.periods))
    ]


def _row(
    question: AttainmentQuestion,
    calendar: CompanyCalendar,
    index: int,
    lines: Lines | None,
    sums: tuple[int, int] | None,
) -> dict[str, Any]:
    period, (achieved, overlay), lines = question.periods[index], sums or (0, 0), lines or NOTHING
    elapsed, working_days = _elapsed(calendar, period, question.day)
    expected_by_now = expected(lines.target, elapsed, working_days)
    return {
        "period": period.label,
        "starts_on": period.starts_on,
        "ends_on": period.ends_on,
        "metric_id": question.metric_id,
        "target": _text(lines.target, question),
        "assessment": _text(lines.assessment, question),
        "stretch": _text(lines.stretch, question),
        "achieved": format_amount(achieved, question.scale),
        "overlay": format_amount(overlay, question.scale),
        "gap": _text(gap(achieved, lines.target), question),
        "rate": rate(achieved, lines.target),
        "status": status(achieved, lines, lower_is_better=question.lower_is_better),
        "expected": _text(expected_by_now, question),
        "pace": rate(achieved, expected_by_now),
        "elapsed_days": elapsed,
        "working_days": working_days,
        "minor": (achieved, lines.target),
    }


def _text(amount: int | None, question: AttainmentQuestion) -> str | None:
    return None if amount is None else format_amount(amount, question.scale)


def _elapsed(calendar: CompanyCalendar, period: Period, day: date) -> tuple[int, int]:
    """Working days of the period through the end of `day`, and in all; calendar days where it has none."""
    through = min(max(day + timedelta(days=1), period.starts_on), period.ends_on)
    working_days = calendar.working.count(period.starts_on, period.ends_on)
    if working_days == 0:
        return (through - period.starts_on).days, period.length
    return calendar.working.count(period.starts_on, through), working_days
