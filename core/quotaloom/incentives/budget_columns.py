"""The columns of the report of incentive cost against budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from asyncpg import Record

from quotaloom.incentives.costs import Cost
from quotaloom.platform.amounts import divided
from quotaloom.reports.subjects import OF_SUBJECT, Subject, subject_column
from quotaloom.reports.tables import CellKind, Column
from quotaloom.targets.attainment import rate


class BudgetColumn(StrEnum):
    """A column: those of the unit first, then what it may spend, what it costs, and what was achieved for that."""

    KEY = "key"
    NAME = "name"
    KIND = "kind"
    LEVEL = "level"
    PATH = "path"
    BUDGET = "budget"
    PAID = "paid"
    APPROVED = "approved"
    DRAFT = "draft"
    COST = "cost"
    REST = "rest"
    SHARE = "share"
    ACHIEVED = "achieved"
    COST_PER_ACHIEVED = "cost_per_achieved"

    @property
    def of_subject(self) -> bool:
        """Whether it tells of the unit alone."""
        return self.value in OF_SUBJECT


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """A unit: its budget, None where it has none, its cost, and what was achieved of the metric, in minor units.

    `budgets` are those that were set for it in the period. The scales are the decimal places of the company's currency
    and of the metric.
    """

    subject: Subject
    budgets: Sequence[Record]
    budget: int | None
    cost: Cost
    achieved: int
    currency_scale: int
    metric_scale: int

    @property
    def rest(self) -> int | None:
        """Budget less cost; None without a budget."""
        return None if self.budget is None else self.budget - self.cost.total

    @property
    def share(self) -> Decimal | None:
        """Cost ÷ budget, six places, half up; None without a budget, or one of 0."""
        return rate(self.cost.total, self.budget)

    @property
    def cost_per_achieved(self) -> Decimal | None:
        """Cost ÷ achieved, each in whole units, six places, half up; None where nothing was achieved."""
        if self.achieved <= 0:
            return None
        millionths = divided(self.cost.total * 10 ** (6 + self.metric_scale), self.achieved * 10**self.currency_scale)
        return Decimal(millionths).scaleb(-6)


def value_of(column: BudgetColumn) -> Callable[[BudgetRow], Any]:
    """What the column tells of a row: amounts in minor units, None where there is nothing."""
    of_subject = OF_SUBJECT.get(column)
    if of_subject is not None:
        return lambda row: of_subject(row.subject)
    return _VALUES[column]


def file_column(column: BudgetColumn, *, currency_scale: int, metric_scale: int) -> Column:
    """The column of a file."""
    if column.of_subject:
        return subject_column(column)
    if column in (BudgetColumn.SHARE, BudgetColumn.COST_PER_ACHIEVED):
        return Column(column.value, CellKind.RATIO)
    scale = metric_scale if column is BudgetColumn.ACHIEVED else currency_scale
    return Column(column.value, CellKind.AMOUNT, scale)


_VALUES: Final[Mapping[str, Callable[[BudgetRow], Any]]] = {
    "budget": lambda row: row.budget,
    "paid": lambda row: row.cost.paid,
    "approved": lambda row: row.cost.approved,
    "draft": lambda row: row.cost.draft,
    "cost": lambda row: row.cost.total,
    "rest": lambda row: row.rest,
    "share": lambda row: row.share,
    "achieved": lambda row: row.achieved,
    "cost_per_achieved": lambda row: row.cost_per_achieved,
}
