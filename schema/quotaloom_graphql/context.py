"""What a request carries from field to field."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any, TypeVar

from strawberry import Info as StrawberryInfo

from quotaloom.calendars.company_calendar import CompanyCalendar, load_calendar
from quotaloom.metrics.reads import all_metrics
from quotaloom.notifications.feed import NotificationFeed
from quotaloom.organizations.kept_sights import KeptSights
from quotaloom.organizations.opening import KeptOpenings, Opening
from quotaloom.organizations.sight import NO_POSTS, Sight
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError, Unauthenticated, Unavailable
from quotaloom.platform.limits import Allowance, LimitExceeded, Limits, SharedCost
from quotaloom.platform.rates import RateExceeded, Rates
from quotaloom.platform.shares import Shares, in_turn
from quotaloom.platform.tokens import Identity
from quotaloom.platform.unbroken import unbroken
from quotaloom.platform.unit_of_work import Record, Snapshot
from quotaloom.platform.work import NO_COMPANY, Work
from quotaloom.policies.host import PolicyHost
from quotaloom.targets.attainment_feed import AttainmentFeed
from quotaloom_graphql.references import KeptReferences, References
from strawberry_breadth import JSONWriter

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Services:
    """What every request of a process shares."""

    database: Database
    policies: PolicyHost
    clock: Callable[[], datetime]
    feed: AttainmentFeed
    notifications: NotificationFeed = field(default_factory=NotificationFeed)
    references: KeptReferences = field(default_factory=KeptReferences)
    openings: KeptOpenings = field(default_factory=KeptOpenings)
    sights: KeptSights = field(default_factory=KeptSights)
    outside_issuer: str | None = None
    limits: Limits = field(default_factory=Limits)
    rates: Rates | None = None
    shares: Shares | None = None

    def allowance(self, bearer: Identity | Unauthenticated | Unavailable) -> Allowance:
        """What a new operation of whoever sent a request may read; nobody that is known has a share."""
        if self.shares is None or isinstance(bearer, Exception):
            return Allowance(self.limits)
        return Allowance(self.limits, self.shares.turn(bearer.payer))


class RequestContext:
    """One request: who asks, one snapshot that all its reads go through, and what was read of it once.

    `idempotency_key` is the one that came as a header; see `request_keys`. `shared_cost` is what all operations of the
    request may cost, where it holds several; `cost` is that of the one that was charged last;
    `fingerprint` that of the one whose key was looked at last, with its operation and variables. `json_writer` writes
    parts of a large answer before the whole is there, where JSON is all that is made of it. Who asks may be `supposed`
    to be as he was by whoever makes sure, with `stands`, before anybody is told of anything.

    After a mutation `renew` gives the payload a fresh snapshot.
    """

    def __init__(self, services: Services, identity: Identity | Unauthenticated | Unavailable) -> None:
        self.services = services
        self.now = services.clock()
        self._identity = identity
        self.idempotency_key: str | None = None
        self.shared_cost: SharedCost | None = None
        self.json_writer: JSONWriter | None = None
        self.fingerprint: tuple[object, object, str] | None = None
        self.supposed = False
        self.cost = 0
        self.allowance = services.allowance(identity)
        self._begin()

    def _begin(self) -> None:
        self.batches: dict[Hashable, Any] = {}
        self._memory: dict[Hashable, asyncio.Future[Any]] = {}
        self._work: Work | None = None
        self._posts = NO_POSTS
        self._sight: Sight | None = None
        self._references: References | None = None
        self._snapshot: Snapshot | None = None
        self._held: AsyncExitStack | None = None

    async def __aenter__(self) -> RequestContext:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._memory or self._held is not None:
            await self._end(self._snapshot, self._memory, self._held)
        elif self._snapshot is not None:
            self._snapshot.end()

    async def renew(self) -> None:
        """End the snapshot; whatever is read next is read afresh."""
        snapshot, memory, held = self._snapshot, self._memory, self._held
        self._begin()
        await self._end(snapshot, memory, held)

    @staticmethod
    async def _end(
        snapshot: Snapshot | None, memory: Mapping[Hashable, asyncio.Future[Any]], held: AsyncExitStack | None
    ) -> None:
        for reading in memory.values():
            reading.cancel()
        try:
            if snapshot is not None:
                snapshot.end()
        finally:
            if held is not None:
                await held.aclose()

    async def go_on(self) -> None:
        """Renew for another answer to the same subscription: it may read as much as the first."""
        await self.renew()
        self.allowance = self.services.allowance(self._identity)

    async def begin_again(self, turn: AbstractAsyncContextManager[Any]) -> None:
        """Once it is our turn, go on in a fresh snapshot and at the present moment; `renew` ends the turn."""
        await self.renew()
        async with AsyncExitStack() as entering:
            # Before the other: who has to wait for his own share keeps nobody else from that.
            await entering.enter_async_context(in_turn(self.allowance))
            await entering.enter_async_context(turn)
            self._held = entering.pop_all()
        self.now = self.services.clock()

    @property
    def bearer(self) -> Identity | Unauthenticated | Unavailable:
        """Whoever sent the request, or why it is not known who."""
        return self._identity

    @property
    def identity(self) -> Identity:
        """Whoever sent the request; raises `Unauthenticated`, or `Unavailable` where nobody could find out."""
        if isinstance(self._identity, Exception):
            raise self._identity
        return self._identity

    @property
    def stranger(self) -> Unauthenticated | None:
        """Why nobody knows who sent the request; None where somebody does."""
        return self._identity if isinstance(self._identity, Unauthenticated) else None

    def charge(self, cost: int) -> None:
        """Count an operation of whoever sent the request; raises `LimitExceeded`, and `RateExceeded`."""
        self.cost = cost
        if self.shared_cost is not None:
            self.shared_cost.take(cost)
        rates, bearer = self.services.rates, self._identity
        if rates is not None and not isinstance(bearer, Exception):
            rates.take(bearer, cost)

    async def charge_again(self) -> None:
        """Count one more message of a subscription as its first one was counted, once there is as much left."""
        while True:
            try:
                return self.charge(self.cost)
            except RateExceeded as error:
                await asyncio.sleep(error.retry_after)

    def charge_sent(self, size: int) -> None:
        """Count a request of so many bytes, before it is read; raises `RateExceeded`."""
        rates, bearer = self.services.rates, self._identity
        if rates is not None and not isinstance(bearer, Exception):
            rates.take_sent(bearer, size)

    def require_rate(self) -> None:
        """Raise `RateExceeded` where whoever sent the request has nothing left for any operation."""
        rates, bearer = self.services.rates, self._identity
        if rates is not None and not isinstance(bearer, Exception):
            rates.require(bearer)

    def charge_read(self, tokens: int, characters: int) -> None:
        """Count a document that is not kept, besides its operation; a stranger's counts for nobody."""
        rates, bearer = self.services.rates, self._identity
        if rates is not None and not isinstance(bearer, Exception):
            rates.take_read(bearer, tokens, characters)

    def charge_refused(self) -> None:
        """Count an operation that was refused for what it asks; a stranger's counts for nobody."""
        rates, bearer = self.services.rates, self._identity
        if rates is not None and not isinstance(bearer, Exception):
            rates.take_refused(bearer)

    @property
    def snapshot(self) -> Snapshot:
        """The read-only unit of work of this request."""
        if self._snapshot is None:
            self._snapshot = self.services.database.snapshot(self.identity.company_id)
            self._snapshot.allowance = self.allowance
        return self._snapshot

    async def stands(self) -> bool:
        """Whether who asks is what was supposed; false, too, where that cannot be found out: asking again will tell."""
        try:
            return self._snapshot is None or await self._snapshot.stands()
        except (Unavailable, InputError, LimitExceeded):
            return False

    async def once(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        """The result of `read`, which runs once per snapshot and key, however many fields want it."""
        known = self._memory.get(key)
        if known is None:
            if unbroken():
                return await self._read_here(key, read)
            known = self._memory[key] = asyncio.ensure_future(_awaited(read))
        result: T = known.result() if known.done() else await asyncio.shield(known)
        return result

    async def _read_here(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        """What `once` does where nobody can cancel us: a task of its own would only take time."""
        reading = self._memory[key] = asyncio.get_running_loop().create_future()
        try:
            result = await read()
        except BaseException as error:
            if not reading.done():
                reading.set_exception(error)
                reading.exception()  # it is told to our caller; nobody else need ask
            raise
        if not reading.done():
            reading.set_result(result)
        return result

    async def once_for(self, parents: Sequence[object], key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        """The result of `read`, which runs once for the very same parents and key: fields of one level share it."""

        async def keeping_parents() -> tuple[Sequence[object], T]:
            return parents, await read()  # while they are kept, no other object has their identity

        _, result = await self.once((key, tuple(map(id, parents))), keeping_parents)
        return result

    @property
    def opened(self) -> Work | None:
        """What `work` gives, where that has been found out."""
        return self._work

    async def work(self) -> Work:
        """The viewer in his company; raises `Unauthenticated` where the token's bearer is gone."""
        if self._work is None:
            opening = self._supposed_opening() if self.supposed else None
            self._work = await self.once("work", self._load_work) if opening is None else self._opened(opening)
        return self._work

    def _supposed_opening(self) -> Opening | None:
        identity = self.identity
        if identity.role is Role.OPERATOR or "work" in self._memory:
            return None
        return self.services.openings.supposed(self.snapshot, identity, self.now)

    async def _load_work(self) -> Work:
        identity = self.identity
        if identity.role is Role.OPERATOR:
            return Work(self.services.database, Viewer(0, identity.subject, Role.OPERATOR), NO_COMPANY, self.now)
        return self._opened(await self.services.openings.of(self.snapshot, identity, self.now))

    def _opened(self, opening: Opening) -> Work:
        self._posts, self._sight = opening.posts, opening.sight
        return Work(self.services.database, opening.viewer, opening.company, self.now)

    async def sight(self) -> Sight:
        """What the viewer may see."""
        if self._work is None:
            await self.work()  # with which it may be known
        found = self._sight
        if found is None:
            found = self._sight = await self.once("sight", self._load_sight)
        return found

    async def _load_sight(self) -> Sight:
        work = await self.work()
        return await self.services.sights.of(self.snapshot, work.viewer, work.company, work.today, self._posts)

    async def today(self) -> date:
        """The business date of the request."""
        return (await self.work()).today

    async def calendar(self) -> CompanyCalendar:
        """The company's fiscal calendar and working days."""
        kept = self._references or await self._kept()
        if kept.calendar is None:
            kept.calendar = await self.once("calendar", partial(load_calendar, self.snapshot, kept.company))
        return kept.calendar

    async def metrics(self) -> Mapping[int, Record]:
        """Every metric of the company, by number."""
        kept = self._references or await self._kept()
        if kept.metrics is None:
            kept.metrics = await self.once("metrics", self._load_metrics)
        return kept.metrics

    async def _kept(self) -> References:
        self._references = self.services.references.of((await self.work()).company)
        return self._references

    async def _load_metrics(self) -> dict[int, Record]:
        return {metric["id"]: metric for metric in await all_metrics(self.snapshot)}


async def _awaited(read: Callable[[], Awaitable[T]]) -> T:
    return await read()


Info = StrawberryInfo[RequestContext, None]
