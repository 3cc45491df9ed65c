"""Tortoise's engine for asyncpg, with a pool at which nobody waits for a database that is away."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import TransactionalDBClient, TransactionContextPooled
from tortoise.connection import get_connections

from quotaloom.platform.errors import Unavailable
from quotaloom.platform.probing import Probe, State
from quotaloom.platform.readers import Readers
from quotaloom.platform.time_limits import operation_time

PATIENCE: Final = 1.0
"""Seconds that one waits for a connection before he asks whether the database answers, and then between questions."""

QUESTIONS: Final = 2
"""How often in a row it must not have answered: a process that is held up itself may miss an answer."""


class PatientPool:
    """asyncpg's pool, but for those who wait: they do so while there is time, and while the database answers."""

    def __init__(self, pool: asyncpg.Pool[Any], probe: Probe, readers: Readers) -> None:
        self._pool = pool
        self._probe = probe
        self._readers = readers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    async def acquire(self) -> Any:
        """A connection. Raises `Unavailable` once the database is away, and `LimitExceeded` once the time is over."""
        if self._pool.get_idle_size():
            return await self._pool.acquire()
        acquiring = asyncio.ensure_future(self._acquired())
        self._readers.wanted += 1
        try:
            await self._wait_for(acquiring)
            return acquiring.result()
        except BaseException:
            acquiring.cancel()
            acquiring.add_done_callback(self._give_back)
            raise
        finally:
            self._readers.wanted -= 1

    async def _acquired(self) -> Any:
        await self._readers.spare()  # which somebody may take before us, or which may not answer: it is waited for, too
        return await self._pool.acquire()

    async def _wait_for(self, acquiring: asyncio.Task[Any]) -> None:
        time, silences = operation_time(), 0
        while silences < QUESTIONS:
            await asyncio.wait({acquiring}, timeout=PATIENCE if time is None else min(PATIENCE, time.begin()))
            if acquiring.done():
                return
            if time is not None:
                time.begin()
            silences = silences + 1 if await self._probe.ask() is State.AWAY else 0
        if not acquiring.done():
            raise Unavailable

    def _give_back(self, acquiring: asyncio.Task[Any]) -> None:
        """It came after all."""
        if not acquiring.cancelled() and acquiring.exception() is None:
            releasing = asyncio.ensure_future(self._pool.release(acquiring.result()))
            _releasing.add(releasing)
            releasing.add_done_callback(_releasing.discard)


_releasing: set[asyncio.Future[Any]] = set()
"""The loop alone would not keep them."""


class _PooledTransaction(TransactionContextPooled):
    """Tortoise's transaction, but for one that does not even begin: its connection is ended, and room for another.

    Tortoise would hold it for good. A connection on which PostgreSQL died in the middle of something may come to the
    pool before anybody knows, so that each time that the database goes would take some of the pool with it.
    """

    async def __aenter__(self) -> TransactionalDBClient:
        await self.ensure_connection()
        connection = self.client._connection = await self.client._parent._pool.acquire()
        try:
            await self.client.begin()
        except BaseException:
            with suppress(asyncpg.InterfaceError):  # the pool has ended it already
                connection.terminate()
            raise
        self.token = get_connections().set(self.connection_name, self.client)
        return self.client


class PatientClient(AsyncpgDBClient):
    """Tortoise's client of a database; with a `probe` its pool is patient, as it is for a `Database`."""

    probe: Probe | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.readers = Readers(self)

    async def create_pool(self, **kwargs: Any) -> asyncpg.Pool[Any]:
        """The pool of connections."""
        pool = await super().create_pool(**kwargs)
        if self.probe is None:
            return pool
        return PatientPool(pool, self.probe, self.readers)  # type: ignore[return-value] # it is one, as far as Tortoise asks

    def _in_transaction(self) -> TransactionContextPooled:
        """What `in_transaction` opens."""
        return _PooledTransaction(TransactionWrapper(self), self._pool_init_lock)


client_class = PatientClient
"""As Tortoise finds it."""
