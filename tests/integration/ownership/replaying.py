"""Replaying the ledger of movements: who owns what is what the entries say."""

from __future__ import annotations

from typing import Any

from quotaloom.platform.work import Work

STATE = """
SELECT ownership.id, kind, coalesce(lead_id, ownership.customer_id, opportunity_id) AS record_id, ownership.pool_id,
    ownership.member_id, ownership.position_id, opportunity.member_id AS deal_member_id,
    opportunity.position_id AS deal_position_id
FROM ownership LEFT JOIN opportunity ON opportunity.id = opportunity_id ORDER BY ownership.id
"""

ENTRIES = """
SELECT ownership_id, from_pool_id, from_member_id, from_position_id, to_pool_id, to_member_id, to_position_id
FROM ownership_entry ORDER BY ownership_id, id
"""

RECORDS = """
SELECT 'lead' AS kind, id FROM lead UNION ALL SELECT 'customer', id FROM customer
UNION ALL SELECT 'opportunity', id FROM opportunity
"""


async def replayed(work: Work) -> dict[tuple[str, int], tuple[int | None, int | None, int | None]]:
    """The pool, member and position of each record by its kind and id, as the entries alone tell.

    Fails where an entry starts from another owner than the one before left, where a record has no entry, and where
    the stored state, or what the deal itself names, is another.
    """
    async with work.snapshot() as snapshot:
        state = await snapshot.fetch(STATE)
        entries = await snapshot.fetch(ENTRIES)
        records = await snapshot.fetch(RECORDS)
    owners: dict[int, Any] = {}
    for entry in entries:
        before = owners.get(entry["ownership_id"], (None, None, None))
        assert before == (entry["from_pool_id"], entry["from_member_id"], entry["from_position_id"])
        owners[entry["ownership_id"]] = (entry["to_pool_id"], entry["to_member_id"], entry["to_position_id"])
    for row in state:
        assert owners[row["id"]] == (row["pool_id"], row["member_id"], row["position_id"])
        if row["kind"] == "opportunity":
            assert (row["deal_member_id"], row["deal_position_id"]) == (row["member_id"], row["position_id"])
    found = {(row["kind"], row["record_id"]): owners[row["id"]] for row in state}
    assert found.keys() == {(row["kind"], row["id"]) for row in records}
    return found
