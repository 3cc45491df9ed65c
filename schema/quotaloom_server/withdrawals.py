"""Whoever is connected, and cutting off whose access was withdrawn.

A request asks the database whether its bearer still may; a connection that stays open has to be told. Its bearer is
looked at again when a commit somewhere may have withdrawn access in his company, when such news may have been missed,
and every minute, for what ends by the calendar.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Final

from quotaloom.organizations.opening import open_request
from quotaloom.platform.awaiting import comes
from quotaloom.platform.database import Database
from quotaloom.platform.errors import Unauthenticated, Unavailable
from quotaloom.platform.tokens import Identity

LOOKED_AT_EVERY: Final = 60.0
"""Seconds after which everybody is looked at, though nothing was told."""

Cut = Callable[[], object]
"""Cuts off one connection; called in the loop, at the most once."""

_log = logging.getLogger(__name__)


class Withdrawals:
    """All connections of one process that stay open. Use it as an async context.

    `database` is one whose connections no request takes: nobody who may not listen any longer does so while many read.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._cuts: dict[int, dict[Identity, list[Cut]]] = defaultdict(lambda: defaultdict(list))
        self._due: set[int] = set()
        self._told = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Withdrawals:
        self._looking = asyncio.create_task(self._look())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking

    @contextmanager
    def watch(self, identity: Identity, cut: Cut) -> Iterator[None]:
        """Have `cut` called once the access of `identity` is withdrawn, while the block runs."""
        if not identity.company_id:  # an operator belongs to no company that could send him away
            yield
            return
        cuts = self._cuts[identity.company_id][identity]
        cuts.append(cut)
        try:
            yield
        finally:
            with suppress(ValueError):
                cuts.remove(cut)
            if not cuts:
                self._cuts[identity.company_id].pop(identity, None)
            if not self._cuts[identity.company_id]:
                del self._cuts[identity.company_id]

    def told(self, payload: str) -> None:
        """Take the payload of a notification: in this company, somebody may have lost his access."""
        self._due.add(int(payload))
        self._told.set()

    def missed(self) -> None:
        """Somebody may have lost his access anywhere."""
        self._due.update(self._cuts)
        self._told.set()

    async def _look(self) -> None:
        while True:
            if not await comes(self._told, LOOKED_AT_EVERY):
                self.missed()
            self._told.clear()
            while self._due:
                await self._look_at(self._due.pop())

    async def _look_at(self, company_id: int) -> None:
        for identity in list(self._cuts.get(company_id, ())):
            try:
                async with self._database.snapshot(company_id) as snapshot:
                    await open_request(snapshot, identity, self._clock())
            except Unauthenticated:
                for cut in self._cuts[company_id].pop(identity, ()):
                    cut()
            except Unavailable:
                return  # what is missed meanwhile is told of once the database is back
            except Exception:
                _log.exception("whether %s may still listen could not be found out", identity.subject)
