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

    key: Hashable
    most: int
    limit: str
    whose: str
    level: float
    moment: float

    def fill(self, now: float) -> None:
        """Have in it what there is now."""
        level = self.level + (now - self.moment) * self.most / _SECONDS
        self.level = level if level < self.most else self.most
        self.moment = now

    def require(self, count: int) -> None:
        """Raise `RateExceeded` where there is less; who wants more than a minute's worth waits until it is full."""
        lacking = (count if count < self.most else self.most) - self.level
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
        count = cost + OPERATION_COST
        buckets = self._of(identity)
        for bucket in buckets:
            bucket.require(count)
        self._take(buckets, count)

    def take_sent(self, identity: Identity, size: int) -> None:
        """Take what a request of so many bytes counts besides its operations; raises `RateExceeded`."""
        self.take(identity, size // BYTES_OF_A_VALUE - OPERATION_COST)

    def require(self, identity: Identity) -> None:
        """Raise `RateExceeded` where not even the smallest operation would be let in: no document need be read."""
        for bucket in self._of(identity):
            bucket.require(OPERATION_COST)

    def take_refused(self, identity: Identity) -> None:
        """Take what an operation counts that was refused for what it asks, whether or not there is as much."""
        self._take(self._of(identity), REFUSED_COST)

    def take_read(self, identity: Identity, tokens: int, characters: int) -> None:
        """Take what a document counts that is not kept, whether or not there is as much: it is read already."""
        self._take(self._of(identity), tokens * TOKEN_COST + characters // CHARACTERS_OF_A_VALUE)

    def _of(self, identity: Identity) -> list[_Bucket]:
        """The buckets of a token's owner and its company, filled up to now.

        The operator belongs to no company, and 0 is no limit.
        """
        limits, found, now = self._limits, [], self._now()
        if most := limits.token_cost_per_minute:
            found.append(self._filled(identity.payer, most, "token_cost_per_minute", "this token", now))
        if (most := limits.company_cost_per_minute) and (company := identity.company_id):
            found.append(self._filled(company, most, "company_cost_per_minute", "the company", now))
        return found

    def _filled(self, key: Hashable, most: int, limit: str, whose: str, now: float) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            return _Bucket(key, most, limit, whose, most, now)
        bucket.fill(now)
        return bucket

    def _take(self, buckets: list[_Bucket], count: int) -> None:
        kept = self._buckets
        for bucket in buckets:
            bucket.level -= count
            kept[bucket.key] = bucket
            kept.move_to_end(bucket.key)
        while len(kept) > MOST_BUCKETS:
            kept.popitem(last=False)
