"""Ramp for new holders: their siblings carry what they do not carry yet, and every margin stays exact."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.commands.terms import appoint_holder, end_holding
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom.targets.deciding import DecompositionOutcome
from quotaloom.targets.ramps import Ramp
from tests.integration.targets.planning import Planning, plan_for

PAIR = {"Acme": ["A", "B"]}


async def test_a_newcomer_is_handed_less_in_his_first_months(database: Database) -> None:
    """From February at 25, 50, 75 percent, then whole; the vacant January counts whole; months sum exactly."""
    planning = await plan_for(database, PAIR, holders={"A": "Ann"})
    await _begins(planning, "Bo", "B", date(2017, 2, 1))
    rows = _targets(await planning.decompose("Acme", 12_000, ramp=Ramp()))
    # 10.00 a month. February 1 : 0.25, March 1 : 0.5, April 1 : 0.75.
    assert rows["A"][:5] == [500, 800, 667, 571, 500]
    assert rows["B"][:5] == [500, 200, 333, 429, 500]
    assert set(rows["B"][5:]) == {500}


async def test_days_before_he_came_count_whole(database: Database) -> None:
    """Who comes on 16 April holds 15 of 30 days at 0 percent: the month weighs a half against his sibling's one."""
    planning = await plan_for(database, PAIR, holders={"A": "Ann"})
    await _begins(planning, "Bo", "B", date(2017, 4, 16))
    rows = _targets(await planning.decompose("Acme", 12 * 900, ramp=Ramp((Decimal(0),))))
    assert (rows["A"][3], rows["B"][3]) == (600, 300)
    assert (rows["A"][4], rows["B"][4]) == (450, 450)


async def test_who_comes_from_another_position_is_new_only_if_asked(database: Database) -> None:
    """Experience counts, unless the planner ramps up transfers too; then both seats he came to are meant."""
    planning = await plan_for(database, {"Acme": ["A", "B", "C"]}, holders={"A": "Ann", "C": "Cy"})
    async with planning.work.snapshot() as snapshot:
        rows = await snapshot.fetch("SELECT id FROM holding WHERE position_id = $1", planning.units["C"])
    await end_holding(planning.work, rows[0]["id"], date(2017, 3, 1))
    await appoint_holder(planning.work, planning.units["B"], planning.members["Cy"], date(2017, 3, 1))
    half = (Decimal("0.5"),)
    experienced = _targets(await planning.decompose("Acme", 12 * 900, ramp=Ramp(half)))
    assert [experienced[name][2] for name in "ABC"] == [300, 300, 300]
    transferred = _targets(await planning.decompose("Acme", 12 * 1000, ramp=Ramp(half, transfers=True)))
    assert [transferred[name][2] for name in "ABC"] == [400, 200, 400]


async def test_a_team_of_newcomers_is_handed_less(database: Database) -> None:
    """A team weighs the mean of its positions: 0.5 and 1 make 0.75, against 1 of the other team."""
    tree = {"Acme": ["East", "West"], "East": ["E1", "E2"], "West": ["W1"]}
    planning = await plan_for(database, tree, holders={"E1": "Eve", "W1": "Wu"})
    await _begins(planning, "Bo", "E2", date(2017, 1, 1))
    outcome = await planning.decompose("Acme", 12 * 700, ramp=Ramp((Decimal("0.5"),)))
    rows = _targets(outcome)
    assert [rows[name][0] for name in ("East", "West", "E1", "E2", "W1")] == [300, 400, 200, 100, 400]
    assert [rows[name][1] for name in ("East", "West")] == [350, 350]
    explanation = outcome.explanations[planning.units["East"]].to_json()
    assert explanation["items"][-1]["items"][0]["text"] == "E2: 2017-01 50%"


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        ((), ("ramp", "steps")),
        ((Decimal(1),) * 37, ("ramp", "steps")),
        ((Decimal("0.5"), Decimal("1.1")), ("ramp", "steps", 1)),
        ((Decimal("NaN"),), ("ramp", "steps", 0)),
        ((Decimal("-0.1"),), ("ramp", "steps", 0)),
        ((Decimal("0.1234567"),), ("ramp", "steps", 0)),
    ],
)
async def test_steps_are_shares(database: Database, steps: tuple[Decimal, ...], path: tuple[str | int, ...]) -> None:
    """No steps, too many, or one that is no share from 0 to 1 is refused where it stands."""
    planning = await plan_for(database, PAIR)
    with pytest.raises(InputError) as caught:
        await planning.decompose("Acme", 12_000, ramp=Ramp(steps))
    assert (caught.value.code, caught.value.path) == ("BAD_RAMP", path)


async def _begins(planning: Planning, name: str, position: str, day: date) -> None:
    member = await create_member(planning.work, NewMember(name))
    await appoint_holder(planning.work, planning.units[position], member, day)


def _targets(outcome: DecompositionOutcome) -> dict[str, list[int]]:
    return {unit.name: [value or 0 for value in unit.target] for unit in outcome.units}
