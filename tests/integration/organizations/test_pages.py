"""Pages of units and members."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from quotaloom.organizations.commands.members import leave
from quotaloom.organizations.commands.terms import appoint_head, appoint_holder
from quotaloom.organizations.commands.units import close_unit, create_unit, move_unit
from quotaloom.organizations.pages import MemberFilter, Page, UnitFilter, page_of_members, page_of_units
from quotaloom.organizations.planting import NewUnit
from quotaloom.platform.database import Database
from tests.integration.organizations.trees import Acme, acme

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


def names(page: Page) -> list[str]:
    return [row["name"] for row in page.rows]


async def units(a: Acme, on: date = MARCH, wanted: UnitFilter | None = None, **how: Any) -> Page:
    async with a.work.snapshot() as snapshot:
        return await page_of_units(snapshot, on, wanted, **how)


async def members(a: Acme, on: date = MARCH, wanted: MemberFilter | None = None, **how: Any) -> Page:
    async with a.work.snapshot() as snapshot:
        return await page_of_members(snapshot, on, wanted, **how)


async def test_units_are_listed_in_tree_order(database: Database) -> None:
    """A unit stands before what lies below it, and siblings by name."""
    a = await acme(database)
    page = await units(a)
    assert names(page) == ["Acme", "East", "Team 1", "Seat 1", "West"]
    assert (page.total, page.has_next) == (5, False)


async def test_units_are_listed_by_name_or_key(database: Database) -> None:
    """Each order is by code points."""
    a = await acme(database)
    await create_unit(a.work, NewUnit("Adler", "team", a.west, key="z"))
    assert names(await units(a, order="name")) == ["Acme", "Adler", "East", "Seat 1", "Team 1", "West"]
    assert names(await units(a, order="key")) == ["Acme", "East", "Seat 1", "Team 1", "West", "Adler"]


async def test_pages_follow_each_other(database: Database) -> None:
    """Pages of two hold the list once, and each tells the total, even one past the end."""
    a = await acme(database)
    pages = [await units(a, first=2, offset=offset) for offset in (0, 2, 4, 6)]
    assert [names(page) for page in pages] == [["Acme", "East"], ["Team 1", "Seat 1"], ["West"], []]
    assert [page.total for page in pages] == [5, 5, 5, 5]
    assert [page.has_next for page in pages] == [True, True, False, False]


async def test_units_are_filtered(database: Database) -> None:
    """Kind, text in name or key, the unit above and the ids that may be told each narrow the list."""
    a = await acme(database)
    assert names(await units(a, wanted=UnitFilter(kinds=("team", "position")))) == ["Team 1", "Seat 1"]
    assert names(await units(a, wanted=UnitFilter(text="EA"))) == ["East", "Team 1", "Seat 1"]
    assert names(await units(a, wanted=UnitFilter(text="team-1"))) == ["Team 1"]
    assert names(await units(a, wanted=UnitFilter(text="%"))) == []
    assert names(await units(a, wanted=UnitFilter(under=a.east))) == ["Team 1", "Seat 1"]
    assert names(await units(a, wanted=UnitFilter(among=frozenset({a.west, a.seat})))) == ["Seat 1", "West"]
    assert names(await units(a, wanted=UnitFilter(among=frozenset()))) == []


async def test_the_day_decides_what_is_open_and_where(database: Database) -> None:
    """Closed units are left out unless asked for; a move counts from its day on."""
    a = await acme(database)
    await move_unit(a.work, a.team, a.west, APRIL)
    await close_unit(a.work, a.east, APRIL)
    assert names(await units(a, MARCH)) == ["Acme", "East", "Team 1", "Seat 1", "West"]
    assert names(await units(a, APRIL)) == ["Acme", "West", "Team 1", "Seat 1"]
    assert names(await units(a, APRIL, UnitFilter(include_closed=True))) == ["Acme", "East", "West", "Team 1", "Seat 1"]
    assert names(await units(a, APRIL, UnitFilter(under=a.west))) == ["Team 1", "Seat 1"]


async def test_members_are_filtered(database: Database) -> None:
    """Text, role, subtree on the day and the ids that may be told each narrow the list."""
    a = await acme(database)
    await appoint_holder(a.work, a.seat, a.bo, APRIL)
    await appoint_head(a.work, a.east, a.ann, None)
    assert names(await members(a)) == ["Ada", "Ann", "Bo"]
    assert names(await members(a, wanted=MemberFilter(text="A", role="member"))) == ["Ann"]
    assert names(await members(a, MARCH, MemberFilter(under=a.east))) == ["Ann"]
    assert names(await members(a, APRIL, MemberFilter(under=a.east))) == ["Ann", "Bo"]
    assert names(await members(a, APRIL, MemberFilter(under=a.team))) == ["Bo"]
    assert names(await members(a, wanted=MemberFilter(among=[a.ada]))) == ["Ada"]
    page = await members(a, order="key", first=1, offset=1)
    assert (names(page), page.total) == (["Ann"], 3)


@pytest.mark.parametrize(("include_left", "listed"), [(False, ["Ada", "Bo"]), (True, ["Ada", "Ann", "Bo"])])
async def test_leavers_are_listed_where_asked_for(database: Database, include_left: bool, listed: list[str]) -> None:
    """From the day a member has left he is left out, unless leavers are asked for."""
    a = await acme(database)
    await leave(a.work, a.ann, APRIL)
    assert names(await members(a, APRIL, MemberFilter(include_left=include_left))) == listed
    assert names(await members(a, MARCH)) == ["Ada", "Ann", "Bo"]
