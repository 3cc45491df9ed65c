"""Who commits to figures, for which months, and that earlier ones are kept."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from quotaloom.organizations.commands.units import close_unit
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, InputError, NotFound
from quotaloom.platform.work import Work
from quotaloom.targets.commitments import CommittedMonth, call_for_commitments, commit_targets
from quotaloom.targets.plans import close_plan
from tests.integration.graph.planned import noon
from tests.integration.targets.offices import PlanningOffice


async def commit(office: PlanningOffice, who: str | Work, unit: str, *months: tuple[str, int | None]) -> None:
    """Commit to figures for months of 2017."""
    work = office.work(who) if isinstance(who, str) else who
    named = [CommittedMonth(f"2017-{month}", amount) for month, amount in months]
    await commit_targets(work, office.planning.plan_id, office.planning.units[unit], named, "As I see it")


async def stored(office: PlanningOffice) -> list[tuple[Any, ...]]:
    """Unit, month, amount, author, and whether it stands."""
    async with office.planning.work.snapshot() as snapshot:
        rows = await snapshot.fetch(
            "SELECT u.name, to_char(c.starts_on, 'MM') AS month, c.amount, c.author, c.superseded_at IS NULL AS stands"
            " FROM commitment c JOIN org_unit u ON u.id = c.unit_id ORDER BY c.id"
        )
    return [tuple(row.values()) for row in rows]


async def test_a_later_commitment_supersedes_the_earlier_which_is_kept(database: Database) -> None:
    """Noa says 30.00 and 40.00, then 35.00 for January, then takes February back."""
    office = await PlanningOffice.open(database)
    await commit(office, "Noa", "North", ("01", 30_00), ("02", 40_00))
    await commit(office, "Noa", "North", ("01", 35_00))
    await commit(office, "Noa", "North", ("02", None))
    assert await stored(office) == [
        ("North", "01", 30_00, "Noa", False),
        ("North", "02", 40_00, "Noa", False),
        ("North", "01", 35_00, "Noa", True),
    ]


async def test_one_commitment_of_a_month_stands_however_many_come_at_once(database: Database) -> None:
    """Noa and Wu commit for N 1 five times each: ten rows, one of which stands."""
    office = await PlanningOffice.open(database)
    await asyncio.gather(*(commit(office, who, "N 1", ("01", amount)) for who in ("Noa", "Wu") for amount in range(5)))
    assert sorted(stands for *_, stands in await stored(office)) == [False] * 9 + [True]


async def test_a_holder_commits_while_the_plan_calls_for_it(database: Database) -> None:
    """Nia does not know of the draft; called until 31 January she commits; on 1 February it is too late for her."""
    office = await PlanningOffice.open(database)
    with pytest.raises(NotFound) as caught:
        await commit(office, "Nia", "N 1", ("03", 10_00))
    assert caught.value.path == ("planId",)
    await call_for_commitments(office.work(), office.planning.plan_id, date(2017, 1, 31))
    on_the_day = replace(office.work("Nia"), now=noon(date(2017, 1, 31)))
    await commit(office, on_the_day, "N 1", ("03", 10_00))
    too_late = replace(office.work("Nia"), now=noon(date(2017, 2, 1)))
    with pytest.raises(InputError) as late:
        await commit(office, too_late, "N 1", ("03", 12_00))
    assert (late.value.code, late.value.path) == ("NO_CALL", ("planId",))
    await commit(office, replace(office.work("Noa"), now=noon(date(2017, 2, 1))), "N 1", ("03", 11_00))
    assert await stored(office) == [("N 1", "03", 10_00, "Nia", False), ("N 1", "03", 11_00, "Noa", True)]


async def test_a_call_that_is_ended_hides_the_draft_again(database: Database) -> None:
    """Without the call the plan is not there for Nia; with it she commits for her own position only."""
    office = await PlanningOffice.open(database)
    plan_id = office.planning.plan_id
    await call_for_commitments(office.work(), plan_id, date(2017, 12, 31))
    with pytest.raises(NotFound) as caught:
        await commit(office, "Nia", "N 2", ("03", 10_00))
    assert caught.value.path == ("orgUnitId",)
    await call_for_commitments(office.work(), plan_id, None)
    with pytest.raises(InputError) as hidden:
        await commit(office, "Nia", "N 1", ("03", 10_00))
    assert (hidden.value.code, hidden.value.path) == ("NOT_FOUND", ("planId",))


async def test_calls_are_for_admins_and_for_days_to_come(database: Database) -> None:
    """A head cannot call; a day that is over is refused; a closed plan neither calls nor takes commitments."""
    office = await PlanningOffice.open(database)
    plan_id = office.planning.plan_id
    with pytest.raises(AccessDenied):
        await call_for_commitments(office.work("Wu"), plan_id, date(2017, 3, 1))
    with pytest.raises(InputError) as over:
        await call_for_commitments(office.work(), plan_id, date(2017, 1, 1))
    assert (over.value.code, over.value.path) == ("BAD_DATE", ("until",))
    await office.publish()
    await close_plan(office.work(), plan_id)
    for refused in (
        call_for_commitments(office.work(), plan_id, date(2017, 3, 1)),
        commit(office, "Noa", "North", ("01", 1)),
    ):
        with pytest.raises(InputError) as caught:
            await refused
        assert (caught.value.code, caught.value.path) == ("PLAN_CLOSED", ("planId",))


async def test_a_member_who_sees_those_above_does_not_commit_for_them(database: Database) -> None:
    """What the company lets Nia read of North is not hers to promise."""
    office = await PlanningOffice.open(database)
    await call_for_commitments(office.work(), office.planning.plan_id, date(2017, 12, 31))
    company = replace(office.planning.work.company, members_see_ancestors=True)
    with pytest.raises(AccessDenied):
        await commit(office, replace(office.work("Nia"), company=company), "North", ("01", 1))


async def test_months_in_which_the_unit_is_not_open_are_refused(database: Database) -> None:
    """N 2 closes on 1 March: February is fine, March is not, and then nothing is stored."""
    office = await PlanningOffice.open(database)
    await close_unit(office.work(), office.planning.units["N 2"], date(2017, 3, 1))
    with pytest.raises(InputError) as caught:
        await commit(office, "Noa", "N 2", ("02", 1_00), ("03", 1_00))
    assert (caught.value.code, caught.value.path) == ("UNIT_NOT_OPEN", ("months", 1, "month"))
    assert await stored(office) == []
