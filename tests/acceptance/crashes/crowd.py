"""Clients who read and write all kinds of things while an update goes on under them."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import httpx

from tests.acceptance.crashes.installation import Installation, Planted

READS: Final = (
    '{ orgUnit(key: "east") { attainment(period: "2026") { achieved } } metrics { name } members { totalCount } }',
    '{ metrics { name } members { totalCount } orgUnit(key: "east") { attainment(period: "2026") { achieved } } }',
)
"""In one order and in the other, since who reads keeps hold of each table to his end."""

Input = Callable[[Planted, str], dict[str, Any]]

WRITES: Final[dict[str, Input]] = {
    "updateMetric": lambda planted, name: {"id": planted.metric_id, "name": name},
    "createMember": lambda _, name: {"name": name},
    "createOrgUnit": lambda planted, name: {"name": name, "kind": "POSITION", "parentId": planted.root},
    "createLead": lambda planted, name: {"name": name, "positionId": planted.seats[0]},
}
"""Each mutation, and its input by the name that it gives: one reads a whole row first, the last enters an owner too."""

STORED: Final = {
    "createMember": "SELECT name FROM member WHERE name LIKE 'Update %'",
    "createOrgUnit": "SELECT name FROM org_unit WHERE name LIKE 'Update %'",
    "createLead": "SELECT name FROM lead JOIN ownership ON ownership.lead_id = lead.id WHERE name LIKE 'Update %'",
}
"""The names that are there. Of the metric's only the last is."""

PATIENCE: Final = 20.0


@dataclass
class Crowd:
    """What was acknowledged to them, by mutation, what was not as it should be, and how long one waited at the most."""

    installation: Installation
    acknowledged: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in WRITES})
    answered: Counter[str] = field(default_factory=Counter)
    wrong: list[object] = field(default_factory=list)
    longest: float = 0.0
    numbers: count[int] = field(default_factory=lambda: count(1))

    @asynccontextmanager
    async def busy(self, each: int = 1) -> AsyncIterator[Crowd]:
        """So many of each kind write while the block runs, and read after every write."""
        stopping = asyncio.Event()
        lives = [asyncio.create_task(self._live(mutation, stopping)) for mutation in WRITES for _ in range(each)]
        try:
            yield self
        finally:
            stopping.set()
            await asyncio.gather(*lives)

    async def write(self, mutation: str) -> None:
        """Write once, by a connection of its own, so that it may be served by any server."""
        name = f"Update {next(self.numbers)}"
        query = (
            f"mutation ($input: {mutation[0].upper()}{mutation[1:]}Input!)"
            f" {{ {mutation}(input: $input) {{ errors {{ message }} }} }}"
        )
        answer = await self._send(query, WRITES[mutation](self.installation.planted, name))
        if answer.get("data") == {mutation: {"errors": []}} and "errors" not in answer:
            self.acknowledged[mutation].add(name)
            self.answered[mutation] += 1
        else:
            self.wrong.append((mutation, answer))

    async def read(self, query: str) -> None:
        """Read once."""
        answer = await self._send(query, {})
        if "errors" in answer:
            self.wrong.append((query, answer))
        self.answered["read"] += 1

    async def _live(self, mutation: str, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            await self.write(mutation)
            await self.read(READS[self.answered["read"] % 2])

    async def _send(self, query: str, input: dict[str, Any]) -> Any:
        sent = time.monotonic()
        headers = {"authorization": f"Bearer {self.installation.planted.token}"}
        async with httpx.AsyncClient(
            base_url=self.installation.address, headers=headers, timeout=PATIENCE, verify=False, trust_env=False
        ) as client:
            variables = {"input": input} if input else {}
            answer = await client.post("/graphql", json={"query": query, "variables": variables})
        self.longest = max(self.longest, time.monotonic() - sent)
        return answer.json()

    async def lost(self) -> set[str]:
        """The names that were acknowledged and are not there, and those that are there and were not acknowledged."""
        database = await self.installation.connected()
        found: set[str] = set()
        async with database.snapshot(self.installation.planted.company_id) as snapshot:
            for mutation, sql in STORED.items():
                found |= {row["name"] for row in await snapshot.fetch(sql)} ^ self.acknowledged[mutation]
        await database.close()
        return found
