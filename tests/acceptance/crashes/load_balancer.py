"""Who asks a server for its health all the time, and remembers every answer.

The machine may have others to serve. How much of a wait is its doing is told by a process that does nothing but say
again what it hears, and knows nothing of the server: one that stalls excuses nothing by it.
"""

from __future__ import annotations

import asyncio
import subprocess
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


ECHO: Final = "cat"
"""The program that says again what it hears."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, and when it was asked for and given. That of the echo has the status 0."""

    asked: float
    answered: float
    status: int = 0

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
    echoes: list[Told] = field(default_factory=list)

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[LoadBalancer]:
        """Ask while the block runs."""
        async with asyncio.TaskGroup() as group:
            asking = [
                group.create_task(self._ask("health", self.health)),
                group.create_task(self._ask("alive", self.life)),
                group.create_task(self._listen()),
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
        """The answers that took more than a second, and what the machine took of that time."""
        return [told for told in (*self.health, *self.life) if told.took > self.allowed(told.asked, told.answered)]

    def allowed(self, since: float, until: float) -> float:
        """A second, and those in between for which the echo was waited for as well. Ask when the asking is over."""
        shares = (min(until, echo.answered) - max(since, echo.asked) for echo in self.echoes)
        return SECOND + sum(share for share in shares if share > 0)

    async def _ask(self, path: str, answers: list[Told]) -> None:
        async with httpx.AsyncClient(base_url=self.address, timeout=PATIENCE, trust_env=False) as client:
            while True:
                asked = time.monotonic()
                status = (await client.get(f"/{path}")).status_code
                answers.append(Told(asked, time.monotonic(), status))
                await asyncio.sleep(PAUSE)

    async def _listen(self) -> None:
        echo = await asyncio.create_subprocess_exec(ECHO, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert echo.stdin is not None
        assert echo.stdout is not None
        try:
            while True:
                asked = time.monotonic()
                echo.stdin.write(b"\n")
                await echo.stdout.readexactly(1)
                self.echoes.append(Told(asked, time.monotonic()))
                await asyncio.sleep(PAUSE)
        finally:
            echo.kill()
            await echo.wait()
