"""Refused access in the audit log: who wanted what, when, by which token; however many there are.

The first few of everybody in a minute are written before he is answered. The others are counted, and one entry tells of
them when the minute is over: a flood of refusals fills no disk, and is not kept quiet. What names no company stands in
the log of the server, as one line of JSON each, bounded likewise.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg
import orjson

from quotaloom.platform.database import Database
from quotaloom.platform.errors import Conflict, InputError, Unavailable
from quotaloom.platform.tokens import Identity
from quotaloom.platform.unit_of_work import Transaction, Writer

ACTION: Final = "access.refused"
"""What the audit log calls it."""

OBJECT: Final = "Request"
"""On what it was: nothing that has a number."""

MOST_A_MINUTE: Final = 10
"""How many refusals of one bearer, by whatever tokens, are written in a minute of each process."""

LONGEST: Final = 300
"""How many characters of a place or a message are kept."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was refused: `place` is the field or path that was asked for, `code` the code of the error."""

    place: str
    code: str
    message: str


@dataclass(slots=True)
class _Minute:
    """What one bearer was refused in one minute: how much of it was written, and how much more there was."""

    number: int
    bearer: Identity
    written: int = 0
    more: int = 0


_Whose = tuple[int, str, int | None]


class RefusedAccess:
    """Writes refusals of one process. Use it as an async context: at its end the rest is told."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._minutes: dict[_Whose, _Minute] = {}
        self._telling: asyncio.Task[None] | None = None

    async def __aenter__(self) -> RefusedAccess:
        self._telling = asyncio.create_task(self._every_minute())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._telling is not None:
            self._telling.cancel()
            with suppress(asyncio.CancelledError):
                await self._telling
        await self._tell(list(self._minutes))

    async def note(self, bearer: Identity, refusals: Sequence[Refusal]) -> None:
        """Note what a bearer was refused. It never fails: what cannot be written stands in the server's log."""
        now = self._clock()
        whose = (bearer.company_id, bearer.subject, bearer.member_id)
        minute = self._minutes.get(whose)
        if minute is not None and minute.number != _minute_of(now):
            await self._tell([whose])
            minute = self._minutes.get(whose)
        if minute is None:
            minute = self._minutes[whose] = _Minute(_minute_of(now), bearer)
        room = max(0, MOST_A_MINUTE - minute.written)
        written = refusals[:room]
        minute.written += len(written)
        minute.more += len(refusals) - len(written)
        minute.bearer = bearer
        if written:
            await self._write(bearer, now, [(_shown(one.place), one.code, _shown(one.message), 1) for one in written])

    async def past(self) -> None:
        """Tell of what was counted in minutes that are over, and forget them."""
        present = _minute_of(self._clock())
        await self._tell([whose for whose, minute in self._minutes.items() if minute.number != present])

    async def _every_minute(self) -> None:
        while True:
            await asyncio.sleep(60)
            await self.past()

    async def _tell(self, over: Sequence[_Whose]) -> None:
        for whose in over:
            minute = self._minutes.pop(whose, None)
            if minute is not None and minute.more:
                message = f"access was refused {minute.more} more times in that minute"
                now = self._clock()
                at = min(now, datetime.fromtimestamp((minute.number + 1) * 60, now.tzinfo))
                await self._write(minute.bearer, at, [("", "REFUSED_OFTEN", message, minute.more)])

    async def _write(self, bearer: Identity, at: datetime, told: Sequence[tuple[str, str, str, int]]) -> None:
        writer = Writer(bearer.subject, bearer.member_id, at, bearer.credential)

        async def record(transaction: Transaction) -> None:
            for place, code, message, times in told:
                after = {"at": place, "code": code, "times": times}
                transaction.record(ACTION, OBJECT, None, after=after, reason=message)

        if bearer.company_id:
            try:
                await self._database.write(bearer.company_id, writer, record)
                return
            except (Unavailable, Conflict, InputError, asyncpg.PostgresError) as error:
                _log.warning("refused access could not be written: %s", error)
        for place, code, message, times in told:
            _log.info("%s %s", ACTION, _line(bearer, place, code, message, times))


def _line(bearer: Identity, place: str, code: str, message: str, times: int) -> str:
    """A refusal as an object of JSON, in the words of the audit log; see docs/operations.md."""
    told = {
        "company": bearer.company_id or None,
        "actor": bearer.subject,
        "credential": bearer.credential,
        "at": place,
        "code": code,
        "times": times,
        "reason": message,
    }
    return orjson.dumps(told).decode()


def _shown(text: str) -> str:
    """A text that came from outside, in one line that can be stored."""
    return "".join(character if character.isprintable() else "?" for character in text[:LONGEST])


def _minute_of(now: datetime) -> int:
    return int(now.timestamp()) // 60
