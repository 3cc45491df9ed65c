"""Rows that come in pieces: while one piece is worked into the answer, the next is being read.

A database and the process that it answers are two. Where a large answer is read in one go, each of them waits for the
other; a loader that returns `Pieces` instead of rows has them work at the same time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from strawberry_breadth.awaiting import not_our_own

Group = Callable[[Iterable[Any], Sequence[Any]], Sequence[Any]]
"""The result of each key, out of the rows of all of them."""

Column = tuple[Sequence[int], list[Any]]
"""Which objects of a level, and the result of each."""

AHEAD: Final = 2
"""How many pieces are read before anybody asks for them."""


class Pieces:
    """What a loader returns instead of rows, to have them read a piece at a time.

    `parts` are the keys of the pieces; a key that is in none has no rows. `read` reads one piece, and `rows` makes of
    that the rows of its keys. Reading goes on while rows are made and completed: `read` should do little but wait. What
    it raises is the error of all whose rows have not come yet.
    """

    __slots__ = ("parts", "read", "rows")

    def __init__(
        self,
        parts: Iterable[Sequence[Any]],
        read: Callable[[Any], Awaitable[Any]],
        rows: Callable[[Any, Any], Iterable[Any]],
    ) -> None:
        self.parts = list(parts)
        self.read = read
        self.rows = rows

    async def results(self, group: Group) -> dict[Any, Any]:
        """The result of each key, one piece read after the other."""
        found: dict[Any, Any] = {}
        for part in self.parts:
            found.update(zip(part, group(self.rows(part, await self.read(part)), part), strict=True))
        return found


class Arriving:
    """The results of the keys of all pieces, for everybody in an operation who wants some of them."""

    __slots__ = ("_asked", "_found", "_group", "_pieces", "_raw", "_reading", "_room")

    def __init__(self, pieces: Pieces, group: Group) -> None:
        self._pieces = pieces
        self._group = group
        loop = asyncio.get_running_loop()
        self._raw: dict[int, asyncio.Future[Any]] = {n: loop.create_future() for n in range(len(pieces.parts))}
        self._found: dict[int, Mapping[Any, Any]] = {}
        self._asked = -1
        self._room = asyncio.Semaphore(AHEAD)
        self._reading = asyncio.ensure_future(self._read())

    def __len__(self) -> int:
        return len(self._pieces.parts)

    async def _read(self) -> None:
        error: Exception | None = None
        for number, part in enumerate(self._pieces.parts):
            await self._room.acquire()
            raw = self._raw[number]
            if error is None:
                try:
                    raw.set_result(await self._pieces.read(part))
                    continue
                except Exception as raised:
                    error = raised
                except asyncio.CancelledError as raised:
                    error = not_our_own(raised)
            raw.set_exception(error)
            raw.exception()  # whoever asks is told; it may be that nobody does

    async def piece(self, number: int) -> Mapping[Any, Any]:
        """The results of the keys of one piece; raises what reading it raised."""
        while self._asked < number:
            self._asked += 1
            self._room.release()
        if number not in self._found:
            await asyncio.shield(self._raw[number])
        if number not in self._found:  # nobody was quicker
            part = self._pieces.parts[number]
            rows = self._group(self._pieces.rows(part, self._raw[number].result()), part)
            self._found[number] = dict(zip(part, rows, strict=True))
            del self._raw[number]  # what was read is not needed any more
        return self._found[number]

    def end(self) -> None:
        """Read no more, as nobody waits for it."""
        self._reading.cancel()


class Arrival:
    """What arrives for the objects of one level, by their `keys`; `nothing` is the result of one that has no rows."""

    __slots__ = ("_arriving", "_missing", "_next", "_nothing", "count")

    def __init__(self, arriving: Arriving, keys: Sequence[Any], nothing: Any) -> None:
        self.count = len(keys)
        self._arriving = arriving
        self._nothing = nothing
        self._missing: dict[Any, list[int]] = {}
        for index, key in enumerate(keys):
            self._missing.setdefault(key, []).append(index)
        self._next = 0

    async def column(self) -> Column | None:
        """The next objects whose results are there; an exception stands for an object's error. None after the last."""
        while self._missing and self._next < len(self._arriving):
            try:
                piece = await self._arriving.piece(self._next)
            except Exception as error:
                return self._rest(error)
            self._next += 1
            keys = [key for key in piece if key in self._missing]
            if keys:
                of_keys = [self._missing.pop(key) for key in keys]
                values = [piece[key] for key, indices in zip(keys, of_keys, strict=True) for _ in indices]
                return [index for indices in of_keys for index in indices], values
        return self._rest(self._nothing) if self._missing else None

    def _rest(self, value: Any) -> Column:
        rest = [index for indices in self._missing.values() for index in indices]
        self._missing.clear()
        return rest, [value] * len(rest)
