"""The nested query: how long it takes, and where the time goes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg
import httpx
import strawberry

from benchmarks.companies import POLICIES
from benchmarks.measuring import Bench, Row, Stopwatch, compared, run
from benchmarks.recording import RecordingDatabase, Replay
from benchmarks.serving import QUERY, Served, ask, served_maven
from quotaloom.platform.database import Database, credentials
from quotaloom.targets.attainment_feed import AttainmentFeed
from quotaloom_graphql.context import RequestContext, Services
from quotaloom_graphql.schema import build_schema
from quotaloom_server.databases import DatabaseUrls, database_urls

TITLE = "The nested query"
WARM_UP = 10  # asyncpg prepares a statement once, PostgreSQL settles on its plan after five executions
ROUNDS = 60


@dataclass(frozen=True, slots=True)
class Ways:
    """Three ways to the same answer: over HTTP, in this process, and its bare statements."""

    client: httpx.AsyncClient
    schema: strawberry.Schema
    services: Services
    served: Served
    replay: Replay

    async def take_turns(self, watch: Stopwatch) -> None:
        with watch.lap("http"):
            await ask(self.client)
        with watch.lap("in process"):
            await execute(self.schema, self.services, self.served)
        with watch.lap("sql"):
            await self.replay.run()


def measure(bench: Bench) -> Iterator[Row]:
    """Company, regions, managers and positions, each with fiscal year 2017 and its quarters."""
    bench.tell(f"{TITLE}: importing the data set")
    with served_maven() as served, database_urls(served.settings) as urls:
        bench.tell(f"{TITLE}: {ROUNDS} rounds")
        watch, statements = run(_measure(served, urls))
    yield Row("statements", str(statements))
    for name, lap in (("over HTTP", "http"), ("in one process, without HTTP", "in process")):
        yield compared(f"{name}, median", watch.median(lap), "its statements alone", watch.median("sql"))
        yield compared(f"{name}, 95th percentile", watch.p95(lap), "its statements alone", watch.p95("sql"))


async def execute(schema: strawberry.Schema, services: Services, served: Served) -> None:
    """Answer the query in this process."""
    async with RequestContext(services, served.admin) as context:
        result = await schema.execute(QUERY, context_value=context)
    if result.errors:
        raise RuntimeError(f"the nested query failed: {result.errors}")


async def _measure(served: Served, urls: DatabaseUrls) -> tuple[Stopwatch, int]:
    async with _ways(served, urls) as ways:
        for _ in range(WARM_UP):
            await ways.take_turns(Stopwatch())
        watch = Stopwatch()
        for _ in range(ROUNDS):
            await ways.take_turns(watch)
        return watch, len(ways.replay.statements)


@asynccontextmanager
async def _ways(served: Served, urls: DatabaseUrls) -> AsyncIterator[Ways]:
    database, recording = Database(urls.application), RecordingDatabase(urls.application)
    connection = await asyncpg.connect(**credentials(urls.application))
    try:
        await database.connect()
        await recording.connect()
        schema = build_schema()
        await execute(schema, _services(recording), served)
        replay = Replay(connection, served.admin.company_id, recording.recorded)
        async with served.client() as client:
            yield Ways(client, schema, _services(database), served, replay)
    finally:
        await recording.close()
        await database.close()
        await connection.close()


def _services(database: Database) -> Services:
    return Services(database, POLICIES, lambda: datetime.now(UTC), AttainmentFeed(database))
