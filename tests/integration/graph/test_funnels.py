"""Funnels, customers and deals through the graph."""

from __future__ import annotations

from quotaloom.achievements.splits import CreditKind
from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.funnels.commands.stage_changes import move_opportunity
from quotaloom.platform.database import Database
from tests.integration.funnels.floors import HOST, Floor, furnish
from tests.integration.graph.asking import ask, do, gid, statements

STAGES = """query ($unit: ID) { funnel(key: "sales") { name stages {
    key outcome winProbability count(orgUnit: $unit) amount(orgUnit: $unit) weightedAmount(orgUnit: $unit)
    withoutAmount unconverted { currency count amount } opportunities { name } } } }"""


async def deals_of(floor: Floor, arguments: str = "", who: str | None = None, **variables: str) -> list[str]:
    """The names of the deals that a page lists."""
    declared = f"({', '.join(f'${name}: ID' for name in variables)})" if variables else ""
    query = f"query {declared} {{ opportunities{arguments} {{ nodes {{ name }} }} }}"
    return [row["name"] for row in (await ask(floor, query, who, **variables))["opportunities"]["nodes"]]


async def test_stages_show_their_figures(database: Database) -> None:
    """Counts, sums in the company's currency, the weighted sums, and apart what has no rate or no amount."""
    floor = await furnish(database)
    await floor.open("ann", name="A", amount=1_000_00)
    await floor.open("cem", name="B", amount=500_50)
    await floor.open("bob", name="C", amount=70_00, currency="USD")
    await floor.open("bob", name="D", amount=None)
    lead, offer, *_ = (await ask(floor, STAGES))["funnel"]["stages"]
    assert lead == {
        "key": "lead",
        "outcome": "OPEN",
        "winProbability": "0.1",
        "count": 4,
        "amount": "1500.50",
        # A tenth of 1,500.50.
        "weightedAmount": "150.05",
        "withoutAmount": 1,
        "unconverted": [{"currency": "USD", "count": 1, "amount": "70.00"}],
        "opportunities": [{"name": name} for name in "ABCD"],
    }
    assert (offer["count"], offer["amount"], offer["opportunities"]) == (0, "0.00", [])
    west = (await ask(floor, STAGES, unit=gid("OrgUnit", floor.units["west"])))["funnel"]["stages"][0]
    assert (west["count"], west["amount"], west["weightedAmount"]) == (1, "500.50", "50.05")


async def test_a_viewer_sees_the_deals_of_the_positions_he_sees(database: Database) -> None:
    """A seller his own, a head those of his team, an admin all; figures and counts are of those alone."""
    floor = await furnish(database)
    for position in ("ann", "bob", "cem"):
        await floor.open(position, name=position)
    assert await deals_of(floor) == ["ann", "bob", "cem"]
    assert await deals_of(floor, who="hal") == ["ann", "bob"]
    assert await deals_of(floor, who="ann") == ["ann"]
    answer = await ask(
        floor,
        '{ funnel(key: "sales") { opportunities { name } stages { count } } opportunities { totalCount } }',
        "hal",
    )
    assert [deal["name"] for deal in answer["funnel"]["opportunities"]] == ["ann", "bob"]
    assert (answer["funnel"]["stages"][0]["count"], answer["opportunities"]["totalCount"]) == (2, 2)


async def test_a_deal_that_one_may_not_see_is_not_there(database: Database) -> None:
    """Neither `node` nor the deals of its unit, its stage or its customer show it."""
    floor = await furnish(database)
    customer = await create_customer(floor.work, NewCustomer("Globex"))
    deal = await floor.open("cem", customer_id=customer)
    query = """query ($deal: ID!, $customer: ID!, $unit: ID!) {
        deal: node(id: $deal) { id } customer: node(id: $customer) { id }
        orgUnit(id: $unit) { name opportunities { name } } }"""
    ids = {"deal": gid("Opportunity", deal), "customer": gid("Customer", customer)}
    root = gid("OrgUnit", floor.units["acme"])
    hidden = await ask(floor, query, "hal", unit=root, **ids)
    assert hidden == {"deal": None, "customer": None, "orgUnit": {"name": "Acme", "opportunities": []}}
    shown = await ask(floor, query, "wu", unit=root, **ids)
    assert (shown["deal"], shown["customer"]) == ({"id": ids["deal"]}, {"id": ids["customer"]})
    assert shown["orgUnit"]["opportunities"] == [{"name": "Globex"}]


async def test_deals_are_filtered_ordered_and_paged(database: Database) -> None:
    """By stage, outcome, unit and text; by amount; one page after the other, and an empty one past the end."""
    floor = await furnish(database)
    small = await floor.open("ann", name="small", amount=1_00)
    await floor.open("bob", name="large", amount=9_00)
    await floor.open("cem", name="middle", amount=5_00)
    await move_opportunity(floor.work, HOST, small, floor.stages["lost"])
    assert await deals_of(floor, "(outcome: LOST)") == ["small"]
    assert await deals_of(floor, '(closedIn: "2026-06")') == ["small"]
    assert await deals_of(floor, '(text: "DDL")') == ["middle"]
    assert await deals_of(floor, "(stage: $s)", s=gid("Stage", floor.stages["lead"])) == ["large", "middle"]
    assert await deals_of(floor, "(orgUnit: $u)", u=gid("OrgUnit", floor.units["east"])) == ["small", "large"]
    page = "query ($after: String) { opportunities(first: 2, after: $after, orderBy: AMOUNT)"
    page += " { nodes { name } totalCount pageInfo { endCursor hasNextPage } } }"
    first = (await ask(floor, page))["opportunities"]
    assert ([row["name"] for row in first["nodes"]], first["pageInfo"]["hasNextPage"]) == (["large", "middle"], True)
    second = (await ask(floor, page, after=first["pageInfo"]["endCursor"]))["opportunities"]
    assert ([row["name"] for row in second["nodes"]], second["pageInfo"]["hasNextPage"]) == (["small"], False)
    third = (await ask(floor, page, after=second["pageInfo"]["endCursor"]))["opportunities"]
    assert (third["nodes"], third["totalCount"]) == ([], 3)


async def test_a_deal_is_opened_changed_won_and_reopened(database: Database) -> None:
    """Its moves are kept; its revenue and order are posted by the splits and reversed when it is reopened."""
    floor = await furnish(database)
    ids = {"funnelId": gid("Funnel", floor.funnel), "positionId": gid("OrgUnit", floor.units["ann"])}
    splits = [
        {"positionId": ids["positionId"], "share": "0.6"},
        {"positionId": gid("OrgUnit", floor.units["bob"]), "share": "0.4"},
        {"positionId": gid("OrgUnit", floor.units["cem"]), "share": "1", "kind": "OVERLAY"},
    ]
    hers = {**ids, "name": "Hers", "splits": splits}
    refused = await do(floor, "createOpportunity", "opportunity { id }", "ann", **hers)
    assert refused["errors"] == ["UNKNOWN_POSITION at splits.1.positionId"]
    opened = await do(floor, "createOpportunity", "opportunity { id version }", **ids, name="Big", splits=splits)
    deal = opened["opportunity"]["id"]
    fields = "opportunity { name amount currency outcome version splits { share credit member { name } } }"
    changed = await do(floor, "updateOpportunity", fields, "ann", id=deal, amount="7000", currency="JPY")
    assert (changed["opportunity"]["amount"], changed["opportunity"]["currency"]) == ("7000", "JPY")
    changed = await do(floor, "updateOpportunity", fields, "ann", id=deal, amount="100.01", currency="CNY")
    assert changed["opportunity"]["splits"] == [
        {"share": "0.6", "credit": "DIRECT", "member": {"name": "Ann"}},
        {"share": "0.4", "credit": "DIRECT", "member": {"name": "Bob"}},
        # Ann learns who shares with her, by name.
        {"share": "1", "credit": "OVERLAY", "member": {"name": "Cem"}},
    ]
    posted = "opportunity { outcome closedOn achievements { metric { key } amount credit } }"
    won = (await do(floor, "winOpportunity", posted, "hal", id=deal, on="2026-05-30"))["opportunity"]
    assert (won["outcome"], won["closedOn"]) == ("WON", "2026-05-30")
    # 60% of 100.01 is 60.006 and 40% is 40.004: rounded down, the cent that is left to the largest share. The order is
    # whole for Ann, and overlay for Bob. Cem is not of Hal's team.
    assert [(entry["metric"]["key"], entry["amount"], entry["credit"]) for entry in won["achievements"]] == [
        ("orders", "1", "DIRECT"),
        ("orders", "1", "OVERLAY"),
        ("revenue", "60.01", "DIRECT"),
        ("revenue", "40.00", "DIRECT"),
    ]
    back = await do(
        floor, "reopenOpportunity", "opportunity { outcome moves { fromStage { key } toStage { key } } }", id=deal
    )
    assert back["opportunity"]["moves"] == [
        {"fromStage": None, "toStage": {"key": "lead"}},
        {"fromStage": {"key": "lead"}, "toStage": {"key": "won"}},
        {"fromStage": {"key": "won"}, "toStage": {"key": "lead"}},
    ]
    assert (await floor.ledger())["ann"] == (0, 0)


async def test_the_rights_on_deals_and_customers(database: Database) -> None:
    """Whoever may write a deal, or one of a customer's, may edit; a customer without deals is every seller's."""
    floor = await furnish(database)
    mine = await create_customer(floor.work, NewCustomer("Mine"))
    await create_customer(floor.work, NewCustomer("Nobody's"))
    await floor.open(
        "ann", customer_id=mine, splits=[floor.split("ann", "1"), floor.split("bob", "1", CreditKind.OVERLAY)]
    )
    query = "{ opportunities { nodes { viewerCan { edit } } } customers { nodes { name viewerCan { edit } } } }"
    seen = await ask(floor, query, "ann")
    assert seen["opportunities"]["nodes"] == [{"viewerCan": {"edit": True}}]
    assert seen["customers"]["nodes"] == [
        {"name": "Mine", "viewerCan": {"edit": True}},
        {"name": "Nobody's", "viewerCan": {"edit": True}},
    ]
    seen = await ask(floor, query, "cem")
    assert (seen["opportunities"]["nodes"], [row["name"] for row in seen["customers"]["nodes"]]) == ([], ["Nobody's"])


async def test_what_is_wrong_with_a_deal_is_told_where_it_stands(database: Database) -> None:
    """Paths are those of the input; nothing is changed."""
    floor = await furnish(database)
    position, funnel = gid("OrgUnit", floor.units["ann"]), gid("Funnel", floor.funnel)
    errors = [
        (await do(floor, "createOpportunity", "opportunity { id }", **values))["errors"]
        for values in (
            {"funnelId": funnel, "positionId": position, "amount": "1.001"},
            {"funnelId": funnel, "positionId": position, "amount": "1", "currency": "XXXX"},
            {"funnelId": position, "positionId": position},
            {"funnelId": funnel, "positionId": position, "splits": [{"positionId": funnel, "share": "1"}]},
            {"funnelId": funnel, "positionId": position, "splits": [{"positionId": position, "share": "NaN"}]},
        )
    ]
    assert errors == [
        ["TOO_PRECISE at amount"],
        ["UNKNOWN_CURRENCY at currency"],
        ["NOT_FOUND at funnelId"],
        ["NOT_FOUND at splits.0.positionId"],
        ["BAD_SHARE at splits.0.share"],
    ]
    assert await deals_of(floor) == []


async def test_a_deal_is_moved_handed_over_and_lost(database: Database) -> None:
    """Each keeps what the others did; a version that was seen before is refused."""
    floor = await furnish(database)
    deal = gid("Opportunity", await floor.open("ann"))
    shown = "opportunity { stage { key } position { key } member { name } lostReason version }"
    moved = await do(floor, "moveOpportunity", shown, "hal", id=deal, stageId=gid("Stage", floor.stages["offer"]))
    assert moved["opportunity"]["stage"] == {"key": "offer"}
    stale = await do(floor, "loseOpportunity", shown, "hal", id=deal, expectedVersion=1)
    assert stale == {"opportunity": None, "errors": ["STALE at expectedVersion"]}
    bob = gid("OrgUnit", floor.units["bob"])
    handed = await do(floor, "transferOpportunity", shown, "hal", id=deal, positionId=bob)
    assert handed["opportunity"] == {
        "stage": {"key": "offer"},
        "position": {"key": "bob"},
        "member": {"name": "Bob"},
        "lostReason": None,
        "version": 3,
    }
    lost = await do(floor, "loseOpportunity", shown, "bob", id=deal, reason="Price")
    assert (lost["opportunity"]["stage"], lost["opportunity"]["lostReason"]) == ({"key": "lost"}, "Price")
    denied = await do(floor, "reopenOpportunity", shown, "ann", id=deal)
    assert denied["errors"] == ["UNKNOWN_OPPORTUNITY at id"]


async def test_funnels_and_customers_are_made(database: Database) -> None:
    """A funnel with its stages; a customer under another, renamed and taken out again."""
    floor = await furnish(database)
    stages = [
        {"key": "open", "name": "Open", "winProbability": "0.25"},
        {"key": "won", "name": "Won", "outcome": "WON", "winProbability": "1"},
        {"key": "lost", "name": "Lost", "outcome": "LOST", "winProbability": "0"},
    ]
    made = await do(floor, "createFunnel", "funnel { stages { key ordinal } }", key="new", name="New", stages=stages)
    assert [stage["key"] for stage in made["funnel"]["stages"]] == ["open", "won", "lost"]
    bad = await do(floor, "createFunnel", "funnel { id }", key="bad", name="Bad", stages=stages[:2])
    assert bad == {"funnel": None, "errors": ["NO_LOST_STAGE at stages"]}
    fields = "customer { id name parent { name } version }"
    await do(floor, "createCustomer", fields, name="Globex", key="globex")
    child = (await do(floor, "createCustomer", fields, name="Initech", parentKey="globex"))["customer"]
    assert child["parent"] == {"name": "Globex"}
    alone = await do(floor, "updateCustomer", fields, id=child["id"], name="Initrode", parentKey=None)
    assert alone["customer"] == {**child, "name": "Initrode", "parent": None, "version": 2}


async def test_the_count_of_statements_does_not_grow_with_the_deals(database: Database) -> None:
    """One deal, then forty more: the same statements, and one for all figures of the stages together."""
    floor = await furnish(database)
    figures = "{ funnels { stages { count amount weightedAmount withoutAmount } } }"
    deep = """{ funnels { stages { opportunities(first: 20) { customer { name parent { name } } member { name }
        position { name } splits { share } moves { toStage { name } }
        achievements { amount reversals { amount } } } } } }"""
    await floor.open()
    few = await statements(floor, deep)
    for _ in range(40):
        await floor.open("bob")
    assert await statements(floor, deep) == few
    # The company, the member's standing, the funnels, their stages and the figures, on one connection.
    assert await statements(floor, figures) <= 5
