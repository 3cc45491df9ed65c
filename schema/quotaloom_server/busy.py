"""How many connections each who asks keeps busy, and each company: with requests that are not answered, and WebSockets.

Connections on which nothing is under way make room for new ones, and so do those on which a request comes too slowly;
see `crowd`. These would stay, so that some members could keep everybody else out.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from quotaloom.platform.counting import one_less
from quotaloom.platform.limits import ComeAgain, Limits
from quotaloom.platform.shares import Payer
from quotaloom.platform.tokens import Identity

QUARTER: Final = 4
"""Which part of the connections one who asks may keep busy, where nothing else is set."""

HALF: Final = 2
"""Which part of them a company may keep busy."""


class Busy:
    """Those of one process."""

    def __init__(self, limits: Limits) -> None:
        self._most_own = limits.own_connections or max(1, limits.open_connections // QUARTER)
        self._most_of_company = limits.company_connections or max(1, limits.open_connections // HALF)
        self.kept: dict[Hashable, int] = {}
        """How many each has under way: by company, and by who asks."""

    def stay(self) -> Stay:
        """A request or WebSocket of whoever that may be."""
        return Stay(self)

    def begin(self, payer: Payer) -> None:
        """Count one more; raises `ComeAgain`, and counts nothing, where there are too many."""
        kept, company = self.kept, payer[0]
        own, of_company = kept.get(payer, 0) + 1, kept.get(company, 0) + 1
        if own > self._most_own:
            raise _beyond("own_connections", "you have", self._most_own, own)
        if of_company > self._most_of_company:
            raise _beyond("company_connections", "your company has", self._most_of_company, of_company)
        kept[payer], kept[company] = own, of_company

    def end(self, payer: Payer) -> None:
        """Count one less."""
        one_less(self.kept, payer)
        one_less(self.kept, payer[0])


class Stay:
    """One request or WebSocket: counted from when it is known whose it is until it ends."""

    __slots__ = ("_busy", "_payer")

    def __init__(self, busy: Busy) -> None:
        self._busy = busy
        self._payer: Payer | None = None

    def begin(self, bearer: Identity | Exception) -> None:
        """Whose it is; nobody in particular has no part. Raises `ComeAgain` where he has too many."""
        if not isinstance(bearer, Exception):
            payer = bearer.payer
            self._busy.begin(payer)
            self._payer = payer

    def end(self) -> None:
        """It is over."""
        payer, self._payer = self._payer, None
        if payer is not None:
            self._busy.end(payer)


def _beyond(limit: str, who: str, most: int, found: int) -> ComeAgain:
    text = f"with this one {who} {found:,} requests and WebSockets open here, and {most:,} are the most; end some"
    return ComeAgain("TOO_MANY_CONNECTIONS", limit, most, found, text)
