"""Who asks a server for its health all the time, and remembers every answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import httpx

PAUSE: Final = 0.02
"""Seconds from an answer to the next question."""

SECOND: Final = 1.0
"""Within which a question is answered."""

PATIENCE: Final = 20.0
"""Seconds after which a question counts as one that hangs."""

BACK: Final = 30.0
"""Seconds within which a database that is there again must be found."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, and when it was asked for and given."""

    asked: float
    answered: float
    status: int

    @property
    def took(self) -> float:
        """The seconds in between."""
        return self.answered - self.asked


@dataclass
class LoadBalancer:
    """Asks `/health` and `/alive` at an address. A question that hangs ends it with an error."""

    address: str
    health: list[Told] = field(default_factory=list)
    life: list[Told] = field(default_factory=list)

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[LoadBalancer]:
        """Ask while the block runs."""
        async with asyncio.TaskGroup() as group:
            asking = [
                group.create_task(self._ask(path, told))
                for path, told in (("health", self.health), ("alive", self.life))
            ]
            yield self
            for task in asking:
                task.cancel()

    async def until(self, status: int, since: float) -> float:
        """Wait until it is told this of its health, `BACK` seconds at the most; the seconds from `since` to then."""
        async with asyncio.timeout(BACK):
            while True:
                for told in self.health:
                    if told.answered >= since and told.status == status:
                        return told.answered - since
                await asyncio.sleep(PAUSE)

    async def answers(self, since: float) -> list[Told]:
        """What was asked and answered since then: one answer at least, which is waited for."""
        while True:
            if found := [told for told in self.health if told.asked >= since]:
                return found
            await asyncio.sleep(PAUSE)

    def late(self) -> list[Told]:
        """The answers on its health that took more than a second, and than `/alive` took meanwhile besides.

        That one needs no database: what it takes is the machine's doing, which may have others to serve.
        """
        found = []
        for told in self.health:
            beside = [other.took for other in self.life if other.asked < told.answered and told.asked < other.answered]
            if told.took > SECOND + max(beside, default=0.0):
                found.append(told)
        return found

    async def _ask(self, path: str, answers: list[Told]) -> None:
        async with httpx.AsyncClient(base_url=self.address, timeout=PATIENCE, trust_env=False) as client:
            while True:
                asked = time.monotonic()
                status = (await client.get(f"/{path}")).status_code
                answers.append(Told(asked, time.monotonic(), status))
                await asyncio.sleep(PAUSE)
