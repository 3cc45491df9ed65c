"""Claiming: a member of a pool takes records that wait in it, named ones or the next ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quotaloom.ownership.holding_caps import lock_holdings
from quotaloom.ownership.ledger import Handing, hold_waiting
from quotaloom.ownership.owners import Movement, OwnedRecord, Owner, RecordName
from quotaloom.ownership.rules import Refusal
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.pool.claim_answers import Answer, check_request_key, first_answer, keep_answer
from quotaloom.pool.claim_limits import Claims
from quotaloom.pool.judging import Judge, load_claims, load_judge
from quotaloom.pool.moving import RECORDS, Outcome, check_named, hold_named, move, refuse_unseen
from quotaloom.pool.permission import PoolReach, pool_reach, require_claimant
from quotaloom.pool.rule_book import RuleBook, load_rules
from quotaloom.pool.seats import Seats, load_seats

MOST_NEXT = 100
"""How many of the next records one call may ask for."""

ROUNDS = 8
"""How often more are looked for in place of those that he may not have, each time among twice as many."""


@dataclass(frozen=True, slots=True)
class _Claimant:
    """Who claims, and all that decides what he may have."""

    member_id: int
    position_id: int | None
    key: str | None
    reach: PoolReach
    seats: Seats
    book: RuleBook
    claims: Claims

    def handing(self, record: OwnedRecord) -> Handing:
        """The record in his hands; raises where it is not clear in which of his positions."""
        position_id = self.seats.position(self.member_id, record.owner.pool_id, self.position_id)
        owner = Owner(record.owner.pool_id, self.member_id, position_id)
        return Handing(record, owner, Movement.CLAIM, request_key=self.key)

    def refusal(self, judge: Judge, record: OwnedRecord) -> Refusal | None:
        """Why he may not have it."""
        return (
            _out_of_pool(judge, record, self.member_id)
            or judge.cooldown(record, self.member_id)
            or self.claims.refusal(record.owner.pool_id, judge.subjects[record.id].level_id)
            or judge.cap(record, self.member_id)
        )

    def takes(self, judge: Judge, record: OwnedRecord) -> None:
        """It counts for what follows."""
        judge.gets(record, self.member_id)
        self.claims.add(record.owner.pool_id, judge.subjects[record.id].level_id)


def _out_of_pool(judge: Judge, record: OwnedRecord, member_id: int) -> Refusal | None:
    if record.owner.member_id == member_id:
        return Refusal("YOURS_ALREADY", "this record is yours already")
    if record.owner.held:
        return Refusal("ALREADY_CLAIMED", "somebody else has this record already")
    return judge.over(record)


async def claim_records(
    work: Work, records: Sequence[RecordName], position_id: int | None = None, key: str | None = None
) -> Answer:
    """Take records that wait in pools of which the viewer is a member; one answer for each, in their order.

    Those that he may have are his, even where others are refused: `ALREADY_CLAIMED`, `CLOSED`, `COOLDOWN`,
    `CLAIM_LIMIT`, `HOLDING_CAP`, `OTHER_UNITS_FUNNEL`, in this order. Without a position it is the only one that lies
    below the pool's units, or his only one. The same `key` again is answered as the first time, and nothing moves.
    Raises `NotFound` for records that he cannot see, and `InputError` where the position is not clear, for no record or
    too many, for one of a pool that he may see and is no member of, and KEY_REUSED for the key of another request.
    """
    member_id = require_claimant(work.viewer)
    check_named(records)
    check_request_key(key)
    asked = {"records": [[record.kind, record.id] for record in records], "position": position_id}

    async def apply(transaction: Transaction) -> Answer:
        await lock_holdings(transaction, [member_id])
        earlier = await first_answer(transaction, member_id, key, asked)
        if earlier is not None:
            return earlier
        held = await hold_named(transaction, records)
        claimant = await _claimant(transaction, work, member_id, position_id, key)
        _refuse_unclaimable(records, held, claimant.reach)
        judge = await load_judge(transaction, claimant.book, work.today, held.values(), [member_id])
        outcomes = await _take(transaction, work, claimant, judge, [held[record] for record in records])
        answer = Answer(tuple(outcomes))
        await keep_answer(transaction, member_id, key, asked, answer)
        return answer

    return await work.write(apply)


async def claim_next(
    work: Work, pool_id: int, count: int, position_id: int | None = None, key: str | None = None
) -> Answer:
    """Take the records that have waited in a pool for the longest, so many of them as he may have.

    Records that others are claiming at the same moment, and those that he may not have, are passed over. The answer
    has what he got; where that is less than `count`, it tells why: POOL_EMPTY, or what refused him one. Position and
    `key` as for `claim_records`. Raises `NotFound` for a pool of which he is no member.
    """
    member_id = require_claimant(work.viewer)
    if not 1 <= count <= MOST_NEXT:
        raise InputError("BAD_COUNT", f"ask for 1 to {MOST_NEXT} records, not {count}", ("count",))
    check_request_key(key)
    asked = {"pool": pool_id, "count": count, "position": position_id}

    async def apply(transaction: Transaction) -> Answer:
        await lock_holdings(transaction, [member_id])
        earlier = await first_answer(transaction, member_id, key, asked)
        if earlier is not None:
            return earlier
        claimant = await _claimant(transaction, work, member_id, position_id, key)
        if pool_id not in claimant.reach.joined:
            raise NotFound("NOT_FOUND", "there is no such pool of which you are a member", ("poolId",))
        answer = await _next(transaction, work, claimant, pool_id, count)
        await keep_answer(transaction, member_id, key, asked, answer)
        return answer

    return await work.write(apply)


async def _next(transaction: Transaction, work: Work, claimant: _Claimant, pool_id: int, count: int) -> Answer:
    taken: list[Outcome] = []
    passed: list[int] = []
    refusal: Refusal | None = None
    for number in range(ROUNDS):
        missing = count - len(taken)
        found = await hold_waiting(transaction, pool_id, min(missing * 2**number, MOST_NEXT), passed)
        if not found:
            refusal = refusal or Refusal("POOL_EMPTY", "nothing more waits in this pool that nobody else is taking")
            break
        judge = await load_judge(transaction, claimant.book, work.today, found, [claimant.member_id])
        outcomes = await _take(transaction, work, claimant, judge, found, missing)
        taken += [one for one in outcomes if one.refusal is None]
        refusal = next((one.refusal for one in outcomes if one.refusal is not None), refusal)
        if len(taken) == count:
            break
        passed += [record.id for record, one in zip(found, outcomes, strict=False) if one.refusal is not None]
    return Answer(tuple(taken), refusal if len(taken) < count else None)


async def _take(
    transaction: Transaction,
    work: Work,
    claimant: _Claimant,
    judge: Judge,
    records: Sequence[OwnedRecord],
    most: int | None = None,
) -> list[Outcome]:
    """Hand him those of the records that he may have, one after the other: each counts for the next.

    The answers end where he has got `most`.
    """
    outcomes: list[Outcome] = []
    handings: list[Handing] = []
    for record in records:
        if len(handings) == most:
            break
        refusal = claimant.refusal(judge, record)
        if refusal is None:
            handing = claimant.handing(record)
            refusal = judge.elsewhere(record, handing.to.position_id)
        if refusal is None:
            handings.append(handing)
            claimant.takes(judge, record)
        outcomes.append(Outcome(RecordName(record.kind, record.record_id), refusal))
    await move(transaction, handings, work.today)
    return outcomes


async def _claimant(
    transaction: Transaction, work: Work, member_id: int, position_id: int | None, key: str | None
) -> _Claimant:
    book = await load_rules(transaction)
    return _Claimant(
        member_id,
        position_id,
        key,
        await pool_reach(transaction, work.viewer, work.today),
        await load_seats(transaction, [member_id], work.today),
        book,
        await load_claims(transaction, work.company, book, work.today, member_id),
    )


def _refuse_unclaimable(
    records: Sequence[RecordName], held: Mapping[RecordName, OwnedRecord], reach: PoolReach
) -> None:
    """Raise for records of no pool of his; that somebody has one of his pools' records he may know."""
    refuse_unseen(records, held, lambda owner: owner.pool_id in reach.joined or reach.sees(owner))
    for number, record in enumerate(records):
        owner = held[record].owner
        if not owner.held and owner.pool_id not in reach.joined:
            raise InputError("NOT_A_MEMBER", "you are no member of the pool of this record", (RECORDS, number))
