"""How many operations of one who asks may hold connections at once: a part of the pool, so that others find some.

More of them wait, first come, first served, while their time lasts. An operation counts once, however many connections
it holds, and may always have another one: so nobody who holds anything that others wait for waits for his turn.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager, suppress
from typing import Final

from quotaloom.platform.callers import while_awaited
from quotaloom.platform.limits import Allowance, Limits
from quotaloom.platform.time_limits import in_time

HALF: Final = 2
"""Which part of the pool one may have, where nothing else is set."""

BRIEFLY: Final = 0.05
"""Seconds for which somebody just waits; who waits longer is given up when his time is over, or when he hangs up.

Most waits are far shorter, and watching for the end of one takes longer than many an operation.
"""


class _Waiting:
    """Somebody who waits: `woken` is done when he is to look whether he has been `handed` a turn."""

    __slots__ = ("handed", "is_watched", "since", "woken")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.woken = loop.create_future()
        self.since = loop.time()
        self.handed = False
        self.is_watched = False

    def wake(self) -> None:
        """Have him look."""
        if not self.woken.done():
            self.woken.set_result(None)


class Shares:
    """Those of one process: of each who asks, how many operations hold connections, and which wait."""

    def __init__(self, limits: Limits, pool_size: int) -> None:
        self._most = limits.own_operations or max(1, pool_size // HALF)
        self._holding: dict[Hashable, int] = {}
        self._waiting: dict[Hashable, deque[_Waiting]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def turn(self, whose: Hashable) -> Turn:
        """The turn of a new operation of theirs."""
        return Turn(self, whose)

    def take(self, whose: Hashable) -> bool:
        """Take a turn, if there is one: then nobody waits for it."""
        holding = self._holding.get(whose, 0)
        if holding >= self._most:
            return False
        self._holding[whose] = holding + 1
        return True

    async def wait(self, whose: Hashable, time: Allowance) -> None:
        """Wait until it is handed a turn: raises `LimitExceeded` where the time is over before.

        Raises `CallerGone` where an operation that only reads is not awaited any more.
        """
        loop = asyncio.get_running_loop()
        one = _Waiting(loop)
        waiting = self._waiting.setdefault(whose, deque())
        waiting.append(one)
        if self._timer is None:
            self._timer = loop.call_later(BRIEFLY, self._look, loop)
        try:
            await one.woken
            if not one.handed:
                one.woken = loop.create_future()
                async with in_time(time):
                    await (while_awaited(_done(one.woken)) if time.only_reads else one.woken)
        except BaseException:
            if one.handed:
                self.give(whose)
            else:
                with suppress(ValueError):
                    waiting.remove(one)
                if not waiting and self._waiting.get(whose) is waiting:
                    del self._waiting[whose]
            raise

    def give(self, whose: Hashable) -> None:
        """Hand a turn on to whoever waits the longest, or back."""
        waiting = self._waiting.get(whose)
        while waiting:
            one = waiting.popleft()
            if not waiting:
                del self._waiting[whose]
            if not one.woken.cancelled():
                one.handed = True
                one.wake()
                return
        left = self._holding[whose] - 1
        if left:
            self._holding[whose] = left
        else:
            del self._holding[whose]

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wake those who have waited for a while, so that they look for the end of their time from then on."""
        self._timer = None
        late = loop.time() - BRIEFLY
        for waiting in self._waiting.values():
            for one in waiting:
                if not one.is_watched and one.since <= late:
                    one.is_watched = True
                    one.wake()
        if any(not one.is_watched for waiting in self._waiting.values() for one in waiting):
            self._timer = loop.call_later(BRIEFLY, self._look, loop)


async def _done(woken: asyncio.Future[None]) -> None:
    await woken


class Turn:
    """What one operation has of its token's share: a turn while it holds any connection, and no second one."""

    __slots__ = ("_held", "_shares", "_whose")

    def __init__(self, shares: Shares, whose: Hashable) -> None:
        self._shares = shares
        self._whose = whose
        self._held = 0

    def take(self) -> bool:
        """Take it for one connection, unless others have to give theirs back before; see `wait`."""
        if not self._held and not self._shares.take(self._whose):
            return False
        self._held += 1
        return True

    async def wait(self, time: Allowance) -> None:
        """Wait for it, and take it for one connection; raises as `Shares.wait`."""
        await self._shares.wait(self._whose, time)
        if self._held:
            self._shares.give(self._whose)  # another of our connections came before this one
        self._held += 1

    def give(self) -> None:
        """A connection for which it was taken is given back."""
        self._held -= 1
        if not self._held:
            self._shares.give(self._whose)


@asynccontextmanager
async def in_turn(time: Allowance | None) -> AsyncIterator[None]:
    """Have the turn of an operation while the block runs; whoever works for none needs none. Raises as `Turn.wait`."""
    turn = None if time is None else time.turn
    if time is None or turn is None:
        yield
        return
    if not turn.take():
        await turn.wait(time)
    try:
        yield
    finally:
        turn.give()
