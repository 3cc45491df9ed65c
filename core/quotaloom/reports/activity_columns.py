"""The columns of the report of activity against result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from quotaloom.action_plans.figures import Figures as PlanFigures
from quotaloom.activities.kinds import ActivityKind
from quotaloom.platform.amounts import divided
from quotaloom.reports.activity_facts import ActivityFacts
from quotaloom.reports.subjects import OF_SUBJECT, Subject, subject_column
from quotaloom.reports.tables import CellKind, Column
from quotaloom.targets.attainment import rate
from quotaloom.targets.attainments import Figures


class ActivityColumn(StrEnum):
    """A column: those of the unit or member first, then what was done, then what came of it."""

    KEY = "key"
    NAME = "name"
    KIND = "kind"
    LEVEL = "level"
    PATH = "path"
    VISITS = "visits"
    CALLS = "calls"
    MEETINGS = "meetings"
    MAILS = "mails"
    TASKS = "tasks"
    ACTIVITIES = "activities"
    PLANNED = "planned"
    PLANNED_DONE = "planned_done"
    OVERDUE = "overdue"
    DEALS_OPENED = "deals_opened"
    DEALS_WON = "deals_won"
    WON_VALUE = "won_value"
    WON_WITHOUT_VALUE = "won_without_value"
    TARGET = "target"
    ACHIEVED = "achieved"
    RATE = "rate"
    ACTIVITIES_PER_WIN = "activities_per_win"
    VALUE_PER_VISIT = "value_per_visit"

    @property
    def of_subject(self) -> bool:
        """Whether it tells of the unit or member alone."""
        return self.value in OF_SUBJECT


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """A unit or member: what was done, what its action plans say, what came of it, and the figures of the metric.

    `currency_scale` are the decimal places of the company's currency.
    """

    subject: Subject
    facts: ActivityFacts
    plans: PlanFigures
    figures: Figures
    currency_scale: int

    @property
    def activities_per_win(self) -> Decimal | None:
        """Activities ÷ deals won, six places, half up; None where none was won."""
        return rate(self.facts.activities, self.facts.won)

    @property
    def value_per_visit(self) -> Decimal | None:
        """What was won ÷ visits, in the company's currency, six places, half up; None without any visit."""
        visits = self.facts.done.get(ActivityKind.VISIT, 0)
        if not visits:
            return None
        millionths = divided(self.facts.won_value * 10**6, visits * 10**self.currency_scale)
        return Decimal(millionths).scaleb(-6)


def value_of(column: ActivityColumn) -> Callable[[ActivityRow], Any]:
    """What the column tells of a row: amounts in minor units, None where there is nothing."""
    of_subject = OF_SUBJECT.get(column)
    if of_subject is not None:
        return lambda row: of_subject(row.subject)
    return _VALUES[column]


def file_column(column: ActivityColumn, *, currency_scale: int, metric_scale: int) -> Column:
    """The column of a file."""
    if column.of_subject:
        return subject_column(column)
    if column in _OF_METRIC:
        return Column(column.value, CellKind.AMOUNT, metric_scale)
    if column is ActivityColumn.WON_VALUE:
        return Column(column.value, CellKind.AMOUNT, currency_scale)
    return Column(column.value, CellKind.RATIO if column in _RATIOS else CellKind.COUNT)


_OF_METRIC: Final = frozenset({ActivityColumn.TARGET, ActivityColumn.ACHIEVED})
_RATIOS: Final = frozenset({ActivityColumn.RATE, ActivityColumn.ACTIVITIES_PER_WIN, ActivityColumn.VALUE_PER_VISIT})


def _done(kind: ActivityKind) -> Callable[[ActivityRow], int]:
    return lambda row: row.facts.done.get(kind, 0)


_VALUES: Final[Mapping[str, Callable[[ActivityRow], Any]]] = {
    **{f"{kind.value}s": _done(kind) for kind in ActivityKind},
    "activities": lambda row: row.facts.activities,
    "planned": lambda row: row.plans.planned,
    "planned_done": lambda row: row.plans.done,
    "overdue": lambda row: row.plans.overdue,
    "deals_opened": lambda row: row.facts.opened,
    "deals_won": lambda row: row.facts.won,
    "won_value": lambda row: row.facts.won_value,
    "won_without_value": lambda row: row.facts.won_without_value,
    "target": lambda row: row.figures.sums.lines.target,
    "achieved": lambda row: row.figures.sums.achieved,
    "rate": lambda row: rate(row.figures.sums.achieved, row.figures.sums.lines.target),
    "activities_per_win": lambda row: row.activities_per_win,
    "value_per_visit": lambda row: row.value_per_visit,
}
