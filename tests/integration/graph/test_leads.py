"""Leads and customer levels as a client sees them."""

from __future__ import annotations

from quotaloom.leads.commands import mark_lead_invalid
from quotaloom.platform.access import Role, Scope
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from tests.integration.funnels.floors import Floor, furnish
from tests.integration.graph.asking import ask, do, gid, statements
from tests.integration.leads.offices import lead_of, open_pool

LIST = "{ leads { totalCount nodes { key name phone position { name } member { name } viewerCan { edit } } } }"


async def seen(floor: Floor, who: str | Identity | None) -> dict[str, tuple[str | None, str | None, bool]]:
    """Name, phone and whether it may be changed, of every lead that somebody sees, by key."""
    found = (await ask(floor, LIST, who))["leads"]
    assert found["totalCount"] == len(found["nodes"])
    return {row["key"]: (row["name"], row["phone"], row["viewerCan"]["edit"]) for row in found["nodes"]}


async def test_each_viewer_sees_his_leads_and_those_that_wait_in_his_pools(database: Database) -> None:
    """Ann her own and the waiting one without its phone, Hal all of the east, Cem nothing of it, a service all."""
    floor = await furnish(database)
    pool = await open_pool(floor, hidden='["phone"]')
    await lead_of(floor, "ann", "Ada", key="a", phone="1")
    await lead_of(floor, "bob", "Ben", key="b", phone="2")
    await lead_of(floor, None, "Eva", key="p", phone="3", pool_id=pool)
    await lead_of(floor, "cem", "Cyd", key="c", phone="4")
    assert await seen(floor, "ann") == {"a": ("Ada", "1", True), "p": ("Eva", None, False)}
    assert await seen(floor, "hal") == {"a": ("Ada", "1", True), "b": ("Ben", "2", True), "p": ("Eva", "3", True)}
    assert await seen(floor, "cem") == {"c": ("Cyd", "4", True)}
    service = Identity(floor.work.company.id, "bi", Role.SERVICE, scopes=frozenset({Scope.READ.value}))
    assert set(await seen(floor, service)) == {"a", "b", "c", "p"}
    assert {edit for _, _, edit in (await seen(floor, service)).values()} == {False}
    assert len(await seen(floor, None)) == 4


async def test_leads_are_looked_for(database: Database) -> None:
    """By status, source, level, holder, pool and text; and page by page, the latest first."""
    floor = await furnish(database)
    pool = await open_pool(floor)
    level = (await do(floor, "defineCustomerLevel", "level { id }", key="a", name="A"))["level"]["id"]
    first = await lead_of(floor, "ann", "Ada", key="a", source="fair", organization="Globex")
    await lead_of(floor, "bob", "Ben", key="b", source="web")
    await lead_of(floor, None, "Eva", key="p", pool_id=pool)
    await mark_lead_invalid(floor.work, first, "wrong number")
    await do(floor, "updateLead", "", id=gid("Lead", first + 1), levelId=level)

    async def keys(arguments: str) -> list[str]:
        found = await ask(floor, f"{{ leads({arguments}) {{ nodes {{ key }} }} }}")
        return [row["key"] for row in found["leads"]["nodes"]]

    assert await keys("first: 3") == ["p", "b", "a"]
    assert await keys("status: [INVALID]") == ["a"]
    assert await keys('source: ["fair", "web"]') == ["b", "a"]
    assert await keys(f'level: ["{level}"]') == ["b"]
    assert await keys(f'position: ["{gid("OrgUnit", floor.units["bob"])}"]') == ["b"]
    assert await keys(f'member: ["{gid("Member", floor.members["ann"])}"]') == ["a"]
    assert await keys(f'pool: ["{gid("Pool", pool)}"]') == ["p"]
    assert await keys("waiting: false") == ["b", "a"]
    assert await keys('text: "GLOB"') == ["a"]
    page = (await ask(floor, "{ leads(first: 2) { totalCount pageInfo { endCursor hasNextPage } } }"))["leads"]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (3, True)
    assert await keys(f'first: 2, after: "{page["pageInfo"]["endCursor"]}"') == ["a"]


async def test_a_filter_tells_no_position_and_no_pool_out_of_sight(database: Database) -> None:
    """Cem of the West has a lead of East's pool. He does not know that one; Hal, who looks after it, not Cem's seat."""
    floor = await furnish(database)
    number = await open_pool(floor)
    pool = gid("Pool", number)
    seat = gid("OrgUnit", floor.units["cem"])
    await lead_of(floor, "cem", "Cyd", key="c", pool_id=number)
    query = "query ($positions: [ID!], $pools: [ID!]) { leads(position: $positions, pool: $pools) { totalCount } }"
    found = {}
    for who in (None, "cem", "hal"):
        for name, given in (("all", {}), ("position", {"positions": [seat]}), ("pool", {"pools": [pool]})):
            found[who, name] = (await ask(floor, query, who, **given))["leads"]["totalCount"]
    assert found == {
        (None, "all"): 1,
        (None, "position"): 1,
        (None, "pool"): 1,
        ("cem", "all"): 1,
        ("cem", "position"): 1,
        ("cem", "pool"): 0,
        ("hal", "all"): 1,
        ("hal", "position"): 0,
        ("hal", "pool"): 1,
    }


async def test_what_a_lead_became_is_reached_from_both_sides(database: Database) -> None:
    """The lead names its deal and customer, these name the lead."""
    floor = await furnish(database)
    lead = gid("Lead", await lead_of(floor, organization="Globex"))
    fields = """lead { status customer { name } opportunity { key } }
        customer { leads { name } position { name } member { name } } opportunity { leads { name } }"""
    made = await do(
        floor, "convertLead", fields, "ann", id=lead, customer={}, opportunity={"funnelId": gid("Funnel", floor.funnel)}
    )
    assert made["errors"] == []
    assert (made["lead"]["status"], made["lead"]["customer"]) == ("CONVERTED", {"name": "Globex"})
    assert made["customer"] == {"leads": [{"name": "Ada"}], "position": {"name": "Ann"}, "member": {"name": "Ann"}}
    assert made["opportunity"] == {"leads": [{"name": "Ada"}]}


async def test_a_page_takes_the_same_statements_however_long(database: Database) -> None:
    """Two leads and twelve, with all that belongs to them."""
    floor = await furnish(database)
    query = """{ leads { nodes { name level { name } product { name } position { name } member { name } merged { name }
        mergedInto { name } customer { name } opportunity { name } viewerCan { edit } } } }"""
    for _ in range(2):
        await lead_of(floor)
    few = await statements(floor, query)
    for _ in range(10):
        await lead_of(floor, "bob")
    assert await statements(floor, query) == few


async def test_levels_are_defined_and_put_in_order(database: Database) -> None:
    """A new one comes last; the order is changed as a whole, and everybody sees it; a customer may be of one."""
    floor = await furnish(database)
    ids = [
        (await do(floor, "defineCustomerLevel", "level { id }", key=key, name=key.upper()))["level"]["id"]
        for key in ("a", "b", "c")
    ]
    made = await do(floor, "createCustomer", "customer { level { name } }", name="Globex", levelId=ids[1])
    assert made["customer"] == {"level": {"name": "B"}}
    await do(floor, "orderCustomerLevels", "levels { key }", ids=[ids[2], ids[0], ids[1]])
    found = await ask(floor, "{ customerLevels { key ordinal viewerCan { edit } } }", "ann")
    assert [(row["key"], row["ordinal"]) for row in found["customerLevels"]] == [("c", 0), ("a", 1), ("b", 2)]
    assert {row["viewerCan"]["edit"] for row in found["customerLevels"]} == {False}
