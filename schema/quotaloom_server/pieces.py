"""JSON of any size without holding the loop: large answers are written in pieces, between which others get their turn.

The pieces joined are exactly what one `orjson.dumps` of the whole would be. orjson holds the interpreter while it
writes, so that a thread would help nobody.
"""

from __future__ import annotations

import asyncio
import gc
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson

from quotaloom.platform.limits import LimitExceeded

Pieces = list[bytes | bytearray]
"""A text in parts, to be sent one after the other."""

HEAVY: Final = 10_000
"""How much may be written at a stretch, in names and values as `_weighed` counts them: a millisecond or so."""

LARGE: Final = 2**18
"""Bytes that a piece of a list shall have, about."""

_WRITTEN: Final = 64
"""So many characters of a text are written in the time of one value, whatever alphabet they are of."""

_COPIED: Final = 500
"""So many bytes of a fragment are copied in that time."""

_HOLDING: Final = frozenset((dict, list, tuple))

_SURROGATE = re.compile("[\ud800-\udfff]")


def dumps(data: object) -> bytes:
    """JSON at a stretch; half of a surrogate pair, which no JSON can hold, is replaced."""
    try:
        return orjson.dumps(data)
    except orjson.JSONEncodeError:
        return orjson.dumps(_without_surrogates(data))


class Fragments:
    """JSON to be put into a larger one, in place of its values: text takes less room than they do.

    Once they come to more than `most` bytes nobody will be sent them: all further ones are empty then.
    """

    __slots__ = ("_most", "size", "sizes")

    def __init__(self, most: int = sys.maxsize) -> None:
        self.size = 0
        """The bytes of all of them, those in others once."""
        self.sizes: dict[int, int] = {}
        """The bytes of each, by its identity."""
        self._most = most

    def of_values(self, values: list[object]) -> orjson.Fragment | list[object]:
        """That of a list; the list itself where it would take too long to write."""
        weight, fragments = _weighed(values, self)
        if weight > HEAVY:
            return values
        self.size -= fragments
        return self.of_text(dumps(values))

    def of_text(self, text: bytes | str) -> orjson.Fragment:
        """One that is written already."""
        size = len(text)
        self.size += size
        if self.size > self._most:
            text, size = b"null", 0
        made = orjson.Fragment(text)
        self.sizes[id(made)] = size
        return made


async def dumped(data: object, most: int | None = None, early: Fragments | None = None) -> Pieces:
    """JSON in pieces. Who calls this shall keep nothing of `data`: it is let go in pieces, too.

    `early` wrote the fragments that are in it. Raises `LimitExceeded` once it has more than `most` bytes: of what is
    beyond, no more than one piece is written.
    """
    text = dumped_at_once(data, most, early)
    if text is not None:
        return [text]
    writing = dumped_in_turns(data, most, early)
    del data
    return await writing


def dumped_at_once(data: object, most: int | None = None, early: Fragments | None = None) -> bytes | None:
    """JSON at a stretch; None where that would take too long. Raises as `dumped` does."""
    early = early or _NO_FRAGMENTS
    _require_room(early.size, most)
    if _is_heavy(data, early):
        return None
    text = dumps(data)
    _require_room(len(text), most)
    return text


async def dumped_in_turns(data: object, most: int | None = None, early: Fragments | None = None) -> Pieces:
    """What `dumped` gives where it takes long, so that others have their turn in between."""
    writing = _Writing(early or _NO_FRAGMENTS)
    written: Pieces = []
    growing = bytearray()
    size = 0
    for piece in writing.pieces(data):
        growing += piece
        size += len(piece)
        _require_room(size, most)
        if len(growing) >= LARGE:
            written.append(growing)
            growing = bytearray()
        await asyncio.sleep(0)
    del data
    # To let hundreds of thousands of values go at once would take as long as to write them.
    while writing.kept:
        writing.kept.pop()
        await asyncio.sleep(0)
    return [*written, growing]


def _require_room(size: int, most: int | None) -> None:
    if most is not None and size > most:
        text = (
            f"the answer has more than {most:,} bytes, the most that is sent; ask for less at a time."
            " What mutations did, is done"
        )
        raise LimitExceeded("ANSWER_TOO_LARGE", "answer_bytes", most, size, text)


class _Writing:
    """Writes one value; what each piece was written of is `kept`."""

    def __init__(self, early: Fragments) -> None:
        self.kept: list[object] = []
        self._early = early

    def pieces(self, value: object) -> Iterator[bytes]:
        """The JSON of a value, a piece at a time."""
        if isinstance(value, str):
            yield from _of_text(value)
        elif not _is_heavy(value, self._early):
            self.kept.append(value)
            yield dumps(value)
        elif isinstance(value, dict):
            yield from self._of_items(list(value.items()), b"{", b"}")
        elif isinstance(value, list | tuple):
            yield from self._of_items(value, b"[", b"]")
        else:
            yield dumps(value)

    def _of_items(self, items: Sequence[Any], opening: bytes, closing: bytes) -> Iterator[bytes]:
        """The items of a list, or of a dict with their names: as many at a time as make a piece."""
        named = opening == b"{"
        begun, step = 0, 1
        while begun < len(items):
            some = items[begun : begun + step]
            part: Any = dict(some) if named else some
            if _is_heavy(part, self._early):
                if step > 1:
                    step //= 2
                    continue
                ((name, one),) = part.items() if named else ((None, some[0]),)
                yield opening + dumps(name) + b":" if named else opening
                yield from self.pieces(one)
            else:
                self.kept.append(part)
                written = dumps(part)
                yield opening + written[1:-1]
                step = max(1, min(2 * step, step * LARGE // len(written)))
            begun += len(some)
            opening = b","
        yield closing


def _of_text(text: str) -> Iterator[bytes]:
    """A text, which may be long."""
    yield b'"'
    for begun in range(0, len(text), LARGE):
        yield dumps(text[begun : begun + LARGE])[1:-1]
    yield b'"'


_NO_FRAGMENTS: Final = Fragments()


def _weighed(value: object, early: Fragments) -> tuple[int, int]:
    """How many names and values a value holds at any depth, and the bytes of the fragments in it.

    Long texts and fragments count as several. No more than is heavy is looked at. The garbage collector knows best
    what holds what.
    """
    size_of = early.sizes.get
    level, found, characters, copied = [value], 0, 0, 0
    while level:
        below = gc.get_referents(*level)
        found += len(below)
        if found > HEAVY:
            break
        level = []
        for one in below:
            kind = type(one)
            if kind is str:
                characters += len(one)
            elif kind in _HOLDING:
                level.append(one)
            elif kind is orjson.Fragment:
                copied += size_of(id(one), 0)
    return found + characters // _WRITTEN + copied // _COPIED, copied


def _is_heavy(value: object, early: Fragments) -> bool:
    return _weighed(value, early)[0] > HEAVY


def _without_surrogates(data: object) -> object:
    """The same with U+FFFD in their place, so that one text does not take the whole answer with it."""
    if isinstance(data, str):
        return _SURROGATE.sub("\ufffd", data)
    if isinstance(data, dict):
        return {_without_surrogates(key): _without_surrogates(one) for key, one in data.items()}
    if isinstance(data, list | tuple):
        return [_without_surrogates(one) for one in data]
    return data
