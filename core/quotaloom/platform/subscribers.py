"""How many subscriptions of one kind a process has: of one who asks, of a company, and of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Final

from quotaloom.platform.counting import one_less
from quotaloom.platform.limits import LimitExceeded, Limits

HALF: Final = 2
"""Which part of the subscriptions of a process a company may have, where nothing else is set."""


class Subscribers:
    """Those of one kind, in one process."""

    def __init__(self, limits: Limits) -> None:
        self._most_own = limits.own_subscriptions
        self._most = limits.live_subscriptions
        self._most_of_company = limits.company_subscriptions or max(1, limits.live_subscriptions // HALF)
        self._of_one: Counter[tuple[int, Hashable]] = Counter()
        self._of_company: Counter[int] = Counter()

    @property
    def count(self) -> int:
        """How many there are."""
        return self._of_company.total()

    def refuse_more(self, company_id: int, whose: Hashable) -> None:
        """Raise `LimitExceeded` where he, the process or his company has as many as there may be."""
        own, company, found = self._of_one[company_id, whose], self._of_company[company_id], self.count
        if own >= self._most_own:
            raise _too_many("own_subscriptions", "you", self._most_own, own + 1, "end some of them")
        if found >= self._most:
            raise _too_many("live_subscriptions", "this server", self._most, found + 1, "try again later")
        if company >= self._most_of_company:
            most = self._most_of_company
            raise _too_many("company_subscriptions", "your company", most, company + 1, "try again later")

    @contextmanager
    def counted(self, company_id: int, whose: Hashable) -> Iterator[None]:
        """Count one more while the block runs; raises as `refuse_more`."""
        self.refuse_more(company_id, whose)
        self._of_one[company_id, whose] += 1
        self._of_company[company_id] += 1
        try:
            yield
        finally:
            one_less(self._of_one, (company_id, whose))
            one_less(self._of_company, company_id)


def _too_many(limit: str, who: str, most: int, found: int, advice: str) -> LimitExceeded:
    text = f"with this one {who} would have {found:,} subscriptions open, and {most:,} are the most; {advice}"
    return LimitExceeded("TOO_MANY_SUBSCRIPTIONS", limit, most, found, text)
