from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from quotaloom.policies.discovery import discover
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.pooling import ChainOutcome, ask_chain
from quotaloom.policies.registry import PolicyRegistry
from quotaloom.policies.selected import SelectedPolicy
from quotaloom_sdk import Attribute, Attributes, CandidateFact, Load, Parameters, RecordFact
from quotaloom_sdk.testing import pool_request
from quotaloom_sdk.testing.requests import record

DISCOVERED = discover()
REGISTRY = PolicyRegistry(DISCOVERED.plugins)


def link(key: str, **parameters: Any) -> SelectedPolicy:
    return SelectedPolicy(REGISTRY.get(f"assignment.{key}"), parameters)


def asked(
    chain: Sequence[SelectedPolicy],
    records: Sequence[RecordFact | str],
    candidates: Sequence[CandidateFact | str],
    memories: Mapping[str, str] | None = None,
    barred: Mapping[str, frozenset[str]] | None = None,
) -> ChainOutcome:
    request = pool_request(records, candidates, parameters=Parameters())

    async def ask() -> ChainOutcome:
        host = PolicyHost(DISCOVERED)
        return await ask_chain(host, chain, request, memories=memories or {}, barred=barred or {}, company_id=1)

    return asyncio.run(ask())


def got(outcome: ChainOutcome) -> list[tuple[str, str, str]]:
    return [(one.record_id, one.member_id, one.policy.removeprefix("assignment.")) for one in outcome.hand_outs]


def in_territory(id_: str, where: str) -> RecordFact:
    plain = record(id_)
    return RecordFact(plain.id, plain.kind, plain.name, plain.entered_at, attributes=_territory(where))


def _territory(where: str) -> Attributes:
    return Attributes((Attribute("territory", where),))


def test_each_policy_decides_what_the_one_before_left() -> None:
    """By territory first; what is nowhere goes in turn, and who had one by territory has had his turn."""
    ann, bob = CandidateFact("ann", "Ann", attributes=_territory("north")), CandidateFact("bob", "Bob")
    outcome = asked([link("territory"), link("round_robin")], [in_territory("1", "north"), "2", "3"], [ann, bob])
    assert got(outcome) == [("1", "ann", "territory"), ("2", "bob", "round_robin"), ("3", "ann", "round_robin")]
    assert outcome.left == []
    assert [stamp.policy for stamp, _ in outcome.explanations] == ["assignment.territory", "assignment.round_robin"]


def test_what_nobody_decides_is_left() -> None:
    """An empty chain leaves all, a chain without anybody who has room the rest."""
    assert asked([], ["1", "2"], ["ann"]).left == ["1", "2"]
    outcome = asked([link("round_robin")], ["1", "2", "3"], [CandidateFact("ann", "Ann", room=2)])
    assert (len(outcome.hand_outs), outcome.left) == (2, ["3"])


def test_who_is_barred_from_a_record_is_not_asked_about_it() -> None:
    """Ann held the second and third a while ago: they go to Bob, though it is her turn; the fourth nobody may have."""
    barred = {"2": frozenset({"ann"}), "3": frozenset({"ann"}), "4": frozenset({"ann", "bob"})}
    outcome = asked([link("round_robin")], ["1", "2", "3", "4"], ["ann", "bob"], barred=barred)
    assert got(outcome) == [("1", "ann", "round_robin"), ("2", "bob", "round_robin"), ("3", "bob", "round_robin")]
    assert outcome.left == ["4"]


def test_room_and_load_count_from_one_policy_to_the_next() -> None:
    """Ann has room for one, which the territory takes; by capacity the other goes to Bob, who is at his limit then."""
    nothing = Load(members=1, customers=0, leads=0, opportunities=0, open_amount=0)
    ann = CandidateFact("ann", "Ann", room=1, load=nothing, attributes=_territory("north"))
    bob = CandidateFact("bob", "Bob", load=nothing)
    chain = [link("territory"), link("capacity", capacity=1)]
    outcome = asked(chain, [in_territory("1", "north"), "2", "3"], [ann, bob])
    assert got(outcome) == [("1", "ann", "territory"), ("2", "bob", "capacity")]
    assert outcome.left == ["3"]


def test_memories_go_from_one_hand_out_to_the_next() -> None:
    """At equal weights the second hand-out begins with Bob, because Ann had the first."""
    chain = [link("weighted")]
    first = asked(chain, ["1"], ["ann", "bob"])
    second = asked(chain, ["2"], ["ann", "bob"], memories=first.memories)
    assert [got(first)[0][1], got(second)[0][1]] == ["ann", "bob"]
