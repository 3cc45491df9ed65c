"""What PostgreSQL and asyncpg raise, in our words."""

from __future__ import annotations

from contextlib import AbstractContextManager
from time import monotonic
from typing import Final

import asyncpg

from quotaloom.platform.errors import BeyondLimit, InputError, Unavailable

LOST_CONNECTION = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what it makes of a connection that breaks while it speaks
)
"""What asyncpg raises where PostgreSQL is gone, going or not yet there."""

UNABLE = (
    *LOST_CONNECTION,
    asyncpg.InsufficientResourcesError,  # a full disk, no memory, too many connections
    asyncpg.PostgresSystemError,  # it cannot read or write its files
    asyncpg.ReadOnlySQLTransactionError,  # a standby, or a primary that has been succeeded
)
"""What is wrong with PostgreSQL, not with what it was asked: the same may well succeed a little later."""


def database_errors() -> AbstractContextManager[None]:
    """Say in our words what asyncpg says in its own.

    A lost connection, a full disk and the like become `Unavailable`; what PostgreSQL keeps in no text (the character
    NUL, half of a surrogate pair), a statement that was cancelled, and one that comes after such a failure become
    `InputError`.
    """
    return _OUR_WORDS


def statement_too_slow(allowed_ms: int, begun: float | None = None) -> BeyondLimit:
    """The error of a statement that ran into its time limit, `begun` at a moment of the monotonic clock, if known."""
    found = allowed_ms if begun is None else max(allowed_ms, round((monotonic() - begun) * 1000))
    text = (
        f"a statement of this was given up after {found:,} milliseconds; {allowed_ms:,} at the most are allowed"
        " (statement_timeout_ms): ask for less at a time"
    )
    return BeyondLimit("TOO_SLOW", text, limit="statement_timeout_ms", allowed=allowed_ms, found=found)


class _OurWords:
    """Holds nothing, so that there need be but one: every statement is read within it."""

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        match error:
            case None:
                return
            case asyncpg.QueryCanceledError():
                # Cancelled by hand: what runs into the limit of its transaction is told of there, with its figures.
                raise InputError("TOO_SLOW", "the database gave this up; ask for less at a time") from None
            case asyncpg.CharacterNotInRepertoireError():
                raise InputError("BAD_TEXT", "a text holds the character NUL (\\u0000); leave it out") from None
            case asyncpg.InFailedSQLTransactionError():
                text = (
                    "this was not read, as something else that was asked for failed; mend that, or ask for this alone"
                )
                raise InputError("NOT_READ", text) from None
            case asyncpg.DataError(__cause__=UnicodeEncodeError()):
                raise InputError("BAD_TEXT", "a text holds half of a surrogate pair; leave it out") from None
        if isinstance(error, UNABLE):
            raise Unavailable from error


_OUR_WORDS: Final = _OurWords()
