"""How many deals are in each stage, and what they are worth in the company's currency."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from quotaloom.funnels.filtering import FIRST_FREE, MATCHES, OpportunityFilter, match_values
from quotaloom.funnels.opportunity_reads import DEALS, EVERYTHING
from quotaloom.funnels.worth import Unconverted, Worth, currency_factors
from quotaloom.metrics.rates import RateKind
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import CompanyFacts


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


_STAGES, _OWN, _TODAY, _CURRENCIES, _FACTORS, _KIND = (f"${FIRST_FREE + number}" for number in range(6))
_WORTH = Worth("$1", _OWN, _TODAY, _CURRENCIES, _FACTORS, _KIND)

_FIGURES = f"""
WITH valued AS (
    SELECT deal.stage_id, deal.amount, deal.currency, {_WORTH.column}
    FROM {DEALS} {_WORTH.joins} WHERE {MATCHES}
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
    currencies, factors = currency_factors(company.currency)
    rows = await snapshot.fetch(
        _FIGURES,
        *match_values(snapshot, where, unit_ids),
        stage_ids,
        company.currency,
        today,
        currencies,
        factors,
        RateKind.BOOKING.value,
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
