"""Connections for snapshots, handed on from one to the next.

When a snapshot is over, its connection waits a moment for another. That one ends the old transaction with the very
message by which it begins its own, and neither has to do with the pool: a message and a turn at the pool less for each
request, where requests follow each other closely. Nothing waits while somebody else waits for the pool.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient

from quotaloom.platform.database_errors import LOST_CONNECTION, UNABLE
from quotaloom.platform.errors import Unavailable
from quotaloom.platform.prepared import rows_of
from quotaloom.platform.wire import Wire

T = TypeVar("T")

WAIT: Final = 0.01
"""Seconds for which a connection waits, in a transaction that has come to nothing; then it goes back to the pool."""


Seconds = Callable[[], float | None]
"""How long a message may take; None where somebody else sees to that."""


class NobodyLetIn(Unavailable):
    """There is no connection to be had."""


@dataclass(eq=False, slots=True)
class Reader:
    """A connection that somebody holds; `waits_until` is when it stops waiting for the next.

    `connection` is as the pool gives it, and `own` what that is put around.

    It `is_sure` unless it may be in a transaction of which asyncpg does not know yet.
    """

    held: Any
    connection: asyncpg.Connection[Any]
    own: asyncpg.Connection[Any]
    waits_until: float = 0.0
    is_sure: bool = True
    wire: Wire | None = None

    @property
    def is_lost(self) -> bool:
        """Whether it is known to be lost."""
        return bool(self.own.is_closed())

    async def give_back(self) -> None:
        """End its transaction, if there is one, and let the pool have it."""
        with suppress(*LOST_CONNECTION):
            try:
                if not self.connection.is_closed() and (self.connection.is_in_transaction() or not self.is_sure):
                    await self.connection.execute("ROLLBACK")
            finally:
                if self.held.client._pool is not None:  # or it was closed meanwhile, with all of its connections
                    await self.held.__aexit__(None, None, None)


Begun = tuple[Reader, list[asyncpg.Record]]
"""A connection in a transaction, and the rows of the first statement in it."""


class Readers:
    """The connections of one pool that wait for the next snapshot, the latest first."""

    def __init__(self, client: AsyncpgDBClient) -> None:
        self.wanted = 0
        """How many wait for a connection of the pool."""
        self._client = client
        self._waiting: list[Reader] = []
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._leaving: set[asyncio.Task[None]] = set()

    async def begin(self, sql: str, seconds: Seconds) -> Reader:
        """A connection on which `sql`, which begins a transaction, was run; raises what that raises.

        Where it fails with 40001 the same connection is the next that is handed out. Raises `TimeoutError` where it was
        cut off after so many `seconds`, which are asked for once there is a connection.
        """

        async def begun(reader: Reader, prefix: str) -> Reader:
            await reader.connection.execute(prefix + sql, timeout=seconds())
            return reader

        return await self._on_any(begun)

    def begin_with(self, sql: str, seconds: Seconds, statement: str, arguments: Sequence[Any]) -> Awaitable[Begun]:
        """The same, and the rows of the first statement, both in one go; raises what `sql` raises, or the statement.

        A connection that is lost once the transaction has begun may be lost because of the statement: no other gets it.
        """

        async def begun(reader: Reader, prefix: str) -> Begun:
            left = seconds()
            wire = reader.wire = reader.wire or Wire.of(reader.connection)
            wire.send_ahead(prefix + sql)
            reader.is_sure = False
            try:
                rows = await rows_of(reader.own, statement, arguments, left)
            except TimeoutError:
                raise  # though it is an OSError, too
            except (asyncpg.PostgresError, *LOST_CONNECTION) as error:
                if wire.refusal is not None:
                    raise wire.refusal from error
                if wire.is_answered and isinstance(error, LOST_CONNECTION):
                    raise Unavailable from error
                raise
            if wire.refusal is not None:
                raise wire.refusal  # whatever was read was read outside of the transaction
            reader.is_sure = True
            return reader, rows

        return self._on_any(begun)

    async def _on_any(self, begun: Callable[[Reader, str], Awaitable[T]]) -> T:
        """What `begun` gives for a connection and what ends the transaction that it is in."""
        while True:
            reader = self._waiting.pop() if self._waiting else None
            if reader is not None and reader.is_lost:
                await reader.give_back()
                continue
            is_new = reader is None
            reader = reader or await self._from_pool()
            try:
                return await begun(reader, "" if is_new else "ROLLBACK;")
            except asyncpg.SerializationError:
                self.end(reader)
                raise
            except BaseException as error:
                self._leave(reader)  # which may take long, if PostgreSQL does not answer
                if is_new or isinstance(error, TimeoutError) or not isinstance(error, LOST_CONNECTION):
                    raise  # otherwise it was lost while it waited

    async def _from_pool(self) -> Reader:
        held = self._client.acquire_connection()
        try:
            connection = await held.__aenter__()
        except (Unavailable, *UNABLE) as error:
            raise NobodyLetIn from error
        return Reader(held, connection, connection._con)

    def end(self, reader: Reader) -> None:
        """Its snapshot is over: it waits for another."""
        if self._closed or self.wanted:
            self._leave(reader)
            return
        loop = asyncio.get_running_loop()
        reader.waits_until = loop.time() + WAIT
        self._waiting.append(reader)
        if self._timer is None:
            self._timer = loop.call_later(WAIT, self._sweep)

    def discard(self, reader: Reader) -> None:
        """Its snapshot is over, and something went wrong in it: the pool shall have a look at it."""
        self._leave(reader)

    async def spare(self) -> bool:
        """Give the pool the connection that waits the longest, if one does."""
        if not self._waiting:
            return False
        await self._waiting.pop(0).give_back()
        return True

    def close(self) -> None:
        """Let none wait any longer, and none that comes later; the pool waits for them as long as it has patience."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        while self._waiting:
            self._leave(self._waiting.pop())

    def _sweep(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._waiting and self._waiting[0].waits_until <= now:
            self._leave(self._waiting.pop(0))
        if self._waiting:
            self._timer = loop.call_at(self._waiting[0].waits_until, self._sweep)

    def _leave(self, reader: Reader) -> None:
        leaving = asyncio.ensure_future(reader.give_back())
        self._leaving.add(leaving)  # the loop alone would not keep it
        leaving.add_done_callback(self._leaving.discard)
