"""Attainment of many units or members for many periods: achieved against the three lines, a row for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from quotaloom.achievements.rollups import achieved_at_plan_rate, achieved_by_member
from quotaloom.achievements.unit_sums import PeriodSums, Structure, sums_of_units
from quotaloom.calendars.company_calendar import CompanyCalendar
from quotaloom.calendars.periods import Period
from quotaloom.metrics.counting import Counting
from quotaloom.metrics.rates import RateKind
from quotaloom.metrics.reads import rate_table
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.stretches import AT_A_STRETCH, in_stretches
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


class AskedPeriod(NamedTuple):
    """One period of a question, about units or about members.

    `elapsed` and `working_days` count the working days of the period, calendar days where it has none: through the end
    of the question's day, and in all.
    """

    question: AttainmentQuestion
    of_member: bool
    period: Period
    elapsed: int
    working_days: int


class Figures:
    """The row of a unit, or of a member, and a period: what is told of it by name, worked out when it is asked for.

    `sums` are those of the period. Besides what the graph shows, `row["unit_id"]` and `row["member_id"]` tell of whom
    it is, one of them being None, and `row["figures"]` is the row itself.
    """

    __slots__ = ("_earlier", "_so_far", "asked", "subject_id", "sums")

    def __init__(self, asked: AskedPeriod, subject_id: int, sums: Sums, earlier: Figures | None) -> None:
        """`earlier` is the row of the question's period before this one."""
        self.asked = asked
        self.subject_id = subject_id
        self.sums = sums
        self._earlier = earlier
        self._so_far: Sums | None = None

    def __getitem__(self, name: str) -> Any:
        """What the graph shows under a name; raises `KeyError` for an unknown one."""
        of_sums = _OF_SUMS.get(name)
        return _OF_ROW[name](self) if of_sums is None else of_sums(self.sums, self.asked.question)

    @property
    def question(self) -> AttainmentQuestion:
        """What was asked."""
        return self.asked.question

    @property
    def of_member(self) -> bool:
        """Whether it is the row of a member."""
        return self.asked.of_member

    @property
    def period(self) -> Period:
        """The period that it tells of."""
        return self.asked.period

    @property
    def expected(self) -> int | None:
        """The target prorated over the working days elapsed, in minor units; None without a target."""
        return expected(self.sums.lines.target, self.asked.elapsed, self.asked.working_days)

    @property
    def so_far(self) -> Sums:
        """The sums of the question's periods from the first to this one."""
        later, row = [], self
        while row._so_far is None and row._earlier is not None:
            later.append(row)
            row = row._earlier
        sums = row._so_far = row._so_far or row.sums
        for row in reversed(later):
            sums = row._so_far = sums.plus(row.sums)
        return sums


async def attainment_by_unit(
    snapshot: Snapshot, calendar: CompanyCalendar, currency: str, unit_ids: Sequence[int], question: AttainmentQuestion
) -> list[Figures]:
    """One row per unit and period, in that order; units with nothing are there with zero achieved."""

    async def read(choice: PlanChoice, periods: Sequence[Period]) -> dict[Key, Lines]:
        return await relieved_lines_by_unit(snapshot, calendar, unit_ids, choice, periods)

    achieved = await _achieved(snapshot, currency, unit_ids, question)
    lines = await _lines(question, read)
    return await _rows(question, calendar, unit_ids, achieved, lines, of_member=False)


async def _achieved(
    snapshot: Snapshot, currency: str, unit_ids: Sequence[int], question: AttainmentQuestion
) -> PeriodSums:
    arguments: dict[str, Any] = {
        "structure": question.structure,
        "tree_day": question.day,
        "posted_through": question.as_of,
    }
    counting, periods = question.counted, question.periods
    if not question.at_plan_rate:
        return await sums_of_units(snapshot, unit_ids, counting, periods, **arguments)
    rates = await rate_table(snapshot, currency, RateKind.PLAN)
    planned = PeriodSums(len(periods))
    for row in await achieved_at_plan_rate(snapshot, unit_ids, counting, question.scale, periods, rates, **arguments):
        planned.put(row.unit_id, row.period_index, row.achieved, row.overlay)
    return planned


async def attainment_by_member(
    snapshot: Snapshot, calendar: CompanyCalendar, member_ids: Sequence[int], question: AttainmentQuestion
) -> list[Figures]:
    """One row per member and period, in that order, as those of units; overlay included."""
    positions = question.position_ids

    async def read(choice: PlanChoice, periods: Sequence[Period]) -> dict[Key, Lines]:
        return await lines_by_member(snapshot, calendar, member_ids, choice, periods, positions)

    lines = await _lines(question, read)
    achieved = PeriodSums(len(question.periods))
    for row in await achieved_by_member(
        snapshot,
        list(member_ids),
        question.counted,
        question.periods,
        posted_through=question.as_of,
        position_ids=positions,
    ):
        achieved.put(row["member_id"], row["period_index"], row["achieved"], row["overlay"])
    return await _rows(question, calendar, member_ids, achieved, lines, of_member=True)


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
        async for some in in_stretches(list(lines.items())):
            found.update({(subject_id, chosen[index]): of_one for (subject_id, index), of_one in some})
    return found


async def _rows(
    question: AttainmentQuestion,
    calendar: CompanyCalendar,
    subject_ids: Sequence[int],
    achieved: PeriodSums,
    lines: Mapping[Key, Lines],
    *,
    of_member: bool,
) -> list[Figures]:
    periods = [
        AskedPeriod(question, of_member, period, *_elapsed(calendar, period, question.day))
        for period in question.periods
    ]
    nothing = [0] * len(periods)
    rows: list[Figures] = []
    at_once = max(1, AT_A_STRETCH // max(1, len(periods)))
    async for some in in_stretches(subject_ids, at_once):
        for subject_id in some:
            amounts = achieved.achieved.get(subject_id, nothing)
            overlays = achieved.overlay.get(subject_id, nothing)
            row: Figures | None = None
            for place, asked in enumerate(periods):
                sums = Sums(amounts[place], overlays[place], lines.get((subject_id, place), NO_LINES))
                row = Figures(asked, subject_id, sums, row)
                rows.append(row)
    return rows


class ToldSums:
    """Sums as the graph shows them, with gap, rate and status against the three lines: each when it is asked for."""

    __slots__ = ("_question", "_sums")

    def __init__(self, sums: Sums, question: AttainmentQuestion) -> None:
        self._sums = sums
        self._question = question

    def __getitem__(self, name: str) -> Any:
        """What the graph shows under a name; raises `KeyError` for an unknown one."""
        return _OF_SUMS[name](self._sums, self._question)


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


_OF_SUMS: Final[Mapping[str, Callable[[Sums, AttainmentQuestion], Any]]] = {
    "target": lambda sums, question: _text(sums.lines.target, question),
    "assessment": lambda sums, question: _text(sums.lines.assessment, question),
    "stretch": lambda sums, question: _text(sums.lines.stretch, question),
    "relief": lambda sums, question: format_amount(sums.lines.relief, question.scale),
    "achieved": lambda sums, question: format_amount(sums.achieved, question.scale),
    "overlay": lambda sums, question: format_amount(sums.overlay, question.scale),
    "gap": lambda sums, question: _text(gap(sums.achieved, sums.lines.target), question),
    "rate": lambda sums, _: rate(sums.achieved, sums.lines.target),
    "status": lambda sums, question: status(sums.achieved, sums.lines, lower_is_better=question.lower_is_better),
}
"""What is told of sums, by name."""

_OF_ROW: Final[Mapping[str, Callable[[Figures], Any]]] = {
    "unit_id": lambda row: None if row.of_member else row.subject_id,
    "member_id": lambda row: row.subject_id if row.of_member else None,
    "figures": lambda row: row,
    "period": lambda row: row.period.label,
    "starts_on": lambda row: row.period.starts_on,
    "ends_on": lambda row: row.period.ends_on,
    "expected": lambda row: _text(row.expected, row.question),
    "pace": lambda row: rate(row.sums.achieved, row.expected),
    "elapsed_days": lambda row: row.asked.elapsed,
    "working_days": lambda row: row.asked.working_days,
}
"""What else is told of a row, by name."""
