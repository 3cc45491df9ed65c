"""A field costs one read per level, however many rows there are."""

from __future__ import annotations

from quotaloom.attributes.commands import define_attribute
from quotaloom.attributes.definitions import NewAttribute, Subject
from quotaloom.attributes.values import NewValue
from quotaloom.funnels.commands.attributes import set_attributes_of
from quotaloom.organizations.planting import NewUnit, insert_units
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from quotaloom_graphql.context import RequestContext, Services
from quotaloom_graphql.schema import build_schema
from quotaloom_sdk import AttributeKind, Reference
from tests.integration.targets.planning import POLICIES, Planning, plan_for

DEEP = """
{ company { root { ...figures children { ...figures head { member { name } } children { ...figures
    holders { member { name attainment(period: "2017") { achieved } } }
    ancestors { name } parent { name } opportunities { name customer { name } stage { name } } } } } } }
fragment figures on OrgUnit {
  name
  year: attainment(period: "2017") { target assessment achieved rate }
  quarters: attainments(period: "2017", grain: QUARTER) { period target achieved }
  targetCells(period: "2017") { period target }
  viewerCan { plan }
  attributes { key text reference { id ... on Member { name } ... on OrgUnit { name attributes { key } } } }
}
"""


async def define(planning: Planning) -> None:
    """Two references of units: to a member and to another unit."""
    for to in (Subject.MEMBER, Subject.UNIT):
        new = NewAttribute(Subject.UNIT, to.value, to.value.title(), AttributeKind.REFERENCE, refers_to=to)
        await define_attribute(planning.work, new)


async def refer(planning: Planning, *unit_ids: int) -> None:
    """Set both references of units: each to the admin and to itself."""
    for unit_id in unit_ids:
        named = [Reference("member", str(planning.founded.admin_id)), Reference("unit", str(unit_id))]
        values = [NewValue(other.to, other) for other in named]
        await set_attributes_of(planning.work, Subject.UNIT, unit_id, values)


async def statements(planning: Planning, database: Database) -> int:
    """How many statements the deep query takes."""
    identity = Identity(planning.work.company.id, "tests", Role.ADMIN, planning.founded.admin_id)
    services = Services(database, POLICIES, lambda: planning.work.now)
    async with RequestContext(services, identity) as context:
        result = await build_schema().execute(DEEP, context_value=context)
        assert result.errors is None
        assert result.data is not None
        assert result.data["company"]["root"]["children"][0]["children"]
        return context.snapshot.statements


async def test_the_count_of_statements_does_not_grow_with_the_rows(database: Database) -> None:
    """Two teams of one position each, then two teams of forty: the same number of statements."""
    planning = await plan_for(database, {"Acme": ["East", "West"], "East": ["E 1"], "West": ["W 1"]})
    await planning.decompose("Acme", 1_200_000)
    await planning.publish()
    await define(planning)
    await refer(planning, planning.units["East"], planning.units["E 1"])
    few = await statements(planning, database)
    more = [
        NewUnit(f"{team} seat {number}", "position", planning.units[team])
        for team in ("East", "West")
        for number in range(40)
    ]
    await refer(planning, *await planning.work.write(lambda transaction: insert_units(transaction, more)))
    assert await statements(planning, database) == few
    # Twenty fields that read, on three levels and below; company, member, sight, metrics and calendar once each.
    assert few < 60
