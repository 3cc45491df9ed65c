"""Sessions, and the links by which they begin."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from quotaloom.credentials.links import link_member, unlink_member
from quotaloom.credentials.sessions import begin_session
from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.membership import NewMember
from quotaloom.organizations.opening import open_request
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.errors import Unauthenticated
from quotaloom.platform.tokens import Grant, GrantKind, Identity
from tests.founding import found
from tests.integration.credentials.office import NOON

LIFE = timedelta(hours=1)


async def test_a_link_that_is_taken_away_meanwhile_begins_no_session(database: Database) -> None:
    """Whoever signs in while his link goes comes first or is turned away; either way no session outlives the link."""
    work = await found(database, NOON)
    bo_id = await create_member(work, NewMember("Bo"))
    outcomes = []
    for number in range(20):
        link_id = await link_member(work, bo_id, "https://id.example", f"bo-{number}")
        bo = Identity(work.company.id, "bo", Role.MEMBER, bo_id, grant=Grant(GrantKind.LINK, link_id))
        begun, unlinked = await asyncio.gather(
            begin_session(database, bo, NOON, LIFE), unlink_member(work, link_id), return_exceptions=True
        )
        assert unlinked is None
        outcomes.append(begun)
    with pytest.raises(Unauthenticated, match="no longer linked"):
        await begin_session(database, bo, NOON, LIFE)
    refused = [one for one in outcomes if isinstance(one, BaseException)]
    assert {type(one) for one in refused} <= {Unauthenticated}
    async with database.snapshot(work.company.id) as snapshot:
        (row,) = await snapshot.fetch(
            "SELECT count(*) AS all, count(*) FILTER (WHERE ended_at IS NULL) AS open FROM browser_session"
        )
    assert (row["all"], row["open"]) == (20 - len(refused), 0)


async def test_what_lets_in_one_member_lets_in_nobody_else(database: Database) -> None:
    """Neither Bo's link nor his session stands for Ann."""
    work = await found(database, NOON)
    ann, bo = [
        Identity(work.company.id, name, Role.MEMBER, await create_member(work, NewMember(name)))
        for name in ("Ann", "Bo")
    ]
    assert bo.member_id is not None
    link_id = await link_member(work, bo.member_id, "https://id.example", "bo")
    session = await begin_session(database, bo, NOON, LIFE)
    for grant in (Grant(GrantKind.LINK, link_id), Grant(GrantKind.SESSION, session.session_id)):
        async with work.snapshot() as snapshot:
            opening = await open_request(snapshot, replace(bo, grant=grant), NOON)
            assert opening.viewer.member_id == bo.member_id
            with pytest.raises(Unauthenticated):
                await open_request(snapshot, replace(ann, grant=grant), NOON)
