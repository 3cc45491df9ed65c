"""A transaction that stays open from one piece of work to the next."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, suppress
from contextvars import Context
from typing import Any, TypeVar

from quotaloom.platform.database_errors import LOST_CONNECTION, database_errors
from quotaloom.platform.retrying import RETRIED, conflict, retried
from quotaloom.platform.time_limits import in_time, operation_time
from quotaloom.platform.unbroken import waited_for
from quotaloom.platform.unit_of_work import Transaction

T = TypeVar("T")

Begin = Callable[[], AbstractAsyncContextManager[Transaction]]


class HeldTransaction:
    """All that is done with `run` is in one transaction, which stands once `commit` has returned, and never in part.

    It is begun by the first piece of work, behind `first`. Where a piece of work raises, all is undone, and the next
    one begins a new transaction. Each runs to its end, whatever happens to the caller, unless the time of the
    operation is over: that raises `LimitExceeded`. While it is open, others wait for what it has locked: nothing that
    takes a connection belongs between two pieces.
    """

    def __init__(self, begin: Begin, first: Callable[[Transaction], Awaitable[None]], context: Context) -> None:
        self._begin = begin
        self._first = first
        self._context = context
        self._turn = asyncio.Lock()
        self._opened: AbstractAsyncContextManager[Transaction] | None = None
        self._transaction: Transaction | None = None

    async def __aenter__(self) -> HeldTransaction:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Undo what was not committed."""
        await self._alone(self._undo(_GivenUp()))

    @property
    def is_open(self) -> bool:
        """Whether anything was done that is not committed yet."""
        return self._transaction is not None

    async def run(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """The result of `work` in the transaction.

        What PostgreSQL could not serialize is tried again where it is the first piece, and raises `Conflict` later.
        """
        return await self._alone(self._run(work))

    async def commit(self) -> None:
        """Let all stand that was done. Raises `Conflict`, and `Unavailable` where it is not known whether it stands."""
        await self._alone(self._committed())

    async def _run(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        return await (self._continued(work) if self._transaction else self._begun(work))

    async def _begun(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        async def attempt() -> T:
            opened = self._begin()
            self._transaction, self._opened = await opened.__aenter__(), opened
            try:
                async with in_time(operation_time()):
                    await self._first(self._transaction)
                    return await work(self._transaction)
            except BaseException as error:
                await self._undo(error)
                raise

        return await retried(attempt)

    async def _continued(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        assert self._transaction is not None
        try:
            with database_errors():
                async with in_time(operation_time()):
                    return await work(self._transaction)
        except RETRIED as error:
            await self._undo(error)
            raise conflict() from error
        except BaseException as error:
            await self._undo(error)
            raise

    async def _committed(self) -> None:
        opened, self._opened, self._transaction = self._opened, None, None
        if opened is None:
            return
        try:
            with database_errors():
                await opened.__aexit__(None, None, None)
        except RETRIED as error:
            raise conflict() from error

    async def _undo(self, error: BaseException) -> None:
        opened, self._opened, self._transaction = self._opened, None, None
        if opened is not None:
            with suppress(*LOST_CONNECTION):  # then it is undone already
                await opened.__aexit__(type(error), error, error.__traceback__)

    async def _alone(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it in a task of its own, but always in the same context: there Tortoise finds the transaction."""
        return await waited_for(asyncio.create_task(self._in_turn(work), context=self._context))

    async def _in_turn(self, work: Coroutine[Any, Any, T]) -> T:
        async with self._turn:
            return await work


class _GivenUp(Exception):
    """Nobody committed."""
