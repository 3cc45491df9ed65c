"""How many deals are in each stage, and what they are worth in the company's currency."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from babel.numbers import list_currencies

from quotaloom.funnels.filtering import FIRST_FREE, MATCHES, OpportunityFilter, match_values
from quotaloom.funnels.opportunity_reads import DEALS, EVERYTHING
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import CompanyFacts


@dataclass(frozen=True, slots=True)
class Unconverted:
    """Deals whose currency has no booking rate; `amount` is their sum in minor units of that currency."""

    currency: str
    count: int
    amount: int


@dataclass(frozen=True, slots=True)
class StageFigures:
    """A stage's deals: all of them counted, the sum of what they are worth, and that sum × the win probability.

    Amounts are in minor units of the company's currency. A deal in another currency is converted at the booking
    rate of its close date, as the ledger does, or of today while it is open, half up; those without such a rate
    are in no sum but in `unconverted`. `without_amount` counts the deals that have none. The weighted amount is
    rounded once, half up.
    """

    stage_id: int
    count: int
    amount: int
    weighted_amount: int
    without_amount: int
    unconverted: tuple[Unconverted, ...]


_STAGES, _OWN, _TODAY, _CURRENCIES, _FACTORS = (f"${FIRST_FREE + number}" for number in range(5))

_FIGURES = f"""
WITH valued AS (
    SELECT deal.stage_id, deal.amount, deal.currency,
        CASE WHEN deal.currency = {_OWN} THEN deal.amount
             ELSE round(deal.amount * booking.rate * given.factor) END AS worth
    FROM {DEALS}
    LEFT JOIN unnest({_CURRENCIES}::text[], {_FACTORS}::numeric[]) AS given (currency, factor)
        ON given.currency = deal.currency
    LEFT JOIN LATERAL (
        SELECT rate FROM exchange_rate WHERE deal.currency <> {_OWN} AND company_id = $1 AND kind = 'booking'
            AND exchange_rate.currency = deal.currency
            AND valid_from <= coalesce(deal.closed_on, {_TODAY}::date) ORDER BY valid_from DESC LIMIT 1
    ) AS booking ON true
    WHERE {MATCHES}
)
SELECT stage.id AS stage_id, CASE WHEN worth IS NULL AND amount IS NOT NULL THEN currency END AS unconverted,
    count(valued.stage_id) AS count, count(amount) AS with_amount, coalesce(sum(amount), 0) AS original,
    coalesce(sum(worth), 0) AS worth, round(coalesce(sum(worth), 0) * stage.win_probability) AS weighted
FROM stage LEFT JOIN valued ON valued.stage_id = stage.id
WHERE stage.company_id = $1 AND stage.id = ANY ({_STAGES}::bigint[])
GROUP BY stage.id, stage.win_probability, 2 ORDER BY stage.id, 2 NULLS FIRST
"""  # noqa: S608 (constants)


async def stage_figures(
    snapshot: Snapshot,
    company: CompanyFacts,
    stage_ids: Sequence[int],
    today: date,
    where: OpportunityFilter = EVERYTHING,
    unit_ids: Collection[int] | None = None,
) -> list[StageFigures]:
    """The figures of each stage, in the order of `stage_ids`, of the deals that match, in one statement.

    `unit_ids` are the positions that the viewer may see; None stands for all. A stage without deals has zeros,
    so does one that does not exist.
    """
    currencies, factors = _factors(company.currency)
    rows = await snapshot.fetch(
        _FIGURES, *match_values(snapshot, where, unit_ids), stage_ids, company.currency, today, currencies, factors
    )
    found = {stage_id: StageFigures(stage_id, 0, 0, 0, 0, ()) for stage_id in stage_ids}
    for row in rows:
        figures = found[row["stage_id"]]
        apart: tuple[Unconverted, ...] = ()
        if row["unconverted"] is not None:
            apart = (Unconverted(row["unconverted"], row["count"], int(row["original"])),)
        found[figures.stage_id] = StageFigures(
            figures.stage_id,
            figures.count + row["count"],
            figures.amount + int(row["worth"]),
            figures.weighted_amount + int(row["weighted"]),
            figures.without_amount + row["count"] - row["with_amount"],
            figures.unconverted + apart,
        )
    return [found[stage_id] for stage_id in stage_ids]


@cache
def _factors(own_currency: str) -> tuple[list[str], list[Decimal]]:
    """By what a minor unit of each currency is multiplied, besides the rate, to be one of the company's."""
    currencies = sorted(list_currencies())
    own = currency_scale(own_currency)
    return currencies, [Decimal(10) ** (own - currency_scale(currency)) for currency in currencies]
