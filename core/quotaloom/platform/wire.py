"""Messages that go out ahead of the next: what begins a transaction, and the first statement in it, in one go.

asyncpg waits for the answer to a message before it sends another, and so each costs a way to PostgreSQL and back, and
both processes a turn. The message that begins a transaction answers nothing that anybody waits for: it may go out
just ahead of the first statement. PostgreSQL takes one after the other, and where the first fails, so does the second.

The protocol is PostgreSQL's own (https://www.postgresql.org/docs/current/protocol-flow.html): a simple query, whose
answers end with `ReadyForQuery`, before those that asyncpg waits for.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Any, Final

import asyncpg

_HEAD: Final = 5
"""Bytes of a message before what it says: its kind, and its length without the kind."""

_READY, _ERROR = ord("Z"), ord("E")

_ANY_TIME: Final = frozenset(b"NSA")
"""Notices, parameters and notifications, which may come whenever they like, and are asyncpg's."""


class Wire(asyncio.Protocol):
    """Stands between the socket of a connection and asyncpg, and keeps the answers to what went out ahead.

    `refusal` is what the latest of that failed with, once the answer to anything that was sent later is there.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self.refusal: asyncpg.PostgresError | None = None
        self._transport = transport
        self._owner: Any = transport.get_protocol()
        self._waits = 0
        self._rest = b""
        self._is_whole = True  # nothing of the answer that is to come has been taken yet
        self._usual = b"\0"  # the latest answer that came whole and told of nothing: the next is the same to the byte

    @classmethod
    def of(cls, connection: asyncpg.Connection[Any]) -> Wire:
        """That of a connection, which has one from the first time on that somebody asks for it.

        Raises `InterfaceError` where the connection was lost since the pool gave it.
        """
        try:
            transport: asyncio.Transport = connection._transport  # type: ignore[attr-defined]  # asyncpg's own
        except AttributeError as error:
            raise asyncpg.InterfaceError("the pool has taken the connection back") from error
        found = transport.get_protocol()
        if isinstance(found, Wire):
            return found
        made = cls(transport)
        transport.set_protocol(made)
        return made

    @property
    def is_answered(self) -> bool:
        """Whether the answers to all that went out ahead are there."""
        return not self._waits

    def send_ahead(self, sql: str) -> None:
        """Send statements without parameters, whose rows nobody wants; whoever calls this sends another at once."""
        self.refusal = None
        self._waits += 1
        self._transport.write(_query(sql))

    def data_received(self, data: bytes) -> None:
        """Keep what answers what went out ahead, and let asyncpg have the rest."""
        if self._waits:
            data = self._others(self._rest + data)
            if not data:
                return
        self._owner.data_received(data)

    def _others(self, data: bytes) -> bytes:
        """What is asyncpg's of these bytes."""
        is_whole = self._is_whole and self._waits == 1
        if is_whole and data.startswith(self._usual):
            self._waits, self._rest = 0, b""
            return data[len(self._usual) :]
        others, begin, length = b"", 0, len(data)
        while begin + _HEAD <= length:
            end = begin + 1 + int.from_bytes(data[begin + 1 : begin + _HEAD], "big")
            if end > length:
                break
            kind = data[begin]
            if kind == _READY:
                self._waits -= 1
                if not self._waits:
                    self._rest = b""
                    if is_whole and not others and self.refusal is None:
                        self._usual = data[:end]
                    self._is_whole = True
                    return others + data[end:]
            elif kind == _ERROR:
                self.refusal = _error(data[begin + _HEAD : end])
            elif kind in _ANY_TIME:
                others += data[begin:end]
            begin = end
        self._rest = data[begin:]
        self._is_whole = self._is_whole and not begin
        return others

    def eof_received(self) -> bool | None:
        """PostgreSQL has no more to say."""
        ends: bool | None = self._owner.eof_received()
        return ends

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._owner.connection_lost(exc)

    def pause_writing(self) -> None:
        """Have asyncpg wait until PostgreSQL takes more."""
        self._owner.pause_writing()

    def resume_writing(self) -> None:
        """Have it go on."""
        self._owner.resume_writing()


@lru_cache(maxsize=10_000)
def _query(sql: str) -> bytes:
    """The message that is a simple query; there are as many as there are people who asked lately, and a few."""
    text = sql.encode()
    return b"Q%b%b\0" % ((len(text) + _HEAD).to_bytes(4, "big"), text)


def _error(message: bytes) -> asyncpg.PostgresError:
    """The error that an `ErrorResponse` tells of: fields, each a letter and a text that ends with a zero."""
    fields = {field[:1].decode(): field[1:].decode(errors="replace") for field in message.split(b"\0") if field}
    made: asyncpg.PostgresError = asyncpg.PostgresError.new(fields)
    return made
