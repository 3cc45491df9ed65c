"""Action plans in the graph."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from quotaloom.action_plans.carrying import carry_over_items
from quotaloom.action_plans.finishing import complete_item
from quotaloom.action_plans.items import update_item
from quotaloom.activities.commands import log_activity
from quotaloom.calendars.periods import Grain
from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.funnels.commands.opportunities import transfer_opportunity
from quotaloom.leads.commands import create_lead
from quotaloom.leads.records import NewLead
from quotaloom.organizations.commands.terms import appoint_holder
from quotaloom.ownership.owners import RecordKind
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from quotaloom.pool.commands import create_pool
from quotaloom.pool.pools import HideableField, NewPool
from quotaloom.reviews.cycles import open_cycle
from quotaloom.reviews.form_commands import Content, NewForm, create_form
from quotaloom.reviews.forms import Layout, NewPart, PartKind
from quotaloom.strategy.commands import create_objective
from quotaloom.strategy.objectives import NewObjective, ObjectiveLevel
from quotaloom.targets.cells import CellChange, set_target_cells
from quotaloom.targets.commitments import call_for_commitments
from quotaloom.targets.plan_objectives import attach_plan
from quotaloom.targets.plans import create_plan as create_target_plan
from quotaloom.targets.plans import publish_plan
from tests.integration.action_plans.acting import CALL, agreed, ids_of, plan_of, revenue, todo
from tests.integration.activities.working import something
from tests.integration.funnels.floors import Floor, furnish
from tests.integration.graph.asking import ask, do, gid, statements

WHOLE = """actionPlan { grain period startsOn endsOn title aim state version result
    member { name } orgUnit { name } target { period metric { key } attainment { target achieved } }
    items { kind matter state startsOn endsOn overdue doneOn onTime place materials budget spent refined
        customer { name } opportunity { name } }
    figures { planned done onTime open overdue missed cancelled onTimeRate budget spent
        kinds { kind planned done } }
    viewerCan { edit completeItems comment submit agree sendBack close copy } }"""

DEEP = """{ actionPlans { totalCount nodes { period target { attainment { target } metric { key } }
    plan { name } objective { name parent { name } } partOf { period } parts { period } follows { period }
    nextPlans { period } review { period } figures { planned } comments { text member { name } }
    history { step member { name } item { matter } }
    viewerCan { edit } member { name actionPlans { totalCount } actionFigures(period: "2026-06") { planned } }
    items { matter customer { name actionItems { totalCount } } opportunity { name actionItems { nodes { matter } } }
        activity { matter actionItem { matter } } refines { matter } refinedBy { matter } carriedFrom { matter }
        carriedTo { matter } actionPlan { period } } } } }"""


async def serving_a_goal(floor: Floor) -> None:
    """The published plan of revenue: 100,000 for Ann in June; it serves East's goal, and that the company's."""
    hal = floor.members["hal"]
    top = await create_objective(floor.work, NewObjective(2026, ObjectiveLevel.CORPORATE, "Grow", hal))
    below = NewObjective(2026, ObjectiveLevel.BUSINESS, "Win the east", hal, top)
    plan = await create_target_plan(floor.work, "Goal", await revenue(floor), 2026)
    cell = CellChange(floor.units["ann"], "2026-06", {"target": 100_000_00, "assessment": 80_000_00})
    await set_target_cells(floor.work, plan, [cell])
    await publish_plan(floor.work, plan)
    await attach_plan(floor.work, plan, await create_objective(floor.work, below))


async def test_a_plan_is_told_whole(database: Database) -> None:
    """What was entered comes back, with the target of June and what was planned, in the company's currency."""
    floor = await furnish(database, plans_need_owners=False)
    await serving_a_goal(floor)
    customer = await create_customer(floor.work, NewCustomer("Globex"))
    deal = await floor.open("ann", name="Pumps", customer_id=customer)
    visit: dict[str, Any] = {
        "kind": "VISIT",
        "matter": "Show",
        "opportunityId": gid("Opportunity", deal),
        "startsOn": "2026-06-02",
    }
    visit |= {"endsOn": "2026-06-03", "place": "Hall", "materials": ["Drawing"], "budget": "12.5"}
    given = {"metricId": gid("Metric", await revenue(floor)), "targetPeriod": "2026-06", "title": "Pumps"}
    payload = await do(floor, "createActionPlan", WHOLE, "ann", period="2026-W23", items=[visit], **given)
    assert payload == {
        "errors": [],
        "actionPlan": {
            "grain": "WEEK",
            "period": "2026-W23",
            "startsOn": "2026-06-01",
            "endsOn": "2026-06-08",
            "title": "Pumps",
            "aim": None,
            "state": "DRAFT",
            "version": 1,
            "result": None,
            "member": {"name": "Ann"},
            "orgUnit": {"name": "Ann"},
            "target": {
                "period": "2026-06",
                "metric": {"key": "revenue"},
                "attainment": {"target": "100000.00", "achieved": "0.00"},
            },
            "items": [
                {
                    "kind": "VISIT",
                    "matter": "Show",
                    "state": "PLANNED",
                    "startsOn": "2026-06-02",
                    "endsOn": "2026-06-03",
                    "overdue": False,
                    "doneOn": None,
                    "onTime": None,
                    "place": "Hall",
                    "materials": ["Drawing"],
                    "budget": "12.50",
                    "spent": None,
                    "refined": False,
                    "customer": {"name": "Globex"},
                    "opportunity": {"name": "Pumps"},
                }
            ],
            "figures": {
                "planned": 1,
                "done": 0,
                "onTime": 0,
                "open": 1,
                "overdue": 0,
                "missed": 0,
                "cancelled": 0,
                "onTimeRate": None,
                "budget": "12.50",
                "spent": "0.00",
                "kinds": [{"kind": "VISIT", "planned": 1, "done": 0}],
            },
            "viewerCan": {
                "edit": True,
                "completeItems": True,
                "comment": True,
                "submit": True,
                "agree": False,
                "sendBack": False,
                "close": True,
                "copy": True,
            },
        },
    }


async def test_a_plan_leads_up_to_the_companys_objective(database: Database) -> None:
    """By the plan of its target, which nobody named; of a metric without a plan there is none."""
    floor = await furnish(database, plans_need_owners=False)
    await serving_a_goal(floor)
    visits = (await floor.one("SELECT id FROM metric WHERE key = 'visits'"))["id"]
    for metric_id, goal in ((await revenue(floor), "Goal"), (visits, None)):
        plan = gid("ActionPlan", await plan_of(floor, metric_id=metric_id))
        query = """query ($id: ID!) { actionPlan(id: $id) {
            plan { name } objective { name level parent { name level parent { name } } } } }"""
        found = (await ask(floor, query, "ann", id=plan))["actionPlan"]
        top = {"name": "Grow", "level": "CORPORATE", "parent": None}
        walked = {"name": "Win the east", "level": "BUSINESS", "parent": top}
        assert found == {"plan": goal and {"name": goal}, "objective": goal and walked}


async def test_plans_are_linked_to_what_came_before_and_after(database: Database) -> None:
    """Week 23 in June, with week 24 after it: parts and next plans, refined and carried items, and what was agreed."""
    floor = await furnish(database)
    month = await plan_of(floor, period="2026-06", items=[todo(matter="Whole")])
    (whole,) = await ids_of(floor, month)
    week = await plan_of(floor, part_of_id=month, items=[todo(matter="Part", refines_id=whole, budget=5_00)])
    later = await plan_of(floor, period="2026-W24", part_of_id=month, follows_id=week)
    await agreed(floor, week)
    (part,) = await ids_of(floor, week)
    await update_item(floor.as_member("ann"), part, {"budget": 7_50})
    await carry_over_items(floor.as_member("ann"), later, [part])
    query = """query ($id: ID!) {
        actionPlan(id: $id) { period parts { period } items { matter refined refinedBy { matter } } }
        actionPlans(grain: [WEEK], member: null) { nodes {
            period partOf { period } follows { period } nextPlans { period }
            items { state refines { matter } carriedFrom { matter } carriedTo { state } }
            history { step actor item { matter } changes { field before after } } } } }"""
    found = await ask(floor, query, "hal", id=gid("ActionPlan", month))
    parts = [{"matter": "Part"}, {"matter": "Part"}]
    assert found["actionPlan"] == {
        "period": "2026-06",
        "parts": [{"period": "2026-W23"}, {"period": "2026-W24"}],
        "items": [{"matter": "Whole", "refined": True, "refinedBy": parts}],
    }
    second, first = found["actionPlans"]["nodes"]
    assert (first["nextPlans"], second["follows"]) == ([{"period": "2026-W24"}], {"period": "2026-W23"})
    assert first["items"] == [
        {"state": "CARRIED", "refines": {"matter": "Whole"}, "carriedFrom": None, "carriedTo": {"state": "PLANNED"}}
    ]
    assert second["items"][0]["carriedFrom"] == {"matter": "Part"}
    assert [entry["step"] for entry in first["history"]] == ["SUBMITTED", "AGREED", "ITEM_CHANGED", "ITEM_CARRIED"]
    changed = {"step": "ITEM_CHANGED", "actor": "ann", "item": {"matter": "Part"}}
    assert first["history"][2] == {**changed, "changes": [{"field": "budget", "before": "5.00", "after": "7.50"}]}


async def test_a_plan_takes_up_a_review_of_its_member(database: Database) -> None:
    """Ann's review of May leads to her plan for June, and back; of Bob's she knows nothing."""
    floor = await furnish(database)
    team = NewPart("team", "Teamwork", PartKind.QUALITATIVE, Decimal(1), Decimal(10))
    scorer = {"policy": "reviews.weighted_score", "active": True}
    assert (await do(floor, "switchPolicy", "policy { key }", None, **scorer))["errors"] == []
    form = NewForm("monthly", "Monthly", Grain.MONTH, Content([team], Layout()))
    form_id = await create_form(floor.work, floor.host.registry, form)
    await open_cycle(floor.work, floor.host.registry, form_id, "2026-05")
    rows = await floor.rows("SELECT member_id, id FROM review")
    reviews = {row["member_id"]: gid("Review", row["id"]) for row in rows}
    given = {"period": "2026-06", "metricId": gid("Metric", await revenue(floor))}
    fields = "actionPlan { review { period nextPlans { period } } }"
    mine, his = (reviews[floor.members[name]] for name in ("ann", "bob"))
    payload = await do(floor, "createActionPlan", fields, "ann", reviewId=mine, **given)
    linked = {"review": {"period": "2026-05", "nextPlans": [{"period": "2026-06"}]}}
    assert payload == {"errors": [], "actionPlan": linked}
    refused = await do(floor, "createActionPlan", fields, "ann", reviewId=his, **given)
    assert refused["errors"] == ["UNKNOWN_REVIEW at reviewId"]


async def test_plans_and_items_are_filtered_and_paged(database: Database) -> None:
    """Of Ann's two weeks and Cem's: what Hal, Wu and an admin find by state, days, unit, and what is overdue."""
    floor = await furnish(database)
    late = await plan_of(floor, period="2026-W22", items=[todo(matter="Late"), todo(CALL, matter="Called")])
    await complete_item(floor.as_member("ann"), (await ids_of(floor, late))[1])
    await plan_of(floor, items=[todo(matter="Due", first=1, last=1)])
    await plan_of(floor, "cem", "2026-W22", items=[todo(matter="In the west")])

    async def plans(who: str | None, arguments: str) -> list[str]:
        found = await ask(floor, f"{{ actionPlans{arguments} {{ nodes {{ period member {{ name }} }} }} }}", who)
        return [f"{one['member']['name']} {one['period']}" for one in found["actionPlans"]["nodes"]]

    async def items(who: str | None, arguments: str) -> list[str]:
        found = await ask(floor, f"{{ actionItems{arguments} {{ nodes {{ matter }} }} }}", who)
        return [one["matter"] for one in found["actionItems"]["nodes"]]

    east, west, ann = (gid("OrgUnit", floor.units[name]) for name in ("east", "west", "ann"))
    assert await plans("hal", "") == ["Ann 2026-W23", "Ann 2026-W22"]
    assert await plans("wu", "") == ["Cem 2026-W22"]
    assert await plans("bob", "") == []
    assert await plans(None, f'(orgUnit: "{west}")') == await plans("cem", "") == ["Cem 2026-W22"]
    assert await plans("hal", "(overdue: true)") == ["Ann 2026-W22"]
    narrowed = '(overdue: false, state: [DRAFT], grain: [WEEK, DAY], within: "2026-06")'
    assert await plans("hal", narrowed) == ["Ann 2026-W23"]
    assert await plans("hal", '(first: 1, after: "cm93OjA=")') == ["Ann 2026-W22"]
    assert await items("hal", f'(overdue: true, orgUnit: "{east}")') == ["Late"]
    assert await items(None, "(overdue: true)") == ["Late", "In the west"]
    assert await items("ann", f'(kind: [VISIT], state: [PLANNED], within: "2026-06-01", orgUnit: "{ann}")') == ["Due"]
    member = gid("Member", floor.members["ann"])
    assert await items(None, f'(member: "{member}", first: 1, state: [DONE])') == ["Called"]
    query = """query ($id: ID!) { member(id: $id) {
        actionPlans(state: [DRAFT], first: 1) { totalCount nodes { period } }
        actionFigures(period: "2026-05") { planned done overdue onTimeRate } } }"""
    figures = {"planned": 2, "done": 1, "overdue": 1, "onTimeRate": "0.000000"}
    shown = {"actionPlans": {"totalCount": 2, "nodes": [{"period": "2026-W23"}]}, "actionFigures": figures}
    assert (await ask(floor, query, "hal", id=member))["member"] == shown


async def test_who_does_not_lead_the_unit_of_a_plan_sees_nothing_of_it(database: Database) -> None:
    """Neither by its id, nor by an item, nor at the customer: Ann, Hal and admins do, Bob, Cem and Wu do not."""
    floor = await furnish(database)
    customer = await create_customer(floor.work, NewCustomer("Globex"))
    await floor.open("cem", customer_id=customer)
    await floor.open("ann", customer_id=customer)
    plan = await plan_of(floor, items=[todo(customer=customer)])
    ids = {"plan": gid("ActionPlan", plan), "item": gid("ActionItem", (await ids_of(floor, plan))[0])}
    query = """query ($plan: ID!, $item: ID!, $customer: ID!) { actionPlan(id: $plan) { period } node(id: $item) { id }
        customer(id: $customer) { actionItems { totalCount } } }"""
    reader = Identity(floor.work.company.id, "crm", Role.SERVICE, scopes=frozenset({"graph:read"}))
    seen: dict[Any, int] = {}
    for who in ("ann", "hal", "bob", "cem", "wu", None, reader):
        found = await ask(floor, query, who, customer=gid("Customer", customer), **ids)
        at_customer = found["customer"] and found["customer"]["actionItems"]["totalCount"]
        seen[who if isinstance(who, str) else str(who)[:4]] = sum(
            [found["actionPlan"] is not None, found["node"] is not None, bool(at_customer)]
        )
    assert seen == {"ann": 3, "hal": 3, "bob": 0, "cem": 0, "wu": 0, "None": 3, "Iden": 3}


async def test_an_item_names_no_record_that_is_not_for_its_reader(database: Database) -> None:
    """Ann's deal went to Cem, her lead into a pool that hides phones: she and Hal read the matter, and none of it."""
    floor = await furnish(database)
    customer = await create_customer(floor.work, NewCustomer("Globex"))
    deal = await floor.open("ann", name="Pumps", customer_id=customer)
    pool = await create_pool(
        floor.work,
        NewPool("sea", "Sea", [RecordKind.LEAD], unit_ids=[floor.units["east"]], hidden_fields=[HideableField.PHONE]),
    )
    lead = await create_lead(
        floor.work, NewLead("Ada", phone="138 0013 8000", position_id=floor.units["ann"], pool_id=pool)
    )
    plan = await plan_of(floor, items=[todo(deal=deal), todo(lead=lead)])
    await agreed(floor, plan)
    await update_item(floor.as_member("ann"), (await ids_of(floor, plan))[1], {"lead_id": None, "opportunity_id": deal})
    await update_item(
        floor.as_member("ann"),
        (await ids_of(floor, plan))[1],
        {"lead_id": lead, "opportunity_id": None, "customer_id": None},
    )
    await transfer_opportunity(floor.work, deal, floor.units["cem"])
    released = {"recordIds": [gid("Lead", lead)], "reason": "No time"}
    assert (await do(floor, "releaseRecords", "results { done }", None, **released))["errors"] == []
    query = """query ($id: ID!) { actionPlan(id: $id) { items {
        matter customer { name } opportunity { name } lead { name phone } } } }"""
    history = "query ($id: ID!) { actionPlan(id: $id) { history { changes { field before after } } } }"
    for who, seen in (("ann", None), ("hal", None), (None, gid("Opportunity", deal))):
        (*_, last) = (await ask(floor, history, who, id=gid("ActionPlan", plan)))["actionPlan"]["history"]
        assert {"field": "opportunityId", "before": seen, "after": None} in last["changes"]
        assert {"field": "leadId", "before": None, "after": gid("Lead", lead)} in last["changes"]
    for who in ("ann", "hal"):
        of_deal, of_lead = (await ask(floor, query, who, id=gid("ActionPlan", plan)))["actionPlan"]["items"]
        assert of_deal == {"matter": "Show the pump", "customer": None, "opportunity": None, "lead": None}
        assert of_lead["lead"] == {"name": "Ada", "phone": None}


async def test_rights_are_shown_as_a_plan_goes_on(database: Database) -> None:
    """Of a draft, a submitted, an agreed and a closed plan: what Ann may, and what Hal may."""
    floor = await furnish(database)
    plan = gid("ActionPlan", await plan_of(floor, items=[todo()]))
    query = """query ($id: ID!) { viewer { can { createActionPlans } } actionPlan(id: $id) {
        viewerCan { edit completeItems comment submit agree sendBack close copy } } }"""
    own = {"edit", "completeItems", "comment", "copy", "close"}
    steps: list[tuple[str | None, set[str], set[str]]] = [
        (None, own | {"submit"}, {"comment"}),
        (
            "submitActionPlan",
            {"completeItems", "comment", "sendBack", "close", "copy"},
            {"comment", "agree", "sendBack"},
        ),
        ("agreeToActionPlan", own, {"comment"}),
        ("closeActionPlan", {"comment", "copy"}, {"comment"}),
    ]
    for mutation, ann, hal in steps:
        if mutation is not None:
            values = {"result": "Done"} if mutation == "closeActionPlan" else {}
            who = "hal" if mutation == "agreeToActionPlan" else "ann"
            assert (await do(floor, mutation, "actionPlan { state }", who, id=plan, **values))["errors"] == []
        for who, expected in (("ann", ann), ("hal", hal)):
            found = await ask(floor, query, who, id=plan)
            assert found["viewer"]["can"]["createActionPlans"]
            assert {name for name, may in found["actionPlan"]["viewerCan"].items() if may} == expected


async def test_an_activity_is_linked_through_the_graph(database: Database) -> None:
    """From the item to its visit and back; its result and cost are the item's."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    (item,) = await ids_of(floor, await plan_of(floor, items=[todo(deal=deal)]))
    visit = await log_activity(
        floor.as_member("ann"), something(deal=deal, result="They want two", cost=3_00, currency="CNY")
    )
    fields = "item { state doneOn onTime result spent activity { matter actionItem { matter state } } }"
    given = {"id": gid("ActionItem", item), "activityId": gid("Activity", visit)}
    payload = await do(floor, "completeActionItem", fields, "ann", **given)
    assert payload == {
        "errors": [],
        "item": {
            "state": "DONE",
            "doneOn": "2026-06-01",
            "onTime": True,
            "result": "They want two",
            "spent": "3.00",
            "activity": {"matter": "Show the pump", "actionItem": {"matter": "Show the pump", "state": "DONE"}},
        },
    }


async def test_reminders_name_the_plan_that_they_are_about(database: Database) -> None:
    """Hal is told of Ann's plan and opens it from there; the sentence is told in English."""
    floor = await furnish(database)
    plan = gid("ActionPlan", await plan_of(floor, items=[todo()]))
    await do(floor, "submitActionPlan", "actionPlan { id }", "ann", id=plan)
    query = "{ viewer { notifications { nodes { topic text subject { ... on ActionPlan { period } } } } } }"
    (note,) = (await ask(floor, query, "hal"))["viewer"]["notifications"]["nodes"]
    assert note == {
        "topic": "action_plan.submitted",
        "text": "Ann submitted the action plan of Ann for 2026-W23.",
        "subject": {"period": "2026-W23"},
    }


async def test_lists_cost_as_many_statements_for_any_number_of_plans(database: Database) -> None:
    """One plan with one item, then nine plans with three items each, linked to each other."""
    floor = await furnish(database, plans_need_owners=False)
    await serving_a_goal(floor)
    customer = await create_customer(floor.work, NewCustomer("Globex"))
    deal, ann = await floor.open("ann", customer_id=customer), floor.as_member("ann")

    async def linked(month: str, week: str, later: str) -> None:
        long = await plan_of(floor, period=month, items=[todo(deal=deal)])
        (whole,) = await ids_of(floor, long)
        visit = await log_activity(ann, something(deal=deal))
        items = [todo(refines_id=whole), todo(activity_id=visit, deal=deal), todo(CALL)]
        short = await plan_of(floor, period=week, part_of_id=long, items=items)
        next_one = await plan_of(floor, period=later, follows_id=short)
        await agreed(floor, short)
        await do(floor, "commentOnActionPlan", "actionPlan { id }", "hal", planId=gid("ActionPlan", short), text="Yes")
        await carry_over_items(ann, next_one, (await ids_of(floor, short))[2:])

    await linked("2026-06", "2026-W23", "2026-W24")
    few = await statements(floor, DEEP)
    await linked("2026-07", "2026-W28", "2026-W29")
    await linked("2026-08", "2026-W33", "2026-W34")
    assert await statements(floor, DEEP) == few


async def test_a_target_that_is_not_in_force_is_told_to_those_who_see_drafts(database: Database) -> None:
    """A draft that calls for commitments may be served; what it aims for Ann is told to her once it is in force."""
    floor = await furnish(database, plans_need_owners=False)
    plan = await create_target_plan(floor.work, "Goal", await revenue(floor), 2026)
    cell = CellChange(floor.units["ann"], "2026-06", {"target": 100_00})
    await set_target_cells(floor.work, plan, [cell])
    await call_for_commitments(floor.work, plan, date(2026, 6, 30))
    await plan_of(floor, period="2026-06", plan_id=plan)
    query = "{ actionPlans { nodes { plan { name } target { attainment { target } } } } }"

    async def told(who: str) -> tuple[str, str | None]:
        ((found),) = (await ask(floor, query, who))["actionPlans"]["nodes"]
        return found["plan"]["name"], found["target"]["attainment"]["target"]

    assert (await told("ann"), await told("hal")) == (("Goal", None), ("Goal", "100.00"))
    await publish_plan(floor.work, plan)
    assert await told("ann") == ("Goal", "100.00")


async def test_of_shorter_plans_a_head_is_shown_those_that_he_sees(database: Database) -> None:
    """Ann's June for East has a week for a position of West: Hal, who heads East, reads nothing of that."""
    floor = await furnish(database)
    await appoint_holder(floor.work, floor.units["empty"], floor.members["ann"], None)
    month = await plan_of(floor, period="2026-06", unit_id=floor.units["ann"])
    await plan_of(floor, period="2026-W23", part_of_id=month, unit_id=floor.units["ann"])
    await plan_of(floor, period="2026-W24", part_of_id=month, unit_id=floor.units["empty"])
    query = "query ($id: ID!) { actionPlan(id: $id) { parts { period } } }"
    told = {}
    for who in ("ann", "hal"):
        found = (await ask(floor, query, who, id=gid("ActionPlan", month)))["actionPlan"]
        told[who] = [one["period"] for one in found["parts"]]
    assert told == {"ann": ["2026-W23", "2026-W24"], "hal": ["2026-W23"]}
