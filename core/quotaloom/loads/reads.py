"""What units carry today: people, customers and open deals, many units at once.

It looks into the tables of concepts above it and writes none: whoever plans, credits or hands out may ask for loads.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from quotaloom.metrics.currencies import currency_scale
from quotaloom.metrics.rates import RateKind, convert
from quotaloom.metrics.reads import rate_table
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import CompanyFacts
from quotaloom_sdk import Load

# Without statistics a join of two large sets is planned as if they were small, and takes minutes: so holders are looked
# up one by one, which OFFSET keeps apart, and what is counted is put together by adding.
_COUNTS = """
WITH below AS (
    SELECT ancestor_id AS id, unit_id FROM unit_path
    WHERE company_id = $1 AND ancestor_id = ANY($2::bigint[]) AND valid_from <= $3 AND $3 < valid_to
), held AS (
    SELECT below.id, count(DISTINCT holder.member_id) AS members FROM below CROSS JOIN LATERAL (
        SELECT member_id FROM holding WHERE company_id = $1 AND position_id = below.unit_id
            AND daterange(valid_from, valid_to) @> $3::date OFFSET 0
    ) AS holder GROUP BY below.id
), dealt AS (
    SELECT below.id, count(*) FILTER (WHERE stage.outcome = 'open') AS opportunities,
        count(DISTINCT deal.customer_id) FILTER (WHERE stage.outcome IN ('open', 'won')) AS customers
    FROM below
    JOIN opportunity AS deal ON deal.company_id = $1 AND deal.position_id = below.unit_id
    JOIN stage ON stage.company_id = $1 AND stage.id = deal.stage_id
    GROUP BY below.id
)
SELECT id AS unit_id, sum(members)::bigint AS members, sum(customers)::bigint AS customers,
    sum(opportunities)::bigint AS opportunities
FROM (
    SELECT id, members, 0 AS customers, 0 AS opportunities FROM held
    UNION ALL SELECT id, 0, customers, opportunities FROM dealt
    UNION ALL SELECT id, 0, 0, 0 FROM unnest($2::bigint[]) AS wanted (id)
) AS part GROUP BY id
"""

# Amounts in the company's own currency are summed here; the others come one by one, as each is rounded for itself.
_AMOUNTS = """
SELECT path.ancestor_id AS unit_id, deal.currency, sum(deal.amount) AS amount
FROM unit_path AS path
JOIN opportunity AS deal ON deal.company_id = $1 AND deal.position_id = path.unit_id AND deal.amount IS NOT NULL
JOIN stage ON stage.company_id = $1 AND stage.id = deal.stage_id AND stage.outcome = 'open'
WHERE path.company_id = $1 AND path.ancestor_id = ANY($2::bigint[]) AND path.valid_from <= $3 AND $3 < path.valid_to
GROUP BY path.ancestor_id, deal.currency, CASE WHEN deal.currency = $4 THEN NULL ELSE deal.id END
"""


async def unit_loads(snapshot: Snapshot, company: CompanyFacts, unit_ids: Sequence[int], on: date) -> dict[int, Load]:
    """What each unit carries with all that lies below it on the day; every id has its own, in three statements.

    A customer is carried by a unit that has an open or a won deal with him. An open deal in another currency counts
    at the booking rate of the day, half up. Raises `InputError` MISSING_RATE where there is none.
    """
    amounts = await _open_amounts(snapshot, company, unit_ids, on)
    rows = await snapshot.fetch(_COUNTS, company.id, list(unit_ids), on)
    return {
        row["unit_id"]: Load(
            members=row["members"],
            customers=row["customers"],
            leads=0,  # there are no leads yet
            opportunities=row["opportunities"],
            open_amount=amounts[row["unit_id"]],
        )
        for row in rows
    }


async def customers_carried(snapshot: Snapshot, company_id: int, unit_ids: Sequence[int], on: date) -> dict[int, int]:
    """How many customers each unit carries on the day, as in `unit_loads`, in one statement."""
    rows = await snapshot.fetch(_COUNTS, company_id, list(unit_ids), on)
    return {row["unit_id"]: row["customers"] for row in rows}


async def _open_amounts(snapshot: Snapshot, company: CompanyFacts, unit_ids: Sequence[int], on: date) -> dict[int, int]:
    rows = await snapshot.fetch(_AMOUNTS, company.id, list(unit_ids), on, company.currency)
    foreign = sorted({row["currency"] for row in rows} - {company.currency})
    rates = await rate_table(snapshot, company.currency, RateKind.BOOKING, foreign)
    scale = currency_scale(company.currency)
    found = dict.fromkeys(unit_ids, 0)
    for row in rows:
        rate = rates.rate(row["currency"], RateKind.BOOKING, on)
        found[row["unit_id"]] += convert(int(row["amount"]), rate, currency_scale(row["currency"]), scale)
    return found
