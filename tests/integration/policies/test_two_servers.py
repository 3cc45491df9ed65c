"""Several serving processes on one database: a switch counts in all of them at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from quotaloom.platform import notifications
from quotaloom.platform.database import Database, credentials
from quotaloom.platform.notifications import listening
from quotaloom_graphql.nodes import decode_id
from tests.acceptance.api_company import ApiCompany
from tests.acceptance.companies import planned_company
from tests.graph_client import GraphClient, serving
from tests.integration.platform.ways import way_to
from tests.unit.policies.installing import PluginFolder

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)

SOURCE = """
    from pydantic import Field
    from quotaloom_sdk import AllocationResult, AllocationRule, Explanation, Parameters, hookimpl

    QUOTALOOM_API = "1.0"

    class Mood(Parameters):
        good: bool = Field(default=True, description="Whether it answers.")

    def moody(request):
        if not request.parameters.good:
            raise RuntimeError("in a bad mood")
        return AllocationResult(children=(3, 1), explanation=Explanation("Three to one."))

    @hookimpl
    def quotaloom_allocation_rules():
        yield AllocationRule(
            key="moody", title="Moody", description="Answers or not.", parameters=Mood, allocate=moody
        )
"""

HEALTH = "{ policies { key health { state failures lastFailure until } } }"


@dataclass
class TwoServers:
    """One company, asked through two servers with worker processes of their own."""

    company: ApiCompany
    here: GraphClient
    there: GraphClient

    async def split(self, server: GraphClient) -> list[str] | str:
        """How 100.00 is split, or the error's code; stores nothing."""
        payload = await server.try_to(
            "decomposeTarget",
            "units { yearTarget }",
            planId=self.company.ids["plan"],
            orgUnitId=self.company.ids["acme"],
            target="100",
            policy="acme.moody",
            dryRun=True,
        )
        if payload["errors"]:
            return str(payload["errors"][0]["code"])
        return [unit["yearTarget"] for unit in payload["units"][1:]]

    async def switch(self, server: GraphClient, active: bool = True, good: bool = True) -> None:
        """Switch the policy through one of the servers."""
        await server.do(
            "switchPolicy", "policy { active }", policy="acme.moody", active=active, parameters={"good": good}
        )

    async def health(self, server: GraphClient) -> dict[str, Any]:
        """The health of the policy as one of the servers knows it."""
        policies = (await server.ask(HEALTH))["policies"]
        found: dict[str, Any] = next(one["health"] for one in policies if one["key"] == "acme.moody")
        return found


@pytest.fixture
async def two(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[TwoServers]:
    path = tmp_path / "plugins"
    path.mkdir()
    monkeypatch.syspath_prepend(str(path))
    PluginFolder(path).install(SOURCE)
    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(serving(database_url, tmp_path / "data", NOW, plugins=True))
            for _ in range(2)
        ]
        company = await planned_company(database, servers[0], "acme", NOW)
        here, there = (server.admin(company.company_id, company.admin_id) for server in servers)
        yield TwoServers(company, here, there)


async def test_a_switch_counts_in_every_process_at_once(two: TwoServers) -> None:
    """Whichever server switches, the very next answer of the other goes by it: 75.00 and 25.00, or refused."""
    for number in range(6):
        switching, asking = (two.here, two.there) if number % 2 else (two.there, two.here)
        active = number % 3 != 2
        await two.switch(switching, active)
        assert await two.split(asking) == (["75.00", "25.00"] if active else "POLICY_OFF")


async def test_failures_are_seen_and_forgiven_everywhere_when_an_admin_switches(two: TwoServers) -> None:
    """Five failures suspend it there, and members are not told why; switched here to be good, there answers at once."""
    await two.switch(two.here, good=False)
    assert [await two.split(two.there) for _ in range(6)] == ["POLICY_FAILED"] * 5 + ["PLUGIN_SUSPENDED"]
    health = await two.health(two.there)
    assert (health["state"], health["failures"]) == ("SUSPENDED", 5)
    assert "it raised RuntimeError: in a bad mood" in health["lastFailure"]
    assert health["until"] is not None
    made = (await two.there.do("createMember", "member { id }", name="Ann"))["member"]
    ann = two.there.member(two.company.company_id, decode_id(made["id"], "Member"))
    assert await two.health(ann) == {**health, "lastFailure": None}
    assert (await two.health(two.here))["state"] == "ANSWERING"
    await two.switch(two.here)
    for _ in range(200):
        if (await two.health(two.there))["state"] == "ANSWERING":
            break
        await asyncio.sleep(0.02)
    assert await two.split(two.there) == ["75.00", "25.00"]


@pytest.mark.parametrize("lingers", [False, True], ids=["closed", "not closed yet"])
async def test_listening_comes_back_when_its_connection_is_lost(
    database_url: str, admin_url: str, lingers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The backend is ended, and the connection closed with it or not yet; a little later it listens again, and what it
    is told then arrives."""
    monkeypatch.setattr(notifications, "SILENCE", 0.2)
    heard: list[str] = []
    admin = await asyncpg.connect(**credentials(admin_url))

    async def tell(payload: str) -> None:
        for _ in range(200):
            await admin.execute("SELECT pg_notify('moods', $1)", payload)
            if payload in heard:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(heard)

    async with way_to(database_url) as way, listening(way.url, {"moods": heard.append}):
        way.lingers = lingers
        await tell("first")
        ended = await admin.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        )
        assert ended == 1
        await tell("second")
    await admin.close()


async def test_a_listener_that_raises_hears_on(database_url: str, admin_url: str) -> None:
    """What is not understood is logged, and the next notification is told all the same."""
    heard = asyncio.Event()
    admin = await asyncpg.connect(**credentials(admin_url))

    def hear(payload: str) -> None:
        if payload == "nonsense":
            raise ValueError("what?")
        heard.set()

    async with listening(database_url, {"moods": hear}):
        for _ in range(200):
            await admin.execute("SELECT pg_notify('moods', 'nonsense'), pg_notify('moods', 'sense')")
            if heard.is_set():
                break
            await asyncio.sleep(0.02)
    await admin.close()
    assert heard.is_set()
