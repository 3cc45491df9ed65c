"""Whoever asks for much at once waits for his own turn; everybody else finds connections meanwhile."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest
from benchmarks.abuse.http_requests import JSON, post
from benchmarks.abuse.sending import connection

from quotaloom.founding import found_company
from quotaloom.organizations.commands.companies import NewCompany
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.callers import answering
from quotaloom.platform.database import Database, credentials
from quotaloom.platform.errors import CallerGone
from quotaloom.platform.limits import Allowance, LimitExceeded, Limits
from quotaloom.platform.shares import Payer, Shares
from quotaloom.platform.time_limits import timed
from quotaloom.platform.unit_of_work import Transaction, Writer
from quotaloom.policies.host import PolicyHost
from tests.database_activity import waiting_for
from tests.graph_client import GraphClient, Moment
from tests.integration.live.boards import live_server
from tests.loaded_once import built_in_plugins

NOON: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
SLOW: Final = "{ auditLog(first: 10) { nodes { id } } }"
"""A query that waits while others hold the audit log."""

QUICK: Final = "{ company { name } }"


class Token:
    """One who asks, and the operations that he has had."""

    def __init__(self, database: Database, shares: Shares, whose: str, company: int = 1, **limits: Any) -> None:
        self._database, self._shares, self._limits = database, shares, Limits(**limits)
        self._whose: Payer = (company, whose)
        self.done: list[int] = []

    def operation(self) -> Allowance:
        """A new operation."""
        return Allowance(self._limits, self._shares.turn(self._whose))

    async def read(self, number: int = 0, operation: Allowance | None = None) -> None:
        """Read something."""
        with timed(operation or self.operation()):
            async with self._database.snapshot(1) as snapshot:
                await snapshot.fetch("SELECT 1")
                self.done.append(number)

    async def write(self, operation: Allowance) -> None:
        """Write nothing, having read something within."""

        async def nothing(_: Transaction) -> None:
            await self.read(operation=operation)

        with timed(operation):
            await self._database.write(1, Writer("tests", None, NOON), nothing)

    @asynccontextmanager
    async def holding(self, operations: int = 2) -> AsyncIterator[None]:
        """So many operations hold a connection each while the block runs."""
        snapshots = []
        for _ in range(operations):
            snapshot = self._database.snapshot(1)
            snapshot.allowance = self.operation()
            await snapshot.fetch("SELECT 1")
            snapshots.append(snapshot)
        try:
            yield
        finally:
            for snapshot in snapshots:
                snapshot.end()


def nobody_is_left(shares: Shares) -> bool:
    """Whether nobody holds anything any more, and nobody waits."""
    return (shares._held, shares._holding, shares._holding_of_company, shares._waiting) == (0, {}, {}, {})


@pytest.fixture
async def small(database_url: str) -> AsyncIterator[Database]:
    """A pool of four, of which a token may have two."""
    database = Database(database_url, pool_size=4)
    await database.connect()
    yield database
    await database.close()


async def test_one_token_has_half_of_the_connections(small: Database) -> None:
    """Ten wait for the two that hold one each; another token is served meanwhile, and then all of them are."""
    shares = Shares(Limits(), 4)
    busy, other = Token(small, shares, "busy"), Token(small, shares, "other")
    async with busy.holding():
        waiting = [asyncio.create_task(busy.read(number)) for number in range(10)]
        await asyncio.gather(*(other.read(number) for number in range(20)))
        assert sorted(other.done) == list(range(20))
        assert busy.done == []
    await asyncio.gather(*waiting)
    assert sorted(busy.done) == list(range(10))
    assert nobody_is_left(shares)


async def test_a_company_has_three_quarters_of_the_connections(small: Database) -> None:
    """Its two members hold three of four, and wait for more; another company finds the fourth."""
    shares = Shares(Limits(), 4)
    first, second = Token(small, shares, "first"), Token(small, shares, "second")
    other = Token(small, shares, "other", company=2)
    async with first.holding(), second.holding(1):
        waiting = [asyncio.create_task(second.read(number)) for number in range(10)]
        await asyncio.gather(*(other.read(number) for number in range(20)))
        assert sorted(other.done) == list(range(20))
        assert second.done == []
    await asyncio.gather(*waiting)
    assert sorted(second.done) == list(range(10))
    assert nobody_is_left(shares)


async def test_a_turn_goes_to_the_company_that_holds_the_fewest(small: Database) -> None:
    """However many another one has lined up before, and of whomever."""
    shares = Shares(Limits(own_operations=4, company_operations=4), 4)
    members = [Token(small, shares, f"member {number}") for number in range(5)]
    other = Token(small, shares, "other", company=2)
    order: list[str] = []

    async def read(token: Token, told: str) -> None:
        await token.read()
        order.append(told)

    async with members[0].holding(3):
        async with members[0].holding(1):
            waiting = [asyncio.create_task(read(token, "one")) for token in members for _ in range(4)]
            await asyncio.sleep(0.02)
            waiting += [asyncio.create_task(read(other, "other")) for _ in range(2)]
            await asyncio.sleep(0.02)
            assert order == []
        await asyncio.gather(*waiting)
    assert order[:3] == ["other", "other", "one"]
    assert nobody_is_left(shares)


async def test_operations_come_in_their_order(small: Database) -> None:
    """One at a time here, as it is set; another one that comes as a turn is handed on is the last."""
    token = Token(small, Shares(Limits(own_operations=1), 4), "one")
    async with token.holding(1):
        waiting = [asyncio.create_task(token.read(number)) for number in range(10)]
        await asyncio.sleep(0.05)
        assert token.done == []
    waiting.append(asyncio.create_task(token.read(10)))
    await asyncio.gather(*waiting)
    assert token.done == list(range(11))


async def test_an_operation_that_holds_a_connection_may_have_another(small: Database) -> None:
    """It reads, writes, and reads while it writes, in one turn; others of its token wait for that one turn only."""
    token = Token(small, Shares(Limits(own_operations=1), 4), "one")
    operation = token.operation()
    async with small.snapshot(1) as first:
        first.allowance = operation
        await first.fetch("SELECT 1")
        waiting = [asyncio.create_task(token.read(number)) for number in (1, 2)]
        await asyncio.gather(token.read(3, operation), token.write(operation))
        assert sorted(token.done) == [0, 3]
    await asyncio.gather(*waiting)
    assert token.done[2:] == [1, 2]


async def test_several_reads_of_one_operation_wait_for_one_turn(small: Database) -> None:
    """Both have it once it comes, and leave it once."""
    shares = Shares(Limits(own_operations=1), 4)
    token = Token(small, shares, "one")
    operation = token.operation()
    async with token.holding(1):
        waiting = [asyncio.create_task(token.read(number, operation)) for number in (1, 2)]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert nobody_is_left(shares)


async def test_who_waits_too_long_for_his_turn_is_told_so(small: Database) -> None:
    """Whether he reads or writes; his turn is not lost."""
    shares = Shares(Limits(), 4)
    token = Token(small, shares, "one", operation_seconds=0.1)
    async with token.holding():
        for doing in (token.read, token.write):
            with pytest.raises(LimitExceeded) as caught:
                await doing(operation=token.operation())
            assert (caught.value.code, caught.value.limit) == ("TOO_SLOW", "operation_seconds")
    await token.read()
    assert nobody_is_left(shares)


class Leaving:
    """A client that hangs up when it is told to."""

    def __init__(self) -> None:
        self.hangs_up = asyncio.Event()

    async def gone(self) -> None:
        """Return once it has."""
        await self.hangs_up.wait()


@pytest.mark.parametrize("only_reads", [True, False])
async def test_what_nobody_waits_for_is_not_read(small: Database, *, only_reads: bool) -> None:
    """An operation that only reads is dropped; one that may have written goes on to its end."""
    shares = Shares(Limits(), 4)
    token, client = Token(small, shares, "one"), Leaving()
    operation = token.operation()
    operation.only_reads = only_reads
    async with token.holding():
        with answering(client):
            waiting = asyncio.create_task(token.read(operation=operation))
        await asyncio.sleep(0)
        client.hangs_up.set()
        if only_reads:
            with pytest.raises(CallerGone):
                await waiting
    await asyncio.gather(waiting, return_exceptions=True)
    assert token.done == ([] if only_reads else [0])
    assert nobody_is_left(shares)


async def test_who_is_cancelled_as_his_turn_comes_hands_it_on(small: Database) -> None:
    """It goes to the next."""
    shares = Shares(Limits(own_operations=1), 4)
    one = (1, "one")
    assert shares.take(one)
    first, second = (asyncio.create_task(shares.wait(one, Allowance(Limits()))) for _ in range(2))
    await asyncio.sleep(0.01)
    shares.give(one)
    first.cancel()
    await second
    assert first.cancelled()
    shares.give(one)
    assert nobody_is_left(shares)


@asynccontextmanager
async def held_up(admin_url: str, *tables: str) -> AsyncIterator[asyncpg.Connection]:
    """Nobody else reads these tables while the block runs; tells by which connection."""
    administrator = await asyncpg.connect(**credentials(admin_url))
    try:
        async with administrator.transaction():
            await administrator.execute(f"LOCK TABLE {', '.join(tables)}")
            yield administrator
    finally:
        await administrator.close()


@asynccontextmanager
async def two_companies(
    database: Database, database_url: str, folder: Path, **settings: Any
) -> AsyncIterator[tuple[int, GraphClient, GraphClient]]:
    """A server's port, and an admin of each of two companies."""
    founded = [
        await found_company(
            database,
            PolicyHost(built_in_plugins()),
            NewCompany(key=key, name=key, currency="CNY", time_zone="Asia/Shanghai"),
            NewMember("Ada", role="admin", key="ada"),
            subject="tests",
            now=NOON,
        )
        for key in ("acme", "beta")
    ]
    async with live_server(database_url, folder, Moment(NOON), database_pool_size=4, **settings) as server:
        one, other = (server.graph.admin(each.company.id, each.admin_id) for each in founded)
        yield server.port, one, other


async def test_a_flood_of_slow_queries_keeps_no_other_company_waiting(
    database: Database, database_url: str, admin_url: str, tmp_path: Path
) -> None:
    """Twenty at once: two hold connections, the rest wait for their turn; another company is answered meanwhile."""
    async with two_companies(database, database_url, tmp_path) as (_, busy, other):
        async with held_up(admin_url, "audit_entry") as administrator:
            flood = [asyncio.create_task(busy.ask(SLOW)) for _ in range(20)]
            await waiting_for(administrator, "audit_entry", least=2)
            for _ in range(5):
                assert await other.ask(QUICK) == {"company": {"name": "beta"}}
            assert not any(one.done() for one in flood)
        answers = await asyncio.gather(*flood)
        assert len({json.dumps(answer) for answer in answers}) == 1


async def test_a_query_whose_client_hung_up_before_its_turn_is_not_run(
    database: Database, database_url: str, admin_url: str, tmp_path: Path
) -> None:
    """It would have waited for the metrics for ever, and the one behind it for its turn."""
    async with two_companies(database, database_url, tmp_path, own_operations=1) as (port, busy, _):
        token = f"Authorization: {busy.headers['authorization']}"
        await busy.ask(QUICK)
        async with held_up(admin_url, "metric"):
            async with held_up(admin_url, "audit_entry") as administrator:
                first = asyncio.create_task(busy.ask(SLOW))
                await waiting_for(administrator, "audit_entry")
                async with connection(port) as (_, writer):
                    writer.write(post(json.dumps({"query": "{ metrics { key } }"}).encode(), JSON, token))
                    await writer.drain()
                    await asyncio.sleep(0.2)  # it waits for its turn by then
                third = asyncio.create_task(busy.ask(QUICK))
                await asyncio.sleep(0.2)
                assert not third.done()
            await asyncio.gather(first, third)
