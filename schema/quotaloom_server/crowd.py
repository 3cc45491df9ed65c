"""The connections of a serving process: how many there may be, and who makes room for those that come after them."""

from __future__ import annotations

import resource
from contextlib import suppress
from enum import Enum, auto
from itertools import chain, dropwhile, islice, takewhile
from typing import Final, Protocol

FILES_BESIDES: Final = 500
"""Files that a process may have open besides its connections: those to its database and plugins, say.

No setting: it refuses nobody.
"""


LATE_SECONDS: Final = 1.0
"""After how long a head that is not all there makes room for others, and a body that comes slowly: after those that
have been idle for as long, before those that have just become so.

No setting: an honest client sends its head at once, and it matters only where there is no room.
"""

SLOW: Final = 1_000
"""Bytes of a body that come in a second at least, on an average, where others want the place."""


class Guest(Protocol):
    """A connection that can be asked to leave."""

    def leave(self) -> None:
        """End."""

    def is_late(self, now: float) -> bool:
        """Whether it has been waiting for its client alone for longer than others have to wait for."""


class Place(Enum):
    """What a new connection finds."""

    FREE = auto()
    SPARE = auto()
    NONE = auto()


class Crowd:
    """The connections of a process, of which there may be `most`, and `spare` ones beyond them.

    A spare one is heard so that health is told, and everybody else why not.
    Those of `idle` have no request under way, the longest first; they make room for new ones, as HTTP lets them.
    Where none has been idle for a while, whoever is late makes room, the oldest first: of those that are `lingering`,
    which have been closed on our side alone, and then of those that are `unfinished`, on which a request has begun,
    or a WebSocket that is nobody's yet.
    """

    def __init__(self, most: int, spare: int) -> None:
        self._most = most
        self._spare = spare
        self.idle: dict[Guest, None] = {}
        self.unfinished: dict[Guest, None] = {}
        self.lingering: dict[Guest, None] = {}

    def place(self, others: int, now: float) -> Place:
        """The place of a new connection beside so many others that are no lingering ones.

        As many make room as it takes: those who have spare places may have to, too.
        """
        taken = others + len(self.lingering)
        too_many = max(0, taken - self._most + 1)
        for one in self._leaving(too_many, now):
            for those in (self.idle, self.lingering, self.unfinished):
                those.pop(one, None)
            one.leave()
            taken -= 1
        if taken < self._most:
            return Place.FREE
        return Place.SPARE if taken < self._most + self._spare else Place.NONE

    def _leaving(self, count: int, now: float) -> list[Guest]:
        """So many that are to make room, or as many as there are."""
        if not count:
            return []
        first = takewhile(lambda one: one.is_late(now), self.idle)
        late = (one for one in chain(self.lingering, self.unfinished) if one.is_late(now))
        last = dropwhile(lambda one: one.is_late(now), self.idle)  # who has just come speaks in a moment
        return list(islice(chain(first, late, last), count))


def allow_files(connections: int) -> None:
    """Let the process have as many files open as so many connections take, as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + FILES_BESIDES
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # a sandbox may say no, and the server serves fewer then
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
