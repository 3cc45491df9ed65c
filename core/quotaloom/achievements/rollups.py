"""What units and members achieved, summed from balances: many of them and many periods in one statement.

Common to all: `periods` are half-open ranges of business dates, and a row's `period_index` is a place in them;
`posted_through` leaves out what was posted later than that day, None nothing. Amounts are in minor units of the
metric; sums may pass 64 bits. `counting` says which entries count: those of a metric, or of some of its products. A
unit or member without entries in a period has no row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from asyncpg import Record

from quotaloom.achievements.unit_sums import Structure, parted, sums_of_units
from quotaloom.calendars.periods import Period
from quotaloom.calendars.placing import placing
from quotaloom.metrics.counting import Counting
from quotaloom.metrics.currencies import currency_scale
from quotaloom.metrics.rates import RateKind, RateTable, exact
from quotaloom.platform.amounts import half_up
from quotaloom.platform.custom_plans import plan_for
from quotaloom.platform.unit_of_work import Snapshot

_CURRENCIES = """
SELECT DISTINCT currency FROM achievement_balance WHERE metric_id = $1 AND business_date >= $2 AND business_date < $3
    AND ($4::bigint[] IS NULL OR product_id = ANY($4)) ORDER BY 1
"""

# Sums of 64-bit numbers are added up faster than numbers that were made longer before.
_BY_MEMBER = """
SELECT balance.member_id, {place} AS period_index, sum(balance.direct) + sum(balance.overlay) AS achieved,
    sum(balance.overlay) AS overlay
FROM achievement_balance balance {join}
WHERE balance.member_id = ANY($1) AND balance.metric_id = $2 AND {within}
    AND ($5::date IS NULL OR balance.posted_on <= $5)
    AND ($6::bigint[] IS NULL OR balance.position_id = ANY($6))
    AND ($7::bigint[] IS NULL OR balance.product_id = ANY($7))
GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class AchievedAtPlanRate:
    """What a unit achieved in a period, at the plan rate, in minor units of the metric."""

    unit_id: int
    period_index: int
    achieved: int
    overlay: int


async def achieved_by_unit(
    snapshot: Snapshot,
    unit_ids: Sequence[int],
    counting: Counting,
    periods: Sequence[Period],
    *,
    structure: Structure = "as_was",
    tree_day: date | None = None,
    posted_through: date | None = None,
) -> list[dict[str, int]]:
    """Rows of unit_id, period_index, achieved and overlay, in that order; none where both are 0.

    As it was: a balance counts for whoever was above its position on the business date. As it is: for whoever is
    above it on `tree_day`, which must be given then. Overlay is in a position's own `achieved`, not in that of
    the units above; `overlay` is the overlay of all positions at or below the unit, whether in it or not.
    """
    sums = await sums_of_units(
        snapshot, unit_ids, counting, periods, structure=structure, tree_day=tree_day, posted_through=posted_through
    )
    nothing = [0] * len(periods)
    return [
        {"unit_id": unit_id, "period_index": place, "achieved": achieved, "overlay": overlay}
        for unit_id in sorted(sums.achieved.keys() | sums.overlay.keys())
        for place, (achieved, overlay) in enumerate(
            zip(sums.achieved.get(unit_id, nothing), sums.overlay.get(unit_id, nothing), strict=True)
        )
        if achieved or overlay
    ]


async def achieved_by_month(
    snapshot: Snapshot, unit_ids: Sequence[int], counting: Counting, months: Sequence[Period], tree_day: date
) -> dict[int, list[int]]:
    """What each unit achieved in each of `months`, as it is composed on `tree_day`; every id has its list."""
    sums = await sums_of_units(snapshot, unit_ids, counting, months, structure="as_is", tree_day=tree_day)
    return {unit_id: sums.achieved.get(unit_id, [0] * len(months)) for unit_id in unit_ids}


async def achieved_at_plan_rate(
    snapshot: Snapshot,
    unit_ids: Sequence[int],
    counting: Counting,
    metric_scale: int,
    periods: Sequence[Period],
    rates: RateTable,
    *,
    structure: Structure = "as_was",
    tree_day: date | None = None,
    posted_through: date | None = None,
) -> list[AchievedAtPlanRate]:
    """As `achieved_by_unit`, computed from the original amounts at the plan rates of their business dates.

    `rates` holds the company's plan rates. Each unit's and period's originals are converted per currency and
    rounded once, half up. Raises `InputError` MISSING_RATE for a currency without a plan rate.
    """
    if not periods:
        return []
    starts, ends = _bounds(periods)
    rows = await snapshot.fetch(_CURRENCIES, counting.metric_id, min(starts), max(ends), counting.product_ids)
    parts = parted(periods, rates.changes(RateKind.PLAN))
    worth: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    for currency in (row["currency"] for row in rows):
        sums = await sums_of_units(
            snapshot,
            unit_ids,
            counting,
            [part for _, part in parts],
            structure=structure,
            tree_day=tree_day,
            posted_through=posted_through,
            originals_in=currency,
        )
        for column, of_units in enumerate((sums.achieved, sums.overlay)):
            for unit_id, originals in of_units.items():
                for place, planned in _planned(originals, currency, parts, rates, metric_scale).items():
                    worth[unit_id, place][column] += half_up(planned)
    return [AchievedAtPlanRate(*of, *figures) for of, figures in sorted(worth.items())]


async def achieved_by_member(
    snapshot: Snapshot,
    member_ids: Sequence[int],
    counting: Counting,
    periods: Sequence[Period],
    *,
    posted_through: date | None = None,
    position_ids: Collection[int] | None = None,
) -> list[dict[str, int]]:
    """Rows of member_id, period_index, achieved (overlay included) and overlay, in that order.

    With `position_ids` only what was credited to those positions.
    """
    if not periods:
        return []
    starts, ends = _bounds(periods)
    await plan_for(snapshot, len(member_ids))
    where = placing(periods, "balance.business_date", "balance.business_date <", "$3", "$4")
    positions = None if position_ids is None else list(position_ids)
    return _whole(
        await snapshot.fetch(
            _BY_MEMBER.format(place=where.place, join=where.join, within=where.within),
            list(member_ids),
            counting.metric_id,
            starts,
            ends,
            posted_through,
            positions,
            counting.product_ids,
        )
    )


def _whole(rows: Sequence[Record]) -> list[dict[str, int]]:
    """PostgreSQL sums 64-bit numbers beyond 64 bits; what it gives for that are decimals."""
    return [{name: int(value) for name, value in row.items()} for row in rows]


def _bounds(periods: Sequence[Period]) -> tuple[list[date], list[date]]:
    return [period.starts_on for period in periods], [period.ends_on for period in periods]


def _planned(
    originals: Sequence[int], currency: str, parts: Sequence[tuple[int, Period]], rates: RateTable, metric_scale: int
) -> dict[int, Fraction]:
    """What a unit's original amounts of one currency are worth in each period, by its place, not yet rounded.

    The originals are those of the periods' parts, within which no plan rate changes; of a count there is no currency.
    """
    found: dict[int, Fraction] = defaultdict(Fraction)
    for original, (place, part) in zip(originals, parts, strict=True):
        if original and currency:
            rate = rates.rate(currency, RateKind.PLAN, part.starts_on)
            found[place] += exact(original, rate, currency_scale(currency), metric_scale)
        elif original:
            found[place] += original
    return found
