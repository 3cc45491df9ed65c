"""Two companies, three plugins: each company has what it switched on, whoever asks and whoever switches meanwhile."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from quotaloom.platform.database import Database
from tests.acceptance.api_company import ApiCompany
from tests.acceptance.companies import planned_company
from tests.graph_client import serving
from tests.unit.policies.installing import PluginFolder

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
PLUGINS = ("alpha", "beta", "gamma")

SOURCE = """
    from pydantic import Field
    from quotaloom_sdk import AllocationResult, AllocationRule, Explanation, Parameters, hookimpl

    QUOTALOOM_API = "1.0"

    class Share(Parameters):
        first: int = Field(ge=0, le=100, description="Percent of the first child; the second has the rest.")

    def by_share(request):
        first = request.parameters.first
        return AllocationResult(children=(first, 100 - first), explanation=Explanation("NAME"))

    @hookimpl
    def quotaloom_allocation_rules():
        yield AllocationRule(
            key="share", title="NAME", description="A share.", parameters=Share, allocate=by_share
        )
"""


@dataclass
class One:
    """A company, and the percentage that it gives each plugin as parameter: nobody else has the same."""

    company: ApiCompany
    first: dict[str, int]

    async def switch(self, plugin: str, active: bool) -> None:
        """Switch the plugin's policy on or off, from today on."""
        await self.company.graph.do(
            "switchPolicy",
            "policy { active }",
            policy=f"{plugin}.share",
            active=active,
            parameters={"first": self.first[plugin]},
        )

    async def active(self) -> set[str]:
        """The plugins of the three whose policy the company has on."""
        found = (await self.company.graph.ask("{ policies { plugin active } }"))["policies"]
        return {policy["plugin"] for policy in found if policy["active"]} & set(PLUGINS)

    async def split(self, plugin: str) -> list[str] | str:
        """How 100.00 is split by the plugin's policy, or the error's code; stores nothing."""
        payload: dict[str, Any] = await self.company.graph.try_to(
            "decomposeTarget",
            "units { yearTarget }",
            planId=self.company.ids["plan"],
            orgUnitId=next(iter(self.company.ids.values())),
            target="100",
            policy=f"{plugin}.share",
            dryRun=True,
        )
        if payload["errors"]:
            return str(payload["errors"][0]["code"])
        return [unit["yearTarget"] for unit in payload["units"][1:]]

    def expected(self, plugin: str) -> list[str]:
        """100.00 by its own percentage."""
        first = self.first[plugin]
        return [f"{first}.00", f"{100 - first}.00"]


@pytest.fixture
async def two(database: Database, database_url: str, tmp_path: Path, folder: PluginFolder) -> AsyncIterator[list[One]]:
    for name in PLUGINS:
        folder.install(SOURCE.replace("NAME", name), name=name, distribution=f"{name}-rules")
    async with serving(database_url, tmp_path / "data", NOW, plugins=True) as graph:
        acme = await planned_company(database, graph, "acme", NOW)
        zeta = await planned_company(database, graph, "zeta", NOW)
        yield [
            One(acme, {"alpha": 10, "beta": 20, "gamma": 30}),
            One(zeta, {"alpha": 60, "beta": 70, "gamma": 80}),
        ]


async def test_every_combination_of_on_and_off(two: list[One]) -> None:
    """All 64: what is on splits by the company's own percentage, what is off is refused, and never the other's."""
    states: dict[tuple[int, str], bool] = {}
    for combination in product((False, True), repeat=6):
        wanted = dict(zip(product((0, 1), PLUGINS), combination, strict=True))
        for (number, plugin), active in wanted.items():
            if states.get((number, plugin), False) != active:
                await two[number].switch(plugin, active)
        states = wanted
        for number, one in enumerate(two):
            assert await one.active() == {plugin for plugin in PLUGINS if wanted[number, plugin]}
        for (number, plugin), active in wanted.items():
            expected = two[number].expected(plugin) if active else "POLICY_OFF"
            assert await two[number].split(plugin) == expected, (combination, number, plugin)


async def test_eight_clients_that_switch_and_ask_at_once(two: list[One]) -> None:
    """Three of four clients of each company switch a plugin each, the fourth asks: own percentages or a refusal."""
    wrong: list[Any] = []

    async def switching(one: One, plugin: str, dice: random.Random) -> bool:
        active = False
        for _ in range(15):
            active = dice.random() < 0.5
            await one.switch(plugin, active)
            if (await one.split(plugin)) != (one.expected(plugin) if active else "POLICY_OFF"):
                wrong.append((one.company.company_id, plugin, active))
        return active

    async def asking(one: One, dice: random.Random) -> None:
        for _ in range(30):
            plugin = dice.choice(PLUGINS)
            found = await one.split(plugin)
            if found not in (one.expected(plugin), "POLICY_OFF"):
                wrong.append((one.company.company_id, plugin, found))

    clients = [switching(one, plugin, random.Random(plugin)) for one in two for plugin in PLUGINS]
    *last, _, _ = await asyncio.gather(*clients, *(asking(one, random.Random(7)) for one in two))
    assert wrong == []
    for number, one in enumerate(two):
        on = dict(zip(PLUGINS, last[3 * number : 3 * number + 3], strict=True))
        assert await one.active() == {plugin for plugin, active in on.items() if active}
