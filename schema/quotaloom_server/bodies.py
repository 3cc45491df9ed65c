"""How much a request may send: told by its length, or counted while it comes in, and never kept beyond that."""

from __future__ import annotations

from typing import Final

from starlette.types import Message, Receive, Scope

from quotaloom.platform.limits import LimitExceeded
from quotaloom_server.answers import JSONAnswer
from quotaloom_server.operations import beyond

_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})


async def bounded(scope: Scope, receive: Receive, most: int) -> Receive:
    """From where the body is to be read; raises `LimitExceeded` where it has more than `most` bytes.

    A body that says how long it is, is refused by that; the server sees to it that it is no longer. One that does not
    is read at once, and given up as soon as it is too long.
    """
    length = None
    chunked = False
    for name, value in scope["headers"]:
        if name == b"content-length":
            length = value
        elif name == b"transfer-encoding":
            chunked = True
    if length is not None and length.isdigit() and not chunked:
        if int(length) > most:
            raise _beyond(most, int(length))
        return receive
    if length is None and not chunked and scope["method"] in _WITHOUT_BODY:
        return receive
    return _Replayed(await _read(receive, most), receive)


async def _read(receive: Receive, most: int) -> list[Message]:
    messages: list[Message] = []
    size = 0
    while True:
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        if size > most:
            raise _beyond(most, size)
        if not message.get("more_body", False):
            return messages


_MARKS: Final = (b",", b"[", b"{")

_BESIDES: Final = 100_000
"""Marks that a request may have besides those of its values: in its document, say."""


def require_few_values(body: bytes, most: int) -> None:
    """Raise `LimitExceeded` where JSON has so many marks that its values are too many: to read them all takes long.

    A value comes with two of them at the most.
    """
    allowed = 2 * most + _BESIDES
    if len(body) <= allowed:
        return
    found = sum(map(body.count, _MARKS))
    if found > allowed:
        text = f"the request has {found:,} commas and brackets, and {most:,} values at the most are allowed"
        raise LimitExceeded("TOO_MANY_VALUES", "variables_values", most, (found - _BESIDES) // 2, text)


class _Replayed:
    """Gives what was read before, and then what comes."""

    def __init__(self, messages: list[Message], receive: Receive) -> None:
        self._messages = messages[::-1]
        self._receive = receive

    async def __call__(self) -> Message:
        return self._messages.pop() if self._messages else await self._receive()


def _beyond(most: int, found: int) -> LimitExceeded:
    text = f"the request sends {found:,} bytes, and {most:,} at the most are allowed"
    return LimitExceeded("BODY_TOO_LARGE", "body_bytes", most, found, text)


def too_large(error: LimitExceeded) -> JSONAnswer:
    """The answer to a body that is too large; nobody waits for the rest of it."""
    return JSONAnswer(beyond(error), status_code=413, headers=[(b"connection", b"close")])
