"""Who hears that something was published, and sees to it that listeners are told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Final, Self

from quotaloom.platform.awaiting import comes
from quotaloom.platform.database import Database
from quotaloom.platform.jobs.handlers import SUBJECT
from quotaloom.platform.unit_of_work import Writer
from quotaloom.policies.delivering import ask_for_deliveries
from quotaloom.policies.registry import PolicyRegistry

GATHERING_SECONDS: Final = 0.2
"""For how long companies are gathered that published something."""

LOOK_SECONDS: Final = 60.0
"""How often all companies with listeners are looked at, whatever was heard."""

AGAIN_SECONDS: Final = 1.0
"""How soon a company is looked at again whose listener was being told."""

_log = logging.getLogger(__name__)


class EventCourier:
    """Asks for deliveries, while its `async with` block runs, for companies that published something.

    It is told of every commit with events (`told`, with the payload of a notification), and that some may have been
    missed (`missed`). Only companies are looked at that have a listener switched on, or had one until
    some day. Days are those of PostgreSQL's clock, unless a `clock` is given.
    """

    def __init__(
        self, database: Database, registry: PolicyRegistry, clock: Callable[[], datetime] | None = None
    ) -> None:
        self._database = database
        self._registry = registry
        self._clock = clock
        self._due: set[int] = set()
        self._all = True
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def told(self, payload: str) -> None:
        """A company published something; raises `ValueError` for what is no company's number."""
        self._due.add(int(payload))
        self._wake.set()

    def missed(self) -> None:
        """Any company may have published something."""
        self._all = True
        self._wake.set()

    async def _run(self) -> None:
        while True:
            try:
                again = await self._look()
            except Exception:
                _log.exception("listeners could not be looked after; it is tried again")
                self._all, again = True, {0}
            self._due |= again
            await comes(self._wake, AGAIN_SECONDS if again else LOOK_SECONDS)
            self._all = self._all or not (again or self._wake.is_set())
            self._wake.clear()
            await asyncio.sleep(GATHERING_SECONDS)

    async def _look(self) -> set[int]:
        """Ask for what is due; the companies that have to be looked at again soon."""
        due, everybody = self._due, self._all
        self._due, self._all = set(), False
        async with self._database.snapshot(0) as snapshot:
            rows = await snapshot.fetch("SELECT companies_listening() AS id, now() AS now")
        return {row["id"] for row in rows if (everybody or row["id"] in due) and await self._ask(row["id"], row["now"])}

    async def _ask(self, company_id: int, now: datetime) -> bool:
        """Ask for what one company is due; where that fails, it is looked at again soon and holds up no other."""
        writer = Writer(SUBJECT, None, now if self._clock is None else self._clock())
        try:
            return await self._database.write(company_id, writer, partial(ask_for_deliveries, registry=self._registry))
        except Exception:
            _log.exception("the listeners of company %d could not be looked after; it is tried again", company_id)
            return True
