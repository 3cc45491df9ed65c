"""Quota relief: what a position is not measured against, while every cell stays whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.commands.terms import appoint_head, appoint_holder
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, Conflict, InputError
from quotaloom.platform.work import Work
from quotaloom.targets import reads
from quotaloom.targets.relieving import NewRelief, grant_relief, revoke_relief
from tests.founding import at
from tests.integration.targets.planning import Planning, plan_for

TREE = {"Acme": ["East"], "East": ["Seat"]}
HALF = Decimal("0.5")


async def test_a_relieved_month_counts_in_part(database: Database) -> None:
    """Half of March of 2017 off 1,200.00 a year of 100.00 a month: 1,150.00 is left; the team's own stays whole."""
    planning = await _planned(database)
    await _relieve(planning, date(2017, 3, 1), date(2017, 4, 1), HALF)
    rows = await planning.attained(planning.work, ["Seat", "East"], "2017")
    assert (rows["Seat"]["target"], rows["Seat"]["relief"]) == ("1150.00", "50.00")
    assert (rows["East"]["target"], rows["East"]["relief"]) == ("1200.00", "0.00")
    member = await planning.attained(planning.work, ["Sue"], "2017-Q1")
    assert (member["Sue"]["target"], member["Sue"]["relief"]) == ("250.00", "50.00")


async def test_among_many_units_the_same_are_relieved(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where so many units are asked for that all reliefs are read, the seat is told of its own, and only if asked."""
    planning = await _planned(database)
    await _relieve(planning, date(2017, 3, 1), date(2017, 4, 1), HALF)
    monkeypatch.setattr(reads, "MANY", 1)
    rows = await planning.attained(planning.work, ["Seat", "East"], "2017")
    assert [rows[name]["relief"] for name in ("Seat", "East")] == ["50.00", "0.00"]
    rows = await planning.attained(planning.work, ["East"], "2017")
    assert rows["East"]["relief"] == "0.00"


async def test_the_rate_is_against_what_is_left(database: Database) -> None:
    """50.00 achieved in a month of 100.00, half relieved, is all of it."""
    planning = await _planned(database)
    march = at(planning.work, datetime(2017, 3, 31, 12, tzinfo=UTC))
    await planning.post(march, "Seat", date(2017, 3, 10), 5000, "a")
    await _relieve(planning, date(2017, 3, 1), None, HALF)
    rows = await planning.attained(march, ["Seat"], "2017-03")
    assert (rows["Seat"]["rate"], rows["Seat"]["gap"]) == (Decimal("1.000000"), "0.00")


async def test_days_of_a_month_sum_to_it(database: Database) -> None:
    """A third of 1 to 15 March, 11 of 23 working days: its weeks and days sum to what the month is relieved of."""
    planning = await _planned(database)
    await _relieve(planning, date(2017, 3, 1), date(2017, 3, 16), Decimal("0.333333"))
    # 100.00 over 23 working days: 18 of 4.35 and 5 of 4.34. The first 11 hold 47.85; a third of it is 15.95.
    month = await planning.attained(planning.work, ["Seat"], "2017-03")
    assert month["Seat"]["relief"] == "15.95"
    days = [await planning.attained(planning.work, ["Seat"], date(2017, 3, day).isoformat()) for day in range(1, 32)]
    assert sum(Decimal(row["Seat"]["relief"]) for row in days) == Decimal("15.95")
    assert sum(Decimal(row["Seat"]["target"]) for row in days) == Decimal("84.05")
    assert all(Decimal(row["Seat"]["target"]) >= 0 for row in days)


async def test_all_three_lines_are_lowered(database: Database) -> None:
    """Target 100, assessment 80 and a whole month's relief: nothing is left to be measured against."""
    planning = await plan_for(database, TREE, holders={"Seat": "Sue"})
    await planning.decompose("Acme", 120_000, shares={"assessment": Decimal("0.8")})
    await planning.publish()
    await _relieve(planning, date(2017, 3, 1), date(2017, 4, 1), Decimal(1))
    rows = await planning.attained(planning.work, ["Seat"], "2017-Q1")
    assert (rows["Seat"]["target"], rows["Seat"]["assessment"]) == ("200.00", "160.00")
    assert (await planning.attained(planning.work, ["Seat"], "2017-03"))["Seat"]["rate"] is None


async def test_revoking_undoes_it_and_earlier_days_still_know(database: Database) -> None:
    """Granted on 2 January and revoked on 1 February: asked as of 15 January it stands, asked now it never was."""
    planning = await _planned(database)
    relief = await _relieve(planning, date(2017, 3, 1), date(2017, 4, 1), HALF)
    february = at(planning.work, datetime(2017, 2, 1, 12, tzinfo=UTC))
    await revoke_relief(february, relief, "back early")
    now = await planning.attained(february, ["Seat"], "2017-03")
    then = await planning.attained(february, ["Seat"], "2017-03", as_of=date(2017, 1, 15))
    before = await planning.attained(february, ["Seat"], "2017-03", as_of=date(2017, 1, 2))
    assert [row["Seat"]["target"] for row in (now, then, before)] == ["100.00", "50.00", "50.00"]
    with pytest.raises(Conflict, match="already"):
        await revoke_relief(february, relief, "again")
    await _relieve(planning, date(2017, 3, 15), None, HALF)  # the days are free again


async def test_one_relief_a_day(database: Database) -> None:
    """Two reliefs of a position share no day; next to each other they may stand."""
    planning = await _planned(database)
    await _relieve(planning, date(2017, 3, 1), date(2017, 4, 1), HALF)
    with pytest.raises(Conflict) as caught:
        await _relieve(planning, date(2017, 3, 31), None, HALF)
    assert caught.value.code == "RELIEVED_ALREADY"
    await _relieve(planning, date(2017, 4, 1), None, HALF)


async def test_positions_are_relieved(database: Database) -> None:
    """A team has no quota of its own to be relieved of."""
    planning = await _planned(database)
    with pytest.raises(InputError) as caught:
        await grant_relief(planning.work, NewRelief(planning.units["East"], date(2017, 3, 1), None, HALF, "why"))
    assert caught.value.code == "NOT_A_POSITION"


async def test_nobody_relieves_himself(database: Database) -> None:
    """Sue heads East and holds a seat in it until May: from then on she relieves it, before that an admin does."""
    planning = await _planned(database)
    sue = planning.members["Sue"]
    await appoint_head(planning.work, planning.units["East"], sue, None)
    bo = await create_member(planning.work, NewMember("Bo"))
    await appoint_holder(planning.work, planning.units["Seat"], bo, date(2017, 5, 1), replace=True)
    for role in (Role.MEMBER, Role.ADMIN):
        herself = replace(planning.work, viewer=Viewer(planning.founded.company.id, "sue", role, sue))
        with pytest.raises(AccessDenied, match="nobody relieves himself"):
            await _relieve(planning, date(2017, 4, 30), None, HALF, herself)
    await _relieve(planning, date(2017, 5, 1), None, HALF, herself)
    await _relieve(planning, date(2017, 4, 1), date(2017, 5, 1), HALF)


async def _planned(database: Database) -> Planning:
    planning = await plan_for(database, TREE, holders={"Seat": "Sue"})
    await planning.decompose("Acme", 120_000)
    await planning.publish()
    return planning


async def _relieve(planning: Planning, start: date, end: date | None, share: Decimal, work: Work | None = None) -> int:
    return await grant_relief(
        work or planning.work, NewRelief(planning.units["Seat"], start, end, share, "parental leave")
    )
