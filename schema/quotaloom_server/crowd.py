"""The connections of a serving process: how many there may be, and who makes room for those that come after them."""

from __future__ import annotations

import resource
from contextlib import suppress
from enum import Enum, auto
from typing import Final, Protocol

FILES_BESIDES: Final = 500
"""Files that a process may have open besides its connections: those to its database and plugins, say.

No setting: it refuses nobody.
"""


class Idle(Protocol):
    """A connection on which nobody waits for anything."""

    def leave(self) -> None:
        """End."""


class Place(Enum):
    """What a new connection finds."""

    FREE = auto()
    SPARE = auto()
    NONE = auto()


class Crowd:
    """The connections of a process, of which there may be `most`, and `spare` ones beyond them.

    A spare one is heard so that health is told, and everybody else why not.
    Those of `idle` have no request under way, the longest first; they make room for new ones, as HTTP lets them.
    `lingering` have been closed on our side alone.
    """

    def __init__(self, most: int, spare: int) -> None:
        self._most = most
        self._spare = spare
        self.idle: dict[Idle, None] = {}
        self.lingering: set[object] = set()

    def place(self, others: int) -> Place:
        """The place of a new connection beside so many others that are no lingering ones."""
        taken = others + len(self.lingering)
        if taken >= self._most and self.idle:
            longest = next(iter(self.idle))
            del self.idle[longest]
            longest.leave()
            taken -= 1
        if taken < self._most:
            return Place.FREE
        return Place.SPARE if taken < self._most + self._spare else Place.NONE


def allow_files(connections: int) -> None:
    """Let the process have as many files open as so many connections take, as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + FILES_BESIDES
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # a sandbox may say no, and the server serves fewer then
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
