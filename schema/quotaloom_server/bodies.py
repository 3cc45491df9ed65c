"""How much a request may send: told by its length, or counted while it comes in, and never kept beyond that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

from quotaloom.platform.limits import LimitExceeded, Limits
from quotaloom_server.answers import JSONAnswer
from quotaloom_server.operations import beyond, refusal

_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})

_PLAIN: Final = frozenset((b"", b"identity"))


Knows = Callable[[Headers], Awaitable[bool]]
"""Whether a request with these headers is somebody's whom the server knows."""


async def bounded(
    scope: Scope, fields: Mapping[bytes, bytes], receive: Receive, limits: Limits, knows: Knows
) -> Receive:
    """From where the body is to be read; raises `LimitExceeded` where it has more bytes than its sender may send.

    Raises `CodedBody` where it says that it comes in another form than its own.

    A body that says how long it is, is refused by that; the server sees to it that it is no longer. One that does not
    is read at once, and given up as soon as it is too long. Who sends it is asked only where that makes a difference.
    """
    if b"content-encoding" in fields:
        _require_plain([value for name, value in scope["headers"] if name == b"content-encoding"])
    length, chunked = fields.get(b"content-length"), b"transfer-encoding" in fields
    size = int(length) if length is not None and length.isdigit() and not chunked else None
    if size is not None and size <= min(limits.stranger_bytes, limits.body_bytes):
        return receive  # anybody may send as much
    room = _Room(scope, limits, knows)
    if size is not None:
        await room.require(size)
        return receive
    if length is None and not chunked and scope["method"] in _WITHOUT_BODY:
        return receive
    return _Replayed(await _read(receive, room), receive)


class CodedBody(Exception):
    """A body that is compressed, say. None is read: what it comes to would be known only once it is."""


def _require_plain(codings: list[bytes]) -> None:
    if any(coding.strip().lower() not in _PLAIN for value in codings for coding in value.split(b",")):
        raise CodedBody("send the body as it is, without `Content-Encoding`: none but `identity` is read here")


class _Room:
    """How much one request may send."""

    def __init__(self, scope: Scope, limits: Limits, knows: Knows) -> None:
        self._scope = scope
        self._limits = limits
        self._knows = knows
        self._is_known = False

    async def require(self, size: int) -> None:
        """Raise `LimitExceeded` where so many bytes are too many."""
        limits = self._limits
        if size > limits.body_bytes:
            raise beyond_body(limits.body_bytes, size)
        if size > limits.stranger_bytes and not self._is_known:
            self._is_known = await self._knows(Headers(scope=self._scope))
            if not self._is_known:
                raise _beyond_strangers(limits.stranger_bytes, size)


async def _read(receive: Receive, room: _Room) -> list[Message]:
    messages: list[Message] = []
    size = 0
    while True:
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        await room.require(size)
        if not message.get("more_body", False):
            return messages


_MARKS: Final = (b",", b"[", b"{")

_BESIDES: Final = 30_000
"""Marks that a request may have besides those of its values: in its document, say."""

_NAMES_BESIDES: Final = 10_000
"""Names of fields that a request may have besides those of its values: each operation of a list has four, say."""

_NAME: Final = 5
"""Bytes that a field takes at least: `"":1,`."""

_RARE: Final = 1_000
"""So many bytes of a kind are faster looked for, one after the other, than counted."""


def require_few_values(body: bytes, most: int) -> None:
    """Raise `LimitExceeded` where JSON has so many marks that its values are too many: to read them all takes long.

    A value comes with two of them at the most, and with one name, which takes longer to read than any mark.
    """
    names = most + _NAMES_BESIDES
    if len(body) > _NAME * names and _count(body, b'"') > 2 * names and _count(body, b":") > names:
        found = body.translate(None, b" \t\n\r").count(b'":')
        if found > names:
            text = f"the request has {found:,} names of fields, and {most:,} values at the most are allowed"
            raise LimitExceeded("TOO_MANY_VALUES", "variables_values", most, found - _NAMES_BESIDES, text)
    allowed = 2 * most + _BESIDES
    if len(body) <= allowed:
        return
    found = sum(_count(body, mark) for mark in _MARKS)
    if found > allowed:
        text = f"the request has {found:,} commas and brackets, and {most:,} values at the most are allowed"
        raise LimitExceeded("TOO_MANY_VALUES", "variables_values", most, (found - _BESIDES) // 2, text)


def _count(body: bytes, mark: bytes) -> int:
    """How often a byte stands in a body, which is most often a long text without it."""
    found, at = 0, body.find(mark)
    while at >= 0 and found < _RARE:
        found += 1
        at = body.find(mark, at + 1)
    return found if at < 0 else found + body.count(mark, at)


class _Replayed:
    """Gives what was read before, and then what comes."""

    def __init__(self, messages: list[Message], receive: Receive) -> None:
        self._messages = messages[::-1]
        self._receive = receive

    async def __call__(self) -> Message:
        return self._messages.pop() if self._messages else await self._receive()


def beyond_body(most: int, found: int) -> LimitExceeded:
    """The error of a body that is too large."""
    text = f"the request sends {found:,} bytes, and {most:,} at the most are allowed"
    return LimitExceeded("BODY_TOO_LARGE", "body_bytes", most, found, text)


def _beyond_strangers(most: int, found: int) -> LimitExceeded:
    text = f"the request sends {found:,} bytes, and without a token that is good {most:,} at the most are allowed"
    return LimitExceeded("BODY_TOO_LARGE", "stranger_bytes", most, found, text)


def too_large(error: LimitExceeded) -> JSONAnswer:
    """The answer to a body that is too large; nobody waits for the rest of it."""
    return JSONAnswer(beyond(error), status_code=413, headers=[(b"connection", b"close")])


def coded(error: CodedBody) -> JSONAnswer:
    """The answer to a body in another form than its own, with the only one that is read (RFC 9110, 15.5.16)."""
    body = refusal("UNSUPPORTED_MEDIA_TYPE", str(error))
    return JSONAnswer(body, status_code=415, headers=[(b"accept-encoding", b"identity")])
