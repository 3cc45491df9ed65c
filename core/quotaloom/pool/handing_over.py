"""Handing over all that a member holds: to a colleague, to several, or to a pool."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from quotaloom.funnels.naming import may_be_id
from quotaloom.ownership.holding_caps import lock_holdings
from quotaloom.ownership.ledger import Handing, held_by
from quotaloom.ownership.owners import Movement, OwnedRecord, Owner, RecordKind, RecordName
from quotaloom.ownership.rules import Refusal
from quotaloom.platform.errors import AccessDenied, InputError, NotFound
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.pool.giving import Giving, Recipient, Recipients, load_recipients, no_change
from quotaloom.pool.judging import Judge, load_judge
from quotaloom.pool.moving import Outcome, move
from quotaloom.pool.permission import PoolReach, pool_reach, require_mover
from quotaloom.pool.releasing import Target, load_targets, required_reason
from quotaloom.pool.rule_book import load_rules

MOST_RECIPIENTS = 100

BATCH = 500
"""How many records change hands in one transaction."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """Whose records go to whom: to the recipients in turn, or into a pool; `kinds` None stands for all."""

    member_id: int
    to: Sequence[Recipient] = ()
    pool_id: int | None = None
    kinds: Sequence[RecordKind] | None = None
    reason: str | None = None
    override: bool = False


@dataclass(frozen=True, slots=True)
class HandedOver:
    """How many records went to each recipient, in their order, or into the pool; and why others stayed."""

    moved: tuple[int, ...]
    refused: tuple[Outcome, ...] = ()


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one transaction did; `last` is the ownership that it ended with, `turn` whose turn is next."""

    last: int
    turn: int
    moved: tuple[int, ...]
    refused: tuple[Outcome, ...]


async def hand_over_records(work: Work, handover: HandOver) -> HandedOver:
    """Hand over what a member holds and what is not over, in batches that each stand for themselves.

    Recipients take turns; one who may not have a record is passed over, and it stays where nobody may. The viewer may
    move the member's records, as his head or as an admin, and those of the recipients. Into a pool it is as a release:
    it needs a reason, the pool is one of the viewer's, and what belongs to another pool that he does not look after is
    refused as `OTHER_POOL`. An override needs an admin and a reason. Raises `NotFound` for a member none of whose
    records are the viewer's to move, for recipients and for the pool; `InputError` REASON_NEEDED, and RECIPIENT_NEEDED
    where there is neither recipient nor pool, or both.
    """
    require_mover(work.viewer, "handing records over")
    if bool(handover.to) == (handover.pool_id is not None) or len(handover.to) > MOST_RECIPIENTS:
        raise InputError("RECIPIENT_NEEDED", f"name a pool, or 1 to {MOST_RECIPIENTS} recipients", ("to",))
    giving = Giving(Movement.HANDOVER, handover.reason, handover.override).checked()
    if handover.pool_id is not None:
        required_reason(giving.reason)
    done = _Batch(0, 0, (0,) * max(1, len(handover.to)), ())
    while True:
        batch = await work.write(partial(_hand_over_some, work=work, handover=handover, giving=giving, done=done))
        if batch is None:
            return HandedOver(done.moved, done.refused)
        done = batch


async def _hand_over_some(
    transaction: Transaction, work: Work, handover: HandOver, giving: Giving, done: _Batch
) -> _Batch | None:
    reach = await pool_reach(transaction, work.viewer, work.today)
    recipients = await load_recipients(transaction, work, reach, handover.to)
    members = recipients.member_ids(handover.to)
    await lock_holdings(transaction, members)
    target = await _allowed(transaction, reach, recipients, handover, done)
    held = await held_by(transaction, handover.member_id, handover.kinds, done.last, BATCH)
    if not held:
        return None
    by_now = await pool_reach(transaction, work.viewer, work.today)
    if by_now != reach:  # while he waited for records that others held
        reach, recipients = by_now, recipients.reached_by(by_now)
        target = await _allowed(transaction, reach, recipients, handover, done)
    owner_of = partial(recipients.owner, of_pool=False)
    judge = await load_judge(transaction, await load_rules(transaction), work.today, held, members)
    moved, refused, turn = list(done.moved), list(done.refused), done.turn
    handings = []
    for record in held:
        if not reach.works(record.owner) or judge.over(record) is not None:
            continue
        if target is not None:
            number, found = 0, _into(target, record, giving, reach)
        else:
            number, found = _in_turn(judge, handover.to, owner_of, record, giving, turn)
        if isinstance(found, Refusal):
            refused.append(Outcome(RecordName(record.kind, record.record_id), found))
        else:
            handings.append(found)
            moved[number] += 1
            turn = number + 1
    await move(transaction, handings, work.today)
    return _Batch(held[-1].id, turn, tuple(moved), tuple(refused))


def _into(target: Target, record: OwnedRecord, giving: Giving, reach: PoolReach) -> Handing | Refusal:
    pool_id = record.owner.pool_id
    if pool_id not in (None, target.id) and not reach.manages(pool_id):
        return Refusal("OTHER_POOL", "this record belongs to another pool: released, it goes back there")
    return target.refusal(record) or Handing(record, Owner(target.id), giving.movement, giving.reason)


def _in_turn(
    judge: Judge,
    to: Sequence[Recipient],
    owner_of: Callable[[Recipient, int | None], Owner],
    record: OwnedRecord,
    giving: Giving,
    turn: int,
) -> tuple[int, Handing | Refusal]:
    """The first of the recipients, from whose turn it is, who may have it; or why the first of them may not."""
    found: list[tuple[int, Handing | Refusal]] = []
    for offset in range(len(to)):
        number = (turn + offset) % len(to)
        owner = owner_of(to[number], record.owner.pool_id)
        handing = no_change(record, owner) or giving.handing(judge, record, owner)
        found.append((number, handing))
        if isinstance(handing, Handing):
            return found[-1]
    return found[0]


async def _allowed(
    transaction: Transaction, reach: PoolReach, recipients: Recipients, handover: HandOver, done: _Batch
) -> Target | None:
    """The pool that the records go into, None for recipients; raises for what is not the viewer's to name."""
    target = await _target(transaction, reach, handover.pool_id)
    if done.last == 0:  # later on, all that was his to move may have moved
        await _require_say(transaction, reach, handover)
    for one in handover.to:
        recipients.owner(one, None, of_pool=False)
    return target


async def _target(transaction: Transaction, reach: PoolReach, pool_id: int | None) -> Target | None:
    if pool_id is None:
        return None
    found = await load_targets(transaction, [pool_id])
    if pool_id not in found or not (reach.manages(pool_id) or pool_id in reach.joined):
        raise NotFound("NOT_FOUND", "there is no such pool that you can see", ("poolId",))
    return found[pool_id]


async def _require_say(transaction: Transaction, reach: PoolReach, handover: HandOver) -> None:
    if handover.override and not reach.everything:
        raise AccessDenied("overriding a rule needs an admin")
    if not await _may_move(transaction, reach, handover.member_id):
        raise NotFound("NOT_FOUND", "there is no such member whose records are yours to move", ("memberId",))


async def _may_move(transaction: Transaction, reach: PoolReach, member_id: int) -> bool:
    """Whether the member exists and, for who may not move everything, some record of his is the viewer's to move."""
    row = await transaction.fetch_one(
        "SELECT FROM member WHERE company_id = $1 AND id = $2 AND ($3 OR EXISTS (SELECT FROM ownership"
        " WHERE company_id = $1 AND member_id = $2"
        " AND ($4::bigint[] IS NULL OR position_id = ANY ($4) OR pool_id = ANY ($5::bigint[]))))",
        transaction.company_id,
        member_id if may_be_id(member_id) else 0,
        reach.everything,
        None if reach.positions is None else list(reach.positions),
        list(reach.administered),
    )
    return row is not None
