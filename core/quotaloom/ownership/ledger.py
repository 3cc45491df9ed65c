"""The one way in which records change hands, whatever the path: the state and its ledger entry, written together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from quotaloom.ownership.owners import Movement, OwnedRecord, Owner, RecordKind
from quotaloom.platform.unit_of_work import Record, Snapshot, Transaction

_COLUMNS = """
SELECT id, kind, coalesce(lead_id, customer_id, opportunity_id) AS record_id, pool_id, member_id, position_id, since,
    since_on, last_activity_on, exempt, version
FROM ownership WHERE company_id = $1 AND
"""

_OF = {kind: f"{_COLUMNS} {kind}_id = ANY ($2::bigint[])" for kind in RecordKind}  # (constants)

_BEGIN = """
WITH stored AS (
    INSERT INTO ownership (company_id, kind, lead_id, customer_id, opportunity_id, pool_id, member_id, position_id,
        since, since_on, exempt, version)
    SELECT $1, $2::text, CASE $2::text WHEN 'lead' THEN id END, CASE $2 WHEN 'customer' THEN id END,
        CASE $2 WHEN 'opportunity' THEN id END, pool_id, member_id, position_id, $3::timestamptz, $4::date, false, 1
    FROM unnest($5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[]) AS given (id, pool_id, member_id, position_id)
    RETURNING id, pool_id, member_id, position_id
)
INSERT INTO ownership_entry (company_id, ownership_id, movement, at, moved_on, to_pool_id, to_member_id, to_position_id,
    actor, actor_member_id, override)
SELECT $1, id, $9, $3, $4, pool_id, member_id, position_id, $10, $11, false FROM stored ORDER BY id
"""

_MOVE = """
WITH given AS (
    SELECT * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
        AS given (id, pool_id, member_id, position_id)
), moved AS (
    UPDATE ownership SET pool_id = given.pool_id, member_id = given.member_id, position_id = given.position_id,
        since = $6, since_on = $7, last_activity_on = NULL, version = version + 1
    FROM given WHERE ownership.company_id = $1 AND ownership.id = given.id
    RETURNING ownership.opportunity_id, given.member_id, given.position_id
)
UPDATE opportunity SET member_id = moved.member_id, position_id = moved.position_id, version = version + 1
FROM moved WHERE opportunity.company_id = $1 AND opportunity.id = moved.opportunity_id
"""

_ENTRIES = """
INSERT INTO ownership_entry (company_id, at, moved_on, actor, actor_member_id, ownership_id, movement, from_pool_id,
    from_member_id, from_position_id, to_pool_id, to_member_id, to_position_id, reason, decided_by, override,
    request_key)
SELECT $1, $2, $3, $4, $5, given.* FROM unnest($6::bigint[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[],
    $11::bigint[], $12::bigint[], $13::bigint[], $14::text[], $15::text[], $16::bool[], $17::text[]) AS given
"""


@dataclass(frozen=True, slots=True)
class Handing:
    """A record that changes hands: which, to whom, how, and why; it must be held in this transaction.

    `decided_by` is the key of the rule or policy that decided. `override` tells that a rule was overridden, which needs
    a reason. `request_key` is what the claimant calls his request.
    """

    record: OwnedRecord
    to: Owner
    movement: Movement
    reason: str | None = None
    decided_by: str | None = None
    override: bool = False
    request_key: str | None = None


async def begin_ownership(
    transaction: Transaction,
    kind: RecordKind,
    records: Sequence[tuple[int, Owner]],
    movement: Movement,
    on: date,
) -> None:
    """The first owner of each new lead, customer or opportunity (by its id), in one statement."""
    if not records:
        return
    await transaction.execute(
        _BEGIN,
        transaction.company_id,
        kind.value,
        transaction.now,
        on,
        [record_id for record_id, _ in records],
        *_columns([owner for _, owner in records]),
        movement.value,
        transaction.writer.subject,
        transaction.writer.member_id,
    )


async def owned_records(
    reader: Snapshot | Transaction, kind: RecordKind, record_ids: Sequence[int]
) -> dict[int, OwnedRecord]:
    """Those of these leads, customers or opportunities that are there, by their ids, and whose they are."""
    rows = await reader.fetch(_OF[kind], reader.company_id, list(record_ids))
    return {row["record_id"]: _owned(row) for row in rows}


async def hold_records(
    transaction: Transaction, kind: RecordKind, record_ids: Sequence[int], *, skip_locked: bool = False
) -> dict[int, OwnedRecord]:
    """The same, and nobody else moves them before this transaction ends.

    Waits for those who hold one, in a fixed order, or leaves theirs out (`skip_locked`).
    """
    how = "SKIP LOCKED" if skip_locked else ""
    rows = await transaction.fetch(
        f"{_OF[kind]} ORDER BY id FOR UPDATE {how}", transaction.company_id, list(record_ids)
    )
    return {row["record_id"]: _owned(row) for row in rows}


async def hand_over(transaction: Transaction, handings: Sequence[Handing], on: date) -> None:
    """Let records change hands as of now and of the business date: state, mirrored deal and ledger, three statements.

    An opportunity names the position and member that have it, too, for all that reads deals by position.
    """
    if not handings:
        return
    await transaction.execute(
        _MOVE,
        transaction.company_id,
        [one.record.id for one in handings],
        *_columns([one.to for one in handings]),
        transaction.now,
        on,
    )
    await transaction.execute(
        _ENTRIES,
        transaction.company_id,
        transaction.now,
        on,
        transaction.writer.subject,
        transaction.writer.member_id,
        [one.record.id for one in handings],
        [one.movement.value for one in handings],
        *_columns([one.record.owner for one in handings]),
        *_columns([one.to for one in handings]),
        [one.reason for one in handings],
        [one.decided_by for one in handings],
        [one.override for one in handings],
        [one.request_key for one in handings],
    )


def _columns(owners: Sequence[Owner]) -> tuple[list[int | None], list[int | None], list[int | None]]:
    return (
        [owner.pool_id for owner in owners],
        [owner.member_id for owner in owners],
        [owner.position_id for owner in owners],
    )


def _owned(row: Record) -> OwnedRecord:
    return OwnedRecord(
        id=row["id"],
        kind=RecordKind(row["kind"]),
        record_id=row["record_id"],
        owner=Owner(row["pool_id"], row["member_id"], row["position_id"]),
        since=row["since"],
        since_on=row["since_on"],
        last_activity_on=row["last_activity_on"],
        exempt=row["exempt"],
        version=row["version"],
    )
