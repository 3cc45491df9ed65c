"""Creating, renaming, closing and reopening units."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from quotaloom.organizations.commands.terms import appoint_head, appoint_holder
from quotaloom.organizations.commands.units import close_unit, create_unit, move_unit, rename_unit, reopen_unit
from quotaloom.organizations.planting import NewUnit, insert_units
from quotaloom.platform.access import Role, Scope, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound
from tests.integration.organizations.trees import acme, audit_of, parents_on, refusal, rows


async def test_a_new_unit_lies_under_its_parent_and_all_above(database: Database) -> None:
    """A position's ancestors are its team, the team's department and the company, on any day."""
    a = await acme(database)
    assert await parents_on(a.work, a.seat, date(1999, 1, 1)) == [a.team, a.east, a.root]


async def test_a_unit_without_a_key_gets_one_from_its_name(database: Database) -> None:
    """The key is made of the name's letters and digits, numbered where it is taken, in any script."""
    a = await acme(database)
    for name in ("North & South", "North South", "华东 区", "***"):
        await create_unit(a.work, NewUnit(name, "team", a.root))
    keys = [row["key"] for row in await rows(a.work, "SELECT key FROM org_unit ORDER BY id")]
    assert keys[5:] == ["north-south", "north-south-2", "华东-区", "team"]


async def test_a_unit_opens_with_its_parent_unless_it_says_when(database: Database) -> None:
    """Without a day of its own a unit begins on its parent's first day; a day before that is refused."""
    a = await acme(database)
    young = await create_unit(a.work, NewUnit("Young", "team", a.root, opened_on=date(2026, 3, 1)))
    seat = await create_unit(a.work, NewUnit("Seat", "position", young))
    assert (await rows(a.work, "SELECT opened_on FROM org_unit WHERE id = $1", seat))[0]["opened_on"] == date(
        2026, 3, 1
    )
    assert await parents_on(a.work, seat, date(2026, 2, 28)) == []
    with pytest.raises(InputError, match="Young is open from 2026-03-01 on only") as caught:
        await create_unit(a.work, NewUnit("Early", "position", young, opened_on=date(2026, 2, 1)))
    assert refusal(caught) == ("PARENT_NOT_OPEN", ("parentId",))


@pytest.mark.parametrize(
    ("unit", "code", "path"),
    [
        (NewUnit("  ", "team", 1), "BAD_NAME", "name"),
        (NewUnit("a\nb", "team", 1), "BAD_NAME", "name"),
        (NewUnit("x" * 201, "team", 1), "BAD_NAME", "name"),
        (NewUnit("X", "squad", 1), "BAD_KIND", "kind"),
        (NewUnit("X", "team", None), "PARENT_NEEDED", "parentId"),
        (NewUnit("X", "company", 1), "ROOT_HAS_NO_PARENT", "parentId"),
        (NewUnit("X", "company", None), "ROOT_EXISTS", "kind"),
        (NewUnit("X", "team", 1, key=" x"), "BAD_KEY", "key"),
        (NewUnit("X", "team", 1, key="east"), "KEY_TAKEN", "key"),
        (NewUnit("X", "team", 1, ordinal=2**31), "BAD_ORDINAL", "ordinal"),
    ],
)
async def test_a_unit_that_cannot_be_is_refused(database: Database, unit: NewUnit, code: str, path: str) -> None:
    """Each rule of a new unit is told by its code and the place in the input, and nothing is written."""
    a = await acme(database)
    with pytest.raises(InputError) as caught:
        await create_unit(a.work, replace(unit, parent_id=unit.parent_id and a.root))
    assert refusal(caught) == (code, (path,))
    assert len(await rows(a.work, "SELECT 1 FROM org_unit")) == 5


async def test_nothing_lies_under_a_position(database: Database) -> None:
    """A position is a leaf: neither a new unit nor a moved one may go below it."""
    a = await acme(database)
    with pytest.raises(InputError, match="Seat 1 is a position") as caught:
        await create_unit(a.work, NewUnit("Below", "team", a.seat))
    assert refusal(caught) == ("CHILD_UNDER_POSITION", ("parentId",))
    with pytest.raises(InputError, match="Seat 1 is a position"):
        await move_unit(a.work, a.west, a.seat, date(2026, 1, 1))


async def test_a_unit_of_another_company_is_as_good_as_none(database: Database) -> None:
    """The id of another company's unit and one that names nothing are answered alike, as parent and as object."""
    a, other = await acme(database), await acme(database, "other")
    for stranger in (other.east, 10**6, 2**70):
        with pytest.raises(NotFound, match="there is no org unit with this id") as caught:
            await create_unit(a.work, NewUnit("X", "team", stranger))
        assert refusal(caught) == ("NOT_FOUND", ("parentId",))
        with pytest.raises(NotFound) as caught_too:
            await rename_unit(a.work, stranger, "Mine")
        assert refusal(caught_too) == ("NOT_FOUND", ("id",))


async def test_a_batch_names_the_row_that_is_wrong(database: Database) -> None:
    """Of many units written at once the path of a refusal starts with the row's number, and none is written."""
    a = await acme(database)
    units = [NewUnit("One", "team", a.root), NewUnit("Two", "team", a.seat)]
    with pytest.raises(InputError) as caught:
        await a.work.write(lambda transaction: insert_units(transaction, units))
    assert caught.value.path == (1, "parentId")
    assert len(await rows(a.work, "SELECT 1 FROM org_unit")) == 5


async def test_a_tree_is_fifty_levels_deep_at_most(database: Database) -> None:
    """The fiftieth level below the root is the last: Seat 1's team is at the second."""
    a = await acme(database)
    parent = a.team
    for level in range(3, 51):
        parent = await create_unit(a.work, NewUnit(f"Level {level}", "team", parent))
    with pytest.raises(InputError, match="50 levels") as caught:
        await create_unit(a.work, NewUnit("Level 51", "team", parent))
    assert refusal(caught) == ("TOO_DEEP", ("parentId",))


async def test_only_admins_change_the_tree(database: Database) -> None:
    """A member is refused; a service whose token names the scope is not."""
    a = await acme(database)
    company = a.work.company.id
    member = replace(a.work, viewer=Viewer(company, "ann", Role.MEMBER, a.ann))
    with pytest.raises(AccessDenied, match="renaming an org unit needs an admin"):
        await rename_unit(member, a.east, "Orient")
    scopes = frozenset({Scope.ORGANIZATION.value})
    service = replace(a.work, viewer=Viewer(company, "sync", Role.SERVICE, None, scopes))
    await rename_unit(service, a.east, "Orient")


async def test_renaming_is_recorded_with_both_names(database: Database) -> None:
    """The audit tells the old name and the new one; the same name again writes nothing."""
    a = await acme(database)
    await rename_unit(a.work, a.east, " Orient ")
    await rename_unit(a.work, a.east, "Orient")
    assert (await audit_of(a.work, "OrgUnit", a.east))[1:] == [
        ("unit.rename", '{"name": "East"}', '{"name": "Orient"}')
    ]


async def test_a_change_of_a_version_that_is_gone_is_a_conflict(database: Database) -> None:
    """Who read version 1 cannot overwrite version 2."""
    a = await acme(database)
    await rename_unit(a.work, a.east, "Orient", expected_version=1)
    with pytest.raises(Conflict, match="Orient was changed meanwhile: it is at version 2, you read version 1"):
        await rename_unit(a.work, a.east, "Levant", expected_version=1)


async def test_closing_ends_holders_and_heads_on_the_day(database: Database) -> None:
    """A closed unit keeps its place; whoever held or led it ends on the day it closes."""
    a = await acme(database)
    await appoint_holder(a.work, a.seat, a.ann, date(2026, 1, 1))
    await appoint_head(a.work, a.team, a.bo, None)
    await close_unit(a.work, a.seat, date(2026, 4, 1))
    await close_unit(a.work, a.team, date(2026, 5, 1))
    assert [row["valid_to"] for row in await rows(a.work, "SELECT valid_to FROM holding")] == [date(2026, 4, 1)]
    assert [row["valid_to"] for row in await rows(a.work, "SELECT valid_to FROM headship")] == [date(2026, 5, 1)]
    assert await parents_on(a.work, a.seat, date(2026, 12, 1)) == [a.team, a.east, a.root]
    assert (await audit_of(a.work, "OrgUnit", a.seat))[-1] == (
        "unit.close",
        '{"closed_on": null}',
        '{"closed_on": "2026-04-01"}',
    )


async def test_a_unit_with_open_children_stays_open(database: Database) -> None:
    """Closing is refused while a child is open on the day or would come later, and names the children."""
    a = await acme(database)
    with pytest.raises(InputError, match="Team 1 would still lie under it") as caught:
        await close_unit(a.work, a.east, date(2026, 4, 1))
    assert refusal(caught) == ("OPEN_CHILDREN", ("on",))
    await move_unit(a.work, a.team, a.west, date(2026, 6, 1))
    with pytest.raises(InputError, match="Team 1 would still lie under it"):
        await close_unit(a.work, a.east, date(2026, 4, 1))
    with pytest.raises(InputError, match="Team 1 would still lie under it"):
        await close_unit(a.work, a.west, date(2026, 4, 1))
    await close_unit(a.work, a.east, date(2026, 6, 1))


async def test_closing_twice_or_before_opening_is_refused(database: Database) -> None:
    """A closed unit says when it closed; a unit cannot close on its first day; the root never closes."""
    a = await acme(database)
    await close_unit(a.work, a.west, date(2026, 4, 1))
    with pytest.raises(InputError, match="West closes on 2026-04-01 already"):
        await close_unit(a.work, a.west, date(2026, 5, 1))
    young = await create_unit(a.work, NewUnit("Young", "team", a.root, opened_on=date(2026, 3, 1)))
    with pytest.raises(InputError, match="Young opens on 2026-03-01"):
        await close_unit(a.work, young, date(2026, 3, 1))
    with pytest.raises(InputError, match="root"):
        await close_unit(a.work, a.root, date(2026, 3, 1))


async def test_a_closed_unit_takes_no_children(database: Database) -> None:
    """Neither a new unit nor a moved one may lie under a unit on days on which it is closed."""
    a = await acme(database)
    await close_unit(a.work, a.west, date(2026, 4, 1))
    with pytest.raises(InputError, match="West is open until before 2026-04-01 only"):
        await create_unit(a.work, NewUnit("New", "team", a.west))
    with pytest.raises(InputError, match="West is open until before 2026-04-01 only") as caught:
        await move_unit(a.work, a.team, a.west, date(2026, 1, 1))
    assert refusal(caught) == ("PARENT_NOT_OPEN", ("parentId",))


async def test_reopening_takes_the_closing_back(database: Database) -> None:
    """A reopened unit is open on all days again, after its parent is."""
    a = await acme(database)
    for unit in (a.seat, a.team, a.east):
        await close_unit(a.work, unit, date(2026, 4, 1))
    with pytest.raises(InputError, match=r"Team 1 lies under East, which closes on 2026-04-01.*reopen East") as caught:
        await reopen_unit(a.work, a.team)
    assert refusal(caught) == ("PARENT_NOT_OPEN", ("id",))
    await reopen_unit(a.work, a.east)
    await reopen_unit(a.work, a.team)
    closed = await rows(a.work, "SELECT id FROM org_unit WHERE closed_on IS NOT NULL")
    assert [row["id"] for row in closed] == [a.seat]
    with pytest.raises(InputError, match="Team 1 is open") as caught:
        await reopen_unit(a.work, a.team)
    assert refusal(caught) == ("NOT_CLOSED", ("id",))


@pytest.mark.parametrize("day", [date.min, date(1899, 12, 31), date.max])
async def test_days_out_of_reach_are_refused(database: Database, day: date) -> None:
    """Days before 1900 and after 2999 are told as such wherever a day is given."""
    a = await acme(database)
    with pytest.raises(InputError, match="out of reach") as caught:
        await create_unit(a.work, NewUnit("X", "team", a.root, opened_on=day))
    assert refusal(caught) == ("BAD_PERIOD", ("openedOn",))
    for command in (close_unit(a.work, a.west, day), move_unit(a.work, a.team, a.west, day)):
        with pytest.raises(InputError, match="out of reach") as caught:
            await command
        assert refusal(caught) == ("BAD_PERIOD", ("on",))
    with pytest.raises(InputError, match="out of reach") as caught:
        await appoint_holder(a.work, a.seat, a.ann, day)
    assert refusal(caught) == ("BAD_PERIOD", ("validFrom",))
