"""Rows that lead out of sight: former positions, explanations, settings, entries elsewhere."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from asyncpg import Record

from quotaloom.attributes.commands import define_attribute
from quotaloom.attributes.definitions import NewAttribute, Subject
from quotaloom.attributes.values import NewValue
from quotaloom.leads.attributes import set_attributes_of
from quotaloom.organizations.commands.companies import update_company
from quotaloom.organizations.commands.members import create_member, leave, update_member
from quotaloom.organizations.commands.terms import appoint_head, appoint_holder, end_holding
from quotaloom.organizations.commands.units import move_unit
from quotaloom.organizations.membership import NewMember
from quotaloom.organizations.reads import holders
from quotaloom.platform.access import Role, Scope
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from quotaloom_graphql.nodes import encode_id
from quotaloom_sdk import AttributeKind, Reference
from tests.graph_client import GraphClient, serving
from tests.integration.funnels.floors import furnish
from tests.integration.graph.asking import do, gid
from tests.integration.graph.planned import answer, order
from tests.integration.targets.planning import NOON, Planning, plan_for

TREE = {"Acme": ["East", "West"], "East": ["E 1", "E 2"], "West": ["W 1"]}


async def planned(database: Database) -> Planning:
    """Ann holds E 1, Bo E 2; a published plan that was decomposed by the last year's achievement."""
    planning = await plan_for(database, TREE, holders={"E 1": "Ann", "E 2": "Bo"})
    await planning.decompose("Acme", 1_200_000, policy="allocation.last_year")
    await planning.publish()
    return planning


async def test_a_member_who_moved_sees_himself(database: Database, database_url: str, tmp_path: Path) -> None:
    """Ann left E 1 for W 1: she reads her present position, and no error for the former one."""
    planning = await planned(database)
    async with planning.work.snapshot() as snapshot:
        (holding,) = await holders(snapshot, [planning.units["E 1"]])
    await end_holding(planning.work, holding["id"], date(2016, 6, 1))
    await appoint_holder(planning.work, planning.units["W 1"], planning.members["Ann"], date(2016, 6, 1))
    async with serving(database_url, tmp_path, NOON) as graph:
        ann = graph.member(planning.work.company.id, planning.members["Ann"])
        viewer = (await ann.ask("{ viewer { member { positions { position { name } } } } }"))["viewer"]
    assert [term["position"]["name"] for term in viewer["member"]["positions"]] == ["W 1"]


async def test_explanations_and_settings_are_for_those_who_see_the_whole(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """Even where ancestors' figures are open, Ann reads no explanation that names siblings, nor who set a policy."""
    planning = await planned(database)
    await update_company(planning.work, {"members_see_ancestors": True})
    await appoint_head(planning.work, planning.units["East"], planning.members["Bo"], None)
    query = "{ plans { versions { decompositions { orgUnit { name } } } } policies { settings { changedBy } } }"
    async with serving(database_url, tmp_path, NOON) as graph:
        seen = {}
        for name in ("Ann", "Bo"):
            who = graph.member(planning.work.company.id, planning.members[name])
            data = await who.ask(query)
            seen[name] = [one["orgUnit"]["name"] for one in data["plans"][0]["versions"][0]["decompositions"]]
            assert all(policy["settings"] == [] for policy in data["policies"])
    assert seen == {"Ann": [], "Bo": ["East"]}


async def test_a_head_sees_members_by_what_they_do_below_him(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """Ann holds E 1 and W 1; Bo, who heads West, sees what she achieved and aims for there, not in East.

    Of 12,000.00 East and West have a half each, E 1 and E 2 a half of East's, W 1 all of West's.
    """
    planning = await planned(database)
    await appoint_holder(planning.work, planning.units["W 1"], planning.members["Ann"], None)
    await appoint_head(planning.work, planning.units["West"], planning.members["Bo"], None)
    await planning.post(planning.work, "E 1", date(2017, 1, 2), 77_700, "east")
    await planning.post(planning.work, "W 1", date(2017, 1, 2), 1_100, "west")
    query = 'query ($id: ID!) { member(id: $id) { attainment(period: "2017") { achieved target } } }'
    async with serving(database_url, tmp_path, NOON) as graph:
        bo, ann = [graph.member(planning.work.company.id, planning.members[name]) for name in ("Bo", "Ann")]
        ann_id = encode_id("Member", planning.members["Ann"])
        shown = [tuple((await who.ask(query, id=ann_id))["member"]["attainment"].values()) for who in (bo, ann)]
        entries = (await bo.ask("{ achievements { nodes { sourceKey } } }"))["achievements"]["nodes"]
    assert shown == [("11.00", "6000.00"), ("788.00", "9000.00")]
    assert [entry["sourceKey"] for entry in entries] == ["west"]


async def test_a_reference_shows_no_more_than_the_one_it_names(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """When Ann has left East, its head reads her name where a unit refers to her, no address and no attribute."""
    planning = await planned(database)
    await define_attribute(
        planning.work, NewAttribute(Subject.UNIT, "was", "Was", AttributeKind.REFERENCE, refers_to=Subject.MEMBER)
    )
    await define_attribute(planning.work, NewAttribute(Subject.MEMBER, "note", "Note", AttributeKind.TEXT))
    ann, unit = planning.members["Ann"], planning.units["E 1"]
    await update_member(planning.work, ann, {"email": "ann@example.com"})
    await set_attributes_of(planning.work, Subject.MEMBER, ann, [NewValue("note", "fast")])
    await set_attributes_of(planning.work, Subject.UNIT, unit, [NewValue("was", Reference("member", str(ann)))])
    async with planning.work.snapshot() as snapshot:
        (holding,) = await holders(snapshot, [unit])
    await appoint_head(planning.work, planning.units["East"], planning.members["Bo"], None)
    query = """query ($id: ID!) { orgUnit(id: $id) { attributes { reference {
        ... on Member { name email attributes { text } } } } } }"""
    async with serving(database_url, tmp_path, NOON) as graph:
        bo = graph.member(planning.work.company.id, planning.members["Bo"])
        before = await bo.ask(query, id=encode_id("OrgUnit", unit))
        await end_holding(planning.work, holding["id"], date(2017, 1, 1))
        after = await bo.ask(query, id=encode_id("OrgUnit", unit))
    assert [data["orgUnit"]["attributes"][0]["reference"] for data in (before, after)] == [
        {"name": "Ann", "email": "ann@example.com", "attributes": [{"text": "fast"}]},
        {"name": "Ann", "email": None, "attributes": []},
    ]


async def test_where_a_former_member_is_now_is_not_found_out(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """Ann left E 1 for W 1: Bo, who heads East, knows her by name, and finds her below no unit; nor East below West."""
    planning = await planned(database)
    async with planning.work.snapshot() as snapshot:
        (holding,) = await holders(snapshot, [planning.units["E 1"]])
    await end_holding(planning.work, holding["id"], date(2016, 6, 1))
    await appoint_holder(planning.work, planning.units["W 1"], planning.members["Ann"], date(2016, 6, 1))
    await appoint_head(planning.work, planning.units["East"], planning.members["Bo"], None)
    query = """query ($under: ID!) { orgUnits(under: $under) { totalCount }
        members(under: $under, includeLeft: true) { nodes { name } } }"""
    async with serving(database_url, tmp_path, NOON) as graph:
        bo = graph.member(planning.work.company.id, planning.members["Bo"])
        everybody = (await bo.ask("{ members(includeLeft: true) { nodes { name } } }"))["members"]["nodes"]
        found = {}
        for name in ("Acme", "East", "West"):
            data = await bo.ask(query, under=encode_id("OrgUnit", planning.units[name]))
            found[name] = [[one["name"] for one in data["members"]["nodes"]], data["orgUnits"]["totalCount"]]
    assert [one["name"] for one in everybody] == ["Ann", "Bo"]
    assert found == {"Acme": [["Bo"], 3], "East": [["Bo"], 2], "West": [[], 0]}


async def test_a_filter_tells_nothing_of_the_past_tree(database: Database) -> None:
    """E 1 stood below East up to December and has stood below West since: of East Ann is told what she is of nothing.

    Her order of November counts below East, as an admin is told. It counts below West in the tree of today.
    """
    planning = await planned(database)
    await order(planning, "E 1", date(2016, 11, 10), 100_00)
    await move_unit(planning.work, planning.units["E 1"], planning.units["West"], date(2016, 12, 1))
    query = """query ($under: ID!) {
        was: achievements(orgUnit: $under) { totalCount }
        is: achievements(orgUnit: $under, structure: AS_IS) { totalCount }
        ranks: rankings(period: "2016-11", under: $under, asOf: "2016-11-20") { totalCount } }"""
    units = {name: gid("OrgUnit", planning.units[name]) for name in ("East", "West")} | {
        "nothing": gid("OrgUnit", 9**17)
    }
    found: dict[tuple[str | None, str], list[int]] = {}
    for who in (None, "Ann"):
        for name, under in units.items():
            told = (await answer(planning, query, who, under=under)).data
            found[who, name] = [told[field]["totalCount"] for field in ("was", "is", "ranks")]
    assert found == {
        (None, "East"): [1, 0, 2],
        (None, "West"): [0, 1, 1],
        (None, "nothing"): [0, 0, 0],
        ("Ann", "East"): [0, 0, 0],
        ("Ann", "West"): [0, 1, 0],
        ("Ann", "nothing"): [0, 0, 0],
    }


async def test_whether_a_former_member_has_left_is_not_found_out(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """Ann left E 1 for W 1, Cem left E 2 and the company: Dee, who heads East, knows their names and no more.

    Eve, who heads everything, is told that Cem is there no more; the admin Ada is a member, too.
    """
    planning = await plan_for(database, TREE, holders={"E 1": "Ann", "E 2": "Cem"})
    members, day = dict(planning.members), date(2016, 6, 1)
    for unit, name in (("East", "Dee"), ("Acme", "Eve")):
        members[name] = await create_member(planning.work, NewMember(name))
        await appoint_head(planning.work, planning.units[unit], members[name], None)
    async with planning.work.snapshot() as snapshot:
        (holding,) = await holders(snapshot, [planning.units["E 1"]])
    await end_holding(planning.work, holding["id"], day)
    await appoint_holder(planning.work, planning.units["W 1"], members["Ann"], day)
    await leave(planning.work, members["Cem"], day)
    query = """query ($all: Boolean!, $text: String) { members(includeLeft: $all, text: $text) {
        totalCount nodes { name leftOn } } }"""
    async with serving(database_url, tmp_path, NOON) as graph:
        company_id = planning.work.company.id
        dee, eve = graph.member(company_id, members["Dee"]), graph.member(company_id, members["Eve"])

        async def told(who: GraphClient, *, left: bool, text: str | None = None) -> list[str]:
            found = (await who.ask(query, all=left, text=text))["members"]
            assert found["totalCount"] == len(found["nodes"])
            return [f"{one['name']} {one['leftOn'] or ''}".strip() for one in found["nodes"]]

        assert await told(dee, left=False) == ["Dee"]
        assert [await told(dee, left=False, text=name) for name in ("Ann", "Cem")] == [[], []]
        assert await told(dee, left=True) == ["Ann", "Cem", "Dee"]
        assert await told(eve, left=False) == ["Ada", "Ann", "Dee", "Eve"]
        assert await told(eve, left=True) == ["Ada", "Ann", "Cem 2016-06-01", "Dee", "Eve"]


async def test_a_unit_is_found_by_its_key_by_those_who_know_of_it(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """Ann, who holds E 1, finds it and not W 1; when her days there are over, not even the company."""
    planning = await planned(database)
    keys = {
        row["name"]: row["key"]
        for row in await fetched(planning, "SELECT name, key FROM org_unit WHERE name = ANY ($1)", ["E 1", "W 1"])
    }
    query = "query ($key: String!) { orgUnit(key: $key) { name } company { root { name } } }"
    async with planning.work.snapshot() as snapshot:
        (holding,) = await holders(snapshot, [planning.units["E 1"]])
    async with serving(database_url, tmp_path, NOON) as graph:
        ann = graph.member(planning.work.company.id, planning.members["Ann"])
        before = [await ann.ask(query, key=keys[name]) for name in ("E 1", "W 1")]
        await end_holding(planning.work, holding["id"], date(2017, 1, 1))
        after = await ann.ask(query, key=keys["E 1"])
    assert before == [
        {"orgUnit": {"name": "E 1"}, "company": {"root": {"name": "Acme"}}},
        {"orgUnit": None, "company": {"root": {"name": "Acme"}}},
    ]
    assert after == {"orgUnit": None, "company": {"root": None}}


async def test_a_service_that_may_not_read_is_told_nothing_of_what_it_appoints(database: Database) -> None:
    """A service with the scope of the organization alone appoints, and is answered without units and members."""
    floor = await furnish(database)
    company_id, scope = floor.work.company.id, Scope.ORGANIZATION.value
    both = {scope, Scope.READ.value}
    for since, scopes, told in (("2026-01-01", {scope}, None), ("2026-02-01", both, {"member": {"name": "Hal"}})):
        sync = Identity(company_id, "sync", Role.SERVICE, scopes=frozenset(scopes))
        named = {"memberId": gid("Member", floor.members["hal"]), "validFrom": since, "replace": True}
        west, seat = (gid("OrgUnit", floor.units[name]) for name in ("west", "empty"))
        head = await do(floor, "appointHead", "headship { member { name } }", sync, orgUnitId=west, **named)
        held = await do(floor, "appointHolder", "holding { member { name } }", sync, positionId=seat, **named)
        assert (head, held) == ({"headship": told, "errors": []}, {"holding": told, "errors": []})


async def fetched(planning: Planning, sql: str, *arguments: object) -> list[Record]:
    """The rows of a query."""
    async with planning.work.snapshot() as snapshot:
        return await snapshot.fetch(sql, *arguments)
