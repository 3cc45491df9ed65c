"""How much a company, and each who asks, may ask for in a minute: buckets that fill up again by the second.

They are kept in the serving process: with several of them, or several machines, each gives as much.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from math import ceil
from time import monotonic
from typing import Final

from quotaloom.platform.limits import ComeAgain, Limits
from quotaloom.platform.tokens import Identity

OPERATION_COST: Final = 1_000
"""What every operation counts besides the values of its answer, since a small one takes its time as well."""

REFUSED_COST: Final = 50_000
"""What an operation counts that is refused for what it asks: as much as is done in the 20 ms that it may take."""

TOKEN_COST: Final = 50
"""What each name, mark, value or comment of a document counts that is not kept: 20 microseconds, in which it is parsed,
validated and planned."""

CHARACTERS_OF_A_VALUE: Final = 2
"""So many characters of such a document count as much as one value of an answer."""

BYTES_OF_A_VALUE: Final = 100
"""So many bytes of a large request count as much as one value of an answer: they take as long to read."""

MOST_BUCKETS: Final = 10_000
"""How many are kept; one that was not asked for the longest is full again anyway, or nearly so."""

_SECONDS: Final = 60


class RateExceeded(ComeAgain):
    """A company or a token has asked for too much lately."""

    def __init__(self, limit: str, allowed: int, found: int, whose: str, seconds: float) -> None:
        wait = max(1, ceil(seconds))
        text = (
            f"{whose} has asked for more than {allowed:,} values in a minute;"
            f" this operation, which counts {found:,}, can be sent again in {wait} s"
        )
        super().__init__("RATE_LIMITED", limit, allowed, found, text, retry_after=wait)


@dataclass(slots=True)
class _Bucket:
    """What a payer or a company could still ask for at a moment; `whose` and `limit` are what a refusal names."""

    most: int
    limit: str
    whose: str
    level: float
    moment: float

    def filled(self, now: float) -> float:
        """What it could ask for now."""
        return min(self.most, self.level + (now - self.moment) * self.most / _SECONDS)

    def require(self, count: int, now: float) -> None:
        """Raise `RateExceeded` where there is less; who wants more than a minute's worth waits until it is full."""
        lacking = min(count, self.most) - self.filled(now)
        if lacking > 0:
            raise RateExceeded(self.limit, self.most, count, self.whose, lacking * _SECONDS / self.most)


class Rates:
    """The buckets of one process. `now` gives seconds that only ever grow."""

    def __init__(self, limits: Limits, now: Callable[[], float] = monotonic) -> None:
        self._limits = limits
        self._now = now
        self._buckets: OrderedDict[Hashable, _Bucket] = OrderedDict()

    def take(self, identity: Identity, cost: int) -> None:
        """Take what an operation counts from the buckets of its token's owner and company; raises `RateExceeded`.

        What one of them refuses is taken from neither. An operation that counts more than a minute's worth is let
        through once the bucket is full.
        """
        count, now = cost + OPERATION_COST, self._now()
        buckets = self._of(identity, now)
        for _, bucket in buckets:
            bucket.require(count, now)
        self._take(buckets, count, now)

    def take_sent(self, identity: Identity, size: int) -> None:
        """Take what a request of so many bytes counts besides its operations; raises `RateExceeded`."""
        self.take(identity, size // BYTES_OF_A_VALUE - OPERATION_COST)

    def require(self, identity: Identity) -> None:
        """Raise `RateExceeded` where not even the smallest operation would be let in: no document need be read."""
        now = self._now()
        for _, bucket in self._of(identity, now):
            bucket.require(OPERATION_COST, now)

    def take_refused(self, identity: Identity) -> None:
        """Take what an operation counts that was refused for what it asks, whether or not there is as much."""
        self._take_anyway(identity, REFUSED_COST)

    def take_read(self, identity: Identity, tokens: int, characters: int) -> None:
        """Take what a document counts that is not kept, whether or not there is as much: it is read already."""
        self._take_anyway(identity, tokens * TOKEN_COST + characters // CHARACTERS_OF_A_VALUE)

    def _take_anyway(self, identity: Identity, count: int) -> None:
        now = self._now()
        self._take(self._of(identity, now), count, now)

    def _of(self, identity: Identity, now: float) -> list[tuple[Hashable, _Bucket]]:
        """The buckets of a token's owner and its company; the operator belongs to no company, and 0 is no limit."""
        company, limits = identity.company_id, self._limits
        found: list[tuple[Hashable, _Bucket]] = []
        if most := limits.token_cost_per_minute:
            payer = identity.payer
            bucket = self._buckets.get(payer) or _Bucket(most, "token_cost_per_minute", "this token", most, now)
            found.append((payer, bucket))
        if (most := limits.company_cost_per_minute) and company:
            bucket = self._buckets.get(company) or _Bucket(most, "company_cost_per_minute", "the company", most, now)
            found.append((company, bucket))
        return found

    def _take(self, buckets: list[tuple[Hashable, _Bucket]], count: int, now: float) -> None:
        for key, bucket in buckets:
            bucket.level, bucket.moment = bucket.filled(now) - count, now
            self._buckets[key] = bucket
            self._buckets.move_to_end(key)
        while len(self._buckets) > MOST_BUCKETS:
            self._buckets.popitem(last=False)
