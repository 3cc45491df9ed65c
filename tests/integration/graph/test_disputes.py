"""Disputes through the graph: who sees what of them, for whom they wait, and in how many statements."""

from __future__ import annotations

from typing import Any

from quotaloom.incentives.runs import review_run
from quotaloom.platform.database import Database
from tests.integration.graph.asking import ask, do, gid, statements
from tests.integration.graph.test_incentives import graph_of
from tests.integration.incentives.disputing import contest, hold, paid_month

DISPUTES = """query ($status: [DisputeStatus!], $member: ID, $waiting: Boolean) {
    disputes(status: $status, member: $member, waitingForMe: $waiting) { totalCount nodes { member { name } } } }"""

WHOLE = """{ disputes { nodes {
    status period text title contested claimed currency version
    statement { period status total disputes { status } viewerCan { contest } }
    line { title amount }
    thread { author text member { name } }
    decision { granted amount reason by }
    correction { statement { period total } line { rule title amount corrects { period } dispute { status } } }
    viewerCan { comment decide withdraw }
} } }"""


async def names(floor: Any, who: str, **filters: Any) -> list[str]:
    """Whose disputes somebody sees, the latest first."""
    found = (await ask(floor, DISPUTES, who, **filters))["disputes"]
    assert found["totalCount"] == len(found["nodes"])
    return [one["member"]["name"] for one in found["nodes"]]


async def test_each_sees_his_own_and_those_below_and_what_waits_for_him(database: Database) -> None:
    """Ben, in Hal's team by now, approved: Ann's waits for Hal and the admins, Cem's for the admins alone."""
    payroll = await paid_month(database)
    await hold(payroll, "bob", "ben")
    floor = graph_of(payroll)
    for name in ("ann", "cem"):
        await contest(payroll, name)
    assert await names(floor, "ada") == ["Cem", "Ann"]
    assert await names(floor, "ada", waiting=True) == ["Cem", "Ann"]
    assert await names(floor, "hal", waiting=True) == ["Ann"]
    assert (await names(floor, "wu"), await names(floor, "wu", waiting=True)) == (["Cem"], [])
    assert await names(floor, "wu", waiting=False) == ["Cem"]
    assert (await names(floor, "ann"), await names(floor, "ann", waiting=True)) == (["Ann"], [])
    assert await names(floor, "bob") == []
    assert await names(floor, "ada", member=gid("Member", payroll.members["ann"])) == ["Ann"]
    assert await names(floor, "ada", status=["GRANTED", "LAPSED"]) == []


async def test_a_dispute_leads_from_the_line_to_what_was_granted(database: Database) -> None:
    """Ann claims 30 of 100, Hal asks, an admin grants 20: in April's statement, once she may see that."""
    payroll = await paid_month(database)
    floor = graph_of(payroll)
    (mine,) = (await ask(floor, "{ viewer { member { statements { nodes { id lines { rule key } } } } } }", "ann"))[
        "viewer"
    ]["member"]["statements"]["nodes"]
    given = {"statementId": mine["id"], "line": mine["lines"][0], "text": "It was 1,300", "amount": "30.00"}
    id = (await do(floor, "openDispute", "dispute { id }", "ann", **given))["dispute"]["id"]
    await do(floor, "commentOnDispute", "", "hal", id=id, text="Which deal?")
    (shown,) = (await ask(floor, WHOLE, "ann"))["disputes"]["nodes"]
    assert shown["thread"] == [{"author": "hal", "text": "Which deal?", "member": {"name": "Hal"}}]
    assert (shown["line"], shown["title"]) == ({"title": "Rate", "amount": "100.00"}, "Rate")
    assert (shown["contested"], shown["claimed"], shown["currency"]) == ("100.00", "30.00", "CNY")
    assert shown["statement"]["viewerCan"] == {"contest": True}
    assert shown["viewerCan"] == {"comment": True, "decide": False, "withdraw": True}
    decision = {"granted": True, "amount": "20.00", "reason": "I found two thirds"}
    await do(floor, "decideDispute", "", "ada", id=id, expectedVersion=1, **decision)
    april = await payroll.draft("2026-04")
    (shown,) = (await ask(floor, WHOLE, "ann"))["disputes"]["nodes"]
    assert (shown["status"], shown["decision"]) == ("GRANTED", {**decision, "by": "ada"})
    assert shown["correction"] is None
    await review_run(payroll.as_member("ada"), april)
    (shown,) = (await ask(floor, WHOLE, "ann"))["disputes"]["nodes"]
    assert shown["correction"] == {
        "statement": {"period": "2026-04", "total": "20.00"},
        "line": {
            "rule": "disputes.granted",
            "title": "Granted on dispute of 2026-03: Rate",
            "amount": "20.00",
            "corrects": {"period": "2026-03"},
            "dispute": {"status": "GRANTED"},
        },
    }
    assert shown["statement"]["disputes"] == [{"status": "GRANTED"}]


async def test_disputes_take_as_many_statements_for_one_as_for_many(database: Database) -> None:
    """Everything of one dispute takes as many statements as of four."""
    payroll = await paid_month(database)
    floor = graph_of(payroll)
    await contest(payroll, "ann")
    of_one = await statements(floor, WHOLE, "ada")
    for name in ("bob", "cem"):
        await contest(payroll, name)
    await contest(payroll, "ann", line=None)
    assert await statements(floor, WHOLE, "ada") == of_one
