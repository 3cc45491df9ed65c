"""What deals are forecast to be, and what heads make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from quotaloom.calendars.periods import Period
from quotaloom.platform.unit_of_work import Snapshot, Transaction


class ForecastCategory(StrEnum):
    """What an owner makes of his deal, the surest first; an omitted one is in no forecast."""

    COMMIT = "commit"
    BEST_CASE = "best_case"
    PIPELINE = "pipeline"
    OMITTED = "omitted"


FORECAST = (ForecastCategory.COMMIT, ForecastCategory.BEST_CASE, ForecastCategory.PIPELINE)
"""The categories that make a forecast, the surest first."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What a head adds to the forecast of a unit's period, in minor units of the company's currency."""

    unit_id: int
    funnel_id: int
    starts_on: date
    ends_on: date
    category: ForecastCategory
    amount: int
    reason: str
    at: datetime
    actor: str
    author_id: int | None


async def adjustments(
    source: Snapshot | Transaction, unit_ids: Sequence[int], funnel_ids: Sequence[int], periods: Sequence[Period]
) -> list[Adjustment]:
    """All adjustments of these units, funnels and periods, the latest first: the first of each category stands.

    A period's are those of the very same days; what was adjusted for a unit below, or a part of the period, is none.
    """
    rows = await source.fetch(
        "SELECT unit_id, funnel_id, starts_on, ends_on, category, amount, reason, at, actor, author_id"
        " FROM forecast_adjustment AS adjustment JOIN unnest($4::date[], $5::date[]) AS period (first, last)"
        " ON period.first = adjustment.starts_on AND period.last = adjustment.ends_on"
        " WHERE company_id = $1 AND unit_id = ANY ($2::bigint[]) AND funnel_id = ANY ($3::bigint[])"
        " ORDER BY at DESC, id DESC",
        source.company_id,
        list(unit_ids),
        list(funnel_ids),
        [period.starts_on for period in periods],
        [period.ends_on for period in periods],
    )
    return [Adjustment(**{**row, "category": ForecastCategory(row["category"])}) for row in rows]


def standing(made: Sequence[Adjustment]) -> dict[ForecastCategory, Adjustment]:
    """The adjustment of each category that stands, of those of one unit, funnel and period, the latest first."""
    found: dict[ForecastCategory, Adjustment] = {}
    for one in made:
        found.setdefault(one.category, one)
    return found
