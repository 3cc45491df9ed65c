"""Giving records back: into their pool, with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from quotaloom.funnels.naming import may_be_id
from quotaloom.ownership.ledger import Handing
from quotaloom.ownership.owners import Movement, OwnedRecord, Owner, RecordKind, RecordName
from quotaloom.ownership.rules import Refusal
from quotaloom.platform.errors import InputError, NotFound, Path
from quotaloom.platform.texts import checked_reason
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.pool.judging import Judge, load_judge
from quotaloom.pool.moving import Outcome, check_named, hold_named, move, refuse_unseen
from quotaloom.pool.permission import pool_reach, require_mover
from quotaloom.pool.rule_book import load_rules


@dataclass(frozen=True, slots=True)
class Target:
    """A pool that records go to: which kinds it takes, and whether it is closed."""

    id: int
    kinds: frozenset[RecordKind]
    closed: bool

    def refusal(self, record: OwnedRecord) -> Refusal | None:
        """Why the record cannot wait there."""
        if self.closed:
            return Refusal("POOL_CLOSED", "this pool is closed: name another one")
        if record.kind not in self.kinds:
            return Refusal("WRONG_KIND", f"this pool takes no {record.kind}")
        return None


async def release_records(
    work: Work, records: Sequence[RecordName], reason: str | None, pool_id: int | None = None
) -> list[Outcome]:
    """Give records back to their pools; one answer for each, in their order.

    Their holder does it, whoever heads him, the admins of their pool, and admins. A record of no pool goes into
    `pool_id`, which for members is a pool of theirs; one of a pool always goes back there. Refused are `WAITING`,
    `CLOSED`, `NO_POOL`, `POOL_CLOSED` and `WRONG_KIND`. Raises `InputError` REASON_NEEDED, `NotFound` for pools and
    records that the viewer cannot see: whoever sees a record that is held may give it back.
    """
    require_mover(work.viewer, "releasing records")
    check_named(records)
    why = required_reason(reason)

    async def apply(transaction: Transaction) -> list[Outcome]:
        held = await hold_named(transaction, records)
        reach = await pool_reach(transaction, work.viewer, work.today)
        if pool_id is not None and not (reach.manages(pool_id) or pool_id in reach.joined):
            raise _unknown_pool(("poolId",))
        refuse_unseen(records, held, reach.sees)
        named = [one.owner.pool_id or pool_id for one in held.values()]
        targets = await load_targets(transaction, [one for one in named if one is not None])
        if pool_id is not None and pool_id not in targets:
            raise _unknown_pool(("poolId",))
        judge = await load_judge(transaction, await load_rules(transaction), work.today, held.values(), [])
        decided: dict[RecordName, Handing | Refusal] = {
            record: _released(judge, held[record], targets.get(held[record].owner.pool_id or pool_id or 0), why)
            for record in records
        }
        await move(transaction, [one for one in decided.values() if isinstance(one, Handing)], work.today)
        return [Outcome(record, one if isinstance(one, Refusal) else None) for record, one in decided.items()]

    return await work.write(apply)


def required_reason(reason: str | None) -> str:
    """The reason; raises `InputError` REASON_NEEDED where there is none."""
    checked = checked_reason(reason)
    if checked is None:
        raise InputError("REASON_NEEDED", "giving records back needs a reason", ("reason",))
    return checked


async def load_targets(transaction: Transaction, pool_ids: Sequence[int]) -> dict[int, Target]:
    """Those of the pools that exist."""
    rows = await transaction.fetch(
        "SELECT id, kinds, closed FROM pool WHERE company_id = $1 AND id = ANY ($2::bigint[]) FOR SHARE",
        transaction.company_id,
        [pool_id for pool_id in pool_ids if may_be_id(pool_id)],
    )
    return {
        row["id"]: Target(row["id"], frozenset(map(RecordKind, orjson.loads(row["kinds"]))), row["closed"])
        for row in rows
    }


def _unknown_pool(path: Path) -> NotFound:
    return NotFound("NOT_FOUND", "there is no such pool that you can see", path)


def _released(judge: Judge, record: OwnedRecord, target: Target | None, reason: str) -> Handing | Refusal:
    if not record.owner.held and record.owner.pool_id is not None:
        return Refusal("WAITING", "this record waits in its pool already")
    over = judge.over(record)
    if over is not None:
        return over
    if target is None:
        return Refusal("NO_POOL", "this record belongs to no pool: name the one that it is to wait in")
    return target.refusal(record) or Handing(record, Owner(target.id), Movement.RELEASE, reason)
