"""What units and members carry today: people, leads, customers and open deals, many at once.

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

# Which positions belong to each unit, or to each member, on the day.
_BELOW_UNITS = """
SELECT ancestor_id AS id, unit_id AS position_id FROM unit_path
WHERE company_id = $1 AND ancestor_id = ANY($2::bigint[]) AND valid_from <= $3 AND $3 < valid_to
"""
_OF_MEMBERS = """
SELECT member_id AS id, position_id FROM holding
WHERE company_id = $1 AND member_id = ANY($2::bigint[]) AND daterange(valid_from, valid_to) @> $3::date
"""

# Without statistics a join of two large sets is planned as if they were small, and takes minutes: so holders are looked
# up one by one, which OFFSET keeps apart, and what is counted is put together by adding.
_COUNTS = """
WITH below AS ({below}), held AS (
    SELECT below.id, count(DISTINCT holder.member_id) AS members FROM below CROSS JOIN LATERAL (
        SELECT member_id FROM holding WHERE company_id = $1 AND position_id = below.position_id
            AND daterange(valid_from, valid_to) @> $3::date OFFSET 0
    ) AS holder GROUP BY below.id
), dealt AS (
    SELECT below.id, count(*) FILTER (WHERE stage.outcome = 'open') AS opportunities
    FROM below
    JOIN opportunity AS deal ON deal.company_id = $1 AND deal.position_id = below.position_id
    JOIN stage ON stage.company_id = $1 AND stage.id = deal.stage_id
    GROUP BY below.id
), served AS (
    SELECT id, count(DISTINCT customer_id) AS customers FROM (
        SELECT below.id, deal.customer_id FROM below
        JOIN opportunity AS deal ON deal.company_id = $1 AND deal.position_id = below.position_id
        JOIN stage ON stage.company_id = $1 AND stage.id = deal.stage_id AND stage.outcome IN ('open', 'won')
        UNION ALL
        SELECT below.id, owned.customer_id FROM below
        JOIN ownership AS owned ON owned.company_id = $1 AND owned.position_id = below.position_id
    ) AS customer GROUP BY id
), owned AS (
    SELECT below.id, count(*) AS leads FROM below
    JOIN ownership AS owned ON owned.company_id = $1 AND owned.position_id = below.position_id
    JOIN lead ON lead.company_id = $1 AND lead.id = owned.lead_id AND lead.status = 'open'
    GROUP BY below.id
)
SELECT id, sum(members)::bigint AS members, sum(customers)::bigint AS customers, sum(leads)::bigint AS leads,
    sum(opportunities)::bigint AS opportunities
FROM (
    SELECT id, members, 0 AS customers, 0 AS leads, 0 AS opportunities FROM held
    UNION ALL SELECT id, 0, 0, 0, opportunities FROM dealt
    UNION ALL SELECT id, 0, customers, 0, 0 FROM served
    UNION ALL SELECT id, 0, 0, leads, 0 FROM owned
    UNION ALL SELECT id, 0, 0, 0, 0 FROM unnest($2::bigint[]) AS wanted (id)
) AS part GROUP BY id
"""

# Amounts in the company's own currency are summed here; the others come one by one, as each is rounded for itself.
_AMOUNTS = """
WITH below AS ({below})
SELECT below.id, deal.currency, sum(deal.amount) AS amount
FROM below
JOIN opportunity AS deal ON deal.company_id = $1 AND deal.position_id = below.position_id AND deal.amount IS NOT NULL
JOIN stage ON stage.company_id = $1 AND stage.id = deal.stage_id AND stage.outcome = 'open'
GROUP BY below.id, deal.currency, CASE WHEN deal.currency = $4 THEN NULL ELSE deal.id END
"""


async def unit_loads(snapshot: Snapshot, company: CompanyFacts, unit_ids: Sequence[int], on: date) -> dict[int, Load]:
    """What each unit carries with all that lies below it on the day; every id has its own, in three statements.

    A customer is carried by a unit that holds him, or has an open or a won deal with him; a lead by the one that holds
    it, while it is open. An open deal in another currency counts at the booking rate of the day, half up. Raises
    `InputError` MISSING_RATE where there is none.
    """
    return await _loads(snapshot, company, _BELOW_UNITS, unit_ids, on)


async def member_loads(
    snapshot: Snapshot, company: CompanyFacts, member_ids: Sequence[int], on: date
) -> dict[int, Load]:
    """What each member carries in the positions that he holds on the day, otherwise as `unit_loads`."""
    return await _loads(snapshot, company, _OF_MEMBERS, member_ids, on)


async def _loads(
    snapshot: Snapshot, company: CompanyFacts, below: str, ids: Sequence[int], on: date
) -> dict[int, Load]:
    amounts = await _open_amounts(snapshot, company, below, ids, on)
    rows = await snapshot.fetch(_COUNTS.format(below=below), company.id, list(ids), on)
    return {
        row["id"]: Load(
            members=row["members"],
            customers=row["customers"],
            leads=row["leads"],
            opportunities=row["opportunities"],
            open_amount=amounts[row["id"]],
        )
        for row in rows
    }


async def customers_carried(snapshot: Snapshot, company_id: int, unit_ids: Sequence[int], on: date) -> dict[int, int]:
    """How many customers each unit carries on the day, as in `unit_loads`, in one statement."""
    rows = await snapshot.fetch(_COUNTS.format(below=_BELOW_UNITS), company_id, list(unit_ids), on)
    return {row["id"]: row["customers"] for row in rows}


async def _open_amounts(
    snapshot: Snapshot, company: CompanyFacts, below: str, ids: Sequence[int], on: date
) -> dict[int, int]:
    rows = await snapshot.fetch(_AMOUNTS.format(below=below), company.id, list(ids), on, company.currency)
    foreign = sorted({row["currency"] for row in rows} - {company.currency})
    rates = await rate_table(snapshot, company.currency, RateKind.BOOKING, foreign)
    scale = currency_scale(company.currency)
    found = dict.fromkeys(ids, 0)
    for row in rows:
        rate = rates.rate(row["currency"], RateKind.BOOKING, on)
        found[row["id"]] += convert(int(row["amount"]), rate, currency_scale(row["currency"]), scale)
    return found
