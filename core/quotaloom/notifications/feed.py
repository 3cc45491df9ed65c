"""Who listens for his notifications in this process, and telling him which are new.

The feed is told of every commit (`told`, with the payload of a notification) and that something may have been missed
(`missed`). A listener holds the numbers of what is new until he takes them; where they grow too many, or some may have
been missed, he is told that he has to read everything anew.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from quotaloom.notifications.telling import read_payload
from quotaloom.platform.limits import Limits
from quotaloom.platform.subscribers import Subscribers

MOST_HELD: Final = 500
"""How many new notifications are held for a listener; more of them count as missed."""


class Listener:
    """One who listens for a member's notifications; at first he has missed everything."""

    def __init__(self) -> None:
        self._new: set[int] = set()
        self._missed = True
        self._event = asyncio.Event()
        self._event.set()

    def add(self, number: int) -> None:
        """A notification was stored."""
        self._new.add(number)
        if len(self._new) > MOST_HELD:
            self.miss()
        self._event.set()

    def miss(self) -> None:
        """Some may have been missed."""
        self._new.clear()
        self._missed = True
        self._event.set()

    async def told(self) -> None:
        """Wait until there is something new."""
        await self._event.wait()

    def take(self) -> frozenset[int] | None:
        """What is new since the last time, or None where some may have been missed."""
        taken = None if self._missed else frozenset(self._new)
        self._new.clear()
        self._missed = False
        self._event.clear()
        return taken


class NotificationFeed:
    """All listeners of one process."""

    def __init__(self, limits: Limits | None = None) -> None:
        """`limits` say how many may listen."""
        self._subscribers = Subscribers(limits or Limits())
        self._listeners: dict[tuple[int, int], set[Listener]] = defaultdict(set)

    @property
    def listening(self) -> int:
        """How many listen at present."""
        return self._subscribers.count

    @contextmanager
    def listen(self, company_id: int, member_id: int) -> Iterator[Listener]:
        """Listen for a member's notifications while the block runs; raises as `refuse_more`."""
        listener, whose = Listener(), (company_id, member_id)
        with self._subscribers.counted(company_id, member_id):
            self._listeners[whose].add(listener)
            try:
                yield listener
            finally:
                self._listeners[whose].discard(listener)
                if not self._listeners[whose]:
                    del self._listeners[whose]

    def refuse_more(self, company_id: int, member_id: int) -> None:
        """Raise `LimitExceeded` where there may be no more of them; see `Subscribers`."""
        self._subscribers.refuse_more(company_id, member_id)

    def told(self, payload: str) -> None:
        """Take the payload of a notification; raises `ValueError` for what is none."""
        company_id, notes = read_payload(payload)
        for member_id, number in notes:
            for listener in self._listeners.get((company_id, member_id), ()):
                listener.add(number)

    def missed(self) -> None:
        """Notifications may have been missed, of anybody."""
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.miss()
