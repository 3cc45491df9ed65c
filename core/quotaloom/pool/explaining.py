"""Why a record is where it is, and what will happen to it when."""

from __future__ import annotations

from dataclasses import dataclass

from quotaloom.ownership.ledger import owned_records
from quotaloom.ownership.owners import OwnedRecord, RecordName
from quotaloom.ownership.rules import Refusal
from quotaloom.platform.access import Role
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import Work
from quotaloom.pool.cooldown import Waiting
from quotaloom.pool.held_records import held_records
from quotaloom.pool.judging import Judge, departures, load_claims, load_judge
from quotaloom.pool.permission import PoolReach
from quotaloom.pool.recycling import Fate
from quotaloom.pool.rule_book import load_rules
from quotaloom.pool.seats import load_seats


@dataclass(frozen=True, slots=True)
class EarlierHolder:
    """Somebody who had the record and must wait before he may have it again."""

    member_id: int
    waiting: Waiting


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the rules say of a record today.

    `fate` is of one that somebody holds: protection, recycling, reminders. `waits` are earlier holders whose cooldown
    is not over. `claimable`: whether the viewer could claim it now; `refusals` is what keeps him from it, every rule
    told apart.
    """

    record: OwnedRecord
    fate: Fate | None
    waits: tuple[EarlierHolder, ...]
    claimable: bool
    refusals: tuple[Refusal, ...]


async def explain_ownership(snapshot: Snapshot, work: Work, name: RecordName, reach: PoolReach) -> Explanation | None:
    """Explain a record as of the work's business date; None for one that the viewer, by his `reach`, may not see."""
    record = (await owned_records(snapshot, name.kind, [name.id])).get(name.id)
    if record is None or not reach.sees(record.owner):
        return None
    book = await load_rules(snapshot)
    asker = work.viewer.member_id if work.viewer.role is not Role.SERVICE else None
    judge = await load_judge(snapshot, book, work.today, [record], [] if asker is None else [asker])
    held = (await held_records(snapshot, work.company, [record.id])).get(record.id)
    fate = None if held is None else book.holder.fate(held.pool_id, held.level_id, held.facts)
    refusals = await _refusals(snapshot, work, judge, record, reach, asker)
    return Explanation(
        record,
        fate,
        await _waits(snapshot, judge, record),
        asker is not None and not refusals,
        refusals,
    )


async def _waits(snapshot: Snapshot, judge: Judge, record: OwnedRecord) -> tuple[EarlierHolder, ...]:
    if not judge.book.cooldowns:
        return ()
    judge.left_on = await departures(snapshot, [record.id])
    found = []
    for _, member_id in judge.left_on:
        wait = judge.waits(record, member_id)
        if wait is not None and wait.free_on > judge.today and member_id != record.owner.member_id:
            found.append(EarlierHolder(member_id, wait))
    return tuple(sorted(found, key=lambda one: (one.waiting.free_on, one.member_id)))


async def _refusals(
    snapshot: Snapshot, work: Work, judge: Judge, record: OwnedRecord, reach: PoolReach, asker: int | None
) -> tuple[Refusal, ...]:
    if asker is None:
        return ()
    owner = record.owner
    claims = await load_claims(snapshot, work.company, judge.book, work.today, asker)
    found: list[Refusal | None] = []
    if owner.held:
        mine = owner.member_id == asker
        found.append(
            Refusal("YOURS_ALREADY", "this record is yours already")
            if mine
            else Refusal("ALREADY_CLAIMED", "somebody else has this record already")
        )
    elif owner.pool_id not in reach.joined:
        found.append(Refusal("NOT_A_MEMBER", "you are no member of the pool of this record"))
    found += [
        judge.over(record),
        judge.cooldown(record, asker),
        claims.refusal(owner.pool_id, judge.subjects[record.id].level_id),
        judge.cap(record, asker),
        await _elsewhere(snapshot, work, judge, record, asker),
    ]
    return tuple(refusal for refusal in found if refusal is not None)


async def _elsewhere(snapshot: Snapshot, work: Work, judge: Judge, record: OwnedRecord, asker: int) -> Refusal | None:
    """What keeps all of his positions from a deal in the funnel of a department."""
    if not judge.funnels:
        return None
    held = (await load_seats(snapshot, [asker], work.today)).of_members.get(asker, {})
    found = [judge.elsewhere(record, position_id) for position_id in held]
    return found[0] if found and all(found) else None
