"""The stored cells of many units as the graph answers them: columns of months, just those that are asked for.

Thousands of cells are read as a few values. PostgreSQL writes rows, and days as text, at several times the cost of
reading the cells, so here it gives days as arrays of numbers and the amounts of a kind as one text, and what days look
like is worked out where it is cheap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final

from quotaloom.calendars.periods import Period
from quotaloom.platform.answering import amount_as_text
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.targets.gathering import KINDS
from quotaloom.targets.reads import CELL, IN_FORCE, PlanChoice

COLUMNS: Final = frozenset(
    {"period", "starts_on", "ends_on", *KINDS, "locked", "pinned", "by_day", "version", "plan_id"}
)
"""What can be asked of a month's cell, besides `unit_id`, which is always there."""

CELLS_AT_ONCE: Final = 16_384
"""So many cells at the most come in one piece, which holds the event loop for some milliseconds."""

_EPOCH: Final = date(2000, 1, 1)
_MONTH: Final = "width_bucket(c.starts_on, $7::date[])"
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
    "starts_on": f"($7::date[])[{_MONTH}]",
    "ends_on": f"($8::date[])[{_MONTH}]",
    "locked": "bool_or(c.locked)",
    "pinned": "true",
    "by_day": "true",
    "version": "NULL::int",
    "plan_id": "f.plan_id",
}
"""Of a month that is planned by the day, by column."""


async def month_cells(
    snapshot: Snapshot,
    unit_ids: Sequence[int],
    choice: PlanChoice,
    span: Period,
    months: Sequence[Period],
    scale: int,
    columns: frozenset[str] | None = None,
) -> dict[str, list[Any]]:
    """The stored cells of the units that lie in `span`, as columns of equal length; a unit's months in their order.

    `months` are those of the calendar that `span` lies in, `scale` the metric's decimal places. Of a month that is
    planned by the day the days are summed; it is then `by_day`, has no version, is locked where one of its days is, and
    is pinned, as a decomposition leaves it alone. Amounts are text, as `format_amount` writes it. There are all
    columns, or `unit_id` and those that `columns` names; then days are text, too.
    """
    names = COLUMNS if columns is None else columns & COLUMNS
    stored = names - {"period"} | ({"starts_on"} if "period" in names else set())
    labels = {month.starts_on: month.label for month in months}
    found: dict[str, list[Any]] = {name: [] for name in ("unit_id", *names)}

    async def read_of(part: Sequence[int], stored: Set[str]) -> dict[str, list[Any]]:
        row = await snapshot.fetch_one(
            _statement(frozenset(stored), scale),
            choice.metric_id,
            choice.version_id,
            choice.as_of,
            part,
            span.starts_on,
            span.ends_on,
            [month.starts_on for month in months],
            [month.ends_on for month in months],
        )
        assert row is not None  # of an aggregate
        return {name: _read(name, values) for name, values in row.items()}

    for part in _parts(unit_ids, max(1, CELLS_AT_ONCE // max(1, len(months)))):
        read = await read_of(part, stored)
        if "period" in names:
            if not labels.keys() >= set(read["starts_on"]):  # of a calendar that has changed since
                read = await read_of(part, stored | {"ends_on"})
            read["period"] = _labels(read, labels)
        for name, values in found.items():
            values += _days_as_text(read[name]) if columns is not None and name.endswith("_on") else read[name]
    return found


def _parts(unit_ids: Sequence[int], most: int) -> Iterator[Sequence[int]]:
    return (unit_ids[begin : begin + most] for begin in range(0, len(unit_ids), most))


def _read(name: str, values: Any) -> list[Any]:
    if values is None:  # of no cell at all
        return []
    if name in KINDS:
        amounts = values.split(",")
        return [amount or None for amount in amounts] if "" in amounts else amounts
    if name.endswith("_on"):
        days = {number: _EPOCH + timedelta(number) for number in set(values)}
        return [days[number] for number in values]
    return list(values)


def _labels(read: dict[str, list[Any]], labels: dict[date, str]) -> list[str]:
    """The label of each cell's month; of a cell that no month of the calendar begins with, its days."""
    if "ends_on" not in read or labels.keys() >= set(read["starts_on"]):
        return [labels[starts_on] for starts_on in read["starts_on"]]
    spans = zip(read["starts_on"], read["ends_on"], strict=True)
    return [labels.get(starts_on) or f"{starts_on}/{ends_on}" for starts_on, ends_on in spans]


def _days_as_text(days: list[date]) -> list[str]:
    texts = {day: day.isoformat() for day in set(days)}
    return [texts[day] for day in days]


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
