"""Handing out the records that wait in a pool: the company's pool policies say who gets which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from asyncpg import Record

from quotaloom.ownership.holding_caps import lock_holdings
from quotaloom.ownership.ledger import Handing, hold_all, waiting_in_pool
from quotaloom.ownership.owners import Movement, OwnedRecord, Owner, RecordKind, RecordName
from quotaloom.ownership.rules import Refusal
from quotaloom.ownership.subjects import Subject
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.pooling import ChainOutcome, HandOut, ask_chain
from quotaloom.policies.selected import PolicyStamp, SelectedPolicy
from quotaloom.policies.settings import selected_by, settings_in_force
from quotaloom.pool.candidate_facts import Candidate, candidate_facts
from quotaloom.pool.chains import chain_of
from quotaloom.pool.judging import Judge, load_judge
from quotaloom.pool.moving import move
from quotaloom.pool.permission import pool_reach, require_mover
from quotaloom.pool.record_facts import record_facts
from quotaloom.pool.rule_book import load_rules
from quotaloom.pool.seats import Seats, load_seats
from quotaloom_sdk import Explanation, Need, Parameters, PoolPolicy, PoolRequest

MOST_HANDED: Final = 10_000
"""How many records one call may hand out."""

ATTEMPTS: Final = 5
"""How often policies are asked afresh because the pool or its settings changed meanwhile."""

# Whoever holds a position below a unit of the pool today, and the people of the pool who hold any; in a stable order.
_CANDIDATES = """
SELECT member.id, member.name, turn.last_turn FROM member
LEFT JOIN pool_turn AS turn ON turn.company_id = $1 AND turn.pool_id = $2 AND turn.member_id = member.id
WHERE member.company_id = $1 AND turn.opted_out IS NOT TRUE AND member.id IN (
    SELECT holding.member_id FROM holding WHERE holding.company_id = $1
        AND daterange(holding.valid_from, holding.valid_to) @> $3::date
        AND (EXISTS (
            SELECT FROM pool_member JOIN unit_path AS path ON path.company_id = $1
                AND path.ancestor_id = pool_member.unit_id AND path.unit_id = holding.position_id
                AND path.valid_from <= $3 AND $3 < path.valid_to
            WHERE pool_member.company_id = $1 AND pool_member.pool_id = $2
        ) OR EXISTS (
            SELECT FROM pool_member WHERE pool_member.company_id = $1 AND pool_member.pool_id = $2
                AND pool_member.member_id = holding.member_id
        ))
) ORDER BY member.id
"""


_NOT_WAITING = Refusal("NOT_WAITING", "no such record waits in this pool")


@dataclass(frozen=True, slots=True)
class Handed:
    """What becomes of a record: who gets it by which policy, and the sentence that he reads; or why nobody does."""

    record: RecordName
    member_id: int | None = None
    policy: str | None = None
    reason: str | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class HandOutAnswer:
    """One answer for each record, in the order in which they were asked about, and what each policy said of it.

    Named records that do not wait in the pool come last, as `NOT_WAITING`.
    """

    handed: tuple[Handed, ...]
    explanations: tuple[tuple[PolicyStamp, Explanation], ...]


@dataclass(frozen=True, slots=True)
class _Question:
    """What the policies are asked, and what their answer rests on; `elsewhere` was named and does not wait there."""

    pool_id: int
    pool_key: str
    turns: int
    settings: tuple[tuple[str, int], ...]
    chain: tuple[SelectedPolicy, ...]
    records: tuple[OwnedRecord, ...]
    elsewhere: tuple[RecordName, ...]
    request: PoolRequest[Any]
    memories: Mapping[str, str]
    barred: Mapping[str, frozenset[str]]


class _Outdated(Exception):
    """The pool, its settings or the viewer's right changed since the policies were asked."""


async def hand_out(
    work: Work,
    host: PolicyHost,
    pool_id: int,
    records: Sequence[RecordName] | None = None,
    count: int = MOST_HANDED,
    *,
    trial: bool = False,
) -> HandOutAnswer:
    """Hand out records that wait in a pool: those named, or the `count` that have waited the longest.

    Candidates are the members of the pool who hold a position today and have not opted out; caps and cooldowns bind as
    for every assignment. The policies of the pool are asked one after the other, each about what is left. With `trial`
    it is shown who would get what, and nothing changes. Admins, services with `pool:write` and admins of the pool; for
    a trial a service needs `graph:read` as well. Raises `NotFound`, `AccessDenied`, `InputError` NO_POLICY, BAD_COUNT,
    POOL_CLOSED and POLICY_UNAVAILABLE, `Conflict` where others keep changing the pool, and `PolicyFailed`, naming the
    plugin.
    """
    require_mover(work.viewer, "handing out records")
    if trial:
        work.viewer.require_to_read("a trial")
    if not 1 <= count <= MOST_HANDED or (records is not None and not 1 <= len(records) <= MOST_HANDED):
        field = "count" if records is None else "recordIds"
        raise InputError("BAD_COUNT", f"hand out 1 to {MOST_HANDED:,} records at a time", (field,))
    for _ in range(ATTEMPTS):
        async with work.snapshot() as snapshot:
            question = await _gather(snapshot, work, host, pool_id, records, count)
        outcome = await ask_chain(
            host,
            question.chain,
            question.request,
            memories=question.memories,
            barred=question.barred,
            company_id=work.company.id,
        )
        if trial:
            return _answer(question, outcome, {})
        try:
            return await _apply(work, question, outcome)
        except _Outdated:
            continue
    raise Conflict("CONFLICT", "others keep changing this pool or its policies; please try again", ("poolId",))


async def _gather(
    snapshot: Snapshot, work: Work, host: PolicyHost, pool_id: int, named: Sequence[RecordName] | None, count: int
) -> _Question:
    pool = await _pool(snapshot, work, pool_id)
    settings = _chosen(await settings_in_force(snapshot, PoolPolicy.kind, work.today), pool)
    chain = tuple(selected_by(host.registry, setting) for setting in settings)
    needs = frozenset(need for one in chain for need in one.policy.needs)
    records = tuple(await waiting_in_pool(snapshot, pool_id, named, count))
    rows = await snapshot.fetch(_CANDIDATES, snapshot.company_id, pool_id, work.today)
    judge = await load_judge(snapshot, await load_rules(snapshot), work.today, records, [row["id"] for row in rows])
    rooms = _rooms(judge, records, [row["id"] for row in rows])
    candidates = [Candidate(row["id"], row["name"], _room(rooms, row["id"]), row["last_turn"]) for row in rows]
    seats = await load_seats(snapshot, [row["id"] for row in rows], work.today)
    return _Question(
        pool_id=pool_id,
        pool_key=pool["key"],
        turns=pool["turns"],
        settings=tuple((row["policy"], row["revision"]) for row in settings),
        chain=chain,
        records=records,
        elsewhere=tuple(sorted(set(named or ()) - set(map(_name, records)))),
        request=await _request(snapshot, work, pool["key"], records, candidates, needs),
        memories=await _memories(snapshot, pool_id),
        barred=_barred(judge, records, candidates, rooms, seats, pool_id),
    )


async def _pool(snapshot: Snapshot, work: Work, pool_id: int) -> Record:
    reach = await pool_reach(snapshot, work.viewer, work.today)
    pool = await snapshot.fetch_one(
        "SELECT key, policies, closed, turns FROM pool WHERE company_id = $1 AND id = $2", snapshot.company_id, pool_id
    )
    if pool is None or not (reach.manages(pool_id) or pool_id in reach.joined):
        raise NotFound("NOT_FOUND", "there is no such pool that you can see", ("poolId",))
    if not reach.manages(pool_id):
        raise AccessDenied("handing out records needs an admin, of the company or of the pool")
    if pool["closed"]:
        raise InputError("POOL_CLOSED", "this pool is closed", ("poolId",))
    return pool


def _chosen(settings: Sequence[Record], pool: Record) -> list[Record]:
    """The settings of the pool's chain: all that are on, or those that the pool names, in its order."""
    wanted = chain_of(pool)
    by_key = {row["policy"]: row for row in settings}
    chosen = list(settings) if wanted is None else [by_key[key] for key in wanted if key in by_key]
    if not chosen:
        what = "no pool policy is" if wanted is None else f"none of this pool's policies ({', '.join(wanted)}) is"
        raise InputError("NO_POLICY", f"{what} switched on: switch one on first", ("poolId",))
    return chosen


_Class = tuple[RecordKind, Subject]
"""Records that caps take for the same."""

_Rooms = Mapping[_Class, Mapping[int, int | None]]


def _rooms(judge: Judge, records: Iterable[OwnedRecord], member_ids: Sequence[int]) -> _Rooms:
    """How many records of each class each member may still hold by the strictest cap; None where none binds."""
    classes = {(record.kind, judge.subjects[record.id]): record for record in records}
    return {one: {id_: judge.room(record, id_) for id_ in member_ids} for one, record in classes.items()}


def _room(rooms: _Rooms, member_id: int) -> int | None:
    """How many of all these records he may still hold; of what he has no room for he is barred besides."""
    bound = [room for of in rooms.values() if (room := of[member_id]) is not None]
    return 0 if len(bound) == len(rooms) and not any(bound) else min(filter(None, bound), default=None)


def _barred(
    judge: Judge,
    records: Sequence[OwnedRecord],
    candidates: Sequence[Candidate],
    rooms: _Rooms,
    seats: Seats,
    pool_id: int,
) -> dict[str, frozenset[str]]:
    """Who may not have which record: earlier holders who wait, the full, and those of other departments."""
    present = {one.member_id for one in candidates}
    outside = {
        funnel: frozenset(str(one) for one in present if seats.any_position(one, pool_id) not in funnel.position_ids)
        for funnel in set(judge.funnels.values())
    }
    full = {one: frozenset(str(id_) for id_, room in of.items() if room == 0) for one, of in rooms.items()}
    found: dict[str, frozenset[str]] = {}
    earlier: dict[int, set[int]] = {}
    for ownership_id, member_id in judge.left_on:
        earlier.setdefault(ownership_id, set()).add(member_id)
    for record in records:
        waiting = earlier.get(record.id, set()) & present
        barred = frozenset(str(one) for one in waiting if judge.cooldown(record, one) is not None)
        barred |= full[record.kind, judge.subjects[record.id]]
        if record.kind is RecordKind.OPPORTUNITY and record.record_id in judge.funnels:
            barred |= outside[judge.funnels[record.record_id]]
        if barred:
            found[str(record.id)] = barred
    return found


async def _request(
    snapshot: Snapshot,
    work: Work,
    pool_key: str,
    records: Sequence[OwnedRecord],
    candidates: Sequence[Candidate],
    needs: frozenset[Need],
) -> PoolRequest[Any]:
    ids = [record.id for record in records]
    return PoolRequest(
        pool_key=pool_key,
        at=work.now,
        today=work.today,
        records=await record_facts(snapshot, work.company, ids, work.today, needs),
        candidates=await candidate_facts(snapshot, work.company, candidates, work.now, needs),
        parameters=Parameters(),
    )


async def _memories(snapshot: Snapshot, pool_id: int) -> dict[str, str]:
    rows = await snapshot.fetch(
        "SELECT policy, memory FROM pool_memory WHERE company_id = $1 AND pool_id = $2", snapshot.company_id, pool_id
    )
    return {row["policy"]: row["memory"] for row in rows}


async def _apply(work: Work, question: _Question, outcome: ChainOutcome) -> HandOutAnswer:
    async def apply(transaction: Transaction) -> HandOutAnswer:
        await _require_current(transaction, work, question)
        chosen = {int(one.record_id): one for one in outcome.hand_outs}
        members = sorted({int(one.member_id) for one in outcome.hand_outs})
        await lock_holdings(transaction, members)
        held = {one.id: one for one in await hold_all(transaction, map(_name, question.records))}
        judge = await load_judge(transaction, await load_rules(transaction), work.today, held.values(), members)
        seats = await load_seats(transaction, members, work.today)
        refusals: dict[int, Refusal] = {}
        handings: list[Handing] = []
        for ownership_id, one in chosen.items():
            decided = _decide(judge, seats, question, held[ownership_id], one)
            if isinstance(decided, Refusal):
                refusals[ownership_id] = decided
            else:
                handings.append(decided)
        await move(transaction, handings, work.today)
        await _remember(transaction, question, outcome, handings)
        return _answer(question, outcome, refusals)

    return await work.write(apply)


def _name(record: OwnedRecord) -> RecordName:
    return RecordName(record.kind, record.record_id)


async def _require_current(transaction: Transaction, work: Work, question: _Question) -> None:
    """Raise `_Outdated` unless pool and policies are as they were, and the viewer still looks after the pool.

    Pool and policies are held until the transaction ends.
    """
    await transaction.lock("policies", shared=True)
    pool = await transaction.fetch_one(
        "SELECT key, policies, closed, turns FROM pool WHERE company_id = $1 AND id = $2 FOR UPDATE",
        transaction.company_id,
        question.pool_id,
    )
    reach = await pool_reach(transaction, work.viewer, work.today)
    if pool is None or pool["closed"] or pool["turns"] != question.turns or not reach.manages(question.pool_id):
        raise _Outdated
    settings = _chosen(await settings_in_force(transaction, PoolPolicy.kind, work.today), pool)
    if tuple((row["policy"], row["revision"]) for row in settings) != question.settings:
        raise _Outdated


def _decide(judge: Judge, seats: Seats, question: _Question, record: OwnedRecord, one: HandOut) -> Handing | Refusal:
    member_id = int(one.member_id)
    if record.owner.held or record.owner.pool_id != question.pool_id:
        return Refusal("ALREADY_CLAIMED", "somebody else has this record by now")
    refusal = judge.over(record) or judge.cooldown(record, member_id) or judge.cap(record, member_id)
    if refusal is not None:
        return refusal
    position_id = seats.any_position(member_id, question.pool_id)
    if position_id is None:
        return Refusal("NO_POSITION", "he holds no position any more")
    if (elsewhere := judge.elsewhere(record, position_id)) is not None:
        return elsewhere
    judge.gets(record, member_id)
    owner = Owner(question.pool_id, member_id, position_id)
    return Handing(record, owner, Movement.ASSIGN, one.reason or None, decided_by=one.policy)


async def _remember(
    transaction: Transaction, question: _Question, outcome: ChainOutcome, handings: Sequence[Handing]
) -> None:
    """Count the turns of those who got something, and keep what the policies want to know the next time."""
    turns = {one.to.member_id: turn for turn, one in enumerate(handings, start=question.turns + 1)}
    await transaction.execute(
        "UPDATE pool SET turns = $3 WHERE company_id = $1 AND id = $2",
        transaction.company_id,
        question.pool_id,
        question.turns + max(len(handings), 1),
    )
    await transaction.execute(
        "INSERT INTO pool_turn (company_id, pool_id, member_id, last_turn, opted_out)"
        " SELECT $1, $2, given.member_id, given.turn, false FROM unnest($3::bigint[], $4::bigint[])"
        " AS given (member_id, turn) ON CONFLICT (pool_id, member_id, company_id)"
        " DO UPDATE SET last_turn = excluded.last_turn",
        transaction.company_id,
        question.pool_id,
        list(turns),
        list(turns.values()),
    )
    kept = {policy: memory for policy, memory in outcome.memories.items() if memory != question.memories.get(policy)}
    await transaction.execute(
        "INSERT INTO pool_memory (company_id, pool_id, policy, memory)"
        " SELECT $1, $2, given.* FROM unnest($3::text[], $4::text[]) AS given"
        " ON CONFLICT (pool_id, policy, company_id) DO UPDATE SET memory = excluded.memory",
        transaction.company_id,
        question.pool_id,
        list(kept),
        list(kept.values()),
    )


def _answer(question: _Question, outcome: ChainOutcome, refusals: Mapping[int, Refusal]) -> HandOutAnswer:
    chosen = {int(one.record_id): one for one in outcome.hand_outs}
    handed = [_handed(record, chosen.get(record.id), refusals.get(record.id)) for record in question.records]
    handed += [Handed(name, refusal=_NOT_WAITING) for name in question.elsewhere]
    return HandOutAnswer(tuple(handed), tuple(outcome.explanations))


def _handed(record: OwnedRecord, one: HandOut | None, refusal: Refusal | None) -> Handed:
    if one is None:
        return Handed(_name(record), refusal=Refusal("NOBODY", "no policy chose anybody for it"))
    given = Handed(_name(record), int(one.member_id), one.policy, one.reason or None)
    return given if refusal is None else replace(given, member_id=None, refusal=refusal)
