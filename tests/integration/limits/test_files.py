"""A file is made within the limits of an operation, and a refusal of it says the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import Any, Final

import asyncpg
import httpx
import pytest

from quotaloom.platform.database import Database, credentials
from quotaloom.platform.limits import Allowance, LimitExceeded, Limits
from quotaloom.platform.spreadsheets import FileFormat, aside
from quotaloom.platform.time_limits import timed
from quotaloom.reports.tables import Column, written
from quotaloom_graphql.nodes import encode_id
from tests.graph_client import GraphClient, serving
from tests.integration.graph.planned import noon
from tests.integration.reports.offices import END
from tests.integration.targets.planning import Planning, plan_for

POSITIONS: Final = [f"P {number}" for number in range(150)]

PATHS: Final = (
    "/reports/attainment.csv?period=2017-02",
    "/reports/attainment.xlsx?period=2017-02",
    "/reports/activity.csv?period=2017-02",
    "/reports/incentive-budget.csv?period=2017-02",
    "/plans/{plan}/template.csv",
    "/plans/{plan}/template.xlsx",
)


@asynccontextmanager
async def files(
    planning: Planning, database_url: str, folder: Path, **settings: Any
) -> AsyncIterator[tuple[GraphClient, list[str]]]:
    """An admin of the company, on a server with these limits, and where its files are."""
    async with serving(database_url, folder, noon(END), **settings) as graph:
        admin = graph.admin(planning.work.company.id, planning.founded.admin_id)
        yield admin, [path.format(plan=encode_id("Plan", planning.plan_id)) for path in PATHS]


async def get(client: GraphClient, path: str) -> httpx.Response:
    """The answer to asking for a file."""
    return await client.http.get(path, headers=client.headers)


@pytest.mark.parametrize(
    ("settings", "code"),
    [({"operation_rows": 100}, "TOO_MANY_ROWS"), ({"answer_bytes": 1_000}, "ANSWER_TOO_LARGE")],
    ids=["rows", "bytes"],
)
async def test_a_file_of_too_much_is_refused(
    database: Database, database_url: str, tmp_path: Path, settings: dict[str, int], code: str
) -> None:
    """Of each kind; without that limit it is served."""
    planning = await plan_for(database, {"Acme": POSITIONS})
    async with files(planning, database_url, tmp_path, **settings) as (admin, paths):
        ((limit, allowed),) = settings.items()
        for path in paths:
            response = await get(admin, path)
            told = response.json()
            assert (response.status_code, told["code"], told["limit"]) == (400, code, limit), path
            assert told["allowed"] == allowed < told["found"]
            assert told.keys() == {"code", "limit", "allowed", "found", "message"}
    async with files(planning, database_url, tmp_path) as (admin, paths):
        assert [(await get(admin, path)).status_code for path in paths] == [200] * len(paths)


async def test_a_file_that_takes_too_long_is_refused(
    database: Database, database_url: str, admin_url: str, tmp_path: Path
) -> None:
    """Whatever it waits for: here others have locked the tree. Then it is served again."""
    planning = await plan_for(database, {"Acme": POSITIONS[:2]})
    async with files(planning, database_url, tmp_path, operation_seconds=1.0) as (admin, paths):
        administrator = await asyncpg.connect(**credentials(admin_url))
        try:
            async with administrator.transaction():
                await administrator.execute("LOCK TABLE org_unit, placement, unit_path")
                for path in paths:
                    response = await get(admin, path)
                    told = response.json()
                    assert (response.status_code, told["code"]) == (400, "TOO_SLOW"), path
                    assert (told["limit"], told["allowed"]) == ("operation_seconds", 1.0)
        finally:
            await administrator.close()
    async with files(planning, database_url, tmp_path) as (admin, paths):
        assert [(await get(admin, path)).status_code for path in paths] == [200] * len(paths)


def endless(seconds: float) -> Iterator[list[str]]:
    """Rows without an end, a hundred of which take so long."""
    while True:
        time.sleep(seconds / 100)
        yield ["a text"]


@pytest.mark.parametrize("format", list(FileFormat))
async def test_writing_ends_with_the_time(format: FileFormat) -> None:
    """Though nobody waits for anything but the thread that writes."""
    with timed(Allowance(Limits(operation_seconds=0.1))), pytest.raises(LimitExceeded) as caught:
        await aside(partial(written, format, [Column("a")], endless(0.02)))
    assert caught.value.code == "TOO_SLOW"


async def test_a_csv_file_is_given_up_as_soon_as_it_is_too_large() -> None:
    """Not when its last row is written."""
    with timed(Allowance(Limits(answer_bytes=20_000))), pytest.raises(LimitExceeded) as caught:
        await aside(partial(written, FileFormat.CSV, [Column("a")], endless(0)))
    assert caught.value.code == "ANSWER_TOO_LARGE"
    assert 20_000 < caught.value.found < 60_000


async def test_a_file_that_waits_for_another_one_is_not_begun_once_its_time_is_over() -> None:
    """The thread that writes is busy with the first; the second is never run."""
    go_on, begun = Event(), BytesIO()
    first = asyncio.create_task(aside(partial(go_on.wait, 20)))
    await asyncio.sleep(0)
    with timed(Allowance(Limits(operation_seconds=0.05))), pytest.raises(LimitExceeded):
        await aside(partial(begun.write, b"begun"))
    go_on.set()
    assert await first
    await aside(lambda: None)
    assert begun.getvalue() == b""
