"""JSON of any size without holding the loop: large answers are written in pieces, between which others get their turn.

The pieces joined are exactly what one `orjson.dumps` of the whole would be. orjson holds the interpreter while it
writes, so that a thread would help nobody.
"""

from __future__ import annotations

import asyncio
import gc
import re
from collections.abc import Iterator, Sequence
from typing import Final

import orjson

from quotaloom.platform.limits import LimitExceeded

Pieces = list[bytes | bytearray]
"""A text in parts, to be sent one after the other."""

HEAVY: Final = 10_000
"""How much may be written at a stretch, in values as `_is_heavy` counts them: a millisecond or so."""

LARGE: Final = 2**18
"""Bytes that a piece of a list shall have, about."""

_COPIED: Final = 500
"""So many bytes of a fragment are copied in the time in which one value is written."""

_HOLDING: Final = (dict, list, tuple)

_SURROGATE = re.compile("[\ud800-\udfff]")


def dumps(data: object) -> bytes:
    """JSON at a stretch; half of a surrogate pair, which no JSON can hold, is replaced."""
    try:
        return orjson.dumps(data)
    except orjson.JSONEncodeError:
        return orjson.dumps(_without_surrogates(data))


class Fragments:
    """JSON to be put into a larger one, in place of its values: text takes less room than they do."""

    __slots__ = ("_count", "_size")

    def __init__(self) -> None:
        self._count = self._size = 0

    def of_values(self, values: list[object]) -> orjson.Fragment:
        """That of a list."""
        return self.of_text(dumps(values))

    def of_text(self, text: bytes | str) -> orjson.Fragment:
        """One that is written already."""
        self._count += 1
        self._size += len(text)
        return orjson.Fragment(text)

    @property
    def weight(self) -> int:
        """How many values one takes as long to copy as, on an average; 0 where all of them together are small."""
        return self._size // (self._count * _COPIED) if self._size > LARGE else 0


async def dumped(data: object, most: int | None = None, early: Fragments | None = None) -> Pieces:
    """JSON in pieces. Who calls this shall keep nothing of `data`: it is let go in pieces, too.

    `early` wrote the fragments that are in it. Raises `LimitExceeded` once it has more than `most` bytes.
    """
    weight = 0 if early is None else early.weight
    if not _is_heavy(data, weight):
        text = dumps(data)
        _require_room(len(text), most)
        return [text]
    writing = _Writing(weight)
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

    def __init__(self, weight: int) -> None:
        self.kept: list[object] = []
        self._weight = weight

    def pieces(self, value: object) -> Iterator[bytes]:
        """The JSON of a value, a piece at a time."""
        if not _is_heavy(value, self._weight):
            self.kept.append(value)
            yield dumps(value)
        elif isinstance(value, dict):
            yield from self._of_dict(value)
        elif isinstance(value, list | tuple):
            yield from self._of_list(value)
        else:
            yield dumps(value)

    def _of_dict(self, value: dict[str, object]) -> Iterator[bytes]:
        opening = b"{"
        for name, one in value.items():
            yield opening + dumps(name) + b":"
            yield from self.pieces(one)
            opening = b","
        yield b"}"

    def _of_list(self, value: Sequence[object]) -> Iterator[bytes]:
        opening, begun, step = b"[", 0, 1
        while begun < len(value):
            some = value[begun : begun + step]
            if _is_heavy(some, self._weight):
                if step > 1:
                    step //= 2
                    continue
                yield opening
                yield from self.pieces(some[0])
            else:
                self.kept.append(some)
                written = dumps(some)
                yield opening + written[1:-1]
                step = max(1, min(2 * step, step * LARGE // len(written)))
            begun += len(some)
            opening = b","
        yield b"]"


def _is_heavy(value: object, weight: int = 0) -> bool:
    """Whether a value holds more than `HEAVY` others, at any depth; those in the lowest dicts count as one.

    A fragment counts as `weight` more; the lowest dicts may hold some, so that these are looked into as well then.

    The garbage collector knows best what holds what: it looks at one level after the other without running our code
    for every value.
    """
    level, found = [value], 0
    while level:
        below = gc.get_referents(*level)
        found += len(below)
        if weight:
            found += weight * list(map(type, below)).count(orjson.Fragment)
        if found > HEAVY:
            return True
        holding = below if weight else filter(gc.is_tracked, below)
        level = [one for one in holding if type(one) in _HOLDING]
    return False


def _without_surrogates(data: object) -> object:
    """The same with U+FFFD in their place, so that one text does not take the whole answer with it."""
    if isinstance(data, str):
        return _SURROGATE.sub("\ufffd", data)
    if isinstance(data, dict):
        return {_without_surrogates(key): _without_surrogates(one) for key, one in data.items()}
    if isinstance(data, list | tuple):
        return [_without_surrogates(one) for one in data]
    return data
