"""What rules need to know of the lead, customer or opportunity that is owned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from quotaloom.platform.unit_of_work import Snapshot, Transaction

JOINS = """
LEFT JOIN lead ON lead.company_id = ownership.company_id AND lead.id = ownership.lead_id
LEFT JOIN customer AS own ON own.company_id = ownership.company_id AND own.id = ownership.customer_id
LEFT JOIN opportunity AS deal ON deal.company_id = ownership.company_id AND deal.id = ownership.opportunity_id
LEFT JOIN stage ON stage.company_id = deal.company_id AND stage.id = deal.stage_id
LEFT JOIN customer AS dealt ON dealt.company_id = deal.company_id AND dealt.id = deal.customer_id
"""
"""What `ownership` is about, whatever its kind: `lead`, `own`, or `deal` with its `stage` and customer `dealt`."""

LEVEL = "coalesce(lead.level_id, own.level_id, dealt.level_id)"
"""The customer level of what `JOINS` has joined."""

CLOSED = """
CASE ownership.kind WHEN 'lead' THEN lead.status <> 'open' WHEN 'customer' THEN own.merged_into_id IS NOT NULL
    ELSE stage.outcome IN ('lost', 'invalid') END
"""
"""Whether it is over: a lead that is converted, merged or invalid, a merged customer, a lost or invalid deal."""

WON = """
CASE ownership.kind WHEN 'opportunity' THEN stage.outcome = 'won' WHEN 'customer' THEN EXISTS (
    SELECT FROM opportunity AS bought JOIN stage AS reached ON reached.company_id = bought.company_id
        AND reached.id = bought.stage_id AND reached.outcome = 'won'
    WHERE bought.company_id = ownership.company_id AND bought.customer_id = ownership.customer_id
) ELSE false END
"""
"""Whether it is a won deal, or a customer with one."""

OPEN = """
CASE ownership.kind
    WHEN 'lead' THEN (SELECT status = 'open' FROM lead WHERE lead.company_id = $1 AND lead.id = ownership.lead_id)
    WHEN 'customer' THEN (SELECT merged_into_id IS NULL FROM customer
        WHERE customer.company_id = $1 AND customer.id = ownership.customer_id)
    ELSE (SELECT outcome = 'open' FROM opportunity JOIN stage ON stage.company_id = opportunity.company_id
        AND stage.id = opportunity.stage_id
        WHERE opportunity.company_id = $1 AND opportunity.id = ownership.opportunity_id) END
"""
"""Whether it is not over, nor a won deal; looked at row by row, so that the first few of many are found at once."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A record as rules see it: the customer level, whether it is over, whether it is won."""

    level_id: int | None
    closed: bool
    won: bool


_SUBJECTS = f"""
SELECT ownership.id, {LEVEL} AS level_id, {CLOSED} AS closed, {WON} AS won FROM ownership {JOINS}
WHERE ownership.company_id = $1 AND ownership.id = ANY ($2::bigint[])
"""  # noqa: S608 (constants)


async def subjects_of(reader: Snapshot | Transaction, ownership_ids: Sequence[int]) -> dict[int, Subject]:
    """The subjects of these ownerships, by the number of the ownership."""
    if not ownership_ids:
        return {}
    rows = await reader.fetch(_SUBJECTS, reader.company_id, list(ownership_ids))
    return {row["id"]: Subject(row["level_id"], row["closed"], row["won"]) for row in rows}
