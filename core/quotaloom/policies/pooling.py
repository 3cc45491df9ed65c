"""Asking the pool policies of a chain one after the other, each about what the ones before it left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from quotaloom.policies.host import PolicyHost
from quotaloom.policies.selected import PolicyStamp, SelectedPolicy
from quotaloom_sdk import CandidateFact, Explanation, Load, PoolRequest, PoolResult, RecordFact
from quotaloom_sdk.answers import judged

NOBODY_BARRED: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class HandOut:
    """A record and the candidate whom `policy` chose for it, with the sentence that he reads."""

    record_id: str
    member_id: str
    policy: str
    reason: str


@dataclass(slots=True)
class ChainOutcome:
    """Who gets what, what nobody chose for, what each policy wants to remember, and why, in the order of asking."""

    hand_outs: list[HandOut] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    memories: dict[str, str] = field(default_factory=dict)
    explanations: list[tuple[PolicyStamp, Explanation]] = field(default_factory=list)


async def ask_chain(
    host: PolicyHost,
    chain: Sequence[SelectedPolicy],
    request: PoolRequest[Any],
    *,
    memories: Mapping[str, str],
    barred: Mapping[str, frozenset[str]],
    company_id: int,
) -> ChainOutcome:
    """Who gets each record of the request; call it outside any transaction.

    `memories` are what the policies returned the last time, by their keys; `barred` the candidates who may not have a
    record, by its id. Records with the same ones are asked about together, those that nobody is barred from first: so
    no policy can choose whom a rule forbids, and the turns, the room and the load that a candidate has are those after
    what he was given before. Raises `PolicyFailed`, naming the plugin.
    """
    outcome = ChainOutcome(memories=dict(memories))
    candidates = {one.member_id: one for one in request.candidates}
    turn = max((one.last_turn for one in request.candidates if one.last_turn is not None), default=0)
    for without, records in _groups(request.records, barred):
        left = records
        for selected in chain:
            if not left:
                break
            asked = replace(
                request,
                records=tuple(left),
                candidates=tuple(one for id_, one in candidates.items() if id_ not in without),
                memory=outcome.memories.get(selected.policy.key, ""),
            )
            (result,) = await host.ask(selected, "assign", [asked], _check, company_id=company_id)
            given, left = _sorted_out(left, result, selected.policy.key)
            turn = _count(candidates, given, {one.id: one for one in records}, turn)
            outcome.hand_outs += given
            outcome.memories[selected.policy.key] = result.memory
            outcome.explanations.append((selected.stamp(), result.explanation))
        outcome.left += [one.id for one in left]
    return outcome


def _groups(
    records: Sequence[RecordFact], barred: Mapping[str, frozenset[str]]
) -> Iterable[tuple[frozenset[str], list[RecordFact]]]:
    groups: dict[frozenset[str], list[RecordFact]] = {NOBODY_BARRED: []}
    for record in records:
        groups.setdefault(barred.get(record.id, NOBODY_BARRED), []).append(record)
    return groups.items()


def _check(request: PoolRequest[Any], answer: object) -> PoolResult:
    return judged(answer, PoolResult, request)


def _sorted_out(
    records: Sequence[RecordFact], result: PoolResult, policy: str
) -> tuple[list[HandOut], list[RecordFact]]:
    given: list[HandOut] = []
    left: list[RecordFact] = []
    for record, one in zip(records, result.assignments, strict=True):
        if one.member_id is None:
            left.append(record)
        else:
            given.append(HandOut(record.id, one.member_id, policy, one.reason))
    return given, left


def _count(
    candidates: dict[str, CandidateFact], given: Sequence[HandOut], records: Mapping[str, RecordFact], turn: int
) -> int:
    """What each got counts at once: as his turn, against his room, and in what he carries."""
    for one in given:
        turn += 1
        before = candidates[one.member_id]
        candidates[one.member_id] = replace(
            before,
            last_turn=turn,
            room=None if before.room is None else before.room - 1,
            load=None if before.load is None else _heavier(before.load, records[one.record_id].kind),
        )
    return turn


def _heavier(load: Load, kind: str) -> Load:
    counted = {"lead": "leads", "customer": "customers", "opportunity": "opportunities"}[kind]
    return replace(load, **{counted: getattr(load, counted) + 1})
