"""The stored cells of many units as the graph answers them: columns of months, just those that are asked for.

Thousands of cells are read as a few values. PostgreSQL writes rows, and days as text, at several times the cost of
reading the cells, so here it gives days as arrays of numbers and the amounts of a kind as one text, and what days look
like is worked out where it is cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from typing import Any, Final

from quotaloom.calendars.periods import Period
from quotaloom.platform.answering import amount_as_text
from quotaloom.platform.unit_of_work import Record, Snapshot
from quotaloom.targets.gathering import KINDS
from quotaloom.targets.reads import CELL, IN_FORCE, PlanChoice

COLUMNS: Final = frozenset(
    {"period", "starts_on", "ends_on", *KINDS, "locked", "pinned", "by_day", "version", "plan_id"}
)
"""What can be asked of a month's cell, besides `unit_id`, which is always there."""

CELLS_AT_ONCE: Final = 4_096
"""So many cells at the most come in one piece: a few milliseconds of work for PostgreSQL, and as much for us, who work
on one while it reads the next."""

_EPOCH: Final = date(2000, 1, 1)
_FIRST_DAYS: Final = "(SELECT $7::text::date[])"
_NEXT_DAYS: Final = "(SELECT $8::text::date[])"
"""The first days of the months, and the days after their last: as texts, which are read once, and only for months that
are planned by the day. asyncpg takes longer over an array of days."""

_MONTH: Final = f"width_bucket(c.starts_on, {_FIRST_DAYS})"
"""The place of a cell's month among the months, from 1."""

_STORED: Final = {
    **{kind: f"c.{kind}" for kind in KINDS},
    "starts_on": "c.starts_on",
    "ends_on": "c.ends_on",
    "locked": "c.locked",
    "pinned": "c.pinned",
    "by_day": "false",
    "version": "c.version",
    "plan_id": "f.plan_id",
}
"""Of a month that is stored as one cell, by column."""

_SUMMED: Final = {
    **{kind: f"sum(c.{kind})" for kind in KINDS},
    "starts_on": f"{_FIRST_DAYS}[{_MONTH}]",
    "ends_on": f"{_NEXT_DAYS}[{_MONTH}]",
    "locked": "bool_or(c.locked)",
    "pinned": "true",
    "by_day": "true",
    "version": "NULL::int",
    "plan_id": "f.plan_id",
}
"""Of a month that is planned by the day, by column."""


@dataclass(frozen=True)
class MonthCells:
    """The stored cells that lie in `span`, to be read a part of the units at a time.

    `months` are those of the calendar that `span` lies in, `scale` the metric's decimal places. Of a month that is
    planned by the day the days are summed; it is then `by_day`, has no version, is locked where one of its days is, and
    is pinned, as a decomposition leaves it alone. There are all columns, or `unit_id` and those that `asked` names.
    """

    choice: PlanChoice
    span: Period
    months: Sequence[Period]
    scale: int
    asked: frozenset[str] | None = None

    def parts(self, unit_ids: Sequence[int]) -> list[Sequence[int]]:
        """The units as they are best read."""
        most = max(1, CELLS_AT_ONCE // max(1, len(self.months)))
        return [unit_ids[begin : begin + most] for begin in range(0, len(unit_ids), most)]

    async def read(self, snapshot: Snapshot, unit_ids: Sequence[int]) -> Record:
        """The cells of a part of the units, for `columns`."""
        stored = self._names - {"period"} | ({"starts_on"} if "period" in self._names else set())
        read = await self._read(snapshot, unit_ids, stored)
        if "period" in self._names and not self._labels.keys() >= set(read["starts_on"] or ()):
            return await self._read(snapshot, unit_ids, stored | {"ends_on"})  # of a calendar that has changed since
        return read

    async def _read(self, snapshot: Snapshot, unit_ids: Sequence[int], stored: Set[str]) -> Record:
        row = await snapshot.fetch_one(
            _statement(frozenset(stored), self.scale),
            self.choice.metric_id,
            self.choice.version_id,
            self.choice.as_of,
            unit_ids,
            self.span.starts_on,
            self.span.ends_on,
            _array([month.starts_on for month in self.months]),
            _array([month.ends_on for month in self.months]),
        )
        assert row is not None  # of an aggregate
        return row

    def columns(self, read: Record) -> dict[str, list[Any]]:
        """What was read as columns of equal length; a unit's months follow each other in their order.

        Amounts are text, as `format_amount` writes it, and so are days where columns are asked by name.
        """
        found = {"unit_id": read["unit_id"] or []}
        for name in self._names:
            if name == "period":
                found[name] = self._periods(read)
            elif name in KINDS:
                found[name] = _amounts(read[name])
            elif name.endswith("_on"):
                found[name] = _mapped(read[name] or [], _day if self.asked is None else _day_as_text)
            else:
                found[name] = read[name] or []
        return found

    @cached_property
    def _names(self) -> frozenset[str]:
        return COLUMNS if self.asked is None else self.asked & COLUMNS

    @cached_property
    def _labels(self) -> dict[int, str]:
        """The label of each month, by the number of its first day."""
        return {(month.starts_on - _EPOCH).days: month.label for month in self.months}

    def _periods(self, read: Record) -> list[str]:
        """The label of each cell's month; of a cell that no month of the calendar begins with, its days."""
        labels, days = self._labels, read["starts_on"] or []
        if "ends_on" not in read or labels.keys() >= set(days):
            return list(map(labels.__getitem__, days))
        spans = zip(days, read["ends_on"], strict=True)
        return [labels.get(begin) or f"{_day_as_text(begin)}/{_day_as_text(end)}" for begin, end in spans]


def _amounts(text: str | None) -> list[str | None]:
    if text is None:  # of no cell at all
        return []
    amounts: list[Any] = text.split(",")
    return amounts if all(amounts) else [amount or None for amount in amounts]


def _mapped(numbers: list[int], made: Callable[[int], Any]) -> list[Any]:
    """What `made` makes of each, made once of those that are equal."""
    of_number = {number: made(number) for number in set(numbers)}
    return list(map(of_number.__getitem__, numbers))


def _array(days: Sequence[date]) -> str:
    """Days as PostgreSQL reads them."""
    return f"{{{','.join(map(date.isoformat, days))}}}"


def _day(number: int) -> date:
    return _EPOCH + timedelta(number)


@lru_cache(maxsize=10_000)
def _day_as_text(number: int) -> str:
    return _day(number).isoformat()


@lru_cache(maxsize=256)
def _statement(columns: frozenset[str], scale: int) -> str:
    """One row of arrays, and of amounts in one text; the rows that they are made of are in order."""
    names = sorted(columns)
    stored = [f"{_STORED[name]} AS {name}" for name in names if name not in ("starts_on", "ends_on")]
    summed = [_SUMMED[name] for name in names if name not in ("starts_on", "ends_on")]
    arrays = [f"{_gathered(name, scale)} AS {name}" for name in ("unit_id", *names)]
    within = "WHERE c.unit_id = ANY($4::bigint[]) AND c.starts_on >= $5 AND c.ends_on <= $6"
    days, month = "c.ends_on - c.starts_on", [_SUMMED["starts_on"], _SUMMED["ends_on"]]
    return f"""{IN_FORCE}
        SELECT {", ".join(arrays)} FROM (
            SELECT {", ".join(["c.unit_id", "c.starts_on", "c.ends_on", *stored])} {CELL} {within} AND {days} > 1
            UNION ALL
            SELECT {", ".join(["c.unit_id", *month, *summed])}
            {CELL} {within} AND {days} = 1 GROUP BY c.unit_id, f.id, f.plan_id, {_MONTH}
            ORDER BY unit_id, starts_on
        ) AS cell"""  # noqa: S608 (constants)


def _gathered(name: str, scale: int) -> str:
    """Amounts as they are answered, joined by commas; days by their numbers since the first of 2000; the rest."""
    if name in KINDS:
        return f"string_agg(coalesce({amount_as_text(name, scale)}, ''), ',')"
    return f"array_agg({name} - date '{_EPOCH}')" if name.endswith("_on") else f"array_agg({name})"
