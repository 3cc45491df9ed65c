"""What is asked of a report, and who asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final

from quotaloom.achievements.unit_sums import Structure
from quotaloom.calendars.company_calendar import CompanyCalendar, load_calendar
from quotaloom.calendars.periods import ONE_DAY, Period, known_day
from quotaloom.organizations.sight import Sight, load_sight
from quotaloom.platform.errors import InputError, Path
from quotaloom.platform.unit_of_work import Record, Snapshot
from quotaloom.platform.work import Work
from quotaloom.reports.ordering import SortBy
from quotaloom.targets.attainment import AttainmentStatus

MOST_METRICS: Final = 5
MOST_CHOSEN: Final = 500
"""How many units or members one may name."""


class RowsOf(StrEnum):
    """Whether a report has a row for each unit or for each member."""

    UNITS = "units"
    MEMBERS = "members"


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """The arguments of a report; None asks nothing.

    `period` is a label or range. Rows are those of units that meet everything given: `org_unit_id` and what lies below
    it (with `direct_children` what lies right below it alone), `kinds`, `levels` (0 is the company) and `unit_ids`. In
    a report of members these are the units that they hold or head; `member_ids` names members themselves. `statuses`
    are those of the first metric, None being that of no target. `sort` orders the rows; without it units come in tree
    order, each before what lies below it, and members by name, key and id, both by code points.
    """

    period: str
    metrics: tuple[str, ...] = ("revenue",)
    rows: RowsOf = RowsOf.UNITS
    org_unit_id: int | None = None
    direct_children: bool = False
    kinds: tuple[str, ...] | None = None
    levels: tuple[int, ...] | None = None
    unit_ids: tuple[int, ...] | None = None
    member_ids: tuple[int, ...] | None = None
    statuses: tuple[AttainmentStatus | None, ...] | None = None
    structure: Structure = "as_was"
    as_of: date | None = None
    sort: tuple[SortBy, ...] = ()

    def below(self, unit_id: int) -> ReportRequest:
        """The same of a unit and what lies below it."""
        return replace(self, org_unit_id=unit_id)

    def checked(self) -> ReportRequest:
        """The request itself; raises `InputError` where too much is asked, or something that cannot be."""
        if not 1 <= len(self.metrics) <= MOST_METRICS or len(set(self.metrics)) < len(self.metrics):
            message = f"name one to {MOST_METRICS} metrics, each of them once"
            raise InputError("BAD_METRICS", message, ("metrics",))
        for name, chosen in (("orgUnits", self.unit_ids), ("members", self.member_ids), ("levels", self.levels)):
            if chosen is not None and len(chosen) > MOST_CHOSEN:
                raise InputError("TOO_MANY_ROWS", f"name {MOST_CHOSEN} at the most", (name,))
        if self.member_ids is not None and self.rows is RowsOf.UNITS:
            raise InputError("BAD_FILTER", "a report of units has no rows of members: ask for MEMBERS", ("members",))
        if self.direct_children and self.org_unit_id is None:
            message = "name the unit whose direct children are wanted"
            raise InputError("BAD_FILTER", message, ("directChildren",))
        return self


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a report, at which moment, and from which snapshot."""

    snapshot: Snapshot
    work: Work
    sight: Sight
    calendar: CompanyCalendar

    def period(self, request: ReportRequest) -> Period:
        """The period that is asked for; raises `InputError` BAD_PERIOD."""
        try:
            return self.calendar.fiscal.period(request.period)
        except InputError as error:
            raise error.at("period") from None

    def day(self, request: ReportRequest) -> date:
        """The day at whose end the report is asked; raises `InputError` BAD_PERIOD."""
        try:
            return self.work.today if request.as_of is None else known_day(request.as_of)
        except InputError as error:
            raise error.at("asOf") from None


def metrics_named(metrics: Sequence[Record], keys: Sequence[str]) -> tuple[Record, ...]:
    """Those of the metrics that have these keys, in the order of the keys; raises `InputError` UNKNOWN_METRIC."""
    return tuple(metric_named(metrics, key, ("metrics", place)) for place, key in enumerate(keys))


def metric_named(metrics: Sequence[Record], key: str, path: Path) -> Record:
    """The one of the metrics that has this key; raises `InputError` UNKNOWN_METRIC."""
    found = next((metric for metric in metrics if metric["key"] == key), None)
    if found is None:
        known = ", ".join(metric["key"] for metric in metrics)
        raise InputError("UNKNOWN_METRIC", f"there is no metric {key[:60]!r}; there are {known}", path)
    return found


@dataclass(frozen=True, slots=True)
class TreeDays:
    """The days [first, end) of whose trees the rows are, and the day among them whose order they have."""

    first: date
    end: date
    tree_day: date

    @classmethod
    def of(cls, structure: Structure, period: Period, day: date) -> TreeDays:
        """As it was: the days of the period, in the order of `day` or the nearest to it. As it is: that day."""
        if structure == "as_is":
            return cls(day, day + ONE_DAY, day)
        return cls(period.starts_on, period.ends_on, min(max(day, period.starts_on), period.ends_on - ONE_DAY))


async def reader_of(snapshot: Snapshot, work: Work) -> Reader:
    """The viewer as a reader; raises `AccessDenied` for a service that may not read."""
    work.viewer.require_to_read("reading reports")
    sight = await load_sight(snapshot, work.viewer, work.company, work.today)
    return Reader(snapshot, work, sight, await load_calendar(snapshot, work.company))
