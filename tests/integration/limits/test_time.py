"""A mutation that takes too long is cut off: nothing of it is there, and whoever comes next finds all in order."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from quotaloom.platform.database import Database, credentials
from quotaloom.platform.limits import Allowance, LimitExceeded, Limits
from quotaloom.platform.time_limits import timed
from quotaloom.platform.unit_of_work import Transaction
from tests.acceptance.api_company import START, ApiCompany, api_company
from tests.database_activity import busy
from tests.founding import found
from tests.graph_client import serving

ADD = """mutation ($name: String!) {
  first: createMember(input: { name: $name }) { member { name } errors { code } }
  second: updateCompany(input: { name: "Acme 2" }) { company { name } errors { code } }
}"""


@asynccontextmanager
async def held_up(admin_url: str, table: str) -> AsyncIterator[None]:
    """Nobody else reads or writes the table while the block runs."""
    administrator = await asyncpg.connect(**credentials(admin_url))
    try:
        async with administrator.transaction():
            await administrator.execute(f"LOCK TABLE {table}")
            yield
    finally:
        await administrator.close()


async def add(acme: ApiCompany, name: str, key: str | None = None) -> Any:
    """What comes of adding a member and, as a second mutation, calling the company otherwise."""
    headers = {**acme.graph.headers, **({} if key is None else {"idempotency-key": key})}
    sent = {"query": ADD, "variables": {"name": name}}
    return (await acme.graph.http.post("/graphql", json=sent, headers=headers)).json()


@pytest.mark.parametrize("key", [None, "a-key"])
async def test_a_mutation_that_is_cut_off_changes_nothing(
    database: Database, database_url: str, admin_url: str, tmp_path: Path, key: str | None
) -> None:
    """Neither is what came before within it, nor is its key used up; three in a row leave both connections sound.

    The next mutation of the same operation, which has no time left, is not begun.
    """
    settings = {"operation_seconds": 0.3, "database_pool_size": 2}
    async with api_company(database, database_url, tmp_path, settings=settings) as acme:
        async with held_up(admin_url, "audit_entry, outbox_event"):  # the last that a mutation writes
            for _ in range(3):
                (error,) = (await add(acme, "Zoe", key))["errors"]
                told = error["extensions"]
                assert error["path"] == ["first"]
                assert (told["code"], told["limit"], told["allowed"]) == ("TOO_SLOW", "operation_seconds", 0.3)
                assert told["found"] >= 0.3
        assert await busy(admin_url) == 0
    async with serving(database_url, tmp_path, START) as calm:
        acme.graph = calm.admin(acme.company_id, acme.admin_id)
        query = "{ members(first: 9) { nodes { name } } company { name } }"
        shown = await acme.graph.ask(query)
        assert shown == {"members": {"nodes": [{"name": "Ada"}]}, "company": {"name": "Acme"}}
        for _ in range(2 if key else 1):
            done = await add(acme, "Zoe", key)
            assert done["data"]["first"] == {"member": {"name": "Zoe"}, "errors": []}
        shown = await acme.graph.ask(query)
        assert sorted(one["name"] for one in shown["members"]["nodes"]) == ["Ada", "Zoe"]


async def test_a_command_that_computes_for_too_long_writes_nothing(database: Database) -> None:
    """Nothing interrupts it; its time is looked at before it is committed."""
    acme = await found(database)

    async def rename(transaction: Transaction) -> None:
        await transaction.execute("UPDATE company SET name = 'Other'")
        time.sleep(0.06)  # noqa: ASYNC251 (as if it computed)

    with timed(Allowance(Limits(operation_seconds=0.05))), pytest.raises(LimitExceeded) as caught:
        await acme.write(rename)
    assert caught.value.code == "TOO_SLOW"
    async with acme.snapshot() as snapshot:
        assert [row["name"] for row in await snapshot.fetch("SELECT name FROM company")] == ["Acme"]


async def test_what_a_command_reads_takes_of_its_time(database: Database) -> None:
    """A statement of the gathering is cut off as well."""
    acme = await found(database)
    with timed(Allowance(Limits(operation_seconds=0.05))):
        async with acme.snapshot() as snapshot:
            with pytest.raises(LimitExceeded):
                await snapshot.fetch("SELECT pg_sleep(60)")
