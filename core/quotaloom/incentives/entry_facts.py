"""The ledger's entries of members in a period, as incentive policies are told of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from quotaloom.calendars.periods import Period
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom_sdk import EntryFact

# The balances tell which positions a member was credited in; entries are found by their position.
_ENTRIES = """
WITH credited AS MATERIALIZED (
    SELECT DISTINCT company_id, position_id FROM achievement_balance
    WHERE member_id = ANY ($1::bigint[]) AND business_date >= $2 AND business_date < $3
)
SELECT entry.member_id, entry.id, metric.key AS metric_key, entry.amount, entry.business_date, entry.source,
    entry.credit, entry.reverses_id, entry.opportunity_id, entry.customer_id, product.key AS product_key
FROM credited JOIN achievement_entry AS entry ON entry.company_id = credited.company_id
    AND entry.position_id = credited.position_id AND entry.business_date >= $2 AND entry.business_date < $3
JOIN metric ON metric.company_id = entry.company_id AND metric.id = entry.metric_id
LEFT JOIN product ON product.company_id = entry.company_id AND product.id = entry.product_id
WHERE entry.member_id = ANY ($1::bigint[]) ORDER BY entry.member_id, entry.business_date, entry.id
"""


async def entry_facts(
    snapshot: Snapshot, member_ids: Sequence[int], period: Period
) -> dict[int, tuple[EntryFact, ...]]:
    """The entries credited to each member, by business date and number; a member without any is left out."""
    found: dict[int, list[EntryFact]] = defaultdict(list)
    for row in await snapshot.fetch(_ENTRIES, list(member_ids), period.starts_on, period.ends_on):
        fact = EntryFact(
            id=str(row["id"]),
            metric_key=row["metric_key"],
            amount=row["amount"],
            business_date=row["business_date"],
            source=row["source"],
            overlay=row["credit"] == "overlay",
            reverses=_text(row["reverses_id"]),
            deal_id=_text(row["opportunity_id"]),
            customer_id=_text(row["customer_id"]),
            product_key=row["product_key"],
        )
        found[row["member_id"]].append(fact)
    return {member_id: tuple(facts) for member_id, facts in found.items()}


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
