"""Who is told when records change hands: who is given one, who loses one to its pool, and the people of a pool.

Whoever moves a record himself is not told of it. A pool's people are told how many records came, not which: while they
wait, some of what is known of them may be hidden.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from quotaloom.notifications.telling import Note, notify
from quotaloom.ownership.arrivals import ask_to_hand_out
from quotaloom.ownership.owners import Movement, Owner, RecordKind, RecordName
from quotaloom.ownership.reads import holders_on
from quotaloom.platform.unit_of_work import Transaction

MOST_NAMED: Final = 20
"""How many records that somebody is given at once are told one by one; of more of them he is told the number."""

TYPES: Final[Mapping[RecordKind, str]] = {kind: kind.value.title() for kind in RecordKind}
"""The types that kinds of records have in the graph."""

_GIVING = frozenset({Movement.ASSIGN, Movement.TRANSFER, Movement.HANDOVER})

_NAMES = """
SELECT 'lead' AS kind, id, name FROM lead WHERE company_id = $1 AND id = ANY($2::bigint[])
UNION ALL SELECT 'customer', id, name FROM customer WHERE company_id = $1 AND id = ANY($3::bigint[])
UNION ALL SELECT 'opportunity', id, name FROM opportunity WHERE company_id = $1 AND id = ANY($4::bigint[])
"""

_POOLS = "SELECT id, name FROM pool WHERE company_id = $1 AND id = ANY($2::bigint[])"

# A unit's people: whoever holds a position that lies below it today or is it, and the heads of it and of units below.
_PEOPLE = """
SELECT pool_id, member_id FROM pool_member WHERE company_id = $1 AND pool_id = ANY($2::bigint[]) AND unit_id IS NULL
UNION SELECT pool_id, member_id FROM pool_admin WHERE company_id = $1 AND pool_id = ANY($2::bigint[])
UNION SELECT joined.pool_id, seat.member_id
FROM pool_member AS joined
JOIN unit_path AS path ON path.company_id = $1 AND path.ancestor_id = joined.unit_id
    AND path.valid_from <= $3 AND $3 < path.valid_to
JOIN (
    SELECT position_id AS unit_id, member_id FROM holding
    WHERE company_id = $1 AND daterange(valid_from, valid_to) @> $3::date
    UNION SELECT unit_id, member_id FROM headship
    WHERE company_id = $1 AND daterange(valid_from, valid_to) @> $3::date
) AS seat ON seat.unit_id = path.unit_id
WHERE joined.company_id = $1 AND joined.pool_id = ANY($2::bigint[]) AND joined.unit_id IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Change:
    """A record that changed hands; `before` is None for a new one."""

    record: RecordName
    before: Owner | None
    to: Owner
    movement: Movement
    reason: str | None = None


async def tell_of_changes(transaction: Transaction, changes: Sequence[Change], today: date) -> None:
    """Notify whom these changes concern, and let pools hand out by themselves; without either, nothing is read."""
    mover = transaction.writer.member_id
    given = [one for one in changes if one.movement in _GIVING and _new_holder(one) not in (None, mover)]
    taken = await _taken(transaction, changes, today)
    entered = Counter(one.to.pool_id for one in changes if _enters(one) and one.to.pool_id is not None)
    if not (given or taken or entered):
        return
    names = await names_of(transaction, [one.record for one in (*given, *taken)])
    pools = await pool_names(transaction, {*entered, *(one.to.pool_id for one in taken if one.to.pool_id)})
    notes = _of_given(given, names, await _mover_name(transaction)) if given else []
    notes += [_of_taken(one, member_id, names, pools) for one, member_id in taken.items()]
    if entered:
        await ask_to_hand_out(transaction, entered)
        notes += await _of_entered(transaction, entered, pools, today)
    await notify(transaction, notes)


async def names_of(transaction: Transaction, records: Iterable[RecordName]) -> dict[RecordName, str]:
    """The names of leads, customers and opportunities, in one statement."""
    ids: dict[RecordKind, list[int]] = {kind: [] for kind in RecordKind}
    for record in records:
        ids[record.kind].append(record.id)
    if not any(ids.values()):
        return {}
    rows = await transaction.fetch(_NAMES, transaction.company_id, *ids.values())
    return {RecordName(RecordKind(row["kind"]), row["id"]): row["name"] for row in rows}


async def pool_names(transaction: Transaction, pool_ids: Iterable[int]) -> dict[int, str]:
    """The names of pools, in one statement."""
    wanted = sorted(set(pool_ids))
    if not wanted:
        return {}
    return {row["id"]: row["name"] for row in await transaction.fetch(_POOLS, transaction.company_id, wanted)}


def _new_holder(change: Change) -> int | None:
    """Who has the record now and did not before."""
    before = None if change.before is None else change.before.member_id
    return None if change.to.member_id == before else change.to.member_id


async def _taken(transaction: Transaction, changes: Sequence[Change], today: date) -> dict[Change, int]:
    """What goes back by a rule, and who loses it: whoever has its position today, or else to whom it came."""
    taken = [(one, one.before) for one in changes if one.movement is Movement.RECYCLE and one.before is not None]
    if not taken:
        return {}
    holders = await holders_on(transaction, [before.position_id for _, before in taken], today)
    lost = [(one, holders.get(before.position_id, before.member_id)) for one, before in taken]
    return {one: member_id for one, member_id in lost if member_id is not None}


def _enters(change: Change) -> bool:
    """Whether the record waits in its pool now and did not before."""
    waited = change.before is not None and not change.before.held and change.before.pool_id == change.to.pool_id
    return not change.to.held and not waited


def _of_given(given: Sequence[Change], names: Mapping[RecordName, str], mover: str) -> list[Note]:
    by_member: dict[int, list[RecordName]] = defaultdict(list)
    for one in given:
        assert one.to.member_id is not None
        by_member[one.to.member_id].append(one.record)
    notes = []
    for member_id, records in by_member.items():
        if len(records) > MOST_NAMED:
            notes.append(Note(member_id, "pool.assigned_many", {"count": len(records), "by": mover}))
            continue
        for record in records:
            details = {"record": names[record], "by": mover}
            notes.append(Note(member_id, "pool.assigned", details, TYPES[record.kind], record.id))
    return notes


def _of_taken(change: Change, member_id: int, names: Mapping[RecordName, str], pools: Mapping[int, str]) -> Note:
    assert change.to.pool_id is not None
    details = {"record": names[change.record], "pool": pools[change.to.pool_id], "reason": change.reason or ""}
    record = change.record
    return Note(member_id, "pool.recycled", details, TYPES[record.kind], record.id)


async def _of_entered(
    transaction: Transaction, entered: Mapping[int, int], pools: Mapping[int, str], today: date
) -> list[Note]:
    rows = await transaction.fetch(_PEOPLE, transaction.company_id, sorted(entered), today)
    return [
        Note(
            row["member_id"],
            "pool.entered",
            {"pool": pools[row["pool_id"]], "count": entered[row["pool_id"]]},
            "Pool",
            row["pool_id"],
        )
        for row in rows
        if row["member_id"] != transaction.writer.member_id
    ]


async def _mover_name(transaction: Transaction) -> str:
    row = await transaction.fetch_one(
        "SELECT name FROM member WHERE company_id = $1 AND id = $2",
        transaction.company_id,
        transaction.writer.member_id,
    )
    return row["name"] if row is not None else transaction.writer.subject
