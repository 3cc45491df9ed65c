"""How many operations may hold connections at once: of one who asks, of a company, and of all.

More of them wait while their time lasts. An operation counts once, however many connections it holds, and may always
have another one: so nobody who holds anything that others wait for waits for his turn.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from typing import Final

from quotaloom.platform.callers import while_awaited
from quotaloom.platform.counting import one_less
from quotaloom.platform.limits import Allowance, Limits
from quotaloom.platform.time_limits import in_time

Payer = tuple[int, Hashable]
"""Who asks: the company, and the member, key or service; see `Identity.payer`."""

HALF: Final = 2
"""Which part of the pool one who asks may have, where nothing else is set."""

QUARTER: Final = 4
"""Which part of the pool a company leaves to others, where nothing else is set."""

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
    """Those of one process: how many operations hold connections, of whom and of which company, and which wait.

    A turn that becomes free goes to the company that holds the fewest of those whose operations wait, so that nobody
    waits behind what another company has lined up; within it to its members, keys and services one after the other, and
    to the operations of each in their order.
    """

    def __init__(self, limits: Limits, pool_size: int) -> None:
        self._room = pool_size
        self._most = limits.own_operations or max(1, pool_size // HALF)
        self._most_of_company = limits.company_operations or max(1, pool_size - pool_size // QUARTER)
        self._held = 0
        self._holding: dict[Payer, int] = {}
        self._holding_of_company: dict[int, int] = {}
        self._waiting: dict[int, dict[Payer, deque[_Waiting]]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def turn(self, whose: Payer) -> Turn:
        """The turn of a new operation of theirs."""
        return Turn(self, whose)

    def take(self, whose: Payer) -> bool:
        """Take a turn, if there is one: then nobody waits who could have it."""
        company = whose[0]
        holding = self._holding.get(whose, 0)
        of_company = self._holding_of_company.get(company, 0)
        if holding >= self._most or of_company >= self._most_of_company or self._held >= self._room:
            return False
        self._holding[whose] = holding + 1
        self._holding_of_company[company] = of_company + 1
        self._held += 1
        return True

    async def wait(self, whose: Payer, time: Allowance) -> None:
        """Wait until it is handed a turn: raises `LimitExceeded` where the time is over before.

        Raises `CallerGone` where an operation that only reads is not awaited any more.
        """
        loop = asyncio.get_running_loop()
        one = _Waiting(loop)
        self._waiting.setdefault(whose[0], {}).setdefault(whose, deque()).append(one)
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
                self._leave(whose, one)
            raise

    def give(self, whose: Payer) -> None:
        """Give a turn back, and hand it on to whoever is the next to have one."""
        self._held -= 1
        one_less(self._holding, whose)
        one_less(self._holding_of_company, whose[0])
        while self._waiting and (following := self._following()) is not None:
            one = self._first(following)
            if not one.woken.cancelled() and self.take(following):
                one.handed = True
                one.wake()
                return

    def _following(self) -> Payer | None:
        """Whose turn it is next, if anybody who waits may have one."""
        holding = self._holding_of_company
        for company in sorted(self._waiting, key=lambda company: holding.get(company, 0)):
            if holding.get(company, 0) >= self._most_of_company:
                break
            for whose in self._waiting[company]:
                if self._holding.get(whose, 0) < self._most:
                    return whose
        return None

    def _first(self, whose: Payer) -> _Waiting:
        """The first of his operations that wait; his others are behind those of his company, and its behind others'."""
        of_company = self._waiting.pop(whose[0])
        waiting = of_company.pop(whose)
        one = waiting.popleft()
        if waiting:
            of_company[whose] = waiting
        if of_company:
            self._waiting[whose[0]] = of_company
        return one

    def _leave(self, whose: Payer, one: _Waiting) -> None:
        """He waits no longer."""
        of_company = self._waiting.get(whose[0], {})
        waiting = of_company.get(whose)
        if waiting is None or one not in waiting:
            return  # his turn had come, and was not taken
        waiting.remove(one)
        if not waiting:
            del of_company[whose]
        if not of_company:
            del self._waiting[whose[0]]

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wake those who have waited for a while, so that they look for the end of their time from then on."""
        self._timer = None
        late = loop.time() - BRIEFLY
        waiting = [one for company in self._waiting.values() for some in company.values() for one in some]
        for one in waiting:
            if not one.is_watched and one.since <= late:
                one.is_watched = True
                one.wake()
        if any(not one.is_watched for one in waiting):
            self._timer = loop.call_later(BRIEFLY, self._look, loop)


async def _done(woken: asyncio.Future[None]) -> None:
    await woken


class Turn:
    """What one operation has of the share of whoever asks: a turn while it holds any connection, and no second one."""

    __slots__ = ("_held", "_shares", "_whose")

    def __init__(self, shares: Shares, whose: Payer) -> None:
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
