"""Whether PostgreSQL answers: asked on a connection of its own, since a pool that is busy is no outage."""

from __future__ import annotations

import asyncio
from enum import Enum, auto
from typing import Any, Final

import asyncpg

PATIENCE: Final = 0.8
"""Seconds within which the database must answer, connecting included: a database that goes is told within one."""


_LOST: Final = (
    OSError,  # a timeout as well
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # PostgreSQL has said its last, and the connection is not yet closed
    asyncpg.PostgresConnectionError,
)


class State(Enum):
    """What a question found out."""

    READY = auto()
    """It answers and can be written to."""

    OTHERWISE = auto()
    """It answers, and that is all: a standby, one that is starting, or has connections for nobody."""

    AWAY = auto()
    """It is not there, or says nothing."""


class Probe:
    """Asks one database how it is. Its connection is opened by the first question.

    Those who ask at the same time share an answer.
    """

    def __init__(self, database: dict[str, Any]) -> None:
        self._database = database
        self._connection: asyncpg.Connection[Any] | None = None
        self._asking: asyncio.Task[State] | None = None

    async def ask(self) -> State:
        """The answer, after `PATIENCE` seconds at the most."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(self._asking)

    async def close(self) -> None:
        """Let go of the connection."""
        if self._asking is not None:
            await self._asking
        self._drop()

    async def _ask(self) -> State:
        try:
            async with asyncio.timeout(PATIENCE):
                if self._connection is None or self._connection.is_closed():
                    self._connection = await asyncpg.connect(**self._database)
                standby: bool = await self._connection.fetchval("SELECT pg_is_in_recovery()")
        except _LOST:
            self._drop()
            return State.AWAY
        except asyncpg.PostgresError:
            self._drop()
            return State.OTHERWISE
        return State.OTHERWISE if standby else State.READY

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
