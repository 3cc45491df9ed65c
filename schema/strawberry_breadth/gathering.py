"""Reads of the same field at several levels, loaded at once.

A tree is asked for figures of each of its units, level by level, and the loader does not care for levels. A field that
is declared `across` levels waits until what lies beside it has been walked down; whoever comes first then loads for
all who wait, with one call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from typing import Any

from strawberry_breadth.arriving import Arriving

Results = Mapping[Any, Any] | Arriving
"""The result of each key, or where they arrive."""

Load = Callable[[list[Any]], Awaitable[Results]]


class Gathering:
    """The reads of one operation that wait; those with the same mark are loaded together."""

    __slots__ = ("_arriving", "_waiting")

    def __init__(self) -> None:
        self._waiting: dict[Hashable, Reading] = {}
        self._arriving: list[Arriving] = []

    def join(self, mark: Hashable, keys: Iterable[Any]) -> Reading:
        """The read that these keys are now part of. Raises `TypeError` for a mark without a hash."""
        reading = self._waiting.get(mark)
        if reading is None or reading.begun:
            reading = self._waiting[mark] = Reading()
        reading.keys.update(dict.fromkeys(keys))
        return reading

    def begin(self, arriving: Arriving) -> Arriving:
        """Have it end with the operation."""
        self._arriving.append(arriving)
        return arriving

    def end(self) -> None:
        """The operation is over: nothing more is read for it."""
        for arriving in self._arriving:
            arriving.end()


class Reading:
    """One call of a loader for several levels; `keys` may be added until it has `begun`."""

    __slots__ = ("_error", "_found", "_running", "begun", "keys")

    def __init__(self) -> None:
        self.keys: dict[Any, None] = {}
        self.begun = False
        self._running: asyncio.Future[None] | None = None
        self._found: Results | None = None
        self._error: Exception | None = None

    async def results(self, load: Load) -> Results:
        """The result of every key; the first who wants them loads them. Raises what that raised, to everybody."""
        self.begun = True
        while self._found is None and self._error is None:
            if self._running is None:
                await self._load(load)
            else:
                await asyncio.shield(self._running)  # whoever loads may be cancelled; then the next one does
        if self._error is not None:
            raise self._error
        assert self._found is not None
        return self._found

    async def _load(self, load: Load) -> None:
        running = self._running = asyncio.get_running_loop().create_future()
        try:
            self._found = await load(list(self.keys))
        except Exception as error:
            self._error = error
        finally:
            self._running = None
            running.set_result(None)
