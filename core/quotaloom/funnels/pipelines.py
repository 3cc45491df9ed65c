"""Open deals by when they are expected to close, of many units or members and many periods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from quotaloom.calendars.periods import EARLIEST, Period
from quotaloom.funnels.worth import Unconverted, Worth, currency_factors
from quotaloom.metrics.rates import RateKind
from quotaloom.platform.unit_of_work import Record, Snapshot
from quotaloom.platform.work import CompanyFacts


@dataclass(frozen=True, slots=True)
class OpenDeals:
    """Some open deals: all of them counted, what they are worth, and that × the win probability of their stages.

    Amounts are in minor units of the company's currency, deals converted and told apart as in `StageFigures`. The
    weighted amount is rounded once, half up.
    """

    count: int = 0
    amount: int = 0
    weighted_amount: int = 0
    without_amount: int = 0
    unconverted: tuple[Unconverted, ...] = ()


NO_DEALS = OpenDeals()


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Open deals that are expected to close in each of some periods, one after the other.

    `undated` are those without an expected close date, `overdue` those that should have closed before today; neither
    kind is in a period.
    """

    expected: tuple[OpenDeals, ...]
    undated: OpenDeals = NO_DEALS
    overdue: OpenDeals = NO_DEALS


_WORTH = Worth(company="$1", own="$8", today="$3", currencies="$9", factors="$10", kind="$11")

# A deal counts whole for the position that it belongs to, and for the units above it today, whoever shares it.
_OF_UNITS = """
SELECT ancestor_id AS owner_id, unit_id AS position_id FROM unit_path
WHERE company_id = $1 AND ancestor_id = ANY($2::bigint[]) AND valid_from <= $3 AND $3 < valid_to
"""

_OF_MEMBERS = """
SELECT member_id AS owner_id, position_id FROM holding
WHERE company_id = $1 AND member_id = ANY($2::bigint[]) AND daterange(valid_from, valid_to) @> $3::date
"""

_UNDATED, _OVERDUE, _FIRST_PERIOD = range(3)


def _open_deals(owned: str) -> str:
    return f"""
    WITH owned AS ({owned}), slot AS (
        SELECT * FROM unnest($4::int[], $5::date[], $6::date[]) AS slot (number, starts_on, ends_on)
    ), valued AS MATERIALIZED (
        SELECT deal.position_id, deal.expected_close_on, deal.amount, deal.currency, stage.win_probability,
            {_WORTH.column}
        FROM opportunity AS deal
        JOIN stage ON stage.company_id = deal.company_id AND stage.id = deal.stage_id AND stage.outcome = 'open'
        {_WORTH.joins}
        WHERE deal.company_id = $1 AND deal.position_id IN (SELECT position_id FROM owned)
            AND ($7::bigint[] IS NULL OR deal.position_id = ANY($7))
            AND ($12::bigint[] IS NULL OR deal.product_id = ANY($12))
    )
    SELECT owned.owner_id, slot.number, CASE WHEN worth IS NULL AND amount IS NOT NULL THEN currency END AS unconverted,
        count(*) AS count, count(amount) AS with_amount, coalesce(sum(amount), 0) AS original,
        coalesce(sum(worth), 0) AS worth, round(coalesce(sum(worth * win_probability), 0)) AS weighted
    FROM valued JOIN owned ON owned.position_id = valued.position_id
    JOIN slot ON CASE WHEN slot.starts_on IS NULL THEN expected_close_on IS NULL
        ELSE slot.starts_on <= expected_close_on AND expected_close_on < slot.ends_on END
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 NULLS FIRST
    """  # noqa: S608 (constants)


_BY_UNIT, _BY_MEMBER = _open_deals(_OF_UNITS), _open_deals(_OF_MEMBERS)


async def unit_pipelines(
    snapshot: Snapshot,
    company: CompanyFacts,
    unit_ids: Sequence[int],
    periods: Sequence[Period | None],
    today: date,
    rates: RateKind = RateKind.BOOKING,
    *,
    product_ids: Collection[int] | None = None,
) -> dict[int, Pipeline]:
    """The open deals of the positions that lie below each unit today, or are it, in one statement; every id has some.

    None among the periods stands for one without days. Deals are converted at the rates of that kind of today. With
    `product_ids` only those of these products.
    """
    return await _pipelines(_BY_UNIT, snapshot, company, unit_ids, periods, today, rates, None, product_ids)


async def member_pipelines(
    snapshot: Snapshot,
    company: CompanyFacts,
    member_ids: Sequence[int],
    periods: Sequence[Period | None],
    today: date,
    rates: RateKind = RateKind.BOOKING,
    position_ids: Collection[int] | None = None,
    *,
    product_ids: Collection[int] | None = None,
) -> dict[int, Pipeline]:
    """The open deals of the positions that each member holds today, otherwise as `unit_pipelines`.

    With `position_ids` only those of these positions.
    """
    return await _pipelines(_BY_MEMBER, snapshot, company, member_ids, periods, today, rates, position_ids, product_ids)


async def _pipelines(
    sql: str,
    snapshot: Snapshot,
    company: CompanyFacts,
    owner_ids: Sequence[int],
    periods: Sequence[Period | None],
    today: date,
    rates: RateKind,
    position_ids: Collection[int] | None,
    product_ids: Collection[int] | None,
) -> dict[int, Pipeline]:
    slots: list[tuple[int, date | None, date | None]] = [(_UNDATED, None, None), (_OVERDUE, EARLIEST, today)]
    slots += [
        (number, period.starts_on, period.ends_on)
        for number, period in enumerate(periods, _FIRST_PERIOD)
        if period is not None
    ]
    numbers, starts, ends = zip(*slots, strict=True)
    positions, products = (None if ids is None else list(ids) for ids in (position_ids, product_ids))
    currency = (company.currency, *currency_factors(company.currency), rates.value)
    given = (list(owner_ids), today, numbers, starts, ends, positions, *currency, products)
    found: dict[tuple[int, int], OpenDeals] = defaultdict(OpenDeals)
    for row in await snapshot.fetch(sql, company.id, *given):
        key = row["owner_id"], row["number"]
        found[key] = _with(found[key], row)
    return {
        owner_id: Pipeline(
            tuple(found[owner_id, number] for number in range(_FIRST_PERIOD, _FIRST_PERIOD + len(periods))),
            found[owner_id, _UNDATED],
            found[owner_id, _OVERDUE],
        )
        for owner_id in owner_ids
    }


def _with(deals: OpenDeals, row: Record) -> OpenDeals:
    apart: tuple[Unconverted, ...] = ()
    if row["unconverted"] is not None:
        apart = (Unconverted(row["unconverted"], row["count"], int(row["original"])),)
    return OpenDeals(
        deals.count + row["count"],
        deals.amount + int(row["worth"]),
        deals.weighted_amount + int(row["weighted"]),
        deals.without_amount + row["count"] - row["with_amount"],
        deals.unconverted + apart,
    )
