"""Commitments in the graph: against the target, gathered from below, with their history."""

from __future__ import annotations

from datetime import date
from typing import Any

from quotaloom.organizations.planting import NewUnit, insert_units
from quotaloom.platform.database import Database
from quotaloom.targets.commitments import CommittedMonth, call_for_commitments, commit_targets
from tests.integration.graph.asking import gid
from tests.integration.graph.planned import answer, refusal
from tests.integration.targets.offices import PlanningOffice
from tests.integration.targets.test_commitments import commit

TREE = """query ($plan: ID!, $period: String, $grain: Grain) { company { root { ...all descendants { ...all } } } }
fragment all on OrgUnit { name
    commitments(plan: $plan, period: $period, grain: $grain) {
        period target committed gap gapPercent gathered gatheredGap gatheredGapPercent }
    committedMonths(plan: $plan, superseded: true) { period amount comment author supersededAt member { name } } }"""

UNIT = """query ($unit: ID!, $plan: ID!, $period: String, $grain: Grain, $version: Int) { orgUnit(id: $unit) {
    commitments(plan: $plan, period: $period, grain: $grain, planVersion: $version) { period target committed } }
    plan(id: $plan) { name status commitmentsUntil versions { number } } }"""


async def committed_office(database: Database) -> PlanningOffice:
    """50.00 a month for West and North, 25.00 for each position below; three of them commit for January."""
    office = await PlanningOffice.open(database)
    await commit(office, "Noa", "N 1", ("01", 30_00))
    await commit(office, "Noa", "N 2", ("01", 15_00), ("02", 20_00))
    await commit(office, "Ada", "E 1", ("01", 60_00))
    return office


async def tree(office: PlanningOffice, who: str | None = None, **variables: Any) -> dict[str, list[dict[str, Any]]]:
    """The commitments of every unit that somebody sees."""
    asked = {"plan": gid("Plan", office.planning.plan_id), **variables}
    root = (await answer(office.planning, TREE, who, **asked)).data["company"]["root"]
    units = [root, *root["descendants"]] if root else []
    return {unit["name"]: unit["commitments"] for unit in units}


async def test_heads_compare_what_they_gather_with_the_target(database: Database) -> None:
    """In January 45.00 of 50.00 is gathered below North, 10% short; E 1 promises 10.00 more than its 50.00."""
    office = await committed_office(database)
    found = await tree(office, period="2017-01")
    (north,), (east,), (acme,), (one,) = (found[name] for name in ("North", "E 1", "Acme", "N 1"))
    assert north == {
        "period": "2017-01",
        "target": "50.00",
        "committed": None,
        "gap": None,
        "gapPercent": None,
        "gathered": "45.00",
        "gatheredGap": "5.00",
        "gatheredGapPercent": "10.0000",
    }
    assert (east["committed"], east["gap"], east["gapPercent"], east["gathered"]) == (
        "60.00",
        "-10.00",
        "-20.0000",
        None,
    )
    assert (acme["gathered"], acme["gatheredGap"]) == ("105.00", "-5.00")
    assert (one["committed"], one["gap"]) == ("30.00", "-5.00")


async def test_a_unit_that_commits_speaks_for_all_below_it(database: Database) -> None:
    """Noa rounds North up to 48.00 for January: West and the company gather that; in February North gathers 20.00."""
    office = await committed_office(database)
    await commit(office, "Noa", "North", ("01", 48_00))
    found = await tree(office, period="2017-Q1", grain="MONTH")
    assert [(one["committed"], one["gathered"]) for one in found["North"]] == [
        ("48.00", "45.00"),
        (None, "20.00"),
        (None, None),
    ]
    assert [one["gathered"] for one in found["West"]] == ["48.00", "20.00", None]
    assert [one["gathered"] for one in found["Acme"]] == ["108.00", "20.00", None]
    (year,) = (await tree(office))["West"]
    assert (year["period"], year["target"], year["gathered"]) == ("2017", "600.00", "68.00")


async def test_commitments_are_shown_to_those_who_lead_or_hold_the_unit(database: Database) -> None:
    """Noa sees North and below; Nia, while the plan calls for it, her own position, without the draft's target."""
    office = await committed_office(database)
    found = await tree(office, "Noa", period="2017-01")
    assert {name for name, rows in found.items() if rows} == {"North", "N 1", "N 2"}
    plan, unit = gid("Plan", office.planning.plan_id), gid("OrgUnit", office.planning.units["N 1"])
    assert await refusal(office.planning, UNIT, "Nia", unit=unit, plan=plan) == ("NOT_FOUND", ["plan"])
    await call_for_commitments(office.work(), office.planning.plan_id, date(2017, 1, 31))
    data = (await answer(office.planning, UNIT, "Nia", unit=unit, plan=plan, period="2017-01")).data
    assert data["orgUnit"]["commitments"] == [{"period": "2017-01", "target": None, "committed": "30.00"}]
    assert data["plan"] == {
        "name": "Plan 2017",
        "status": "DRAFT",
        "commitmentsUntil": "2017-01-31",
        "versions": [],
    }
    told = await refusal(office.planning, UNIT, "Nia", unit=unit, plan=plan, version=1)
    assert told == ("NOT_FOUND", ["planVersion"])
    await office.publish()
    data = (await answer(office.planning, UNIT, "Nia", unit=unit, plan=plan, period="2017-01")).data
    assert data["orgUnit"]["commitments"][0]["target"] == "25.00"


async def test_commitments_can_be_held_against_a_scenario(database: Database) -> None:
    """In the scenario N 1 has 35.00 for January."""
    office = await committed_office(database)
    await office.add_scenario()
    await office.set("N 1", {"01": 35_00}, scenario=2)
    plan, unit = gid("Plan", office.planning.plan_id), gid("OrgUnit", office.planning.units["N 1"])
    asked = {"unit": unit, "plan": plan, "period": "2017-01"}
    for version, target in ((None, "25.00"), (2, "35.00")):
        data = (await answer(office.planning, UNIT, "Noa", version=version, **asked)).data  # type: ignore[arg-type]
        assert data["orgUnit"]["commitments"][0]["target"] == target


async def test_each_commitment_is_told_with_its_history(database: Database) -> None:
    """N 1 said 30.00 and now says 32.00: the later first, by Noa, with what she said."""
    office = await committed_office(database)
    await commit(office, "Noa", "N 1", ("01", 32_00))
    query = """query ($unit: ID!, $plan: ID!) { orgUnit(id: $unit) {
        now: committedMonths(plan: $plan) { period amount }
        all: committedMonths(plan: $plan, superseded: true) {
            amount comment author supersededAt member { name } } } }"""
    unit, plan = gid("OrgUnit", office.planning.units["N 1"]), gid("Plan", office.planning.plan_id)
    found = (await answer(office.planning, query, unit=unit, plan=plan)).data["orgUnit"]
    assert found["now"] == [{"period": "2017-01", "amount": "32.00"}]
    assert [(one["amount"], one["supersededAt"] is None) for one in found["all"]] == [("32.00", True), ("30.00", False)]
    assert {(one["author"], one["member"]["name"], one["comment"]) for one in found["all"]} == {
        ("Noa", "Noa", "As I see it")
    }


async def test_periods_that_cut_months_are_refused(database: Database) -> None:
    """Weeks, and half a month."""
    office = await committed_office(database)
    asked = {"plan": gid("Plan", office.planning.plan_id), "unit": gid("OrgUnit", office.planning.units["N 1"])}
    assert await refusal(office.planning, UNIT, grain="WEEK", **asked) == ("BAD_GRAIN", ["grain"])
    told = await refusal(office.planning, UNIT, period="2017-01-01/2017-01-15", **asked)
    assert told == ("PERIOD_DOES_NOT_FIT", ["period"])


async def test_commitments_cost_as_many_statements_for_any_number_of_units(database: Database) -> None:
    """Seven units, then forty seats more, each with a commitment."""
    office = await committed_office(database)
    planning = office.planning
    asked = {"plan": gid("Plan", planning.plan_id), "grain": "MONTH"}
    few = (await answer(planning, TREE, **asked)).statements  # type: ignore[arg-type] # on is none of them
    seats = [NewUnit(f"Seat {number}", "position", planning.units["East"]) for number in range(40)]
    for seat in await planning.work.write(lambda transaction: insert_units(transaction, seats)):
        await commit_targets(planning.work, planning.plan_id, seat, [CommittedMonth("2017-05", 1_00)])
    more = await answer(planning, TREE, **asked)  # type: ignore[arg-type] # on is none of them
    assert more.statements == few
    units = {unit["name"]: unit for unit in more.data["company"]["root"]["descendants"]}
    assert units["East"]["commitments"][4]["gathered"] == "40.00"
