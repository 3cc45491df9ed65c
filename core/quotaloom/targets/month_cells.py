"""The stored cells of many units as the graph answers them: a row a month, just the columns that are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from asyncpg import Record

from quotaloom.calendars.periods import Period
from quotaloom.platform.answering import amount_as_text, day_as_text
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.targets.gathering import KINDS
from quotaloom.targets.reads import CELL, IN_FORCE, PlanChoice

COLUMNS: Final = frozenset(
    {"period", "starts_on", "ends_on", *KINDS, "locked", "pinned", "by_day", "version", "plan_id"}
)
"""What can be asked of a month's cell, besides `unit_id`, which every row has."""

_PLACE: Final = "width_bucket(c.starts_on, $7::date[])"
"""The place of a cell's month among the months, from 1."""

_PERIOD: Final = (
    "CASE WHEN ($7::date[])[period] = starts_on THEN ($9::text[])[period] ELSE starts_on || '/' || ends_on END"
)
"""The label of the month, whose place is `period`; of a cell that no month of the calendar begins with, its days."""

_STORED: Final = {
    **{kind: f"c.{kind}::numeric" for kind in KINDS},
    "period": _PLACE,
    "locked": "c.locked",
    "pinned": "c.pinned",
    "by_day": "false",
    "version": "c.version",
    "plan_id": "f.plan_id",
}
"""Of a month that is stored as one cell, by column."""

_SUMMED: Final = {
    **{kind: f"sum(c.{kind})" for kind in KINDS},
    "period": _PLACE,
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
) -> list[Record]:
    """The stored cells of the units that lie in `span`, one row a month by `unit_id`, each unit's in their order.

    `months` are those of the calendar that `span` lies in, `scale` the metric's decimal places. Of a month that is
    planned by the day the days are summed; it is then `by_day`, has no version, is locked where one of its days is, and
    is pinned, as a decomposition leaves it alone. Amounts are text. With `columns` a row has only these, with days as
    text too.
    """
    labels = [[month.label for month in months]] if columns is None or "period" in columns else []
    return await snapshot.fetch(
        _statement(columns, scale),
        choice.metric_id,
        choice.version_id,
        choice.as_of,
        unit_ids,
        span.starts_on,
        span.ends_on,
        [month.starts_on for month in months],
        [month.ends_on for month in months],
        *labels,
    )


@lru_cache(maxsize=256)
def _statement(columns: frozenset[str] | None, scale: int) -> str:
    """Rows are put in order before anything is written as text, so that less is moved about."""
    names = sorted(COLUMNS if columns is None else columns)
    stored = [f"{_STORED[name]} AS {name}" for name in names if name in _STORED]
    summed = [_SUMMED[name] for name in names if name in _SUMMED]
    answered = [f"{_answered(name, columns is None, scale)} AS {name}" for name in names]
    within = "WHERE c.unit_id = ANY($4::bigint[]) AND c.starts_on >= $5 AND c.ends_on <= $6"
    days = "c.ends_on - c.starts_on"
    return f"""{IN_FORCE}
        SELECT {", ".join(["unit_id", *answered])} FROM (
            SELECT {", ".join(["c.unit_id", "c.starts_on", "c.ends_on", *stored])} {CELL} {within} AND {days} > 1
            UNION ALL
            SELECT {", ".join(["c.unit_id", f"($7::date[])[{_PLACE}]", f"($8::date[])[{_PLACE}]", *summed])}
            {CELL} {within} AND {days} = 1 GROUP BY c.unit_id, f.id, f.plan_id, {_PLACE}
            ORDER BY unit_id, starts_on
        ) AS cell ORDER BY unit_id, starts_on"""  # noqa: S608 (constants)


def _answered(name: str, stored: bool, scale: int) -> str:
    if name in KINDS:
        return amount_as_text(name, scale)
    if name == "period":
        return _PERIOD
    return day_as_text(name) if name.endswith("_on") and not stored else name
