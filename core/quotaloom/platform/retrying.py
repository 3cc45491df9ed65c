"""Trying again what PostgreSQL could not serialize."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import asyncpg

from quotaloom.platform.database_errors import database_errors
from quotaloom.platform.errors import Conflict

T = TypeVar("T")

ATTEMPTS: Final = 8
"""How often a write that PostgreSQL could not serialize is tried before the caller hears of it."""

RETRIED: Final = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.InvalidCachedStatementError,  # a migration has just changed a table
)
"""What a write fails with that may well succeed the next time."""


async def retried(attempt: Callable[[], Awaitable[T]]) -> T:
    """The result of `attempt`, which leaves nothing where it fails; raises `Conflict` when it keeps failing."""
    for number in range(ATTEMPTS):
        try:
            with database_errors():
                return await attempt()
        except RETRIED:
            await asyncio.sleep(0.01 * 2**number)
    raise conflict()


def conflict() -> Conflict:
    """What the caller hears of it."""
    return Conflict("CONFLICT", "others keep changing the same records; please try again")
