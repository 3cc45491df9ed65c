"""Attributes in the graph: defined, set, read, and seen by whom it concerns."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from quotaloom.organizations.commands.companies import update_company
from quotaloom.platform.access import Role, Scope
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from tests.graph_client import serving
from tests.integration.funnels.floors import NOON, furnish
from tests.integration.graph.asking import answers, ask, do
from tests.integration.graph.worlds import World, small_world

TYPES = ["UNIT", "MEMBER", "CUSTOMER", "OPPORTUNITY", "LEAD"]

VALUES = """fragment values on Node {
  ... on OrgUnit { attributes { ...value } } ... on Member { attributes { ...value } }
  ... on Customer { attributes { ...value } } ... on Opportunity { attributes { ...value } }
  ... on Lead { attributes { ...value } }
}
fragment value on AttributeValue { key title kind text number day choice { key label retired }
  reference { __typename id ... on OrgUnit { name } ... on Member { name } ... on Customer { name }
    ... on Opportunity { name } ... on Lead { key } } }"""

NODE = f"query ($id: ID!) {{ node(id: $id) {{ ...values }} }} {VALUES}"

NO_VALUE = {"text": None, "number": None, "day": None, "choice": None, "reference": None}


async def define_all(world: World, on: str) -> None:
    """An attribute of each kind on a type, with references to each type; the keys are what they are."""
    grades = [{"key": "a", "label": "Great"}, {"key": "b", "label": "Good"}]
    for kind in ("TEXT", "NUMBER", "DATE", "CHOICE"):
        more: dict[str, Any] = {"choices": grades} if kind == "CHOICE" else {}
        await world.call("defineAttribute", "", on=on, key=kind.lower(), title=kind.title(), kind=kind, **more)
    for to in TYPES:
        await world.call(
            "defineAttribute", "", on=on, key=f"to_{to.lower()}", title=to.title(), kind="REFERENCE", refersTo=to
        )


async def values(world: World, id: str, who: str | Identity | None = None) -> list[dict[str, Any]]:
    """The attributes of an object."""
    found: list[dict[str, Any]] = (await ask(world.floor, NODE, who, id=id))["node"]["attributes"]
    return found


def an_object(world: World, on: str) -> str:
    """The id of an object of that type."""
    ids = {"UNIT": world.unit("ann"), "MEMBER": world.member("ann"), "CUSTOMER": world["customer"]}
    ids["LEAD"] = world["lead"]
    return ids.get(on, world["deal"])


def shown(key: str, title: str, kind: str, **value: Any) -> dict[str, Any]:
    """A value as the graph shows it."""
    return {"key": key, "title": title, "kind": kind, **NO_VALUE, **value}


@pytest.mark.parametrize("on", TYPES)
async def test_every_kind_is_set_and_read_on_every_type(database: Database, on: str) -> None:
    """The payload shows the object with what was set, in the company's order, exact to the last digit."""
    world = await small_world(database)
    await world.call("archiveAttribute", "", id=world["attribute"])
    await define_all(world, on)
    ids = {to: an_object(world, to) for to in TYPES}
    await world.call("updateOpportunity", "", id=world["deal"], name="Pumps")
    given = [
        *({"key": f"to_{to.lower()}", "reference": id} for to, id in ids.items()),
        {"key": "choice", "choice": "b"},
        {"key": "date", "day": "2017-06-14"},
        {"key": "number", "number": "123456789012345678.00000001"},
        {"key": "text", "text": "四 stores"},
    ]
    query = f"""mutation ($input: SetAttributesInput!) {{
        setAttributes(input: $input) {{ node {{ id ...values }} errors {{ code }} }} }} {VALUES}"""
    payload = (await ask(world.floor, query, input={"id": ids[on], "values": given}))["setAttributes"]
    assert payload["errors"] == []
    assert payload["node"]["id"] == ids[on]
    found = payload["node"]["attributes"]
    assert found == [
        shown("text", "Text", "TEXT", text="四 stores"),
        shown("number", "Number", "NUMBER", number="123456789012345678.00000001"),
        shown("date", "Date", "DATE", day="2017-06-14"),
        shown("choice", "Choice", "CHOICE", choice={"key": "b", "label": "Good", "retired": False}),
        *(
            shown(
                f"to_{to.lower()}",
                to.title(),
                "REFERENCE",
                reference={"__typename": type_name, "id": ids[to], **told},
            )
            for to, type_name, told in (
                ("UNIT", "OrgUnit", {"name": "Ann"}),
                ("MEMBER", "Member", {"name": "Ann"}),
                ("CUSTOMER", "Customer", {"name": "Globex"}),
                ("OPPORTUNITY", "Opportunity", {"name": "Pumps"}),
                ("LEAD", "Lead", {"key": "first"}),
            )
        ),
    ]
    assert await values(world, ids[on]) == found


async def test_definitions_are_listed_and_found(database: Database) -> None:
    """By type and in order, archived ones on request; `node` shows one with its choices."""
    world = await small_world(database)
    stores = {"on": "UNIT", "key": "stores", "title": "Stores", "kind": "NUMBER", "description": "Open ones"}
    adviser = {"on": "CUSTOMER", "key": "adviser", "title": "Adviser", "kind": "REFERENCE", "refersTo": "MEMBER"}
    await world.call("defineAttribute", "", **stores)
    await world.call("defineAttribute", "", **adviser, ordinal=0)
    listing = """query ($on: AttributeSubject, $all: Boolean!) { attributeDefinitions(on: $on, includeArchived: $all) {
        key on title description kind refersTo ordinal archived version choices { key label retired } } }"""
    found = (await ask(world.floor, listing, on=None, all=False))["attributeDefinitions"]
    assert [one["key"] for one in found] == ["stores", "grade", "adviser"]
    fresh: dict[str, Any] = {"refersTo": None, "ordinal": 0, "archived": False, "version": 1, "choices": []}
    assert found[0] == {**stores, **fresh}
    assert [one["refersTo"] for one in found] == [None, None, "MEMBER"]
    await world.call("archiveAttribute", "", id=world["attribute"], expectedVersion=1)
    for everything, keys in ((False, ["adviser"]), (True, ["grade", "adviser"])):
        found = (await ask(world.floor, listing, on="CUSTOMER", all=everything))["attributeDefinitions"]
        assert [one["key"] for one in found] == keys
    node = """query ($id: ID!) { node(id: $id) {
        ... on AttributeDefinition { archived version choices { key retired } } } }"""
    assert (await ask(world.floor, node, id=world["attribute"]))["node"] == {
        "archived": True,
        "version": 2,
        "choices": [{"key": "a", "retired": False}, {"key": "b", "retired": False}, {"key": "z", "retired": True}],
    }
    await world.call("archiveAttribute", "", id=world["attribute"], archived=False)
    assert [one["key"] for one in await values(world, world["customer"])] == ["grade"]


async def test_some_attributes_are_asked_for_by_key(database: Database) -> None:
    """Keys that name none, or could not be any, are passed over; no key asks for none, and 200 are the most."""
    world = await small_world(database)
    await define_all(world, "CUSTOMER")
    given = [{"key": "text", "text": "x"}, {"key": "number", "number": "1"}]
    await world.call("setAttributes", "", id=world["customer"], values=given)
    query = "query ($id: ID!, $keys: [String!]) { customer(id: $id) { attributes(keys: $keys) { key } } }"
    told = []
    for keys in (None, ["number", "grade"], ["nothing", "\0", "half \ud83d"], []):
        found = await ask(world.floor, query, id=world["customer"], keys=keys)
        told.append([one["key"] for one in found["customer"]["attributes"]])
    assert told == [["grade", "text", "number"], ["grade", "number"], [], []]
    keys = [f"k{number}" for number in range(201)]
    assert (await ask(world.floor, query, id=world["customer"], keys=keys[1:]))["customer"]["attributes"] == []
    _, refused = await answers(world.floor, None, query, id=world["customer"], keys=keys)
    assert refused == ["TOO_MANY"]


async def test_null_clears_and_what_is_not_named_stays(database: Database) -> None:
    """Null in any field clears; all fields of a form may be sent, null in those that are not meant."""
    world = await small_world(database)
    await define_all(world, "CUSTOMER")
    customer, empty = world["customer"], dict.fromkeys(("text", "number", "day", "choice", "reference"))
    for given, left in (
        ({"key": "text", **empty, "text": "x"}, ["grade", "text"]),
        ({"key": "grade", "choice": None}, ["text"]),
        ({"key": "text", **empty}, []),
    ):
        await world.call("setAttributes", "", id=customer, values=[given])
        assert [one["key"] for one in await values(world, customer)] == left


async def test_what_is_wrong_is_told_at_its_field(database: Database) -> None:
    """Each fault has the position of its value and the field, and several are told together."""
    world = await small_world(database)
    await define_all(world, "CUSTOMER")
    for given, told in (
        ([{"key": "text", "text": "x"}, {"key": "number"}], ["VALUE_MISSING at values.1.key"]),
        ([{"key": "number", "text": "1", "number": "1"}], ["GIVEN_TWICE at values.0.number"]),
        ([{"key": "to_unit", "reference": "?"}], ["NOT_FOUND at values.0.reference"]),
        ([{"key": "to_unit", "reference": world["product"]}], ["NOT_FOUND at values.0.reference"]),
        ([{"key": "to_unit", "reference": world["customer"]}], ["NOT_FOUND at values.0.reference"]),
        (
            [{"key": "text", "text": "x"}, {"key": "number", "number": "0.000000001"}, {"key": "date", "text": "x"}],
            ["TOO_PRECISE at values.1.number", "OTHER_KIND at values.2.text"],
        ),
        (
            [{"key": "number", "number": "NaN"}, {"key": "date", "day": "1000-01-01"}],
            ["NOT_A_NUMBER at values.0.number", "BAD_PERIOD at values.1.day"],
        ),
    ):
        assert (await do(world.floor, "setAttributes", "node { id }", id=world["customer"], values=given)) == {
            "node": None,
            "errors": told,
        }
    assert [one["key"] for one in await values(world, world["customer"])] == ["grade"]


async def test_attributes_of_what_one_knows_by_name_only_are_hidden(database: Database) -> None:
    """Ann reads those of her seat and herself, no ancestor's, unless the company opens its figures; heads theirs."""
    world = await small_world(database)
    floor = world.floor
    for on in ("UNIT", "MEMBER"):
        await world.call("defineAttribute", "", on=on, key="note", title="Note", kind="TEXT")
    ids = {name: world.unit(name) for name in ("acme", "east", "ann")} | {"herself": world.member("ann")}
    for id in ids.values():
        await world.call("setAttributes", "", id=id, values=[{"key": "note", "text": "x"}])

    async def read(who: str) -> list[str]:
        return [name for name, id in ids.items() if await values(world, id, who)]

    assert await read("ann") == ["ann", "herself"]
    assert await read("hal") == ["east", "ann", "herself"]
    await world.call("endHolding", "", id=world["holding"], on="2026-05-31")
    assert await read("hal") == ["east", "ann"]
    assert (await ask(floor, "query ($id: ID!) { member(id: $id) { name } }", "hal", id=ids["herself"]))["member"]
    await update_company(floor.work, {"members_see_ancestors": True})
    query = "query ($id: ID!) { node(id: $id) { ... on OrgUnit { attributes { text } } } }"
    company = await ask(floor, query, "bob", id=ids["acme"])
    assert company["node"] == {"attributes": [{"text": "x"}]}


async def test_a_reference_to_what_one_may_not_see_is_null(database: Database) -> None:
    """Ann's deal refers to Cem, West, and Cem's deal, customer and lead: she reads that there is something."""
    world = await small_world(database)
    await define_all(world, "OPPORTUNITY")
    initech = (await world.call("createCustomer", "customer { id }", name="Initech"))["customer"]["id"]
    theirs = {"funnelId": world["funnel"], "positionId": world.unit("cem"), "customerId": initech}
    cems = (await world.call("createOpportunity", "opportunity { id }", **theirs))["opportunity"]["id"]
    hidden = {"to_unit": world.unit("west"), "to_member": world.member("cem"), "to_customer": initech}
    hidden["to_opportunity"] = cems
    lead = await world.call("createLead", "lead { id }", name="Ada", positionId=world.unit("cem"))
    hidden["to_lead"] = lead["lead"]["id"]
    given = [{"key": key, "reference": id} for key, id in hidden.items()]
    await world.call("setAttributes", "", id=world["deal"], values=given)
    for who, seen in ((None, set(hidden)), ("ann", set()), ("cem", None)):
        found = await ask(world.floor, NODE, who, id=world["deal"])
        told = None if found["node"] is None else found["node"]["attributes"]
        assert told is None or [one["kind"] for one in told] == ["REFERENCE"] * 5
        assert (None if told is None else {one["key"] for one in told if one["reference"]}) == seen


async def test_definitions_are_for_everybody_who_reads(database: Database) -> None:
    """Members and services that read; a service that only writes is told of no definition, and sees no object."""
    world = await small_world(database)
    company_id = world.floor.work.company.id

    def service(*scopes: str) -> Identity:
        return Identity(company_id, "crm", Role.SERVICE, scopes=frozenset(scopes))

    query = "{ attributeDefinitions { key } }"
    for who in ("ann", "hal", service(Scope.READ)):
        assert await ask(world.floor, query, who) == {"attributeDefinitions": [{"key": "grade"}]}
    with pytest.raises(AssertionError, match="graph:read"):
        await ask(world.floor, query, service(Scope.FUNNELS))
    given = [{"key": "grade", "choice": "b"}]
    writer = service(Scope.FUNNELS)
    payload = await do(world.floor, "setAttributes", "node { id }", writer, id=world["customer"], values=given)
    assert payload == {"node": None, "errors": []}
    assert [one["choice"]["key"] for one in await values(world, world["customer"])] == ["b"]


async def test_another_company_sees_and_changes_nothing(database: Database) -> None:
    """Ids of the one company mean nothing to an admin of the other, and definitions are its own."""
    world = await small_world(database)
    other = await furnish(database, key="other")
    assert await ask(other, "{ attributeDefinitions(includeArchived: true) { key } }") == {"attributeDefinitions": []}
    assert await ask(other, NODE, id=world["customer"]) == {"node": None}
    assert await ask(other, "query ($id: ID!) { node(id: $id) { id } }", id=world["attribute"]) == {"node": None}
    given = [{"key": "grade", "choice": "b"}]
    refused = await do(other, "setAttributes", "", id=world["customer"], values=given)
    assert refused["errors"] == ["UNKNOWN_CUSTOMER at id"]
    refused = await do(other, "archiveAttribute", "", id=world["attribute"])
    assert refused["errors"] == ["UNKNOWN_ATTRIBUTE at id"]


async def test_the_right_that_is_shown_is_the_right_one_has(database: Database) -> None:
    """`viewerCan.edit` of each of the five types says whether attributes may be set."""
    world = await small_world(database)
    for on in TYPES:
        await world.call("defineAttribute", "", on=on, key="note", title="Note", kind="TEXT")
    company_id = world.floor.work.company.id
    reader = Identity(company_id, "bi", Role.SERVICE, scopes=frozenset({Scope.READ, Scope.ORGANIZATION}))
    query = """query ($id: ID!) { node(id: $id) {
        ... on OrgUnit { viewerCan { edit } } ... on Member { viewerCan { edit } }
        ... on Customer { viewerCan { edit } } ... on Opportunity { viewerCan { edit } }
        ... on Lead { viewerCan { edit } } } }"""
    rights: dict[str, list[bool]] = {}
    for name, who in {"admin": None, "holder": "ann", "head": "hal", "service": reader}.items():
        rights[name] = []
        for on in TYPES:
            id = an_object(world, on)
            edit = (await ask(world.floor, query, who, id=id))["node"]["viewerCan"]["edit"]
            rights[name].append(edit)
            assert edit == await sets(world, who, id), (name, on)
    assert rights == {
        "admin": [True] * 5,
        "holder": [False, False, True, True, True],
        "head": [False, False, True, True, True],
        "service": [True, True, False, False, False],
    }


async def sets(world: World, who: str | Identity | None, id: str) -> bool:
    """Whether somebody may set an attribute of an object."""
    try:
        payload = await do(world.floor, "setAttributes", "", who, id=id, values=[{"key": "note", "text": "x"}])
    except AssertionError as error:
        if "needs an admin" not in str(error):
            raise
        return False
    return bool(payload["errors"] == [])


async def test_a_number_is_what_was_written_or_refused(database: Database, database_url: str, tmp_path: Path) -> None:
    """Over HTTP: text and literals are exact; an unquoted variable of more than fifteen digits may not be."""
    world = await small_world(database)
    await world.call("defineAttribute", "", on="CUSTOMER", key="size", title="Size", kind="NUMBER")
    company_id, member_id = world.floor.work.company.id, world.floor.members["ann"]
    query = """mutation ($id: ID! %s) { setAttributes(input: { id: $id, values: [{ key: "size", number: %s }] }) {
        node { ... on Customer { attributes(keys: ["size"]) { number } } } errors { code } } }"""
    async with serving(database_url, tmp_path, NOON) as graph:
        ann = graph.member(company_id, member_id)

        async def written(literal: str, size: Any = None) -> Any:
            declared = ", $size: Decimal" if literal == "$size" else ""
            answer = await ann.send(query % (declared, literal), id=world["customer"], size=size)
            if "errors" in answer:
                return answer["errors"][0]["message"]
            return answer["data"]["setAttributes"]["node"]["attributes"][0]["number"]

        exact = "123456789012345678.12345678"
        assert await written(exact) == exact
        assert await written(f'"{exact}"') == exact
        assert await written("$size", exact) == exact
        assert await written("$size", 0.1) == "0.1"
        assert await written("$size", 100) == "100"
        assert await written("0.00000001") == "0.00000001"
        assert await written("1e2") == "100"
        assert "may not be what you wrote" in await written("$size", 1234567890.1234567)
        assert "no decimal number" in await written("$size", True)
        assert "no decimal number" in await written('"many"')
        assert "decimal number is expected" in await written("[1]")


def documented() -> list[str]:
    """The operations of the section on attributes in the tour of the graph."""
    page = Path(__file__).parents[3] / "docs" / "graph.md"
    section = page.read_text(encoding="utf-8").partition("\n## Attributes\n")[2].partition("\n## ")[0]
    return re.findall(r"```graphql\n(.*?)```", section, re.DOTALL)


async def test_the_samples_of_the_tour_work(database: Database) -> None:
    """The attribute of the tour is defined, set and read, one after the other, as it stands there."""
    world = await small_world(database)
    define, write, read = documented()
    (defined,) = (await ask(world.floor, define)).values()
    assert (defined["errors"], defined["attributeDefinition"]["version"]) == ([], 1)
    (written,) = (await ask(world.floor, write.replace("…", world["customer"]))).values()
    assert (written["errors"], written["node"]["attributes"][-1]) == ([], {"key": "stores", "number": "12"})
    found = await ask(world.floor, read)
    noted = [one for one in found["customers"]["nodes"] if one["attributes"]]
    assert noted == [{"name": "Globex", "attributes": [{"title": "Stores", "number": "12"}]}]
    assert [one["key"] for one in found["attributeDefinitions"]] == ["grade", "stores"]
