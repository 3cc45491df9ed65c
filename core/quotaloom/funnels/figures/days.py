"""How many days things took."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from quotaloom.platform.amounts import divided
from quotaloom.platform.unit_of_work import Record


@dataclass(frozen=True, slots=True)
class DaySpread:
    """Whole days from one date to another, of `count` things; `total` is their sum.

    `median` and `p90` are the fewest days within which half of them, or 90%, were done: a number of days that one of
    them took (`percentile_disc`). `unknown` counts those of which one of the dates is not known; they are in nothing
    else.
    """

    count: int = 0
    total: int = 0
    median: int | None = None
    p90: int | None = None
    unknown: int = 0

    @property
    def mean(self) -> Decimal | None:
        """The average, one place, half up; None without any."""
        return Decimal(divided(self.total * 10, self.count)).scaleb(-1) if self.count else None


NO_DAYS = DaySpread()


def spread_sql(rows: str, keys: str) -> str:
    """A statement that has a row for `spread_of` for each of the `keys`, which are columns.

    `rows` tell how many `times` it took so many `days` (null where that is unknown), once for each of the keys.
    """
    return f"""
    SELECT {keys}, coalesce(sum(times) FILTER (WHERE days IS NOT NULL), 0)::bigint AS count,
        coalesce(sum(days * times), 0)::bigint AS total,
        min(days) FILTER (WHERE 2 * so_far >= known) AS median,
        min(days) FILTER (WHERE 10 * so_far >= 9 * known) AS p90,
        coalesce(sum(times) FILTER (WHERE days IS NULL), 0)::bigint AS unknown
    FROM (
        SELECT {keys}, days, times, sum(times) FILTER (WHERE days IS NOT NULL) OVER (PARTITION BY {keys}) AS known,
            sum(times) FILTER (WHERE days IS NOT NULL) OVER (PARTITION BY {keys} ORDER BY days) AS so_far
        FROM ({rows}) AS counted
    ) AS ordered GROUP BY {keys}
    """  # noqa: S608 (pieces of statements)


def spread_of(row: Record) -> DaySpread:
    """The days of a row of `spread_sql`."""
    return DaySpread(row["count"], row["total"], row["median"], row["p90"], row["unknown"])
