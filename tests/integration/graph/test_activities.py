"""Activities in the graph."""

from __future__ import annotations

from datetime import date

from quotaloom.activities.commands import cancel_activity, log_activity, plan_activity
from quotaloom.activities.kinds import ActivityKind
from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from tests.integration.activities.working import something
from tests.integration.funnels.floors import TODAY, Floor, furnish
from tests.integration.graph.asking import ask, do, gid, statements

MATTERS = """query ($deal: ID!, $customer: ID!, $member: ID!) {
    opportunity: node(id: $deal) { ... on Opportunity { activities { nodes { matter } } } }
    customer(id: $customer) { activities { nodes { matter } } }
    member(id: $member) { activities { nodes { matter } } }
    company { root { descendants { name activities { nodes { matter } } } } } }"""

DEEP = """{ opportunities { nodes { activities(first: 2) { totalCount nodes { matter viewerCan { edit }
    member { name } position { name } opportunity { name } customer { name activities { nodes { matter } } } } } } }
    myTasks { totalCount } }"""


async def sold(floor: Floor) -> tuple[int, int]:
    """Globex, and a deal of Ann's with it."""
    customer = await create_customer(floor.work, NewCustomer("Globex"))
    return customer, await floor.open("ann", customer_id=customer)


async def test_an_activity_is_told_whole(database: Database) -> None:
    """What was entered comes back, costs with their places, what is late as late."""
    floor = await furnish(database)
    _, deal = await sold(floor)
    given = {"kind": "VISIT", "matter": "Show the pump", "opportunityId": gid("Opportunity", deal)}
    payload = await do(
        floor,
        "planActivity",
        """activity { kind state matter dueOn dueAt overdue doneOn place materials cost currency result version
            member { name } position { name } opportunity { key } customer { name } viewerCan { edit } }""",
        "ann",
        **given,
        dueAt="2026-05-29T09:30:00+08:00",
        place="Shanghai",
        materials=["Drawing", "Sample"],
        cost="12.5",
        currency="USD",
    )
    assert payload["errors"] == []
    shown = payload["activity"]
    assert shown.pop("opportunity")["key"]
    assert shown == {
        "kind": "VISIT",
        "state": "PLANNED",
        "matter": "Show the pump",
        "dueOn": "2026-05-29",
        "dueAt": "2026-05-29T01:30:00+00:00",
        "overdue": True,
        "doneOn": None,
        "place": "Shanghai",
        "materials": ["Drawing", "Sample"],
        "cost": "12.50",
        "currency": "USD",
        "result": None,
        "version": 1,
        "member": {"name": "Ann"},
        "position": {"name": "Ann"},
        "customer": {"name": "Globex"},
        "viewerCan": {"edit": True},
    }


async def test_a_cost_keeps_its_currency_and_may_go(database: Database) -> None:
    """Another amount is of the same currency; null takes the cost away."""
    floor = await furnish(database)
    _, deal = await sold(floor)
    visit = await log_activity(floor.as_member("ann"), something(deal=deal, cost=5_00, currency="USD"))
    fields, id = "activity { cost currency }", gid("Activity", visit)
    assert (await do(floor, "changeActivity", fields, "ann", id=id, cost="7"))["activity"] == {
        "cost": "7.00",
        "currency": "USD",
    }
    assert (await do(floor, "changeActivity", fields, "ann", id=id, place="Hall"))["activity"]["cost"] == "7.00"
    assert (await do(floor, "changeActivity", fields, "ann", id=id, cost=None))["activity"] == {
        "cost": None,
        "currency": None,
    }


async def test_deals_customers_members_and_units_list_what_is_done_for_them(database: Database) -> None:
    """Ann's visit for the deal and her mail to its customer, by each of the four."""
    floor = await furnish(database)
    customer, deal = await sold(floor)
    ann = floor.as_member("ann")
    await log_activity(ann, something(deal=deal, on=date(2026, 5, 4), matter="Visit"))
    await log_activity(ann, something(ActivityKind.MAIL, customer=customer, on=date(2026, 5, 5), matter="Mail"))
    ids = {"deal": gid("Opportunity", deal), "customer": gid("Customer", customer)}
    data = await ask(floor, MATTERS, "hal", member=gid("Member", floor.members["ann"]), **ids)
    listed = {name: [one["matter"] for one in data[name]["activities"]["nodes"]] for name in data if name != "company"}
    assert listed == {"opportunity": ["Visit"], "customer": ["Mail", "Visit"], "member": ["Mail", "Visit"]}
    units = data["company"]["root"]["descendants"]
    found = {unit["name"]: [one["matter"] for one in unit["activities"]["nodes"]] for unit in units}
    assert {name for name, matters in found.items() if matters} == {"East", "Ann"}
    assert found["East"] == ["Mail", "Visit"]


async def test_lists_are_filtered_and_paged(database: Database) -> None:
    """By kind, by state and by period, two at a time, with the number of all."""
    floor = await furnish(database)
    _, deal = await sold(floor)
    ann = floor.as_member("ann")
    for day in (4, 5, 6):
        await log_activity(ann, something(ActivityKind.CALL, deal=deal, on=date(2026, 5, day), matter=f"Call {day}"))
    await plan_activity(ann, something(deal=deal, on=date(2026, 6, 9), matter="Visit"))
    await cancel_activity(ann, await log_activity(ann, something(deal=deal, on=TODAY, matter="Not")), "Not")

    async def listed(arguments: str) -> tuple[list[str], int, bool]:
        query = f"""query ($id: ID!) {{ node(id: $id) {{ ... on Opportunity {{ activities{arguments} {{
            totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ matter }} }} }} }} }}"""
        found = (await ask(floor, query, "ann", id=gid("Opportunity", deal)))["node"]["activities"]
        return [one["matter"] for one in found["nodes"]], found["totalCount"], found["pageInfo"]["hasNextPage"]

    assert await listed("") == (["Visit", "Not", "Call 6", "Call 5", "Call 4"], 5, False)
    assert await listed("(first: 2, kind: [CALL])") == (["Call 6", "Call 5"], 3, True)
    assert await listed('(first: 2, after: "cm93OjE=", kind: [CALL])') == (["Call 4"], 3, False)
    assert await listed("(state: [PLANNED, CANCELLED])") == (["Visit", "Not"], 2, False)
    assert await listed('(within: "2026-05")') == (["Call 6", "Call 5", "Call 4"], 3, False)
    assert await listed('(first: 1, after: "cm93OjE=", within: "2026-06")') == ([], 2, False)


async def test_who_neither_does_it_nor_works_on_its_record_sees_nothing_of_it(database: Database) -> None:
    """Of Ann's visit for Globex, with which Cem has a deal too, Cem sees nothing, neither there nor by its id."""
    floor = await furnish(database)
    customer, deal = await sold(floor)
    await floor.open("cem", customer_id=customer)
    visit = await log_activity(floor.as_member("ann"), something(deal=deal))
    query = """query ($customer: ID!, $id: ID!) { node(id: $id) { id }
        customer(id: $customer) { activities { totalCount nodes { matter } } } }"""
    ids = {"customer": gid("Customer", customer), "id": gid("Activity", visit)}
    seen = {}
    for name in ("ann", "hal", "bob", "cem", "wu"):
        data = await ask(floor, query, name, **ids)
        seen[name] = (data["node"] is not None, data["customer"] and data["customer"]["activities"]["totalCount"])
    assert seen == {"ann": (True, 1), "hal": (True, 1), "bob": (False, None), "cem": (False, 0), "wu": (False, 0)}


async def test_my_tasks_are_what_i_have_planned_by_when_it_is_due(database: Database) -> None:
    """Ann's two plans, the earlier first; by Wednesday the one; Hal and a service have none."""
    floor = await furnish(database)
    _, deal = await sold(floor)
    ann = floor.as_member("ann")
    await plan_activity(ann, something(deal=deal, on=date(2026, 6, 4), matter="Later"))
    await plan_activity(ann, something(ActivityKind.TASK, deal=deal, on=date(2026, 5, 30), matter="Late"))
    await log_activity(ann, something(deal=deal))
    query = "query ($by: Date) { myTasks(dueBy: $by) { totalCount nodes { matter overdue } } }"
    late, later = {"matter": "Late", "overdue": True}, {"matter": "Later", "overdue": False}
    assert (await ask(floor, query, "ann"))["myTasks"] == {"totalCount": 2, "nodes": [late, later]}
    assert (await ask(floor, query, "ann", by="2026-06-03"))["myTasks"] == {"totalCount": 1, "nodes": [late]}
    service = Identity(floor.work.company.id, "crm", Role.SERVICE, scopes=frozenset({"graph:read"}))
    for who in ("hal", service):
        assert (await ask(floor, query, who))["myTasks"] == {"totalCount": 0, "nodes": []}


async def test_each_viewer_is_shown_which_activities_he_may_edit(database: Database) -> None:
    """Ann and Hal what she did and plans; nobody what is cancelled."""
    floor = await furnish(database)
    _, deal = await sold(floor)
    ann = floor.as_member("ann")
    await plan_activity(ann, something(deal=deal, on=TODAY, matter="Planned"))
    await cancel_activity(ann, await log_activity(ann, something(deal=deal, matter="Cancelled")), "Not")
    await log_activity(floor.as_member("hal"), something(deal=deal, matter="Of Hal"))
    query = """query ($id: ID!) { node(id: $id) { ... on Opportunity {
        activities { nodes { matter viewerCan { edit } } } } } }"""
    shown = {}
    for name in ("ann", "hal"):
        nodes = (await ask(floor, query, name, id=gid("Opportunity", deal)))["node"]["activities"]["nodes"]
        shown[name] = {one["matter"] for one in nodes if one["viewerCan"]["edit"]}
    assert shown == {"ann": {"Planned"}, "hal": {"Planned", "Of Hal"}}


async def test_lists_cost_as_many_statements_for_any_number_of_deals(database: Database) -> None:
    """One deal with one activity, then eight deals with three each."""
    floor = await furnish(database)
    _, deal = await sold(floor)
    await log_activity(floor.as_member("ann"), something(deal=deal))
    few = await statements(floor, DEEP)
    for _ in range(7):
        deal = await floor.open("ann", customer_id=await create_customer(floor.work, NewCustomer("Initech")))
        for kind in (ActivityKind.VISIT, ActivityKind.CALL, ActivityKind.MAIL):
            await log_activity(floor.as_member("ann"), something(kind, deal=deal))
    assert await statements(floor, DEEP) == few
