"""Reviews in the graph: what each viewer sees of them, what waits for him, and what it costs to ask."""

from __future__ import annotations

from typing import Any

import pytest

from quotaloom.platform.database import Database
from tests.integration.funnels.floors import Floor, furnish
from tests.integration.graph.asking import ask, do, gid, statements
from tests.integration.graph.judged import judge

SCORES = [{"part": "team", "score": "7", "comment": "So so"}]

GIVEN = """query ($id: ID!) { node(id: $id) { ... on Review { selfComment comment
    parts { key selfScore selfComment managerScore comment } followUps { text } } } }"""

WAITING = "{ reviews(waitingForMe: true) { totalCount nodes { form { key } member { name } step } } }"

WHOLE = """{ reviews(first: %d) { totalCount nodes { id period step dueOn score grade explanation
    scoring { policy parameters } member { name } reviewer { name } position { name } cycle { id } form { key }
    formVersion { number parts { key } steps { step days } grades { name } }
    parts { key points attainment { achieved target rate scored } metric { key } }
    steps { action toStep actor after } followUps { text metric { key } done } previous { id }
    viewerCan { scoreSelf score confirm appeal decide calibrate cancel settle planFollowUps } } } }"""

CYCLE = """query ($id: ID!) { reviewCycle(id: $id) { progress { step count overdue } viewerCan { file }
    groups { count orgUnit { name } places { grade taken most }
    proposed { grade tied review { member { name } } } } } }"""


@pytest.fixture
async def floor(database: Database) -> Floor:
    """A sales floor."""
    return await furnish(database)


async def given(floor: Floor, review: str, who: str | None) -> tuple[Any, ...]:
    """What somebody sees of the scores of teamwork, of the comments on the whole, and of what is agreed on."""
    node = (await ask(floor, GIVEN, who, id=review))["node"]
    team = node["parts"][1]
    agreed = [one["text"] for one in node["followUps"]]
    return team["selfScore"], node["selfComment"], team["managerScore"], team["comment"], node["comment"], agreed


async def test_what_is_not_handed_in_is_seen_by_its_author_alone(floor: Floor) -> None:
    """Ann's draft is hers, Hal's is his until he hands it in; of Bob's review Ann sees nothing at all."""
    ids = await judge(floor)
    own, bobs = ids["ann review"], ids["bob review"]
    await do(floor, "scoreOwnReview", "", "ann", id=own, scores=SCORES, comment="Hm", submit=False)
    assert await given(floor, own, "ann") == ("7", "Hm", None, None, None, [])
    assert await given(floor, own, "hal") == (None, None, None, None, None, [])
    draft = {"id": bobs, "scores": SCORES, "comment": "Well", "followUps": [{"text": "Call more"}], "submit": False}
    assert (await do(floor, "scoreReview", "", "hal", **draft))["errors"] == []
    assert await given(floor, bobs, "hal") == ("8", None, "7", "So so", "Well", ["Call more"])
    assert await given(floor, bobs, "bob") == ("8", None, None, None, None, [])
    await do(floor, "cancelReview", "", id=own, reason="Left")
    assert await given(floor, own, "hal") == (None, None, None, None, None, [])
    await do(floor, "scoreReview", "", "hal", id=bobs)
    assert await given(floor, bobs, "bob") == ("8", None, "7", "So so", "Well", ["Call more"])
    assert await ask(floor, GIVEN, "ann", id=bobs) == {"node": None}


async def test_each_finds_what_waits_for_him(floor: Floor) -> None:
    """Members what they score and confirm, Hal what he scores as manager, the admin heads, and appeals left to him."""
    await judge(floor)
    found = {}
    for who in (None, "ann", "bob", "eve", "hal", "wu"):
        page = (await ask(floor, WAITING, who))["reviews"]
        found[who] = {(one["form"]["key"], one["member"]["name"], one["step"]) for one in page["nodes"]}
        assert page["totalCount"] == len(found[who])
    assert found == {
        None: {
            *(("ranked", "Ann", "DECISION"), ("ranked", "Bob", "CALIBRATION"), ("ranked", "Cem", "CALIBRATION")),
            *(("ranked", "Hal", "MANAGER"), ("ranked", "Wu", "MANAGER")),
        },
        "ann": {("monthly", "Ann", "SELF")},
        "bob": set(),
        "eve": {("monthly", "Eve", "CONFIRMATION")},
        "hal": {("monthly", "Hal", "SELF"), ("monthly", "Bob", "MANAGER"), ("ranked", "Eve", "MANAGER")},
        "wu": {("monthly", "Wu", "SELF")},
    }


async def test_a_cycle_tells_how_far_it_is_and_what_grades_would_fit(floor: Floor) -> None:
    """Of East two are to be scored, one is decided on, one waits alone: its half is one A; Cem sees nothing of it."""
    ids = await judge(floor)
    cycle = (await ask(floor, CYCLE, id=ids["ranked cycle"]))["reviewCycle"]
    assert cycle == {
        "progress": [
            {"step": step, "count": count, "overdue": 0}
            for step, count in (("MANAGER", 2), ("DECISION", 1), ("CALIBRATION", 1))
        ],
        "viewerCan": {"file": True},
        "groups": [
            {
                "count": 1,
                "orgUnit": None,
                "places": [{"grade": "A", "taken": 1, "most": 1}],
                "proposed": [{"grade": "A", "tied": False, "review": {"member": {"name": "Bob"}}}],
            }
        ],
    }
    hidden = (await ask(floor, CYCLE, "cem", id=ids["ranked cycle"]))["reviewCycle"]
    assert hidden == {"progress": [], "viewerCan": {"file": False}, "groups": []}


async def test_a_review_shows_what_it_counts(floor: Floor) -> None:
    """Eve sold nothing and has no target: revenue is left out, 8 of 10 are 80; Bob's figures are those of now."""
    await judge(floor)
    nodes = (await ask(floor, WHOLE % 50))["reviews"]["nodes"]
    found = {(one["form"]["key"], one["member"]["name"]): one for one in nodes}
    eve, bob = found["monthly", "Eve"], found["monthly", "Bob"]
    nothing = {"achieved": "0.00", "target": None, "rate": None}
    assert (eve["score"], eve["scoring"]["policy"], eve["followUps"][0]["metric"]) == (
        *("80.00", "reviews.weighted_score"),
        {"key": "revenue"},
    )
    assert [(part["points"], part["attainment"]) for part in eve["parts"]] == [
        *(("0.00", {**nothing, "scored": True}), ("8.00", None)),
    ]
    assert bob["parts"][0]["attainment"] == {**nothing, "scored": False}
    assert [step["action"] for step in eve["steps"]] == ["opened", "self_scored", "scored"]
    assert bob["viewerCan"] == {
        **dict.fromkeys(("scoreSelf", "confirm", "appeal", "decide", "calibrate"), False),
        **dict.fromkeys(("score", "cancel"), True),
        **dict.fromkeys(("settle", "planFollowUps"), False),
    }


async def test_many_reviews_take_as_many_statements_as_few(floor: Floor) -> None:
    """A page of four, one of them scored and one a head's, and a page of all twelve."""
    await judge(floor)
    assert await statements(floor, WHOLE % 12) == await statements(floor, WHOLE % 4)
    members = "{ members(first: %d) { nodes { name reviews { period step parts { key } } } } }"
    assert await statements(floor, members % 6) == await statements(floor, members % 2)


async def test_a_member_lists_his_own_and_a_head_those_below_him(floor: Floor) -> None:
    """Ann has two; Hal eight, of East and his own; Wu four; an admin all twelve; by step there are fewer."""
    await judge(floor)
    query = "query ($step: ReviewStep) { reviews(step: $step) { totalCount } }"
    counts = {who: (await ask(floor, query, who))["reviews"]["totalCount"] for who in ("ann", "hal", "wu", None)}
    assert counts == {"ann": 2, "hal": 8, "wu": 4, None: 12}
    assert (await ask(floor, query, step="CALIBRATION"))["reviews"]["totalCount"] == 2


async def test_what_was_agreed_on_is_done_in_an_action_plan(floor: Floor) -> None:
    """Ann's agreement of May goes into her June, and not into Bob's; the plan shows it, the review shows May's plan."""
    ids = await judge(floor)
    made = {}
    for name, who, period in (("may", "ann", "2026-05"), ("june", "ann", "2026-06"), ("bob", "bob", "2026-06")):
        given = {"memberId": gid("Member", floor.members[who]), "period": period, "metricId": ids["revenue"]}
        payload = await do(floor, "createActionPlan", "actionPlan { id }", **given)
        assert payload["errors"] == []
        made[name] = payload["actionPlan"]["id"]
    link = {"id": ids["ann follow-up"], "actionPlanId": made["bob"]}
    assert (await do(floor, "planReviewFollowUp", "", "ann", **link))["errors"] == ["NOT_FOUND at actionPlanId"]
    link["actionPlanId"] = made["june"]
    agreed = "followUps { text actionPlan { period followUps { review { id } } } }"
    fields = f"review {{ periodActionPlans {{ id period }} {agreed} }}"
    shown = (await do(floor, "planReviewFollowUp", fields, "ann", **link))["review"]
    assert shown["periodActionPlans"] == [{"id": made["may"], "period": "2026-05"}]
    assert shown["followUps"] == [
        {
            "text": "Visit ten customers",
            "actionPlan": {"period": "2026-06", "followUps": [{"review": {"id": ids["ann ranked"]}}]},
        }
    ]
    of_plan = "query ($id: ID!) { actionPlan(id: $id) { followUps { text } } }"
    assert (await ask(floor, of_plan, "hal", id=made["june"]))["actionPlan"]["followUps"] == [
        {"text": "Visit ten customers"}
    ]
