"""Global ids: what has one is found by it."""

from __future__ import annotations

from graphql import GraphQLInterfaceType

from quotaloom.platform.database import Database
from tests.integration.graph.asking import SCHEMA, ask
from tests.integration.graph.worlds import World, small_world


def one_of_each(world: World) -> dict[str, str]:
    """The id of one object of every type that is a node."""
    return {
        "Company": world["company"],
        "OrgUnit": world.unit("east"),
        "Member": world.member("ann"),
        "Metric": world["metric"],
        "Score": world["score"],
        "Product": world["product"],
        "Plan": world["draft"],
        "Funnel": world["funnel"],
        "Stage": world.stage("lead"),
        "Customer": world["customer"],
        "Opportunity": world["deal"],
        "Lead": world["lead"],
        "CustomerLevel": world["level"],
        "Pool": world["pool"],
        "PoolRule": world["rule"],
        "Achievement": world["entry"],
        "Activity": world["activity"],
        "DealReview": world["review"],
        "IncentiveRule": world["incentive rule"],
        "MemberGroup": world["group"],
        "IncentiveRun": world["run"],
        "Statement": world["statement of paid run"],
        "Dispute": world["dispute"],
        "IncentiveSimulation": world["simulation"],
        "IncentiveBudget": world["budget"],
        "ActionPlan": world["action plan"],
        "ActionItem": world["action item"],
        "Review": world["ann review"],
        "ReviewForm": world["review form"],
        "ReviewCycle": world["review cycle"],
        "AttributeDefinition": world["attribute"],
        "Objective": world["objective"],
        "TargetSubmission": world["east submission"],
        "CellComment": world["comment"],
        "QuotaRelief": world["relief"],
    }


async def test_every_node_is_found_by_its_id(database: Database) -> None:
    """`node` answers the id of one object of each type with that very object."""
    world = await small_world(database)
    ids = one_of_each(world)
    node = SCHEMA._schema.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    assert set(ids) == {kind.name for kind in SCHEMA._schema.get_possible_types(node)}
    for type_name, id in ids.items():
        found = await ask(world.floor, "query ($id: ID!) { node(id: $id) { __typename id } }", id=id)
        assert found == {"node": {"__typename": type_name, "id": id}}


async def test_what_is_no_node_does_not_promise_to_be_found(database: Database) -> None:
    """The ids of holdings and headships name them for ending, and say so; `node` answers them with null."""
    world = await small_world(database)
    for name in ("Holding", "Headship"):
        kind = SCHEMA._schema.type_map[name]
        assert kind.fields["id"].description == f"Names it for `end{name}`."  # type: ignore[attr-defined]  # an object
        found = await ask(world.floor, "query ($id: ID!) { node(id: $id) { id } }", id=world[name.lower()])
        assert found == {"node": None}
