"""The one way in which records change hands, whatever the path: the state and its ledger entry, written together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from quotaloom.ownership.owners import Movement, OwnedRecord, Owner, RecordKind, RecordName
from quotaloom.ownership.subjects import OPEN
from quotaloom.ownership.telling import Change, tell_of_changes
from quotaloom.platform.unit_of_work import Record, Snapshot, Transaction

_COLUMNS = """
SELECT id, kind, coalesce(lead_id, customer_id, opportunity_id) AS record_id, pool_id, member_id, position_id, since,
    since_on, last_activity_on, exempt, version
FROM ownership WHERE company_id = $1 AND
"""

_OF = {kind: f"{_COLUMNS} {kind}_id = ANY ($2::bigint[])" for kind in RecordKind}  # (constants)

_WAITING = f"""{_COLUMNS} pool_id = $2 AND member_id IS NULL AND position_id IS NULL AND NOT (id = ANY ($4::bigint[]))
AND {OPEN} ORDER BY since, id LIMIT $3 FOR UPDATE SKIP LOCKED
"""

_ALL = f"""{_COLUMNS} (lead_id = ANY ($2::bigint[]) OR customer_id = ANY ($3::bigint[])
    OR opportunity_id = ANY ($4::bigint[])) ORDER BY id FOR UPDATE
"""

_HELD_BY = f"""{_COLUMNS} member_id = $2 AND ($3::text[] IS NULL OR kind = ANY ($3)) AND id > $4
ORDER BY id LIMIT $5 FOR UPDATE
"""

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

# Whoever has a record and takes it along to another of his positions has it since when he got it.
_MOVE = """
WITH given AS (
    SELECT own.id, given.pool_id, given.member_id, given.position_id,
        own.position_id IS NOT NULL AND given.position_id IS NOT NULL AND own.member_id = given.member_id AS keeps
    FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
        AS given (id, pool_id, member_id, position_id)
    JOIN ownership AS own ON own.company_id = $1 AND own.id = given.id
), moved AS (
    UPDATE ownership SET pool_id = given.pool_id, member_id = given.member_id, position_id = given.position_id,
        since = CASE WHEN given.keeps THEN since ELSE $6 END,
        since_on = CASE WHEN given.keeps THEN since_on ELSE $7 END,
        last_activity_on = CASE WHEN given.keeps THEN last_activity_on END, version = version + 1
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
    """The first owner of each new lead, customer or opportunity (by its id), in one statement.

    The people of a pool are told what came into it.
    """
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
    changes = [Change(RecordName(kind, record_id), None, owner, movement) for record_id, owner in records]
    await tell_of_changes(transaction, changes, on)


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


async def hold_all(transaction: Transaction, records: Iterable[RecordName]) -> list[OwnedRecord]:
    """The same for records of several kinds, in the order of their ownerships."""
    ids: dict[RecordKind, list[int]] = {kind: [] for kind in RecordKind}
    for record in records:
        ids[record.kind].append(record.id)
    rows = await transaction.fetch(
        _ALL, transaction.company_id, ids[RecordKind.LEAD], ids[RecordKind.CUSTOMER], ids[RecordKind.OPPORTUNITY]
    )
    return [_owned(row) for row in rows]


async def held_by(
    transaction: Transaction, member_id: int, kinds: Sequence[RecordKind] | None, after: int, count: int
) -> list[OwnedRecord]:
    """The next records that a member holds, held, in the order of their ownerships; `after` the one of that number."""
    wanted = None if kinds is None else [kind.value for kind in kinds]
    rows = await transaction.fetch(_HELD_BY, transaction.company_id, member_id, wanted, after, count)
    return [_owned(row) for row in rows]


async def hold_waiting(
    transaction: Transaction, pool_id: int, count: int, passed: Sequence[int] = ()
) -> list[OwnedRecord]:
    """The records that have waited in a pool for the longest, held; without those that others hold at this moment.

    What is over is no more to be had, and left out. `passed` are ownerships that are left out.
    """
    rows = await transaction.fetch(_WAITING, transaction.company_id, pool_id, count, list(passed))
    return [_owned(row) for row in rows]


async def hold_free(transaction: Transaction, ownership_ids: Sequence[int]) -> list[OwnedRecord]:
    """Those of these ownerships, held, that nobody else holds at this moment, nor the deals that they are of."""
    rows = await transaction.fetch(
        f"{_COLUMNS} id = ANY ($2::bigint[]) ORDER BY id FOR UPDATE SKIP LOCKED",
        transaction.company_id,
        list(ownership_ids),
    )
    held = [_owned(row) for row in rows]
    deals = [one.record_id for one in held if one.kind is RecordKind.OPPORTUNITY]
    free = await transaction.fetch(
        "SELECT id FROM opportunity WHERE company_id = $1 AND id = ANY ($2::bigint[]) FOR UPDATE SKIP LOCKED",
        transaction.company_id,
        deals,
    )
    of_deals = {row["id"] for row in free}
    return [one for one in held if one.kind is not RecordKind.OPPORTUNITY or one.record_id in of_deals]


async def waiting_in_pool(
    reader: Snapshot | Transaction, pool_id: int, named: Sequence[RecordName] | None, count: int
) -> list[OwnedRecord]:
    """The records that wait in a pool and are not over, of those named or of all, the longest waiting first."""
    ids = {kind: [one.id for one in named or () if one.kind is kind] for kind in RecordKind}
    rows = await reader.fetch(
        f"{_COLUMNS} pool_id = $2 AND member_id IS NULL AND position_id IS NULL AND ($4 OR lead_id = ANY ($5::bigint[])"
        " OR customer_id = ANY ($6::bigint[]) OR opportunity_id = ANY ($7::bigint[]))"
        f" AND {OPEN} ORDER BY since, id LIMIT $3",
        reader.company_id,
        pool_id,
        count,
        named is None,
        *ids.values(),
    )
    return [_owned(row) for row in rows]


async def hand_over(transaction: Transaction, handings: Sequence[Handing], on: date) -> None:
    """Let records change hands as of now and of the business date: state, mirrored deal and ledger, three statements.

    Those whom it concerns are told. An opportunity names the position and member that have it, too, for all that reads
    deals by position.
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
    await tell_of_changes(transaction, [_change(one) for one in handings], on)


def _change(handing: Handing) -> Change:
    record = RecordName(handing.record.kind, handing.record.record_id)
    return Change(record, handing.record.owner, handing.to, handing.movement, handing.reason)


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
