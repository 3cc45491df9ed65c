"""Who asks is read once for many requests; each of them begins by making sure that it still is so."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import asyncpg
import pytest

from quotaloom.organizations.commands.companies import update_company
from quotaloom.organizations.commands.members import leave, rejoin, update_member
from quotaloom.organizations.commands.terms import appoint_head, appoint_holder, end_headship
from quotaloom.organizations.opening import KeptOpenings, Opening, open_request
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database, credentials
from quotaloom.platform.errors import Unauthenticated
from quotaloom.platform.limits import Allowance, LimitExceeded, Limits
from quotaloom.platform.time_limits import timed
from quotaloom.platform.tokens import Grant, GrantKind, Identity
from quotaloom.platform.work import COMPANY_COLUMNS
from tests.integration.organizations.trees import Acme, acme

SPRING = datetime(2026, 4, 15, 12, tzinfo=UTC)
TODAY, TOMORROW = date(2026, 4, 15), date(2026, 4, 16)


class Process:
    """A process that serves Acme."""

    def __init__(self, acme: Acme) -> None:
        self.acme = acme
        self.now = SPRING
        self.openings = KeptOpenings()

    def of(self, member_id: int | None) -> Identity:
        """What a token says of a member, or of a service."""
        role = Role.SERVICE if member_id is None else Role.MEMBER
        return Identity(self.acme.work.company.id, "tests", role, member_id)

    async def ask(self, identity: Identity) -> tuple[Opening, int]:
        """What a request begins with, and how many statements that took; the same as if nothing were kept."""
        async with self.acme.work.snapshot() as snapshot:
            found = await self.openings.of(snapshot, identity, self.now)
            taken = snapshot.statements
            assert found == await open_request(snapshot, identity, self.now)
        return found, taken


async def test_only_the_first_request_reads_who_asks(database: Database) -> None:
    """One statement for each of them, and none for those who come again."""
    a = await acme(database)
    process = Process(a)
    people = [process.of(member) for member in (a.ann, a.ada, None)]
    assert [[(await process.ask(one))[1] for one in people] for _ in range(3)] == [[1, 1, 1], [0, 0, 0], [0, 0, 0]]


async def test_every_change_is_seen_by_the_next_request(database: Database) -> None:
    """Each kind of change costs a statement, once, and what comes of it is what is told."""
    a = await acme(database)
    process, work, ann = Process(a), a.work, Process(a).of(a.ann)
    made: list[int] = []

    async def lead_the_east() -> None:
        made.append(await appoint_head(work, a.east, a.ann, None))

    steps: list[tuple[Callable[[], Awaitable[object]], Callable[[Opening], object], object]] = [
        (lead_the_east, lambda told: told.posts.headed_ids, {a.east}),
        (lambda: appoint_holder(work, a.seat, a.ann, None), lambda told: told.posts.held_ids, {a.seat}),
        (lambda: update_member(work, a.ann, {"role": "admin"}), lambda told: told.viewer.role, Role.ADMIN),
        (lambda: end_headship(work, made[0], TODAY), lambda told: told.posts.headed_ids, set()),
        (lambda: update_company(work, {"name": "Acme & Co"}), lambda told: told.company.name, "Acme & Co"),
        (lambda: leave(work, a.ann, TOMORROW), lambda told: told.viewer.member_id, a.ann),
    ]
    await process.ask(ann)
    for change, told, expected in steps:
        await change()
        assert [(told(opening), taken) for opening, taken in [await process.ask(ann) for _ in range(2)]] == [
            (expected, 1),
            (expected, 0),
        ]


async def test_posts_are_of_whoever_asks(database: Database) -> None:
    """Ann heads the East, and Bo holds a seat: each is told of the one, and Ada of neither."""
    a = await acme(database)
    await appoint_head(a.work, a.east, a.ann, None)
    await appoint_holder(a.work, a.seat, a.bo, None)
    process = Process(a)
    posts = [(await process.ask(process.of(member)))[0].posts for member in (a.ann, a.bo, a.ada)]
    assert [(set(one.headed_ids), set(one.held_ids)) for one in posts] == [
        ({a.east}, set()),
        (set(), {a.seat}),
        (set(), set()),
    ]


async def test_whatever_is_kept_of_a_company_is_counted(database: Database, admin_url: str) -> None:
    """Every column that the opening reads, but for the numbers that are compared."""
    administrator = await asyncpg.connect(**credentials(admin_url))
    counted = await administrator.fetchval(
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'counted_settings'"
    )
    await administrator.close()
    kept = set(re.findall(r"company\.(\w+)", COMPANY_COLUMNS))
    assert set(re.findall(r"new\.(\w+)", counted)) == kept - {"id", "reference_version", "organization_version"}


async def test_whoever_left_is_let_in_no_more(database: Database) -> None:
    """From the day on which he leaves, though nothing is written that day; until he joins again."""
    a = await acme(database)
    process, ann = Process(a), Process(a).of(a.ann)
    await leave(a.work, a.ann, TOMORROW)
    assert [(await process.ask(ann))[1] for _ in range(2)] == [1, 0]
    process.now = datetime(2026, 4, 16, 12, tzinfo=UTC)
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            await process.ask(ann)
    await rejoin(replace(a.work, now=process.now), a.ann)
    assert [(await process.ask(ann))[1] for _ in range(2)] == [1, 0]


async def test_a_company_that_is_gone_lets_nobody_in(database: Database, admin_url: str) -> None:
    """Though the process knew it a moment ago."""
    a = await acme(database)
    process = Process(a)
    service = process.of(None)
    await process.ask(service)
    administrator = await asyncpg.connect(**credentials(admin_url))
    await administrator.execute("SET session_replication_role = replica; DELETE FROM company")
    await administrator.close()
    with pytest.raises(Unauthenticated):
        await process.ask(service)


async def test_a_request_sees_one_moment(database: Database) -> None:
    """Confirmed before the change, it reads as before; what was read before is never confirmed afterwards."""
    a = await acme(database)
    process, ann = Process(a), Process(a).of(a.ann)
    await process.ask(ann)
    async with a.work.snapshot() as snapshot:
        told = await process.openings.of(snapshot, ann, process.now)
        await update_company(a.work, {"name": "Other"})
        assert (await open_request(snapshot, ann, process.now)).company == told.company
        again = await process.openings.of(snapshot, ann, process.now)  # the transaction has begun
        assert (again.company, snapshot.statements) == (told.company, 2)
    assert (await process.ask(ann))[0].company.name == "Other"


async def test_what_may_be_withdrawn_is_asked_every_time(database: Database) -> None:
    """A session, a key and a link are not kept, whether they stand or not."""
    a = await acme(database)
    process = Process(a)
    for kind, member in ((GrantKind.SESSION, a.ann), (GrantKind.LINK, a.ann), (GrantKind.KEY, None)):
        identity = replace(process.of(member), grant=Grant(kind, 1))
        for _ in range(2):
            with pytest.raises(Unauthenticated):
                await process.ask(identity)


async def test_a_database_that_goes_back_brings_back_no_settings(database: Database, admin_url: str) -> None:
    """The name that it lost has the same version as the one that it was given afterwards."""
    a = await acme(database)
    process, ann = Process(a), Process(a).of(a.ann)
    administrator = await asyncpg.connect(**credentials(admin_url))
    before = await administrator.fetchrow("SELECT name, version, reference_version FROM company")
    assert before is not None
    await update_company(a.work, {"name": "Lost"})
    assert (await process.ask(ann))[0].company.name == "Lost"
    await administrator.execute("ALTER TABLE company DISABLE TRIGGER counted_settings")
    await administrator.execute("UPDATE company SET name = $1, version = $2, reference_version = $3", *before)
    await administrator.execute("ALTER TABLE company ENABLE TRIGGER counted_settings")
    await administrator.close()
    await update_company(a.work, {"name": "Found"})
    assert (await process.ask(ann))[0].company.name == "Found"


async def test_who_begins_in_vain_leaves_nothing_behind(database: Database) -> None:
    """What failed gives its connection back, ready for others, and the same snapshot begins anew."""
    a = await acme(database)
    for _ in range(30):
        async with a.work.snapshot() as snapshot:
            assert not await snapshot.begin_where("SELECT opening_stands(1, 2, NULL, NULL, NULL, NULL)")
            row = await snapshot.fetch_one("SELECT current_setting('quotaloom.company_id') AS company")
            assert row is not None
            assert row["company"] == str(a.work.company.id)


async def test_who_is_confirmed_waits_no_longer_than_the_operation_may(database: Database, admin_url: str) -> None:
    """Somebody has locked the company: as long as a statement may take is too long."""
    a = await acme(database)
    process, ann = Process(a), Process(a).of(a.ann)
    await process.ask(ann)
    administrator = await asyncpg.connect(**credentials(admin_url))
    async with administrator.transaction():
        await administrator.execute("LOCK TABLE company")
        with timed(Allowance(Limits(operation_seconds=0.2))):
            async with a.work.snapshot() as snapshot:
                with pytest.raises(LimitExceeded) as caught:
                    await process.openings.of(snapshot, ann, process.now)
    await administrator.close()
    assert caught.value.limit == "operation_seconds"
    assert (await process.ask(ann))[1] == 0


async def test_few_are_kept(database: Database) -> None:
    """Those who asked last."""
    a = await acme(database)
    process = Process(a)
    process.openings = KeptOpenings(most=2)
    people = [process.of(member) for member in (a.ann, a.bo, a.ann, a.ada, a.bo, a.ann)]
    assert [(await process.ask(one))[1] for one in people] == [1, 1, 0, 1, 1, 1]


async def test_a_token_is_told_by_its_own_name(database: Database) -> None:
    """One member with two tokens: the audit record has the one by which he came."""
    a = await acme(database)
    process = Process(a)
    told = [await process.ask(replace(process.of(a.ann), credential=name)) for name in ("first", "second")]
    assert [(opening.viewer.credential, taken) for opening, taken in told] == [("first", 1), ("second", 0)]
