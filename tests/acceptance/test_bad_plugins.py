"""Twelve kinds of bad policy for every hook that is asked: nothing wrong is stored, and nobody else is harmed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from quotaloom.platform.database import Database
from tests.acceptance.api_company import ApiCompany
from tests.acceptance.bad_plugin import ANSWERED, FAULTS, FAULTS_OF, KINDS, SOURCE
from tests.acceptance.companies import planned_company
from tests.graph_client import serving
from tests.unit.policies.installing import PluginFolder

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


@dataclass
class Two:
    """A company that has switched a bad policy on, and one that has not."""

    bad: ApiCompany
    calm: ApiCompany
    database: Database


@pytest.fixture
async def two(database: Database, database_url: str, tmp_path: Path, folder: PluginFolder) -> AsyncIterator[Two]:
    folder.install(SOURCE, name="bad", distribution="bad-rules")
    options: dict[str, Any] = {"policy_seconds": 3, "plugin_memory_mb": 256}
    async with serving(database_url, tmp_path / "data", NOW, plugins=True, **options) as graph:
        yield Two(
            await planned_company(database, graph, "acme", NOW),
            await planned_company(database, graph, "calm", NOW),
            database,
        )


async def switch_on(two: Two, policy: str) -> None:
    """Switch a policy on for the bad company, as soon as the plugin's worker is up."""
    for _ in range(20):
        payload = await two.bad.graph.try_to("switchPolicy", "policy { active }", policy=policy, active=True)
        if not payload["errors"]:
            return
        assert payload["errors"][0]["code"] == "PLUGIN_BUSY", payload
    raise AssertionError(payload)


async def decompose(one: ApiCompany, policy: str) -> dict[str, Any]:
    payload: dict[str, Any] = await one.graph.try_to(
        "decomposeTarget",
        "units { name yearTarget }",
        planId=one.ids["plan"],
        orgUnitId=next(iter(one.ids.values())),
        target="1200",
        policy=policy,
    )
    return payload


async def win(one: ApiCompany) -> dict[str, Any]:
    """Open a deal of East's, worth 1,000, and win it today."""
    funnels = await one.graph.ask("{ funnels { id } }")
    opened = await one.graph.do(
        "createOpportunity",
        "opportunity { id }",
        funnelId=funnels["funnels"][0]["id"],
        positionId=one.ids["East"],
        amount="1000",
    )
    payload: dict[str, Any] = await one.graph.try_to(
        "winOpportunity", "opportunity { outcome }", id=opened["opportunity"]["id"]
    )
    return payload


async def stored(two: Two) -> tuple[list[int], list[int], int]:
    """Of the bad company: the sums of its units' cells by unit, its ledger's amounts, and how much was explained."""
    async with two.database.snapshot(two.bad.company_id) as snapshot:
        cells = await snapshot.fetch(
            "SELECT sum(target)::bigint AS target FROM target_cell GROUP BY unit_id ORDER BY unit_id"
        )
        entries = await snapshot.fetch(
            "SELECT entry.amount FROM achievement_entry AS entry JOIN metric ON metric.id = metric_id"
            " WHERE metric.key = 'revenue' ORDER BY entry.id"
        )
        explained = await snapshot.fetch_one(
            "SELECT (SELECT count(*) FROM decomposition) + (SELECT count(*) FROM win_crediting) AS number"
        )
    assert explained is not None
    return [row["target"] for row in cells], [row["amount"] for row in entries], explained["number"]


async def undisturbed(two: Two, bad: asyncio.Task[dict[str, Any]]) -> dict[str, Any]:
    """What the bad call comes to; until then the calm company is answered as ever."""
    again = True
    while again:
        again = not bad.done()
        calm = await decompose(two.calm, "allocation.even")
        assert calm["errors"] == []
        assert [unit["yearTarget"] for unit in calm["units"]] == ["1200.00", "600.00", "600.00"]
        assert (await win(two.calm))["errors"] == []
        assert (await two.calm.graph.ask("{ policies { key active } }"))["policies"]
    return await bad


@pytest.mark.parametrize("kind", KINDS)
async def test_a_bad_allocation_rule_stores_nothing_wrong(two: Two, kind: str) -> None:
    """3 : 1 of 1,200.00 is 900.00 and 300.00; whatever is not answered well is told with the plugin's name."""
    policy = f"bad.allocation_{kind}"
    await switch_on(two, policy)
    payload = await undisturbed(two, asyncio.ensure_future(decompose(two.bad, policy)))
    if kind in ANSWERED:
        assert payload["errors"] == []
        assert await stored(two) == ([1_200_00, 900_00, 300_00], [], 1)
        return
    (error,) = payload["errors"]
    assert "'bad'" in error["message"]
    assert FAULTS.get(kind, FAULTS_OF.get(("allocation", kind), "?")) in error["message"]
    assert error["path"] == ["policy"]
    assert await stored(two) == ([], [], 0)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_bad_crediting_rule_posts_nothing_wrong(two: Two, kind: str) -> None:
    """1,000.00 for East where the rule answers, and nothing at all where it does not: the deal stays open."""
    await switch_on(two, f"bad.crediting_{kind}")
    payload = await undisturbed(two, asyncio.ensure_future(win(two.bad)))
    if kind in ANSWERED:
        assert payload == {"opportunity": {"outcome": "WON"}, "errors": []}
        assert await stored(two) == ([], [1_000_00], 1)
        return
    (error,) = payload["errors"]
    assert "'bad'" in error["message"]
    assert FAULTS.get(kind, FAULTS_OF.get(("crediting", kind), "?")) in error["message"]
    assert await stored(two) == ([], [], 0)
    deals = await two.bad.graph.ask("{ opportunities(first: 5) { nodes { outcome } } }")
    assert [deal["outcome"] for deal in deals["opportunities"]["nodes"]] == ["OPEN"]
