"""Members: entering, changing, leaving."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from quotaloom.organizations.commands.members import create_member, leave, rejoin, update_member
from quotaloom.organizations.commands.terms import appoint_head, appoint_holder, end_headship
from quotaloom.organizations.membership import NewMember, insert_members
from quotaloom.platform.access import Role, Scope, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound
from tests.founding import at
from tests.integration.organizations.trees import Acme, acme, audit_of, refusal, rows

APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)


def service(a: Acme) -> Viewer:
    return Viewer(a.work.company.id, "sync", Role.SERVICE, None, frozenset({Scope.ORGANIZATION.value}))


async def test_a_leaver_takes_nothing_along(database: Database) -> None:
    """His holdings and headships end on the day he leaves; one that was to begin later never begins."""
    a = await acme(database)
    await appoint_holder(a.work, a.seat, a.ann, None)
    await appoint_head(a.work, a.east, a.ann, APRIL)
    later = await appoint_head(a.work, a.west, a.ann, date(2026, 9, 1))
    await leave(a.work, a.ann, MAY)
    assert [row["valid_to"] for row in await rows(a.work, "SELECT valid_to FROM holding")] == [MAY]
    assert [row["valid_to"] for row in await rows(a.work, "SELECT valid_to FROM headship")] == [MAY]
    assert (await audit_of(a.work, "Headship", later))[-1][0] == "headship.withdraw"
    assert (await audit_of(a.work, "Member", a.ann))[-1] == (
        "member.leave",
        '{"left_on": null}',
        '{"left_on": "2026-05-01"}',
    )


async def test_the_last_admin_stays(database: Database) -> None:
    """The last admin neither leaves nor loses the role; with a second one who stays he may."""
    a = await acme(database)
    with pytest.raises(InputError, match="Ada is the last admin who stays") as caught:
        await leave(a.work, a.ada, MAY)
    assert refusal(caught) == ("LAST_ADMIN", ("id",))
    with pytest.raises(InputError) as caught_too:
        await update_member(a.work, a.ada, {"role": "member"})
    assert refusal(caught_too) == ("LAST_ADMIN", ("role",))
    await update_member(a.work, a.ann, {"role": "admin"})
    await leave(a.work, a.ada, MAY)
    with pytest.raises(InputError, match="Ann is the last admin who stays"):
        await update_member(a.work, a.ann, {"role": "member"})


async def test_an_admin_who_joins_later_does_not_count(database: Database) -> None:
    """On 1 June, with an admin who joins on 2 June, Ada is still the last; once he has joined, she may leave."""
    a = await acme(database)
    await create_member(a.work, NewMember("Fay", role="admin", joined_on=date(2026, 6, 2)))
    for attempt, path in (
        (leave(a.work, a.ada, date(2026, 7, 1)), "id"),
        (update_member(a.work, a.ada, {"role": "member"}), "role"),
        (update_member(a.work, a.ada, {"joined_on": date(2026, 6, 3)}), "joinedOn"),
    ):
        with pytest.raises(InputError) as caught:
            await attempt
        assert refusal(caught) == ("LAST_ADMIN", (path,))
    # 16:00 UTC is 2 June in Shanghai.
    await leave(at(a.work, datetime(2026, 6, 1, 16, tzinfo=UTC)), a.ada, date(2026, 7, 1))


async def test_a_member_comes_back(database: Database) -> None:
    """Rejoining takes the leaving back; who has not left cannot."""
    a = await acme(database)
    await leave(a.work, a.ann, MAY)
    await rejoin(a.work, a.ann)
    await appoint_holder(a.work, a.seat, a.ann, date(2026, 6, 1))
    with pytest.raises(InputError, match="Ann has not left") as caught:
        await rejoin(a.work, a.ann)
    assert refusal(caught) == ("NOT_LEFT", ("id",))


@pytest.mark.parametrize(
    ("member", "code", "path"),
    [
        (NewMember(""), "BAD_NAME", "name"),
        (NewMember("X", email="nobody"), "BAD_EMAIL", "email"),
        (NewMember("X", role="head"), "BAD_ROLE", "role"),
        (NewMember("X", key="ann"), "KEY_TAKEN", "key"),
    ],
)
async def test_a_member_who_cannot_be_is_refused(database: Database, member: NewMember, code: str, path: str) -> None:
    """Each rule of a new member is told by its code and its place in the input."""
    a = await acme(database)
    with pytest.raises(InputError) as caught:
        await create_member(a.work, member)
    assert refusal(caught) == (code, (path,))


async def test_namesakes_get_keys_of_their_own(database: Database) -> None:
    """Two members of one name are told apart by numbered keys."""
    a = await acme(database)
    second = await create_member(a.work, NewMember("Ann"))
    assert (await rows(a.work, "SELECT key FROM member WHERE id = $1", second))[0]["key"] == "ann-2"


async def test_only_what_is_given_changes(database: Database) -> None:
    """An update of the address leaves the name, and the audit tells the values before and after."""
    a = await acme(database)
    await update_member(a.work, a.ann, {"email": "ann@acme.example"}, expected_version=1)
    stored = (await rows(a.work, "SELECT name, email, version FROM member WHERE id = $1", a.ann))[0]
    assert tuple(stored) == ("Ann", "ann@acme.example", 2)
    assert (await audit_of(a.work, "Member", a.ann))[-1][0] == "member.update"
    with pytest.raises(Conflict):
        await update_member(a.work, a.ann, {"email": None}, expected_version=1)


async def test_joining_comes_before_leaving(database: Database) -> None:
    """Neither leaving on the first day nor joining after the last is accepted."""
    a = await acme(database)
    await update_member(a.work, a.ann, {"joined_on": APRIL})
    with pytest.raises(InputError, match="Ann joins on 2026-04-01"):
        await leave(a.work, a.ann, APRIL)
    await leave(a.work, a.ann, MAY)
    with pytest.raises(InputError, match="Ann left on 2026-05-01") as caught:
        await update_member(a.work, a.ann, {"joined_on": MAY})
    assert refusal(caught) == ("BAD_RANGE", ("joinedOn",))


async def test_a_service_makes_no_admins(database: Database) -> None:
    """The scope that writes the organization enters members, but neither admins nor roles."""
    a = await acme(database)
    sync = replace(a.work, viewer=service(a))
    await create_member(sync, NewMember("Cai"))
    with pytest.raises(AccessDenied, match="entering an admin needs an admin"):
        await create_member(sync, NewMember("Dan", role="admin"))
    with pytest.raises(AccessDenied, match="changing a role needs an admin"):
        await update_member(sync, a.ann, {"role": "admin"})


async def test_a_service_does_not_touch_admins(database: Database) -> None:
    """An admin leaves, comes back and gets another address by an admin's word only, not by a scope."""
    a = await acme(database)
    sync = replace(a.work, viewer=service(a))
    boss = await create_member(a.work, NewMember("Eli", role="admin"))
    for attempt in (leave(sync, boss, MAY), update_member(sync, boss, {"email": "evil@acme.example"})):
        with pytest.raises(AccessDenied, match="changing an admin needs an admin"):
            await attempt
    await leave(a.work, boss, MAY)
    with pytest.raises(AccessDenied, match="changing an admin needs an admin"):
        await rejoin(sync, boss)
    await rejoin(a.work, boss)
    await update_member(sync, a.ann, {"email": "ann@acme.example"})
    await leave(sync, a.ann, MAY)
    await rejoin(sync, a.ann)


async def test_a_service_lets_nobody_lead_the_company(database: Database) -> None:
    """Who heads the root sees everything: an admin appoints him, ends it, and lets him leave; teams are a service's."""
    a = await acme(database)
    sync = replace(a.work, viewer=service(a))
    with pytest.raises(AccessDenied, match="head of the company needs an admin"):
        await appoint_head(sync, a.root, a.ann, None)
    of_root = await appoint_head(a.work, a.root, a.ann, None)
    for attempt in (end_headship(sync, of_root, MAY), leave(sync, a.ann, MAY)):
        with pytest.raises(AccessDenied, match="head of the company needs an admin"):
            await attempt
    await end_headship(sync, await appoint_head(sync, a.team, a.bo, None), MAY)
    await end_headship(a.work, of_root, MAY)
    await leave(sync, a.ann, MAY)


async def test_a_member_of_another_company_is_as_good_as_none(database: Database) -> None:
    """Another company's member is not found."""
    a, other = await acme(database), await acme(database, "other")
    with pytest.raises(NotFound, match="there is no member with this id") as caught:
        await leave(a.work, other.ann, MAY)
    assert refusal(caught) == ("NOT_FOUND", ("id",))


async def test_a_batch_of_members_names_the_row_that_is_wrong(database: Database) -> None:
    """Two rows with one key: the second is refused by its number, and nobody is entered."""
    a = await acme(database)
    batch = [NewMember("Cai", key="c"), NewMember("Chen", key="c")]
    with pytest.raises(InputError) as caught:
        await a.work.write(lambda transaction: insert_members(transaction, batch))
    assert refusal(caught) == ("KEY_TAKEN", (1, "key"))
    assert len(await rows(a.work, "SELECT 1 FROM member")) == 3


async def test_leaving_again_corrects_the_day(database: Database) -> None:
    """A second leaving moves the day, and what he held ends on the earlier one."""
    a = await acme(database)
    await appoint_holder(a.work, a.seat, a.ann, None)
    await leave(a.work, a.ann, MAY)
    await leave(a.work, a.ann, APRIL)
    assert [row["valid_to"] for row in await rows(a.work, "SELECT valid_to FROM holding")] == [APRIL]
    assert (await rows(a.work, "SELECT left_on FROM member WHERE id = $1", a.ann))[0]["left_on"] == APRIL
