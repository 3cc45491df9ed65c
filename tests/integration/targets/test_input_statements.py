"""Reading what an allocation rule is given costs the same for few units and for many."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from quotaloom.attributes.commands import define_attribute
from quotaloom.attributes.definitions import NewAttribute, Subject
from quotaloom.attributes.values import NewValue
from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.leads.attributes import set_attributes_of
from quotaloom.organizations.planting import NewUnit, insert_units
from quotaloom.platform.database import Database
from quotaloom.targets.allocation_requests import read_inputs
from quotaloom.targets.gathering import gather
from quotaloom.targets.plans import draft_of, load_plan
from quotaloom_sdk import AllocationRule, AttributeKind, Need
from tests.integration.targets.planning import Planning, plan_for

STATEMENTS = {
    frozenset[Need](): 0,
    frozenset({Need.PLAN}): 0,
    frozenset({Need.HISTORY}): 2,
    frozenset({Need.RECENT}): 2,
    frozenset({Need.ATTRIBUTES}): 1,
    frozenset({Need.CALENDAR}): 1,
    frozenset({Need.LOAD}): 3,
    frozenset({Need.WORKSHEET}): 1,
    AllocationRule.offers: 9,  # what positions have is read once for history and recent months
}
"""How many statements each need costs, besides those that every decomposition takes."""


async def spent(planning: Planning, needs: frozenset[Need]) -> int:
    """How many statements reading the inputs of the whole company takes."""
    work = planning.work
    async with work.snapshot() as snapshot:
        plan = await load_plan(snapshot, planning.plan_id)
        calendar = fiscal_calendar(work.company)
        root = planning.units["Acme"]
        gathered = await gather(snapshot, calendar, plan, draft_of(plan), root, date(2017, 1, 2))
        before = snapshot.statements
        await read_inputs(snapshot, work, gathered, needs)
        return snapshot.statements - before


@pytest.mark.parametrize("needs", STATEMENTS, ids=lambda needs: "+".join(sorted(needs)) or "none")
async def test_inputs_cost_a_constant_number_of_statements(database: Database, needs: frozenset[Need]) -> None:
    """Two positions, then forty-two with an attribute each."""
    planning = await plan_for(database, {"Acme": ["East", "West"]})
    assert await spent(planning, needs) == STATEMENTS[needs]
    work = planning.work
    more = [NewUnit(f"Seat {number}", "position", planning.units["Acme"]) for number in range(40)]
    seats = await work.write(lambda transaction: insert_units(transaction, more))
    await define_attribute(work, NewAttribute(Subject.UNIT, "stores", "Stores", AttributeKind.NUMBER))
    for seat in seats:
        await set_attributes_of(work, Subject.UNIT, seat, [NewValue("stores", Decimal(seat))])
    assert await spent(planning, needs) == STATEMENTS[needs]
