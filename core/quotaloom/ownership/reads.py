"""Whose records are, and what the ledger says of each: batched reads for the graph, one statement each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from quotaloom.ownership.owners import RecordKind
from quotaloom.platform.unit_of_work import Record, Snapshot, Transaction

COLUMNS = """ownership.id, ownership.kind,
coalesce(ownership.lead_id, ownership.customer_id, ownership.opportunity_id) AS record_id, ownership.pool_id,
ownership.member_id, ownership.position_id, ownership.since, ownership.since_on, ownership.last_activity_on,
ownership.exempt, ownership.exempt_reason, ownership.version"""


async def ownerships_of(snapshot: Snapshot, kind: RecordKind, record_ids: Sequence[int]) -> list[Record]:
    """The ownership of each of these records of a kind; `record_id` is the record's."""
    return await snapshot.fetch(
        f"SELECT {COLUMNS} FROM ownership WHERE company_id = $1"  # noqa: S608 (constants)
        f" AND {kind}_id = ANY ($2::bigint[])",
        snapshot.company_id,
        list(record_ids),
    )


async def ownerships_by_id(snapshot: Snapshot, ids: Sequence[int]) -> list[Record]:
    """These ownerships."""
    return await snapshot.fetch(
        f"SELECT {COLUMNS} FROM ownership WHERE company_id = $1 AND id = ANY ($2::bigint[])",  # noqa: S608 (constants)
        snapshot.company_id,
        list(ids),
    )


async def entries_of(snapshot: Snapshot, ownership_ids: Sequence[int]) -> list[Record]:
    """Every movement of these ownerships, the earliest first."""
    return await snapshot.fetch(
        "SELECT entry.*, rule.id AS rule_id FROM ownership_entry AS entry"
        " LEFT JOIN pool_rule AS rule ON rule.company_id = entry.company_id AND rule.key = entry.decided_by"
        " WHERE entry.company_id = $1 AND entry.ownership_id = ANY ($2::bigint[])"
        " ORDER BY entry.ownership_id, entry.id",
        snapshot.company_id,
        list(ownership_ids),
    )


async def holders_on(
    reader: Snapshot | Transaction, position_ids: Iterable[int | None], on: date
) -> dict[int | None, int]:
    """Who holds each of these positions on a day; vacant ones are left out."""
    rows = await reader.fetch(
        "SELECT position_id, member_id FROM holding WHERE company_id = $1 AND position_id = ANY ($2::bigint[])"
        " AND daterange(valid_from, valid_to) @> $3::date",
        reader.company_id,
        sorted({one for one in position_ids if one is not None}),
        on,
    )
    return {row["position_id"]: row["member_id"] for row in rows}
