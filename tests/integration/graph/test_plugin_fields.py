"""Fields that a trusted plugin adds to the graph: switched per company, batched, bounded by sight, harmless."""

from __future__ import annotations

import sys
from ast import literal_eval
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from quotaloom.attributes.commands import define_attribute
from quotaloom.attributes.definitions import NewAttribute
from quotaloom.attributes.definitions import Subject as AttributeSubject
from quotaloom.attributes.values import NewValue
from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.leads.attributes import set_attributes_of
from quotaloom.leads.commands import create_lead
from quotaloom.leads.records import NewLead
from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.commands.terms import appoint_holder, end_holding
from quotaloom.organizations.membership import NewMember
from quotaloom.organizations.reads import holders
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.settings import Settings
from quotaloom.platform.tokens import Identity
from quotaloom.policies.discovery import Discovery
from quotaloom_sdk import AttributeKind
from quotaloom_sdk.attributes import Reference
from quotaloom_server.hosting import find_plugins
from tests.graph_client import GraphClient, serving
from tests.integration.attributes.noting import define, note
from tests.integration.funnels.floors import NOON, TODAY, Floor, furnish
from tests.integration.graph.asking import gid
from tests.integration.graph.graph_plugin import SOURCE
from tests.unit.policies.installing import PluginFolder

ALLOWED = "acme:trusted"


@dataclass
class Served:
    """A sales floor behind a server that trusts the plugin `acme`, and an admin of it."""

    floor: Floor
    graph: GraphClient
    admin: GraphClient

    def member(self, name: str) -> GraphClient:
        """A member of the floor."""
        return self.graph.member(self.floor.work.company.id, self.floor.members[name])

    async def switch(self, active: bool, policy: str = "acme.graph") -> None:
        """Switch an extension on or off."""
        await self.admin.do("switchPolicy", "policy { active }", policy=policy, active=active)

    async def post(self, **amounts: str) -> None:
        """Post an order of today for each position."""
        items = [
            {
                "metric": "revenue",
                "amount": amount,
                "businessDate": TODAY.isoformat(),
                "source": "ORDER",
                "sourceKey": position,
                "idempotencyKey": position,
                "credits": [{"positionKey": position}],
            }
            for position, amount in amounts.items()
        ]
        await self.admin.do("postAchievements", "achievements { id }", items=items)


async def admin_of(floor: Floor, graph: GraphClient) -> GraphClient:
    """An admin of the floor's company."""
    admin_id = await create_member(floor.work, NewMember("Ada", role="admin", key="ada"))
    return graph.admin(floor.work.company.id, admin_id)


@pytest.fixture(scope="module")
async def plugins(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Discovery]:
    """The plugin `acme`, trusted, and found on the import path of this process as `quotaloom serve` finds it."""
    path = tmp_path_factory.mktemp("graph") / "graph_plugins"
    path.mkdir()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.syspath_prepend(str(path))
        PluginFolder(path).install(SOURCE, name="acme")
        yield await find_plugins(Settings(plugins_allowed=ALLOWED))
        sys.modules.pop("graph_plugins_0")


@pytest.fixture
async def served(database: Database, database_url: str, tmp_path: Path, plugins: Discovery) -> AsyncIterator[Served]:
    floor = await furnish(database)
    options: dict[str, Any] = {"plugins_allowed": ALLOWED, "policy_seconds": 1}
    async with serving(database_url, tmp_path / "data", NOON, plugins=plugins, **options) as graph:
        yield Served(floor, graph, await admin_of(floor, graph))


def calls() -> list[tuple[str, int]]:
    """How often the plugin's field was asked, and about how many objects."""
    found: list[tuple[str, int]] = sys.modules["graph_plugins_0"].CALLS
    return found


TEAMS = "{ company { root { children { name acmeBurden(factor: 2) { people deals worth } } } } }"


async def test_a_field_is_null_until_the_company_switches_it_on(served: Served) -> None:
    """East has Ann, Bob and Eve and two open deals of 1,000.00 each: 200,000 minor units × 2."""
    await served.floor.open("ann")
    await served.floor.open("bob")
    empty = {"name": "West", "acmeBurden": {"people": 1, "deals": ["0"], "worth": "0"}}
    full = {"name": "East", "acmeBurden": {"people": 3, "deals": ["2"], "worth": "400000"}}
    for active, east, west in ((False, None, None), (True, full["acmeBurden"], empty["acmeBurden"])):
        await served.switch(active)
        found = (await served.admin.ask(TEAMS))["company"]["root"]["children"]
        assert [team["acmeBurden"] for team in found] == [east, west]
    await served.switch(False)
    assert (await served.admin.ask(TEAMS))["company"]["root"]["children"][0]["acmeBurden"] is None


async def test_a_field_is_read_once_for_all_objects_of_a_level(served: Served) -> None:
    """Two teams, then five positions under two parents: one call each, whatever stands between."""
    await served.switch(True)
    before = len(calls())
    await served.admin.ask(
        "{ company { root { children { acmeBurden { people } children { acmeBurden { people } } } } } }"
    )
    assert calls()[before:] == [("burden", 2), ("burden", 5)]


async def test_each_kind_of_object_can_have_fields(served: Served) -> None:
    """Units, members, customers and deals; a day and a unit at the plugin's own root."""
    floor = served.floor
    customer = await create_customer(floor.work, NewCustomer("Globex"))
    deal = await floor.open("ann", customer_id=customer)
    await served.switch(True)
    query = """query ($customer: ID!, $deal: ID!, $ann: ID!, $east: String!) {
        customer: node(id: $customer) { ... on Customer { acmeLoud } }
        deal: node(id: $deal) { ... on Opportunity { acmeBuyer } }
        ann: node(id: $ann) { ... on Member { acmeSeats } }
        acme { today lookedUp(id: $east) nothing: lookedUp(id: "no number") }
    }"""
    ids = {
        "customer": gid("Customer", customer),
        "deal": gid("Opportunity", deal),
        "ann": gid("Member", floor.members["ann"]),
        "east": str(floor.units["east"]),
    }
    assert await served.admin.ask(query, **ids) == {
        "customer": {"acmeLoud": "GLOBEX"},
        "deal": {"acmeBuyer": "Globex"},
        "ann": {"acmeSeats": 1},
        "acme": {"today": TODAY.isoformat(), "lookedUp": "East True", "nothing": None},
    }


async def test_extensions_of_one_plugin_are_switched_apart(served: Served) -> None:
    """The plugin's root is there as soon as one of them is on; fields of the other stay null."""
    query = "{ acme { today otherDay } }"
    assert await served.admin.ask(query) == {"acme": None}
    await served.switch(True, "acme.other")
    assert await served.admin.ask(query) == {"acme": {"today": None, "otherDay": TODAY.isoformat()}}


async def test_a_plugin_reads_no_more_than_the_viewer_may_see(served: Served) -> None:
    """Ann has 100.00 and Bob 250.00: Hal, who heads East, sees 350.00 and both; Ann sees herself alone."""
    await served.post(ann="100", bob="250")
    await served.switch(True)
    days = 'since: "2026-06-01", until: "2026-06-02"'
    query = f"""query ($east: ID!, $ann: ID!, $bob: ID!) {{
        east: node(id: $east) {{ ... on OrgUnit {{ acmeAchieved({days}) acmeBurden {{ people }} }} }}
        ann: node(id: $ann) {{ ... on Member {{ acmeOwn({days}) }} }}
        bob: node(id: $bob) {{ ... on Member {{ acmeOwn({days}) }} }}
        acme {{ lookedUp(id: "{served.floor.units["west"]}") }}
    }}"""
    ids = {
        "east": gid("OrgUnit", served.floor.units["east"]),
        "ann": gid("Member", served.floor.members["ann"]),
        "bob": gid("Member", served.floor.members["bob"]),
    }
    assert await served.member("hal").ask(query, **ids) == {
        "east": {"acmeAchieved": "35000", "acmeBurden": {"people": 3}},
        "ann": {"acmeOwn": 100_00},
        "bob": {"acmeOwn": 250_00},
        "acme": {"lookedUp": None},
    }
    # Her team is there by name, without figures; her neighbour is not there at all.
    assert await served.member("ann").ask(query, **ids) == {
        "east": {"acmeAchieved": None, "acmeBurden": None},
        "ann": {"acmeOwn": 100_00},
        "bob": None,
        "acme": {"lookedUp": None},
    }


async def test_a_plugin_reads_of_members_what_their_head_may_see(served: Served) -> None:
    """Eve has a seat in the West, too, where she sold for 50.00; Bob has left his; Cem is of the West.

    Hal of the East is told of Eve's seat and her 100.00 there, of Bob the name, and of Cem's customer and deal nothing.
    """
    floor = served.floor
    await define_attribute(floor.work, NewAttribute(AttributeSubject.MEMBER, "note", "Note", AttributeKind.TEXT))
    for name in ("eve", "bob"):
        await set_attributes_of(
            floor.work, AttributeSubject.MEMBER, floor.members[name], [NewValue("note", f"of {name}")]
        )
    async with floor.work.snapshot() as snapshot:
        (holding,) = await holders(snapshot, [floor.units["bob"]])
    await end_holding(floor.work, holding["id"], TODAY)
    await appoint_holder(floor.work, floor.units["empty"], floor.members["eve"], TODAY)
    customer = await create_customer(floor.work, NewCustomer("Globex"))
    deal = await floor.open("cem", customer_id=customer)
    await served.post(eve="100")
    await served.post(empty="50")
    await served.switch(True)
    query = """query ($member: String!, $customer: String!, $deal: String!) {
        acme { told(member: $member, customer: $customer, deal: $deal) } }"""

    async def told(who: GraphClient, name: str) -> Any:
        ids = {"member": str(floor.members[name]), "customer": str(customer), "deal": str(deal)}
        return literal_eval((await who.ask(query, **ids))["acme"]["told"])

    hal = served.member("hal")
    assert await told(hal, "eve") == ("Eve", 1, "of eve", None, None, 100_00)
    assert await told(hal, "bob") == ("Bob", 0, None, None, None, None)
    assert await told(hal, "cem") == (None, None, None, None, None, None)
    assert await told(served.admin, "eve") == ("Eve", 2, "of eve", "Globex", 1_000_00, 150_00)


async def test_a_plugin_is_told_of_references_to_what_the_viewer_may_see(served: Served) -> None:
    """East, Ann, her customer and her deal each refer to a unit, a member, a customer, a deal and a lead of Ann's, and
    to such of Cem's, who is of the West. Hal of the East is told of the first five, an admin of all ten."""
    floor = served.floor
    named = {name: await _named_by(floor, name) for name in ("ann", "cem")}
    refers = {f"{name}_{one.to}": one for name, references in named.items() for one in references}
    customer, deal = (next(int(one.id) for one in named["ann"] if one.to == to) for to in ("customer", "opportunity"))
    for on, id in (
        (AttributeSubject.UNIT, floor.units["east"]),
        (AttributeSubject.MEMBER, floor.members["ann"]),
        (AttributeSubject.CUSTOMER, customer),
        (AttributeSubject.OPPORTUNITY, deal),
    ):
        for key, one in refers.items():
            await define(floor, AttributeKind.REFERENCE, on, key=key, refers_to=AttributeSubject(one.to))
        await note(floor.work, on, id, **refers)
    await served.switch(True)
    query = """query ($unit: String!, $member: String!, $customer: String!, $deal: String!) {
        acme { referring(unit: $unit, member: $member, customer: $customer, deal: $deal) } }"""
    ids = {"unit": floor.units["east"], "member": floor.members["ann"], "customer": customer, "deal": deal}
    texts = {name: str(id) for name, id in ids.items()}

    async def told(who: GraphClient) -> Any:
        return literal_eval((await who.ask(query, **texts))["acme"]["referring"])

    assert await told(served.member("hal")) == [[key for key in refers if key.startswith("ann")]] * 5
    assert await told(served.admin) == [list(refers)] * 5


async def _named_by(floor: Floor, name: str) -> list[Reference]:
    """Something of each kind that a member of the floor has."""
    customer = await create_customer(floor.work, NewCustomer(f"Customer of {name}"))
    deal = await floor.open(name, customer_id=customer)
    lead = await create_lead(floor.work, NewLead("Ada", floor.units[name]))
    return [
        Reference("unit", str(floor.units[name])),
        Reference("member", str(floor.members[name])),
        Reference("customer", str(customer)),
        Reference("opportunity", str(deal)),
        Reference("lead", str(lead)),
    ]


FAULTS = {
    "raises": "it raised RuntimeError: no luck",
    "ends": "it raised SystemExit: 3",
    "hangs": "it gave no answer within 1 seconds",
    "cancels": "it raised CancelledError: ",
    "closes": "it raised GeneratorExit: ",
    "interrupts": "it raised KeyboardInterrupt: ",
    "holds on": "it gave no answer within 1 seconds",
    "short": "it answered with 1 for 2 ids; one answer per id, in their order",
    "text": "it answered with str for 2 ids",
}


@pytest.mark.parametrize("how", FAULTS)
async def test_a_field_that_fails_is_null_and_costs_nobody_else(served: Served, how: str) -> None:
    """The error names plugin and field at each place; everything beside it is answered."""
    await served.switch(True)
    query = "query ($how: String!) { company { root { name children { name acmeBroken(how: $how) } } } }"
    answer = await served.admin.send(query, how=how)
    assert answer["data"]["company"]["root"] == {
        "name": "Acme",
        "children": [{"name": "East", "acmeBroken": None}, {"name": "West", "acmeBroken": None}],
    }
    assert [error["path"][-2:] for error in answer["errors"]] == [[0, "acmeBroken"], [1, "acmeBroken"]]
    for error in answer["errors"]:
        assert f"policy 'acme.graph' of plugin 'acme' failed: field acme_broken: {FAULTS[how]}" in error["message"]
        assert error["extensions"]["plugin"] == "acme"


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("type", "it answered with 'seven' of type str, not with a whole number"),
        ("large", "2147483648 does not fit into an Int of GraphQL; make the field a Decimal"),
        ("truth", "it answered with True of type bool, not with a whole number"),
    ],
)
async def test_one_wrong_answer_is_the_error_of_its_object_alone(served: Served, how: str, words: str) -> None:
    """East's answer is no whole number that GraphQL knows; West has its 7."""
    await served.switch(True)
    query = "query ($how: String!) { company { root { children { acmeBroken(how: $how) } } } }"
    answer = await served.admin.send(query, how=how)
    assert answer["data"]["company"]["root"]["children"] == [{"acmeBroken": None}, {"acmeBroken": 7}]
    (error,) = answer["errors"]
    assert words in error["message"]
    assert error["path"] == ["company", "root", "children", 0, "acmeBroken"]


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("nan", "it answered with Decimal('NaN') of type Decimal, not with a finite Decimal"),
        ("infinite", "it answered with Decimal('Infinity') of type Decimal, not with a finite Decimal"),
        ("float", "it answered with 0.5 of type float, not with a finite Decimal"),
        ("whole", "it answered with 1 of type int, not with a finite Decimal"),
    ],
)
async def test_a_number_is_finite_and_exact_or_an_error(served: Served, how: str, words: str) -> None:
    """NaN, infinity and floats are told where they stand; 7.50 beside them is shown as it is."""
    await served.switch(True)
    query = "query ($how: String!) { company { root { children { acmeMeasured(how: $how) } } } }"
    answer = await served.admin.send(query, how=how)
    assert answer["data"]["company"]["root"]["children"] == [{"acmeMeasured": None}, {"acmeMeasured": "7.50"}]
    (error,) = answer["errors"]
    assert words in error["message"]


async def test_what_a_field_changes_in_its_input_is_nobody_elses(served: Served) -> None:
    """One that renames the units it reads and empties the list of its ids is answered; nothing beside it changes."""
    await served.switch(True)
    query = '{ company { root { children { acmeSpoiling name acmeBurden { people } } } } acme { lookedUp(id: "%d") } }'
    data = await served.admin.ask(query % served.floor.units["east"])
    assert data["company"]["root"]["children"] == [
        {"acmeSpoiling": 7, "name": "East", "acmeBurden": {"people": 3}},
        {"acmeSpoiling": 7, "name": "West", "acmeBurden": {"people": 1}},
    ]
    assert data["acme"] == {"lookedUp": "East True"}


async def test_a_question_that_makes_no_sense_is_told_as_it_is(served: Served) -> None:
    """A metric that nobody defined is the asker's mistake, not the plugin's failure."""
    await served.switch(True)
    query = """{ company { root { acmeAchieved(metric: "beauty", since: "2026-06-01", until: "2026-06-02") } } }"""
    (error,) = (await served.admin.send(query))["errors"]
    assert "there is no metric 'beauty'" in error["message"]


async def test_other_companies_see_the_field_and_no_answer(served: Served, database: Database) -> None:
    """What one company switches on answers nobody else."""
    other = await furnish(database, key="calm")
    await served.switch(True)
    calm = await admin_of(other, served.graph)
    assert (await calm.ask(TEAMS))["company"]["root"]["children"][0] == {"name": "East", "acmeBurden": None}
    assert await calm.ask("{ acme { today } }") == {"acme": None}


async def test_a_plugin_root_needs_a_token(served: Served) -> None:
    """Nobody learns anything from a plugin without one."""
    (error,) = (await served.graph.send("{ acme { today } }"))["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_service_that_may_not_read_is_told_nothing_by_a_plugin(served: Served) -> None:
    """Neither by its root, nor of what it changes, which it is not shown."""
    await served.switch(True)
    company_id = served.floor.work.company.id
    told = []
    for scope in ("graph:read", "organization:write"):
        identity = Identity(company_id, "crm", Role.SERVICE, scopes=frozenset({scope}))
        answer = await served.graph.signed_in(identity).send("{ acme { today } }")
        told.append((answer["data"]["acme"], [error["extensions"]["code"] for error in answer.get("errors", ())]))
    assert told == [({"today": TODAY.isoformat()}, []), (None, ["FORBIDDEN"])]
    identity = Identity(company_id, "crm", Role.SERVICE, scopes=frozenset({"organization:write"}))
    east = gid("OrgUnit", served.floor.units["east"])
    fields = "orgUnit { name acmeBurden { people deals worth } }"
    made = await served.graph.signed_in(identity).do("renameOrgUnit", fields, id=east, name="Orient")
    assert made["orgUnit"] is None


async def test_a_limit_that_a_plugin_meets_is_told_as_it_is(
    database: Database, database_url: str, tmp_path: Path, plugins: Discovery
) -> None:
    """Sixty customers are read by the core and once more by the plugin: more than 100 rows, and no fault of its own."""
    floor = await furnish(database)
    for number in range(60):
        await create_customer(floor.work, NewCustomer(f"Customer {number}"))
    options: dict[str, Any] = {"plugins_allowed": ALLOWED, "operation_rows": 100}
    async with serving(database_url, tmp_path / "data", NOON, plugins=plugins, **options) as graph:
        admin = await admin_of(floor, graph)
        await admin.do("switchPolicy", "policy { active }", policy="acme.graph", active=True)
        answer = await admin.send("{ customers(first: 60) { nodes { name acmeLoud } } }")
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"TOO_MANY_ROWS"}
