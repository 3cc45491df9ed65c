"""Refused access in the audit log: who wanted what, when, by which token; however many there are.

The first few of everybody in a minute are written before he is answered, and so is the first one of each field, that a
flood at one field hides nothing at another. The others are counted, and one entry tells how many there were of each
field when the minute is over: a flood of refusals fills no disk, and is not kept quiet. What names no company stands in
the log of the server, as one line of JSON each, bounded likewise.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

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

MOST_OF_A_FIELD: Final = 10
"""How many refusals of one bearer, by whatever tokens, at one field are written in a minute of each process."""

MOST_A_MINUTE: Final = 100
"""How many of one bearer at all fields together, besides the first one of each field."""

MOST_FIELDS: Final = 300
"""How many fields are told apart for one bearer in a minute: all that there are at the roots of the graph, and more."""

OTHERS: Final = "others"
"""Stands for fields beyond these."""

LONGEST: Final = 300
"""How many characters of a place or a message are kept."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was refused: `place` is the field or path that was asked for, `code` the code of the error.

    `named` is what the client calls the place, where that is something else.
    """

    place: str
    code: str
    message: str
    named: str = ""


@dataclass(slots=True)
class Minute:
    """What one bearer was refused in one minute: how much of it was written, by field, and how much more there was."""

    number: int
    bearer: Identity
    written: Counter[str] = field(default_factory=Counter)
    more: Counter[str] = field(default_factory=Counter)

    def takes(self, place: str) -> bool:
        """Whether one more at a place is to be written; it is counted either way."""
        place = _kind_of(place)
        is_new = place not in self.written
        if is_new and len(self.written) >= MOST_FIELDS:
            self.more[OTHERS] += 1
            return False
        has_room = self.written[place] < MOST_OF_A_FIELD and self.written.total() < MOST_A_MINUTE
        if is_new or has_room:
            self.written[place] += 1
            return True
        self.more[place] += 1
        return False


@dataclass(frozen=True, slots=True)
class _Told:
    """An entry: where, why, how often; `besides` is what else is told."""

    place: str
    code: str
    message: str
    times: int
    besides: Mapping[str, Any]

    @property
    def after(self) -> dict[str, Any]:
        """What stands in the log."""
        return {"at": self.place, "code": self.code, "times": self.times, **self.besides}


_Whose = tuple[int, str, int | None]


class RefusedAccess:
    """Writes refusals of one process. Use it as an async context: at its end the rest is told."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._minutes: dict[_Whose, Minute] = {}
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
            minute = self._minutes[whose] = Minute(_minute_of(now), bearer)
        minute.bearer = bearer
        written = [one for one in map(_told, refusals) if minute.takes(one.place)]
        if written:
            await self._write(bearer, now, written)

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
                times = minute.more.total()
                message = f"access was refused {times} more times in that minute"
                now = self._clock()
                at = min(now, datetime.fromtimestamp((minute.number + 1) * 60, now.tzinfo))
                summed_up = _Told("", "REFUSED_OFTEN", message, times, {"fields": dict(minute.more)})
                await self._write(minute.bearer, at, [summed_up])

    async def _write(self, bearer: Identity, at: datetime, told: Sequence[_Told]) -> None:
        writer = Writer(bearer.subject, bearer.member_id, at, bearer.credential)

        async def record(transaction: Transaction) -> None:
            for one in told:
                transaction.record(ACTION, OBJECT, None, after=one.after, reason=one.message)

        if bearer.company_id:
            try:
                await self._database.write(bearer.company_id, writer, record)
                return
            except (Unavailable, Conflict, InputError, asyncpg.PostgresError) as error:
                _log.warning("refused access could not be written: %s", error)
        for one in told:
            _log.info("%s %s", ACTION, _line(bearer, one))


def _kind_of(place: str) -> str:
    """A field is one of its own; a path is one with those that begin alike, whatever numbers it has."""
    return "/".join(place.split("/", 2)[:2])


def _told(refusal: Refusal) -> _Told:
    besides = {"as": _shown(refusal.named)} if refusal.named else {}
    return _Told(_shown(refusal.place), refusal.code, _shown(refusal.message), 1, besides)


def _line(bearer: Identity, told: _Told) -> str:
    """A refusal as an object of JSON, in the words of the audit log; see docs/operations.md."""
    line = {
        "company": bearer.company_id or None,
        "actor": bearer.subject,
        "credential": bearer.credential,
        **told.after,
        "reason": told.message,
    }
    return orjson.dumps(line).decode()


def _shown(text: str) -> str:
    """A text that came from outside, in one line that can be stored."""
    return "".join(character if character.isprintable() else "?" for character in text[:LONGEST])


def _minute_of(now: datetime) -> int:
    return int(now.timestamp()) // 60
