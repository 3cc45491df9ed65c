"""Whom a cycle reviews, and when it may be opened."""

from __future__ import annotations

from dataclasses import replace

import pytest

from quotaloom.calendars.periods import Grain
from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.commands.terms import appoint_holder
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.access import Role, Scope, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, InputError
from quotaloom.reviews.cycles import open_cycle
from quotaloom.reviews.form_commands import archive_form
from tests.integration.reviews.judging import ReviewOffice
from tests.integration.targets.planning import POLICIES


@pytest.fixture
async def office(database: Database) -> ReviewOffice:
    """The office with its plan; Eve holds E 1, besides Nia."""
    office = await ReviewOffice.furnish(database)
    planning = office.planning
    planning.members["Eve"] = await create_member(planning.work, NewMember("Eve"))
    await appoint_holder(planning.work, planning.units["E 1"], planning.members["Eve"], None)
    return office


async def reviewed(office: ReviewOffice) -> list[str]:
    """Who has a review."""
    rows = await office.rows("SELECT name FROM review JOIN member ON member.id = member_id ORDER BY name")
    return [row["name"] for row in rows]


async def test_every_holder_and_head_of_the_subtree_gets_one_review(office: ReviewOffice) -> None:
    """West has Nia and two heads; then all: Eve and Ora are added; opened again, nobody is; a newcomer then is."""
    form = await office.form()
    west = office.planning.units["West"]
    first = await open_cycle(office.work(), POLICIES.registry, form, "2017-01", west)
    assert await reviewed(office) == ["Nia", "Noa", "Wu"]
    whole = await open_cycle(office.work(), POLICIES.registry, form, "2017-01")
    assert await reviewed(office) == ["Eve", "Nia", "Noa", "Ora", "Wu"]
    planning = office.planning
    max_ = await create_member(planning.work, NewMember("Max"))
    await appoint_holder(planning.work, planning.units["N 2"], max_, None)
    again = [await open_cycle(office.work(), POLICIES.registry, form, "2017-01", unit) for unit in (None, west)]
    assert again == [whole, first]
    assert await reviewed(office) == ["Eve", "Max", "Nia", "Noa", "Ora", "Wu"]
    assert await office.told("Nia") == ["review.waiting"]


async def test_a_period_is_one_of_the_form_and_over(office: ReviewOffice) -> None:
    """A review judges a month that has ended, by the company's day."""
    form = await office.form()
    for period, code in (
        *(("2017-02", "PERIOD_RUNNING"), ("2017-Q1", "OTHER_GRAIN"), ("2017-01-01/2017-02-01", "OTHER_GRAIN")),
        ("x", "BAD_PERIOD"),
    ):
        with pytest.raises(InputError) as refused:
            await open_cycle(office.work(), POLICIES.registry, form, period)
        assert refused.value.code == code


async def test_a_form_is_for_its_subtree_alone(office: ReviewOffice) -> None:
    """A form of West reviews Nia and the heads there; for East it is refused; archived, it is opened for nobody."""
    form = await office.form(unit="West")
    with pytest.raises(InputError) as refused:
        await open_cycle(office.work(), POLICIES.registry, form, "2017-01", office.planning.units["East"])
    assert refused.value.code == "OUTSIDE_FORM"
    await open_cycle(office.work(), POLICIES.registry, form, "2017-01")
    assert await reviewed(office) == ["Nia", "Noa", "Wu"]
    await archive_form(office.work(), form)
    with pytest.raises(InputError) as refused:
        await open_cycle(office.work(), POLICIES.registry, form, "2017-01")
    assert refused.value.code == "ARCHIVED"


async def test_forms_and_cycles_are_for_admins_and_services_with_the_scope(office: ReviewOffice) -> None:
    """A head opens nothing; a service that may change settings does; a quarter's form takes a quarter."""
    form = await office.form(grain=Grain.QUARTER, key="quarterly")
    with pytest.raises(AccessDenied):
        await open_cycle(office.work("Ora", 1, 4), POLICIES.registry, form, "2017-Q1")
    viewer = Viewer(office.planning.work.company.id, "hr", Role.SERVICE, None, frozenset({Scope.SETTINGS.value}))
    await open_cycle(replace(office.work(day=1, month=4), viewer=viewer), POLICIES.registry, form, "2017-Q1")
    assert await reviewed(office) == ["Eve", "Nia", "Noa", "Ora", "Wu"]
