"""Random claims, releases, activities, days and changes of rules: the pool does what a simple model does."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from itertools import count
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from quotaloom.ownership.rules import RuleKind
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.pool.claiming import claim_next
from quotaloom.pool.explaining import explain_ownership
from quotaloom.pool.permission import pool_reach
from quotaloom.pool.rule_commands import archive_rule, pause_rule, update_rule
from tests.integration.ownership.replaying import replayed
from tests.integration.pool.model import PROTECTIONS, TREES, Held, Model
from tests.integration.pool.seas import Sea, sea_for

T = TypeVar("T")

PEOPLE = st.sampled_from(["ann", "bob", "eve"])
RECORDS = 4
NUMBERS = st.integers(0, RECORDS - 1)

VALUES: dict[RuleKind, st.SearchStrategy[Any]] = {
    RuleKind.PROTECTION: st.integers(0, len(PROTECTIONS) - 1),
    RuleKind.RECYCLING: st.integers(0, len(TREES) - 1),
    RuleKind.COOLDOWN: st.integers(1, 9),
    RuleKind.CLAIM_LIMIT: st.tuples(st.integers(0, 3), st.sampled_from(["DAY", "WEEK", "MONTH"])),
    RuleKind.HOLDING_CAP: st.integers(0, 3),
}
"""What the model keeps of a rule of each kind."""

RULES = st.sampled_from(list(RuleKind)).flatmap(lambda kind: st.tuples(st.just(kind), VALUES[kind]))

_numbers = count(1)


def parameters(kind: RuleKind, value: Any) -> dict[str, Any]:
    """The parameters of a rule by what the model keeps of it."""
    if kind is RuleKind.CLAIM_LIMIT:
        return {"count": value[0], "window": value[1]}
    whole = {RuleKind.COOLDOWN: {"days": value}, RuleKind.HOLDING_CAP: {"count": value}}
    if kind in whole:
        return whole[kind]
    return dict(PROTECTIONS[value]) if kind is RuleKind.PROTECTION else {"when": TREES[value][0]}


class Sailing(RuleBasedStateMachine):
    """A company of its own for each run, in one database."""

    runner: asyncio.Runner
    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.sea: Sea = self.wait(sea_for(self.database, key=f"sea{next(_numbers)}"))
        self.names = self.wait(self.sea.customers(RECORDS))
        self.model = Model([Held(None, self.sea.day) for _ in range(RECORDS)])
        self.laid: dict[RuleKind, int] = {}

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of what runs in the loop of the database."""
        return self.runner.run(work)

    def code(self, work: Coroutine[Any, Any, list[str | None]]) -> str | None:
        """The one refusal of a command, or the code of what it raises."""
        try:
            (found,) = self.wait(work)
        except InputError as error:
            return error.code
        return found

    @rule(who=PEOPLE, numbers=st.lists(NUMBERS, min_size=1, max_size=3, unique=True))
    def claim(self, who: str, numbers: list[int]) -> None:
        """Somebody claims some records."""
        wanted = [self.model.claim(who, number, self.sea.day) for number in numbers]
        assert self.wait(self.sea.claim(who, *(self.names[number] for number in numbers))) == wanted

    @rule(who=PEOPLE, count=st.integers(1, 3))
    def claim_some(self, who: str, count: int) -> None:
        """Somebody takes the next records."""
        wanted = self.model.claim_next(who, count, self.sea.day)
        answer = self.wait(claim_next(self.sea.of(who), self.sea.pool, count))
        assert [one.record for one in answer.outcomes] == [self.names[number] for number in wanted]
        assert (answer.stopped_by is None) == (len(wanted) == count)

    @rule(who=PEOPLE, number=NUMBERS)
    def release(self, who: str, number: int) -> None:
        """Somebody gives a record back."""
        wanted = self.model.release(who, number, self.sea.day)
        assert self.code(self.sea.release(who, self.names[number])) == wanted

    @rule(to=PEOPLE, number=NUMBERS, override=st.booleans())
    def assign(self, to: str, number: int, override: bool) -> None:
        """An admin hands a record out."""
        wanted = self.model.assign(to, number, self.sea.day, override=override)
        given = self.sea.assign(to, self.names[number], override=override, reason="By hand")
        assert self.code(given) == wanted

    @rule(to=PEOPLE, number=NUMBERS)
    def transfer(self, to: str, number: int) -> None:
        """An admin gives a record to another holder."""
        wanted = self.model.transfer(to, number, self.sea.day)
        assert self.code(self.sea.transfer(to, self.names[number])) == wanted

    @rule(number=NUMBERS)
    def call(self, number: int) -> None:
        """Its holder, if it has one, calls a customer."""
        holder = self.model.records[number].by
        if holder is not None:
            self.wait(self.sea.call(holder, self.names[number]))
            self.model.call(number, self.sea.day)

    @rule(days=st.integers(1, 8))
    def days_pass(self, days: int) -> None:
        """Some days pass, and their nights are missed."""
        self.sea.passes(days)

    @rule()
    def night(self) -> None:
        """What is due goes back."""
        assert self.wait(self.sea.recycle()) == self.model.night(self.sea.day)

    @rule(named=RULES)
    def lay_down(self, named: tuple[RuleKind, Any]) -> None:
        """A rule is laid down, changed, or brought back with another content."""
        kind, value = named
        if kind not in self.laid:
            self.laid[kind] = self.wait(self.sea.rule(kind, parameters(kind, value)))
        else:
            self.wait(update_rule(self.sea.work, self.laid[kind], {"parameters": parameters(kind, value)}))
            self.wait(archive_rule(self.sea.work, self.laid[kind], archived=False))
        self.model.rules[kind] = value

    @rule(kind=st.sampled_from(list(RuleKind)))
    def drop(self, kind: RuleKind) -> None:
        """A rule is put away; whether it rests it keeps."""
        if kind in self.model.rules:
            self.wait(archive_rule(self.sea.work, self.laid[kind], archived=True))
            del self.model.rules[kind]

    @rule(kind=st.sampled_from(list(RuleKind)))
    def pause_or_start(self, kind: RuleKind) -> None:
        """A rule rests, or starts again."""
        if kind in self.model.rules:
            rests = kind not in self.model.paused
            self.wait(pause_rule(self.sea.work, self.laid[kind], paused=rests))
            self.model.paused ^= {kind}

    @invariant()
    def everybody_has_what_he_should(self) -> None:
        """The holders are those of the model."""
        holders = self.wait(self.sea.holders())
        assert [holders[name] for name in self.names] == [one.by for one in self.model.records]

    def teardown(self) -> None:
        """What will happen is explained as the model finds it day by day, and the ledger replays."""
        self.wait(self._compare_outlooks())
        self.wait(replayed(self.sea.work))

    async def _compare_outlooks(self) -> None:
        async with self.sea.work.snapshot() as snapshot:
            for name, held in zip(self.names, self.model.records, strict=True):
                if held.by is not None:
                    await self._compare_outlook(snapshot, name, held)

    async def _compare_outlook(self, snapshot: Snapshot, name: Any, held: Held) -> None:
        reach = await pool_reach(snapshot, self.sea.work.viewer, self.sea.day)
        found = await explain_ownership(snapshot, self.sea.work, name, reach)
        assert found is not None
        assert found.fate is not None
        assert (None if found.fate.paused else found.fate.due_on) == self.model.due_on(held)


@pytest.fixture
def sailing(database_url: str) -> Iterator[type[Sailing]]:
    """The machine with a database that its runs share."""
    with asyncio.Runner() as runner:
        database = Database(database_url)
        runner.run(database.connect())
        yield type("Sailing", (Sailing,), {"runner": runner, "database": database})
        runner.run(database.close())


def sail(machine: type[Sailing], examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_pool_does_what_the_model_does(sailing: type[Sailing]) -> None:
    """Some runs, for every day."""
    sail(sailing, 15, 30)


@pytest.mark.soak
def test_pool_does_what_the_model_does_for_long(sailing: type[Sailing]) -> None:
    """Many long runs, for `make soak`."""
    sail(sailing, 200, 60)
