"""What heads and holders see is read once for many requests, and is never that of another moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import asyncpg
import pytest

from quotaloom.organizations.commands.companies import update_company
from quotaloom.organizations.commands.terms import appoint_head, appoint_holder, end_headship
from quotaloom.organizations.commands.units import create_unit, move_unit
from quotaloom.organizations.kept_sights import KeptSights
from quotaloom.organizations.opening import open_request
from quotaloom.organizations.planting import NewUnit
from quotaloom.organizations.sight import Sight, load_sight
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database, credentials
from quotaloom.platform.tokens import Identity
from quotaloom.platform.unit_of_work import Snapshot
from tests.integration.organizations.trees import Acme, acme

APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)
SPRING = datetime(2026, 4, 15, 12, tzinfo=UTC)


@dataclass
class Process:
    """A process that serves Acme, at one moment."""

    acme: Acme
    now: datetime = SPRING
    sights: KeptSights = field(default_factory=KeptSights)

    async def sight(self, snapshot: Snapshot, member_id: int) -> tuple[Sight, int]:
        """What a request of the member sees, and how many statements the sight took."""
        opening = await open_request(
            snapshot, Identity(self.acme.work.company.id, "tests", Role.MEMBER, member_id), self.now
        )
        before = snapshot.statements
        company = opening.company
        sight = await self.sights.of(snapshot, opening.viewer, company, company.today(self.now), opening.posts)
        return sight, snapshot.statements - before

    async def ask(self, member_id: int) -> tuple[Sight, int]:
        """The same, of a request by itself, which finds what is read afresh."""
        async with self.acme.work.snapshot() as snapshot:
            found = await self.sight(snapshot, member_id)
            opening = await open_request(
                snapshot, Identity(self.acme.work.company.id, "tests", Role.MEMBER, member_id), self.now
            )
            today = opening.company.today(self.now)
            assert found[0] == await load_sight(snapshot, opening.viewer, opening.company, today)
        return found


async def staffed(database: Database) -> Process:
    """Ann heads East; Bo holds Seat 1."""
    a = await acme(database)
    await appoint_head(a.work, a.east, a.ann, None)
    await appoint_holder(a.work, a.seat, a.bo, None)
    return Process(a)


async def test_only_the_first_request_reads_the_tree(database: Database) -> None:
    """One statement for each of them, none for the next request, and never one for an admin."""
    process = await staffed(database)
    a = process.acme
    taken = [[(await process.ask(member))[1] for member in (a.ann, a.bo, a.ada)] for _ in range(3)]
    assert taken == [[1, 1, 0], [0, 0, 0], [0, 0, 0]]


async def test_every_change_is_seen_at_once_and_by_nobody_before(database: Database) -> None:
    """Each kind of change, by a request that comes after it, while one that began before still sees what it saw."""
    process = await staffed(database)
    a, work = process.acme, process.acme.work
    east = {a.east, a.team, a.seat}
    made: list[int] = []

    async def found_a_team() -> None:
        made.append(await create_unit(work, NewUnit("Team 2", "team", a.west)))

    async def lead_the_west() -> None:
        made.append(await appoint_head(work, a.west, a.ann, None))

    steps: list[tuple[Callable[[], Awaitable[object]], Callable[[], set[int]]]] = [
        (found_a_team, lambda: east),
        (lead_the_west, lambda: east | {a.west, made[0]}),
        (lambda: move_unit(work, a.team, made[0], APRIL), lambda: east | {a.west, made[0]}),
        (lambda: end_headship(work, made[1], APRIL), lambda: {a.east}),
        (lambda: move_unit(work, a.team, a.east, APRIL), lambda: east),
        (lambda: appoint_holder(work, a.seat, a.ann, APRIL, replace=True), lambda: east),
        (lambda: update_company(work, {"members_see_ancestors": True}), lambda: east | {a.root}),
    ]
    before = east
    for change, after in steps:
        async with work.snapshot() as earlier:
            await open_request(earlier, Identity(work.company.id, "tests", Role.MEMBER, a.ann), process.now)
            await change()
            assert (await process.ask(a.ann))[0].unit_ids == after()
            assert (await process.sight(earlier, a.ann))[0].unit_ids == before
        assert (await process.ask(a.ann))[0].unit_ids == after()
        before = after()


async def test_a_day_changes_it_too(database: Database) -> None:
    """Seat 1 moves to the West in May: the head of the East sees it until then, though nothing is written that day."""
    process = await staffed(database)
    a = process.acme
    team = await create_unit(a.work, NewUnit("Team 2", "team", a.west))
    await move_unit(a.work, a.seat, team, MAY)
    assert (await process.ask(a.ann))[0].unit_ids == {a.east, a.team, a.seat}
    process.now = datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert (await process.ask(a.ann))[0].unit_ids == {a.east, a.team}


@pytest.mark.parametrize("table", ["unit_path", "holding", "headship"])
async def test_the_database_counts_every_change(database: Database, admin_url: str, table: str) -> None:
    """Whoever makes it, in whatever way: rows changed, taken away or all gone; and of the company alone."""
    works = [await staffed(database), Process(await acme(database, key="other"))]
    companies = [one.acme.work.company.id for one in works]
    administrator = await asyncpg.connect(**credentials(admin_url))

    async def versions() -> list[int]:
        rows = await administrator.fetch("SELECT organization_version FROM company ORDER BY id = $1 DESC", companies[0])
        return [row[0] for row in rows]

    async def grown(*statements: str) -> list[bool]:
        before = await versions()
        for statement in statements:
            await administrator.execute(statement)
        return [new > old for old, new in zip(before, await versions(), strict=True)]

    mine = f"WHERE company_id = {companies[0]}"
    assert await grown(f"UPDATE {table} SET valid_to = valid_to {mine}") == [True, False]
    nothing = f"UPDATE {table} SET valid_to = valid_to {mine} AND false"
    undone = f"BEGIN; UPDATE {table} SET valid_to = valid_to {mine}; ROLLBACK"
    assert await grown(nothing, undone) == [False, False]
    assert await grown(f"DELETE FROM {table} {mine}") == [True, False]
    assert await grown(f"TRUNCATE {table}") == [True, True]
    await administrator.close()


async def test_a_database_that_goes_back_brings_back_no_sight(database: Database, admin_url: str) -> None:
    """Ada was made head of Team 1, which the database lost; then Bo became head of the West: Ann sees Ada no more.

    So it is where a standby that lacks the last change takes over.
    """
    process = await staffed(database)
    a = process.acme
    administrator = await asyncpg.connect(**credentials(admin_url))
    before = await administrator.fetchval("SELECT organization_version FROM company")
    lost = await appoint_head(a.work, a.team, a.ada, None)
    assert (await process.ask(a.ann))[0].member_ids == {a.ann, a.bo, a.ada}
    await administrator.execute("ALTER TABLE headship DISABLE TRIGGER counted_delete")
    await administrator.execute("DELETE FROM headship WHERE id = $1", lost)
    await administrator.execute("ALTER TABLE headship ENABLE TRIGGER counted_delete")
    await administrator.execute("UPDATE company SET organization_version = $1", before)
    await appoint_head(a.work, a.west, a.bo, None)
    assert (await process.ask(a.ann))[0].member_ids == {a.ann, a.bo}
    await administrator.close()


async def test_few_ids_are_kept(database: Database) -> None:
    """Those of whoever asked last. Bo's sight has 5 ids: his seat, the three units above it, and himself.

    Ann's has 9: East, Team 1 and Seat 1 seen and led, the root's name, herself and Bo.
    """
    process = await staffed(database)
    a = process.acme
    process.sights = KeptSights(most_ids=13)
    assert [(await process.ask(member))[1] for member in (a.bo, a.ann, a.ann, a.bo, a.bo)] == [1, 1, 0, 1, 0]
    process.sights = KeptSights(most_ids=14)
    assert [(await process.ask(member))[1] for member in (a.bo, a.ann, a.ann, a.bo, a.bo)] == [1, 1, 0, 0, 0]
    process.sights = KeptSights(most_ids=4)
    assert [(await process.ask(member))[1] for member in (a.bo, a.bo)] == [1, 1]
