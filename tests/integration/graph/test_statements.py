"""A field costs one read per level, however many rows there are."""

from __future__ import annotations

from quotaloom.attributes.commands import define_attribute
from quotaloom.attributes.definitions import NewAttribute, Subject
from quotaloom.attributes.values import NewValue
from quotaloom.leads.attributes import set_attributes_of
from quotaloom.organizations.membership import NewMember, insert_members
from quotaloom.organizations.planting import NewUnit, insert_units
from quotaloom.organizations.terms import HEADSHIP, HOLDING, NewTerm, appoint
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.targets.attainment_feed import AttainmentFeed
from quotaloom_graphql.context import RequestContext, Services
from quotaloom_graphql.schema import build_schema
from quotaloom_sdk import AttributeKind, Reference
from tests.integration.graph.planned import answer
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


FIGURES = """
{ company { root { ...figures children { ...figures children { ...figures
    holders { member { attainments(period: "2017", grain: QUARTER) { ...all } } } } } } }
  rankings(period: "2017-02") { nodes { rank previousRank movement attainment { ...all } } }
}
fragment figures on OrgUnit {
  year: attainment(period: "2017") { ...all }
  months: attainments(period: "2017", grain: MONTH) { ...all }
  weeks: attainments(period: "2017-Q1", grain: WEEK) { ...all }
  targetMismatch(period: "2017") { overAssignment }
  targetMismatches(period: "2017") { overAssignmentPercent }
  quarters: targetMismatches(period: "2017", grain: QUARTER) { overAssignmentPercent }
}
fragment all on Attainment {
  cumulative { achieved target rate }
  projection { rest runRate { achieved } weightedPipeline { achieved } openDeals { count } overdueDeals { count } }
  previousPeriod { achieved target } previousYear { achieved previousPeriod { achieved } }
  change(since: PREVIOUS_PERIOD) { growth }
  achievements(first: 2) { totalCount nodes { amount position { name } } }
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


async def statements(planning: Planning, database: Database, query: str = DEEP) -> int:
    """How many statements a deep query takes."""
    identity = Identity(planning.work.company.id, "tests", Role.ADMIN, planning.founded.admin_id)
    services = Services(database, POLICIES, lambda: planning.work.now, AttainmentFeed(database))
    async with RequestContext(services, identity) as context:
        result = await build_schema().execute(query, context_value=context)
        assert result.errors is None
        assert result.data is not None
        assert result.data["company"]["root"]["children"][0]["children"]
        return context.snapshot.statements


SMALL = {
    "{ viewer { subject } }": (1, 1),
    "{ company { root { name } } }": (2, 3),
    '{ orgUnit(key: "east") { name } }': (2, 3),
    '{ orgUnit(key: "east") { name viewerCan { plan } } }': (2, 3),
    '{ orgUnit(key: "east") { name targetCells(period: "2017") { period target } } }': (5, 6),
}
"""Small queries, and how many statements they cost an admin and the head of a team."""


async def test_a_small_query_costs_few_statements(database: Database) -> None:
    """The first one tells who asks, in which company and what he heads: only a head needs one more for his sight."""
    planning = await plan_for(database, {"Acme": ["East"], "East": ["E 1"]}, holders={"E 1": "Ann"})
    await planning.decompose("Acme", 1_200_000)
    await planning.publish()

    async def appointed(transaction: Transaction) -> None:
        await appoint(transaction, HEADSHIP, [NewTerm(planning.units["East"], planning.members["Ann"])])

    await planning.work.write(appointed)
    taken = {
        query: ((await answer(planning, query)).statements, (await answer(planning, query, "Ann")).statements)
        for query in SMALL
    }
    assert taken == SMALL


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


async def test_projections_and_comparisons_cost_no_more_for_more_rows(database: Database) -> None:
    """All that can be asked of attainment, of a position and its holder, then of ninety: as many statements."""
    planning = await plan_for(
        database, {"Acme": ["East", "West"], "East": ["E 1"], "West": ["W 1"]}, holders={"E 1": "Ann"}
    )
    await planning.decompose("Acme", 1_200_000)
    await planning.publish()
    await planning.post(planning.work, "E 1", planning.work.today, 1_000, "first")
    few = await statements(planning, database, FIGURES)
    more = [
        NewUnit(f"{team} seat {number}", "position", planning.units[team])
        for team in ("East", "West")
        for number in range(45)
    ]
    seats = await planning.work.write(lambda transaction: insert_units(transaction, more))
    members = [NewMember(f"Member {number}") for number in range(len(seats))]

    async def appoint_all(transaction: Transaction) -> None:
        ids = await insert_members(transaction, members)
        terms = [NewTerm(seat, member) for seat, member in zip(seats, ids, strict=True)]
        await appoint(transaction, HOLDING, terms)

    await planning.work.write(appoint_all)
    assert await statements(planning, database, FIGURES) == few
