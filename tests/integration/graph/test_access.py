"""Who sees what through the graph: nobody, members, heads, admins, and other companies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type, is_required_argument

from quotaloom.organizations.commands.companies import update_company
from quotaloom.organizations.commands.members import create_member, leave
from quotaloom.organizations.commands.terms import appoint_head
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from quotaloom_graphql.nodes import encode_id
from quotaloom_graphql.schema import build_schema
from tests.founding import found
from tests.graph_client import GraphClient, serving
from tests.integration.targets.planning import NOON, Planning, plan_for

TREE = {"Acme": ["East", "West"], "East": ["E 1", "E 2"], "West": ["W 1"]}
HOLDERS = {"E 1": "Ann", "E 2": "Bo", "W 1": "Cy"}


@asynccontextmanager
async def acme(database: Database, database_url: str, folder: Path) -> AsyncIterator[tuple[Planning, GraphClient]]:
    """Ann and Bo hold positions in East, which Cy, who holds one in West, heads; targets everywhere."""
    planning = await plan_for(database, TREE, holders=HOLDERS)
    await planning.decompose("Acme", 1_200_000)
    await planning.publish()
    await appoint_head(planning.work, planning.units["East"], planning.members["Cy"], None)
    async with serving(database_url, folder, NOON) as graph:
        yield planning, graph


async def names(graph: GraphClient) -> list[str]:
    found = await graph.ask("{ orgUnits { nodes { name } totalCount } }")
    assert found["orgUnits"]["totalCount"] == len(found["orgUnits"]["nodes"])
    return [node["name"] for node in found["orgUnits"]["nodes"]]


async def target(graph: GraphClient, planning: Planning, unit: str) -> Any:
    query = 'query ($id: ID!) { orgUnit(id: $id) { attainment(period: "2017") { target } } }'
    found = (await graph.ask(query, id=encode_id("OrgUnit", planning.units[unit])))["orgUnit"]
    return found and found["attainment"] and found["attainment"]["target"]


_SAMPLES = {"Int": "2026", "ID": '"x"', "String": '"x"', "DuplicateSubject": "LEAD"}


def _call(name: str, arguments: dict[str, Any]) -> str:
    required = {key: get_named_type(one.type).name for key, one in arguments.items() if is_required_argument(one)}
    given = ", ".join(f"{key}: {_SAMPLES[kind]}" for key, kind in required.items())
    return f"{name}({given})" if given else name


async def test_without_a_token_only_the_typename_answers(database: Database, database_url: str, tmp_path: Path) -> None:
    """`{ __typename }` and introspection answer; every other root field of queries says UNAUTHENTICATED."""
    async with serving(database_url, tmp_path, NOON) as graph:
        assert await graph.ask("{ __typename }") == {"__typename": "Query"}
        assert (await graph.ask("{ __schema { queryType { name } } }"))["__schema"]
        schema = build_schema()._schema
        assert isinstance(schema.query_type, GraphQLObjectType)
        for name, field in schema.query_type.fields.items():
            selection = "" if is_leaf_type(get_named_type(field.type)) else " { __typename }"
            answer = await graph.send(f"{{ {_call(name, field.args)}{selection} }}")
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"], name


@pytest.mark.parametrize("broken", ["expired", "other key", "other audience", "no bearer", "nonsense"])
async def test_a_token_that_is_not_valid_is_refused(
    database: Database, database_url: str, tmp_path: Path, broken: str
) -> None:
    """An expired, foreign or garbled token is as good as none."""
    work = await found(database)
    async with serving(database_url, tmp_path, NOON) as graph:
        identity, now, hour = Identity(work.company.id, "x", Role.ADMIN, 1), datetime.now(UTC), timedelta(hours=1)
        authority = graph.authority
        tokens = {
            "expired": "Bearer " + authority.issue(identity, now - 2 * hour, hour),
            "other key": "Bearer " + type(authority)(b"x" * 64, "quotaloom", "quotaloom").issue(identity, now, hour),
            "other audience": "Bearer "
            + type(authority)(authority.key, "other", "quotaloom").issue(identity, now, hour),
            "no bearer": authority.issue(identity, now, hour),
            "nonsense": "Bearer a.b.c",
        }
        graph.headers["authorization"] = tokens[broken]
        answer = await graph.send("{ viewer { subject } }")
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]


async def test_a_member_sees_himself_and_the_names_above(database: Database, database_url: str, tmp_path: Path) -> None:
    """Ann sees the figures of her position, and of East and the company the names only; of the rest nothing."""
    async with acme(database, database_url, tmp_path) as (planning, graph):
        ann = graph.member(planning.work.company.id, planning.members["Ann"])
        assert await names(ann) == ["Acme", "East", "E 1"]
        assert await target(ann, planning, "E 1") == "3000.00"
        assert [await target(ann, planning, unit) for unit in ("East", "E 2", "West")] == [None, None, None]
        ranking = await ann.ask('{ rankings(period: "2017") { nodes { rank orgUnit { name } } } }')
        assert [row["orgUnit"]["name"] for row in ranking["rankings"]["nodes"]] == ["E 1"]
        refused = await ann.send('mutation { createMember(input: { name: "Eve" }) { errors { code } } }')
        assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_head_sees_the_subtree_that_he_heads(database: Database, database_url: str, tmp_path: Path) -> None:
    """Cy sees East with all below it and his own position in West, and of West itself the name."""
    async with acme(database, database_url, tmp_path) as (planning, graph):
        cy = graph.member(planning.work.company.id, planning.members["Cy"])
        assert await names(cy) == ["Acme", "East", "E 1", "E 2", "West", "W 1"]
        assert await target(cy, planning, "East") == "6000.00"
        assert [await target(cy, planning, unit) for unit in ("Acme", "West")] == [None, None]


async def test_a_leaver_is_shut_out(database: Database, database_url: str, tmp_path: Path) -> None:
    """The token of a member who left answers UNAUTHENTICATED from that day on."""
    async with acme(database, database_url, tmp_path) as (planning, graph):
        ann = graph.member(planning.work.company.id, planning.members["Ann"])
        await leave(planning.work, planning.members["Ann"], NOON.date())
        answer = await ann.send("{ viewer { subject } }")
        assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_ids_of_another_company_answer_like_unknown_ones(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """A foreign unit, member and plan are null, and writing to them is refused as NOT_FOUND, as for absent ids."""
    async with acme(database, database_url, tmp_path) as (planning, graph):
        other = await found(database, key="other")
        admin_id = await create_member(other, NewMember("Zoe", role="admin"))
        zoe = graph.admin(other.company.id, admin_id)
        foreign = {"OrgUnit": planning.units["East"], "Member": planning.members["Ann"], "Plan": planning.plan_id}
        for type_name, number in foreign.items():
            for candidate in (number, 987_654):
                found_node = await zoe.ask(
                    "query ($id: ID!) { node(id: $id) { id } }", id=encode_id(type_name, candidate)
                )
                assert found_node == {"node": None}
        for candidate in (planning.units["East"], 987_654):
            payload = await zoe.try_to("renameOrgUnit", "", id=encode_id("OrgUnit", candidate), name="Mine")
            assert [error["code"] for error in payload["errors"]] == ["NOT_FOUND"]


async def test_the_production_profile_hides_the_schema(database: Database, database_url: str, tmp_path: Path) -> None:
    """Introspection is off there, and a misspelled field is not helped."""
    schema = build_schema(production=True)
    result = await schema.execute("{ __schema { queryType { name } } }")
    assert result.errors
    result = await schema.execute("{ viewr { subject } }")
    assert "viewer" not in str(result.errors)


async def test_rankings_name_whom_they_show(database: Database, database_url: str, tmp_path: Path) -> None:
    """Where the company opens rankings, a member reads the name in every row, and still no figure elsewhere."""
    async with acme(database, database_url, tmp_path) as (planning, graph):
        await update_company(planning.work, {"members_see_rankings": True})
        ann = graph.member(planning.work.company.id, planning.members["Ann"])
        query = '{ rankings(period: "2017") { nodes { orgUnit { name attainment(period: "2017") { target } } } } }'
        nodes = (await ann.ask(query))["rankings"]["nodes"]
        assert sorted(node["orgUnit"]["name"] for node in nodes) == ["E 1", "E 2", "W 1"]
        shown = {node["orgUnit"]["name"] for node in nodes if node["orgUnit"]["attainment"]}
        assert shown == {"E 1"}


async def test_a_mistake_in_the_document_has_a_code(database: Database, database_url: str, tmp_path: Path) -> None:
    """An unknown field and an argument of the wrong type answer BAD_REQUEST."""
    async with serving(database_url, tmp_path, NOON) as graph:
        for query in ("{ nothing }", '{ orgUnits(first: "x") { totalCount } }', "{"):
            answer = await graph.send(query)
            assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_REQUEST"}
