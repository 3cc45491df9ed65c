"""Held records with the facts that rules of holders ask for, in pages of flat rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from quotaloom.ownership.owners import RecordKind
from quotaloom.ownership.subjects import CLOSED, JOINS, LEVEL, WON
from quotaloom.platform.unit_of_work import Record, Snapshot, Transaction
from quotaloom.platform.work import CompanyFacts
from quotaloom.pool.conditions import RecordFacts

_FACTS = f"""
SELECT ownership.id, ownership.kind, coalesce(ownership.lead_id, ownership.customer_id, ownership.opportunity_id)
    AS record_id, ownership.pool_id, ownership.member_id, ownership.position_id, ownership.since_on,
    ownership.last_activity_on, {LEVEL} AS level_id, {WON} AS won,
    CASE ownership.kind WHEN 'lead' THEN lead.opportunity_id IS NOT NULL WHEN 'customer' THEN EXISTS (
        SELECT FROM opportunity AS other JOIN stage AS place ON place.company_id = other.company_id
            AND place.id = other.stage_id AND place.outcome IN ('open', 'won')
        WHERE other.company_id = ownership.company_id AND other.customer_id = ownership.customer_id
    ) ELSE false END AS has_opportunity,
    CASE WHEN stage.outcome = 'open' THEN stage.key END AS stage_key,
    CASE WHEN stage.outcome = 'open' THEN (
        SELECT coalesce(moved_on, (moved_at AT TIME ZONE $2)::date) FROM stage_move
        WHERE stage_move.company_id = ownership.company_id AND stage_move.opportunity_id = deal.id
        ORDER BY moved_at DESC, stage_move.id DESC LIMIT 1
    ) END AS stage_since,
    own.contract_ends_on
FROM ownership
JOIN pool ON pool.company_id = ownership.company_id AND pool.id = ownership.pool_id AND NOT pool.closed
{JOINS}
WHERE ownership.company_id = $1 AND ownership.position_id IS NOT NULL AND NOT ownership.exempt AND NOT {CLOSED}
"""  # noqa: S608 (constants)


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """A record that somebody holds and that could go back to its pool one day."""

    ownership_id: int
    record_id: int
    pool_id: int
    member_id: int | None
    position_id: int
    level_id: int | None
    facts: RecordFacts


async def held_records_page(
    reader: Snapshot | Transaction, company: CompanyFacts, after: int, count: int
) -> list[HeldRecord]:
    """The next held records of open pools that may be recycled at all, in the order of their ownerships."""
    rows = await reader.fetch(
        f"{_FACTS} AND ownership.id > $3 ORDER BY ownership.id LIMIT $4",
        reader.company_id,
        company.time_zone,
        after,
        count,
    )
    return [_held(row) for row in rows]


async def held_records(
    reader: Snapshot | Transaction, company: CompanyFacts, ownership_ids: Sequence[int]
) -> dict[int, HeldRecord]:
    """Those of these ownerships that may be recycled at all, by their numbers."""
    rows = await reader.fetch(
        f"{_FACTS} AND ownership.id = ANY ($3::bigint[])",
        reader.company_id,
        company.time_zone,
        list(ownership_ids),
    )
    return {row["id"]: _held(row) for row in rows}


def _held(row: Record) -> HeldRecord:
    facts = RecordFacts(
        kind=RecordKind(row["kind"]),
        since_on=row["since_on"],
        last_activity_on=row["last_activity_on"],
        has_opportunity=row["has_opportunity"],
        won=row["won"],
        stage_key=row["stage_key"],
        stage_since=row["stage_since"],
        contract_ends_on=row["contract_ends_on"],
    )
    return HeldRecord(
        row["id"], row["record_id"], row["pool_id"], row["member_id"], row["position_id"], row["level_id"], facts
    )
