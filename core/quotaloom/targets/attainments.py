"""Attainment of many units or members for many periods: achieved against the three lines, in flat rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from quotaloom.achievements.rollups import achieved_at_plan_rate, achieved_by_member, achieved_by_unit
from quotaloom.achievements.unit_sums import Structure
from quotaloom.calendars.company_calendar import CompanyCalendar
from quotaloom.calendars.periods import Period
from quotaloom.metrics.counting import Counting
from quotaloom.metrics.rates import RateKind
from quotaloom.metrics.reads import rate_table
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.targets.attainment import NO_LINES, Lines, Sums, expected, gap, rate, status
from quotaloom.targets.reads import Key, PlanChoice, lines_by_member, relieved_lines_by_unit


@dataclass(frozen=True, slots=True)
class AttainmentQuestion:
    """What is asked of every unit or member.

    `structure` is `as_was` (an entry counts where its position stood on the business date) or `as_is` (the tree
    of `today`, or of `as_of`, for all dates). `as_of` counts what was posted and published by the end of that day.
    `version_id` names a version whose cells count instead of the published ones, in periods that share a day with
    `version_days`, which its plan covers. Of members only what they aim for and achieve in `position_ids` counts, None
    standing for all positions. `counting` is what counts for a metric of a product or product group; None is what
    is posted to the metric itself. `metric_key` is the key of the metric whose entries count.
    """

    metric_id: int
    metric_key: str
    scale: int
    lower_is_better: bool
    periods: tuple[Period, ...]
    today: date
    structure: Structure = "as_was"
    as_of: date | None = None
    version_id: int | None = None
    version_days: Period | None = None
    at_plan_rate: bool = False
    position_ids: frozenset[int] | None = None
    counting: Counting | None = None

    @property
    def counted(self) -> Counting:
        """What counts as achieved."""
        return self.counting or Counting(self.metric_id)

    @property
    def day(self) -> date:
        """The day at whose end the question is asked."""
        return self.as_of or self.today

    def choice(self, period: Period) -> PlanChoice:
        """The cells that count in a period."""
        days = self.version_days
        named = days is None or (period.starts_on < days.ends_on and days.starts_on < period.ends_on)
        return PlanChoice(self.metric_id, self.version_id if named else None, self.as_of)


class Figures(NamedTuple):
    """What the row of a unit, or of a member, and a period rests on, for whoever asks further.

    `so_far` are the sums of the question's periods from the first to this one. `elapsed` and `working_days` count the
    working days of the period, calendar days where it has none: through the end of the question's day, and in all.
    """

    question: AttainmentQuestion
    subject_id: int
    of_member: bool
    period: Period
    sums: Sums
    so_far: Sums
    elapsed: int
    working_days: int


async def attainment_by_unit(
    snapshot: Snapshot, calendar: CompanyCalendar, currency: str, unit_ids: Sequence[int], question: AttainmentQuestion
) -> list[dict[str, Any]]:
    """One row per unit and period, in that order; units with nothing are there with zero achieved.

    Besides what the graph shows a row has its `unit_id`, and its `figures`.
    """

    async def read(choice: PlanChoice, periods: Sequence[Period]) -> dict[Key, Lines]:
        return await relieved_lines_by_unit(snapshot, calendar, unit_ids, choice, periods)

    lines = await _lines(question, read)
    achieved = await _achieved(snapshot, currency, unit_ids, question)
    return list(_rows(question, calendar, unit_ids, achieved, lines, of_member=False))


async def _achieved(
    snapshot: Snapshot, currency: str, unit_ids: Sequence[int], question: AttainmentQuestion
) -> dict[Key, tuple[int, int]]:
    """Achieved and overlay by unit and place of the period."""
    arguments: dict[str, Any] = {
        "structure": question.structure,
        "tree_day": question.day,
        "posted_through": question.as_of,
    }
    counting, periods = question.counted, question.periods
    if not question.at_plan_rate:
        rows = await achieved_by_unit(snapshot, unit_ids, counting, periods, **arguments)
        return {(row["unit_id"], row["period_index"]): (row["achieved"], row["overlay"]) for row in rows}
    rates = await rate_table(snapshot, currency, RateKind.PLAN)
    planned = await achieved_at_plan_rate(snapshot, unit_ids, counting, question.scale, periods, rates, **arguments)
    return {(row.unit_id, row.period_index): (row.achieved, row.overlay) for row in planned}


async def attainment_by_member(
    snapshot: Snapshot, calendar: CompanyCalendar, member_ids: Sequence[int], question: AttainmentQuestion
) -> list[dict[str, Any]]:
    """One row per member and period, in that order, as those of units but with `member_id`; overlay included."""
    positions = question.position_ids

    async def read(choice: PlanChoice, periods: Sequence[Period]) -> dict[Key, Lines]:
        return await lines_by_member(snapshot, calendar, member_ids, choice, periods, positions)

    lines = await _lines(question, read)
    found = await achieved_by_member(
        snapshot,
        list(member_ids),
        question.counted,
        question.periods,
        posted_through=question.as_of,
        position_ids=positions,
    )
    achieved = {(row["member_id"], row["period_index"]): (row["achieved"], row["overlay"]) for row in found}
    return list(_rows(question, calendar, member_ids, achieved, lines, of_member=True))


async def _lines(
    question: AttainmentQuestion, read: Callable[[PlanChoice, Sequence[Period]], Awaitable[dict[Key, Lines]]]
) -> dict[Key, Lines]:
    """The lines by unit or member and place of the period: in one read, or two where a draft covers some periods."""
    places: dict[PlanChoice, list[int]] = defaultdict(list)
    for place, period in enumerate(question.periods):
        places[question.choice(period)].append(place)
    found: dict[Key, Lines] = {}
    for choice, chosen in places.items():
        lines = await read(choice, [question.periods[place] for place in chosen])
        found.update({(subject_id, chosen[index]): of_one for (subject_id, index), of_one in lines.items()})
    return found


def _rows(
    question: AttainmentQuestion,
    calendar: CompanyCalendar,
    subject_ids: Sequence[int],
    achieved: Mapping[Key, tuple[int, int]],
    lines: Mapping[Key, Lines],
    *,
    of_member: bool,
) -> Iterator[dict[str, Any]]:
    days = [_elapsed(calendar, period, question.day) for period in question.periods]
    for subject_id in subject_ids:
        so_far: Sums | None = None
        for index, period in enumerate(question.periods):
            key = (subject_id, index)
            sums = Sums(*achieved.get(key, (0, 0)), lines.get(key, NO_LINES))
            so_far = sums if so_far is None else so_far.plus(sums)
            yield _row(Figures(question, subject_id, of_member, period, sums, so_far, *days[index]))


def _row(figures: Figures) -> dict[str, Any]:
    question, period, sums = figures.question, figures.period, figures.sums
    expected_by_now = expected(sums.lines.target, figures.elapsed, figures.working_days)
    return {
        "member_id" if figures.of_member else "unit_id": figures.subject_id,
        "figures": figures,
        "period": period.label,
        "starts_on": period.starts_on,
        "ends_on": period.ends_on,
        **told(sums, question),
        "expected": _text(expected_by_now, question),
        "pace": rate(sums.achieved, expected_by_now),
        "elapsed_days": figures.elapsed,
        "working_days": figures.working_days,
    }


def told(sums: Sums, question: AttainmentQuestion) -> dict[str, Any]:
    """Sums as the graph shows them, with gap, rate and status against the three lines."""
    achieved, lines = sums.achieved, sums.lines
    return {
        "target": _text(lines.target, question),
        "assessment": _text(lines.assessment, question),
        "stretch": _text(lines.stretch, question),
        "relief": format_amount(lines.relief, question.scale),
        "achieved": format_amount(achieved, question.scale),
        "overlay": format_amount(sums.overlay, question.scale),
        "gap": _text(gap(achieved, lines.target), question),
        "rate": rate(achieved, lines.target),
        "status": status(achieved, lines, lower_is_better=question.lower_is_better),
    }


def by_question(figures: Sequence[Figures]) -> list[list[int]]:
    """The places of the figures that answer the same question, about units or about members."""
    places: dict[tuple[int, bool], list[int]] = defaultdict(list)
    for place, one in enumerate(figures):
        places[id(one.question), one.of_member].append(place)
    return list(places.values())


def _text(amount: int | None, question: AttainmentQuestion) -> str | None:
    return None if amount is None else format_amount(amount, question.scale)


def _elapsed(calendar: CompanyCalendar, period: Period, day: date) -> tuple[int, int]:
    """Working days of the period through the end of `day`, and in all; calendar days where it has none."""
    through = min(max(day + timedelta(days=1), period.starts_on), period.ends_on)
    working_days = calendar.working.count(period.starts_on, period.ends_on)
    if working_days == 0:
        return (through - period.starts_on).days, period.length
    return calendar.working.count(period.starts_on, through), working_days
