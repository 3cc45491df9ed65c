"""What-if through the graph: asked by members for themselves, by heads for theirs."""

from __future__ import annotations

from quotaloom.platform.database import Database
from tests.integration.graph.asking import ask, do, gid
from tests.integration.incentives.test_what_if import sales_floor, two_deals

SHOWN = """period currency difference member { name }
    before { total lines { rule amount } }
    after { total carriedIn carriedOut advancedBefore advancedAfter
        lines { rule policy key title amount base rate explanation entries { amount } corrects { id } } }
    byRule { rule before after difference }
    credits { metric amount overlay businessDate opportunity { id } position { name } member { name } }"""


async def test_a_member_asks_what_two_deals_would_give_him(database: Database) -> None:
    """80,000 and 60 percent of 50,000 and 10,000: 4,000 become 6,600. Bob's 40 percent are told, too."""
    floor = await sales_floor(database)
    deals = [{"opportunityId": gid("Opportunity", number)} for number in await two_deals(floor)]
    answer = await do(floor, "askWhatIf", SHOWN, "ann", deals=deals)
    assert answer["errors"] == []
    assert (answer["period"], answer["currency"], answer["member"]) == ("2026-06", "CNY", {"name": "Ann"})
    assert answer["before"] == {"total": "4000.00", "lines": [{"rule": "tiers", "amount": "4000.00"}]}
    assert (answer["after"]["total"], answer["difference"]) == ("6600.00", "2600.00")
    (line,) = answer["after"]["lines"]
    assert (line["policy"], line["key"], line["explanation"]["text"]) == ("pay.tiers", "tiers", "Tiers.")
    assert (line["entries"], line["corrects"]) == ([{"amount": "80000.00"}], None)
    by_rule = {"rule": "tiers", "before": "4000.00", "after": "6600.00", "difference": "2600.00"}
    assert answer["byRule"] == [by_rule]
    revenue = [one for one in answer["credits"] if one["metric"] == "revenue"]
    assert [(one["amount"], one["overlay"]) for one in revenue] == [
        ("30000.00", False),
        ("20000.00", False),
        ("10000.00", False),
    ]
    assert [one["opportunity"] for one in revenue] == [{"id": deals[0]["opportunityId"]}] * 2 + [
        {"id": deals[1]["opportunityId"]}
    ]
    assert [one["member"] for one in revenue] == [{"name": "Ann"}, {"name": "Bob"}, {"name": "Ann"}]


async def test_who_may_ask_is_shown_beforehand(database: Database) -> None:
    """Hal may ask for Ann and she for herself; Wu does not even find her, and is told that there is nobody."""
    floor = await sales_floor(database)
    ann = gid("Member", floor.members["ann"])
    query = "query ($id: ID!) { node(id: $id) { ... on Member { viewerCan { askWhatIf } } } }"
    for who in ("ann", "hal"):
        assert (await ask(floor, query, who, id=ann))["node"] == {"viewerCan": {"askWhatIf": True}}
    assert (await do(floor, "askWhatIf", "period", "hal", memberId=ann))["errors"] == []
    refused = await do(floor, "askWhatIf", "period before { total }", "wu", memberId=ann)
    assert refused == {"period": None, "before": None, "errors": ["NOT_FOUND at memberId"]}
