"""What pool policies are told of the records that wait in a pool, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from quotaloom.attributes.definitions import Subject
from quotaloom.attributes.reads import attributes_of
from quotaloom.metrics.currencies import currency_scale
from quotaloom.metrics.rates import RateKind, convert
from quotaloom.metrics.reads import rate_table
from quotaloom.ownership.owners import RecordKind
from quotaloom.platform.unit_of_work import Record, Snapshot
from quotaloom.platform.work import CompanyFacts
from quotaloom_sdk import NO_ATTRIBUTES, Attributes, Need, RecordFact

_RECORDS = """
SELECT owned.id, owned.kind, owned.since, coalesce(owned.lead_id, owned.customer_id, owned.opportunity_id) AS record_id,
    coalesce(lead.name, customer.name, deal.name) AS name, coalesce(lead.source, deal.source) AS source,
    deal.amount, deal.currency, product.key AS product_key, level.key AS level_key,
    ARRAY(
        SELECT from_member_id FROM ownership_entry AS entry
        WHERE entry.company_id = $1 AND entry.ownership_id = owned.id AND from_member_id IS NOT NULL
            AND from_member_id IS DISTINCT FROM to_member_id
        GROUP BY from_member_id ORDER BY max(entry.at) DESC, max(entry.id) DESC
    ) AS earlier_holders
FROM ownership AS owned
LEFT JOIN lead ON lead.company_id = $1 AND lead.id = owned.lead_id
LEFT JOIN opportunity AS deal ON deal.company_id = $1 AND deal.id = owned.opportunity_id
LEFT JOIN customer ON customer.company_id = $1 AND customer.id = coalesce(owned.customer_id, deal.customer_id)
LEFT JOIN product ON product.company_id = $1 AND product.id = coalesce(lead.product_id, deal.product_id)
LEFT JOIN customer_level AS level ON level.company_id = $1 AND level.id = coalesce(lead.level_id, customer.level_id)
WHERE owned.company_id = $1 AND owned.id = ANY ($2::bigint[])
"""

_SUBJECTS = {
    RecordKind.LEAD: Subject.LEAD,
    RecordKind.CUSTOMER: Subject.CUSTOMER,
    RecordKind.OPPORTUNITY: Subject.OPPORTUNITY,
}


async def record_facts(
    snapshot: Snapshot, company: CompanyFacts, ownership_ids: Sequence[int], today: date, needs: frozenset[Need]
) -> tuple[RecordFact, ...]:
    """The records of these ownerships, in their order; `id` is that of the ownership.

    An amount in another currency is told at today's booking rate, half up. Raises `InputError` MISSING_RATE where there
    is none.
    """
    rows = {row["id"]: row for row in await snapshot.fetch(_RECORDS, snapshot.company_id, list(ownership_ids))}
    ordered = [rows[id_] for id_ in ownership_ids]
    amounts = await _amounts(snapshot, company, ordered, today)
    noted = await _noted(snapshot, ordered) if Need.ATTRIBUTES in needs else {}
    return tuple(
        RecordFact(
            id=str(row["id"]),
            kind=row["kind"],
            name=row["name"],
            entered_at=row["since"],
            source=row["source"],
            amount=amounts.get(row["id"]),
            product_key=row["product_key"],
            customer_level=row["level_key"],
            earlier_holders=tuple(map(str, row["earlier_holders"])),
            attributes=noted.get(row["id"], NO_ATTRIBUTES),
        )
        for row in ordered
    )


async def _amounts(snapshot: Snapshot, company: CompanyFacts, rows: Sequence[Record], today: date) -> dict[int, int]:
    priced = [row for row in rows if row["amount"] is not None]
    foreign = sorted({row["currency"] for row in priced} - {company.currency})
    rates = await rate_table(snapshot, company.currency, RateKind.BOOKING, foreign)
    scale = currency_scale(company.currency)
    return {
        row["id"]: convert(
            row["amount"],
            rates.rate(row["currency"], RateKind.BOOKING, today),
            currency_scale(row["currency"]),
            scale,
        )
        for row in priced
    }


async def _noted(snapshot: Snapshot, rows: Sequence[Record]) -> dict[int, Attributes]:
    found: dict[int, Attributes] = {}
    for kind, subject in _SUBJECTS.items():
        of_kind = {row["record_id"]: row["id"] for row in rows if row["kind"] == kind.value}
        if of_kind:
            noted = await attributes_of(snapshot, subject, list(of_kind))
            found |= {of_kind[record_id]: attributes for record_id, attributes in noted.items()}
    return found
