"""Stages with standards, versions and reasons through the graph."""

from __future__ import annotations

from typing import Any

from quotaloom.platform.database import Database
from tests.integration.funnels.floors import Floor, furnish
from tests.integration.graph.asking import ask, do, gid, statements

CLOSED: list[dict[str, Any]] = [
    {"key": "won", "name": "Won", "outcome": "WON", "winProbability": "1"},
    {"key": "lost", "name": "Lost", "outcome": "LOST", "winProbability": "0"},
]
TALK: dict[str, Any] = {
    "key": "talk",
    "name": "Talk",
    "winProbability": "0.1",
    "ageLimitDays": 30,
    "standards": [
        {"kind": "FIELD", "field": "AMOUNT"},
        {"kind": "ACTIVITY", "activity": "VISIT", "atLeast": 2},
        {"kind": "DOCUMENT", "document": "Quote"},
        {"kind": "APPROVAL"},
    ],
}
OFFER: dict[str, Any] = {
    "key": "offer",
    "name": "Offer",
    "winProbability": "0.5",
    "backward": "HEAD",
    "skipping": False,
}

UNMET = "query ($id: ID!, $to: ID) { node(id: $id) { ... on Opportunity { unmetStandards(toStage: $to) {"
UNMET += " code field stage { key } } } } }"


async def laid_out(floor: Floor) -> tuple[str, dict[str, str]]:
    """The id of a funnel of talk, offer, won and lost, and those of its stages by key."""
    made = await do(
        floor,
        "createFunnel",
        "funnel { id stages { id key } }",
        key="strict",
        name="Strict",
        stages=[TALK, OFFER, *CLOSED],
    )
    assert made["errors"] == []
    return made["funnel"]["id"], {stage["key"]: stage["id"] for stage in made["funnel"]["stages"]}


async def opened(floor: Floor, funnel: str, **values: Any) -> str:
    """The id of a new deal of Ann's."""
    position = gid("OrgUnit", floor.units["ann"])
    made = await do(floor, "createOpportunity", "opportunity { id }", funnelId=funnel, positionId=position, **values)
    return str(made["opportunity"]["id"])


async def test_stages_show_what_they_ask_for(database: Database) -> None:
    """Each standard with the fields of its kind, the age limit, and who moves deals on and back."""
    floor = await furnish(database)
    await laid_out(floor)
    query = """{ funnel(key: "strict") { latestVersion orgUnit { key } stages { key versionNumber ageLimitDays forward
        backward skipping standards { kind field attribute activity atLeast inStage document } } } }"""
    funnel = (await ask(floor, query, "ann"))["funnel"]
    talk, offer, *_ = funnel["stages"]
    empty = dict.fromkeys(("field", "attribute", "activity", "atLeast", "inStage", "document"))
    assert (funnel["latestVersion"], funnel["orgUnit"]) == (1, None)
    assert talk == {
        "key": "talk",
        "versionNumber": 1,
        "ageLimitDays": 30,
        "forward": "HOLDER",
        "backward": "HOLDER",
        "skipping": True,
        "standards": [
            {**empty, "kind": "FIELD", "field": "AMOUNT"},
            {**empty, "kind": "ACTIVITY", "activity": "VISIT", "atLeast": 2, "inStage": True},
            {**empty, "kind": "DOCUMENT", "document": "Quote"},
            {**empty, "kind": "APPROVAL"},
        ],
    }
    assert (offer["backward"], offer["skipping"], offer["standards"]) == ("HEAD", False, [])


async def test_a_deal_is_refused_with_all_that_it_lacks_and_shows_it_beforehand(database: Database) -> None:
    """The codes are the same; the amount of a win is no longer missing; in the end the deal moves on."""
    floor = await furnish(database)
    funnel, stages = await laid_out(floor)
    deal = await opened(floor, funnel)
    codes = ["AMOUNT_MISSING", "ACTIVITIES_MISSING", "DOCUMENT_MISSING", "APPROVAL_MISSING"]
    refused = await do(floor, "moveOpportunity", "opportunity { id }", "ann", id=deal, stageId=stages["offer"])
    assert refused["errors"] == [f"{code} at id" for code in codes]
    shown = (await ask(floor, UNMET, "ann", id=deal))["node"]["unmetStandards"]
    assert [one["code"] for one in shown] == codes
    assert [one["field"] for one in shown] == ["amount", "activities", "documents", None]
    assert {one["stage"]["key"] for one in shown} == {"talk"}
    assert (await ask(floor, UNMET, "ann", id=deal, to=stages["lost"]))["node"] == {"unmetStandards": []}
    assert (await ask(floor, UNMET, "ann", id=deal, to=gid("Stage", floor.stages["offer"])))["node"] == {
        "unmetStandards": None
    }
    refused = await do(floor, "winOpportunity", "opportunity { id }", "ann", id=deal, amount="5")
    assert refused["errors"] == [f"{code} at id" for code in codes[1:]]
    await do(floor, "updateOpportunity", "opportunity { id }", "ann", id=deal, amount="5")
    added = "opportunity { documents { name url actor } }"
    document = await do(floor, "addOpportunityDocument", added, "ann", id=deal, name="quote", url="https://a.example/q")
    assert document["opportunity"]["documents"] == [{"name": "quote", "url": "https://a.example/q", "actor": "ann"}]
    decided = "opportunity { decisions { approved note actor stage { key } member { name } } }"
    decision = await do(floor, "decideStage", decided, "hal", id=deal, approved=True, note="Go on")
    assert decision["opportunity"]["decisions"] == [
        {"approved": True, "note": "Go on", "actor": "hal", "stage": {"key": "talk"}, "member": {"name": "Hal"}}
    ]
    for day in ("2026-06-01", "2026-06-01"):
        await do(
            floor, "logActivity", "activity { id }", "ann", kind="VISIT", matter="Visit", opportunityId=deal, doneOn=day
        )
    moved = await do(floor, "moveOpportunity", "opportunity { stage { key } }", "ann", id=deal, stageId=stages["offer"])
    assert moved == {"opportunity": {"stage": {"key": "offer"}}, "errors": []}


async def test_what_deals_lack_takes_as_many_statements_for_five_as_for_one(database: Database) -> None:
    """Standards, documents, decisions and rights are read once per level."""
    floor = await furnish(database)
    funnel, _ = await laid_out(floor)
    query = """{ opportunities { nodes { unmetStandards { code stage { key } } documents { name } decisions { note }
        closeReason { key } viewerCan { edit decide } stage { standards { kind } } } } }"""
    await opened(floor, funnel)
    one = await statements(floor, query)
    for _ in range(4):
        await opened(floor, funnel)
    assert await statements(floor, query) == one


async def test_each_viewer_is_shown_whether_he_may_decide(database: Database) -> None:
    """Hal heads Ann's team; Ann does not decide about her own deal; an admin does about any."""
    floor = await furnish(database)
    deal = gid("Opportunity", await floor.open("ann"))
    query = "query ($id: ID!) { node(id: $id) { ... on Opportunity { viewerCan { edit decide } } } }"
    for who, decides in (("ann", False), ("hal", True), (None, True)):
        assert (await ask(floor, query, who, id=deal))["node"]["viewerCan"] == {"edit": True, "decide": decides}


async def test_versions_and_reasons_of_a_funnel_are_shown(database: Database) -> None:
    """A deal of the first version is told there until it is moved; the reason of a loss stays with the deal."""
    floor = await furnish(database)
    funnel, _ = await laid_out(floor)
    deal, lost = await opened(floor, funnel, amount="5"), await opened(floor, funnel)
    revised = await do(
        floor,
        "reviseFunnel",
        "funnel { latestVersion stages { key } }",
        id=funnel,
        stages=[{"key": "open", "name": "Open", "winProbability": "0.2"}, *CLOSED],
        reason="Simpler",
    )
    assert revised["funnel"] == {"latestVersion": 2, "stages": [{"key": "open"}, {"key": "won"}, {"key": "lost"}]}
    reasons = [{"key": "price", "name": "Price"}]
    await do(floor, "setCloseReasons", "funnel { id }", id=funnel, outcome="LOST", reasons=reasons)
    assert (await do(floor, "loseOpportunity", "opportunity { id }", id=lost))["errors"] == [
        "REASON_NEEDED at reasonKey"
    ]
    closed = "opportunity { closeReason { key name outcome archived } lostReason }"
    gone = await do(floor, "loseOpportunity", closed, id=lost, reasonKey="price", reason="Too dear")
    assert gone["opportunity"] == {
        "closeReason": {"key": "price", "name": "Price", "outcome": "LOST", "archived": False},
        "lostReason": "Too dear",
    }
    shown = """{ funnel(key: "strict") { closeReasons { key } first: stages(version: 1) { key count }
        versions { number reason openDeals stages { key count } } } }"""
    told = (await ask(floor, shown))["funnel"]
    assert told["closeReasons"] == [{"key": "price"}]
    assert [(one["number"], one["reason"], one["openDeals"]) for one in told["versions"]] == [
        (1, None, 1),
        (2, "Simpler", 0),
    ]
    assert told["versions"][0]["stages"] == told["first"]
    assert [one["count"] for one in told["first"]] == [1, 0, 0, 1]
    moved = await do(
        floor,
        "moveDealsToLatest",
        "moved funnel { stages { count amount } }",
        id=funnel,
        stages=[{"of": "talk", "to": "open"}],
    )
    assert (moved["moved"], moved["funnel"]["stages"][0]) == (1, {"count": 1, "amount": "5.00"})
    versions = (await ask(floor, shown))["funnel"]["versions"]
    assert [one["openDeals"] for one in versions] == [0, 1]
    assert (await ask(floor, UNMET, id=deal))["node"]["unmetStandards"] == []
