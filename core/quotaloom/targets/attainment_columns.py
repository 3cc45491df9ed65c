"""Rows of attainment as the graph answers them: column by column, just those that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from quotaloom.platform.amounts import amount_writer, divided
from quotaloom.platform.stretches import AT_A_STRETCH, in_stretches
from quotaloom.targets.attainment import RATE_SCALE, Lines, expected, status
from quotaloom.targets.attainments import AskedPeriod, Figures

Column = list[Any]


async def answered(rows: Sequence[Figures], columns: frozenset[str] | None) -> list[Any]:
    """Each row with just these columns: amounts, rates and days as text, nothing else than the row itself tells.

    Rows of one metric. Where `columns` is None, or has the row itself (`figures`), they are as they came.
    """
    if not rows or columns is None or "figures" in columns:
        return list(rows)
    names = tuple(columns)
    found: list[Any] = []
    async for some in in_stretches(rows, AT_A_STRETCH // max(1, len(names))):
        table = _Table(some)
        told = zip(*(_COLUMNS[name](table) for name in names), strict=True)
        found += [dict(zip(names, values, strict=True)) for values in told]
    return found


class _Table:
    """What several columns are worked out of."""

    def __init__(self, rows: Sequence[Figures]) -> None:
        self.rows = rows
        self.question = rows[0].question
        self.text = amount_writer(self.question.scale)
        self.rate = _rate_writer()

    @cached_property
    def asked(self) -> list[AskedPeriod]:
        return [row.asked for row in self.rows]

    @cached_property
    def achieved(self) -> list[int]:
        return [row.sums.achieved for row in self.rows]

    @cached_property
    def lines(self) -> list[Lines]:
        return [row.sums.lines for row in self.rows]

    @cached_property
    def target(self) -> list[int | None]:
        return [lines.target for lines in self.lines]

    @cached_property
    def expected(self) -> list[int | None]:
        return [
            expected(target, asked.elapsed, asked.working_days)
            for target, asked in zip(self.target, self.asked, strict=True)
        ]

    def subjects(self, of_member: bool) -> Column:
        return [row.subject_id if row.of_member is of_member else None for row in self.rows]

    def days(self, name: str) -> Column:
        """Days of periods; a period is the same object in all rows."""
        written = {id(one): getattr(one, name).isoformat() for one in self.question.periods}
        return [written[id(asked.period)] for asked in self.asked]

    def amounts(self, amounts: Sequence[int | None]) -> Column:
        text = self.text
        return [None if amount is None else text(amount) for amount in amounts]

    def rates(self, of: Sequence[int | None]) -> Column:
        rate = self.rate
        return [rate(achieved, target) if target else None for achieved, target in zip(self.achieved, of, strict=True)]

    def gaps(self) -> Column:
        text = self.text
        return [
            None if target is None else text(target - achieved)
            for achieved, target in zip(self.achieved, self.target, strict=True)
        ]

    def statuses(self) -> Column:
        lower = self.question.lower_is_better
        return [
            status(achieved, lines, lower_is_better=lower)
            for achieved, lines in zip(self.achieved, self.lines, strict=True)
        ]


def _rate_writer() -> Callable[[int, int], str]:
    text, unit = amount_writer(RATE_SCALE), 10**RATE_SCALE
    return lambda achieved, target: text(divided(achieved * unit, target))


_COLUMNS: Final[Mapping[str, Callable[[_Table], Column]]] = {
    "unit_id": lambda table: table.subjects(of_member=False),
    "member_id": lambda table: table.subjects(of_member=True),
    "period": lambda table: [asked.period.label for asked in table.asked],
    "starts_on": lambda table: table.days("starts_on"),
    "ends_on": lambda table: table.days("ends_on"),
    "target": lambda table: table.amounts(table.target),
    "assessment": lambda table: table.amounts([lines.assessment for lines in table.lines]),
    "stretch": lambda table: table.amounts([lines.stretch for lines in table.lines]),
    "relief": lambda table: table.amounts([lines.relief for lines in table.lines]),
    "achieved": lambda table: table.amounts(table.achieved),
    "overlay": lambda table: table.amounts([row.sums.overlay for row in table.rows]),
    "gap": lambda table: table.gaps(),
    "rate": lambda table: table.rates(table.target),
    "status": lambda table: table.statuses(),
    "expected": lambda table: table.amounts(table.expected),
    "pace": lambda table: table.rates(table.expected),
    "elapsed_days": lambda table: [asked.elapsed for asked in table.asked],
    "working_days": lambda table: [asked.working_days for asked in table.asked],
}
"""What a column is made of, by name: as `Figures` tell it, in its output form."""
