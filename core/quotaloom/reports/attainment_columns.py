"""The columns of the attainment report: what each tells of a row, for sorting and for files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from quotaloom.platform.unit_of_work import Record
from quotaloom.reports.requests import Reader
from quotaloom.reports.subjects import OF_SUBJECT, Subject, subject_column
from quotaloom.reports.tables import CellKind, Column
from quotaloom.targets.attainment import AttainmentStatus, gap, growth, rate
from quotaloom.targets.attainments import Figures
from quotaloom.targets.comparisons import Earlier, earlier_attainments


class AttainmentColumn(StrEnum):
    """A column: those of the unit or member first, then those of each metric."""

    KEY = "key"
    NAME = "name"
    KIND = "kind"
    LEVEL = "level"
    PATH = "path"
    TARGET = "target"
    ASSESSMENT = "assessment"
    STRETCH = "stretch"
    RELIEF = "relief"
    ACHIEVED = "achieved"
    OVERLAY = "overlay"
    RATE = "rate"
    GAP = "gap"
    STATUS = "status"
    EXPECTED = "expected"
    PACE = "pace"
    PREVIOUS_PERIOD_TARGET = "previous_period_target"
    PREVIOUS_PERIOD_ACHIEVED = "previous_period_achieved"
    PREVIOUS_PERIOD_RATE = "previous_period_rate"
    PREVIOUS_PERIOD_GROWTH = "previous_period_growth"
    PREVIOUS_YEAR_TARGET = "previous_year_target"
    PREVIOUS_YEAR_ACHIEVED = "previous_year_achieved"
    PREVIOUS_YEAR_RATE = "previous_year_rate"
    PREVIOUS_YEAR_GROWTH = "previous_year_growth"

    @property
    def earlier(self) -> Earlier | None:
        """Of which earlier period it tells, if of any."""
        return next((which for which in Earlier if self.startswith(which.value)), None)

    @property
    def of_subject(self) -> bool:
        """Whether it tells of the unit or member, whatever the metric is."""
        return self.value in OF_SUBJECT


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A unit or member with its figures, one for each metric."""

    subject: Subject
    figures: tuple[Figures, ...]


class Earliers:
    """The figures of earlier periods, of those rows, metrics and periods that were asked for."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._found: dict[tuple[int, Earlier], dict[int, Figures | None]] = {}

    async def load(self, rows: Sequence[ReportRow], metric: int, columns: Iterable[AttainmentColumn]) -> None:
        """Read what the columns need of a metric, of all rows at once; what is there already is not read again."""
        for which in {column.earlier for column in columns} - {None}:
            if which is None or (metric, which) in self._found:
                continue
            figures = [row.figures[metric] for row in rows]
            currency, reader = self._reader.work.company.currency, self._reader
            found = await earlier_attainments(reader.snapshot, reader.calendar, currency, figures, which)
            of_rows = zip((id(one) for one in figures), found, strict=True)
            self._found[metric, which] = dict(of_rows)

    def of(self, now: Figures, metric: int, which: Earlier) -> Figures | None:
        """The figures of the earlier period; None where the calendar has none."""
        return self._found[metric, which][id(now)]


def value_of(column: AttainmentColumn, metric: int, earliers: Earliers) -> Callable[[ReportRow], Any]:
    """What the column tells of a row, for the metric at a place: amounts in minor units, None where there is nothing.

    Statuses are told by how far they are.
    """
    of_subject = OF_SUBJECT.get(column)
    if of_subject is not None:
        return lambda row: of_subject(row.subject)
    which = column.earlier
    if which is None:
        tell = _OF_FIGURES[column]
        return lambda row: tell(row.figures[metric])
    compare = _OF_EARLIER[column.removeprefix(f"{which.value}_")]

    def told(row: ReportRow) -> Any:
        now = row.figures[metric]
        then = earliers.of(now, metric, which)
        return None if then is None else compare(now, then)

    return told


def status_text(place: int | None) -> str | None:
    """The status that stands at a place, as files tell it."""
    return None if place is None else _STATUSES[place].value


def file_column(column: AttainmentColumn, metric: Record, *, several: bool) -> Column:
    """The column of a file, its heading with the metric's key where there are `several` metrics."""
    if column.of_subject:
        return subject_column(column)
    heading = f"{metric['key']} {column.value}" if several else column.value
    if column is AttainmentColumn.STATUS:
        return Column(heading)
    if column.endswith(("rate", "pace", "growth")):
        return Column(heading, CellKind.RATIO)
    return Column(heading, CellKind.AMOUNT, metric["scale"])


_STATUSES: Final = tuple(AttainmentStatus)


def _status(row: Figures) -> int | None:
    found = row["status"]
    return None if found is None else _STATUSES.index(found)


_OF_FIGURES: Final[Mapping[str, Callable[[Figures], Any]]] = {
    "target": lambda row: row.sums.lines.target,
    "assessment": lambda row: row.sums.lines.assessment,
    "stretch": lambda row: row.sums.lines.stretch,
    "relief": lambda row: row.sums.lines.relief,
    "achieved": lambda row: row.sums.achieved,
    "overlay": lambda row: row.sums.overlay,
    "rate": lambda row: rate(row.sums.achieved, row.sums.lines.target),
    "gap": lambda row: gap(row.sums.achieved, row.sums.lines.target),
    "status": _status,
    "expected": lambda row: row.expected,
    "pace": lambda row: rate(row.sums.achieved, row.expected),
}

_OF_EARLIER: Final[Mapping[str, Callable[[Figures, Figures], Any]]] = {
    "target": lambda _, then: then.sums.lines.target,
    "achieved": lambda _, then: then.sums.achieved,
    "rate": lambda _, then: rate(then.sums.achieved, then.sums.lines.target),
    "growth": lambda now, then: growth(now.sums.achieved, then.sums.achieved),
}
