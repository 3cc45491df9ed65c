"""Incentives through the graph: who sees which run and statement, with what, and in how many statements."""

from __future__ import annotations

from datetime import date
from typing import Any

from quotaloom.achievements.ledger import Reversal
from quotaloom.achievements.ledger import reverse as reverse_in
from quotaloom.incentives.running import compute_run
from quotaloom.incentives.runs import approve_run, compute_again, pay_run, review_run
from quotaloom.platform.access import Role, Scope
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from quotaloom.policies.settings import PolicyChange, switch_policy
from tests.integration.funnels.floors import Floor
from tests.integration.graph.asking import ask, do, gid, statements
from tests.integration.incentives.paying_rules import HOST
from tests.integration.incentives.payroll import LONG_AGO, Payroll, open_payroll

RUN = """{ incentiveRuns { totalCount nodes {
    period status progress { done total } totals { statements total byRule { rule lines amount corrected } }
    statements { totalCount nodes { member { name } total } }
    warnings { text } history { step actor } viewerCan { review approve pay }
} } }"""

MINE = """{ viewer { member { statements { totalCount nodes {
    period status total currency carriedIn carriedOut
    run { period totals { total } history { step } }
    lines { rule title amount base rate explanation entries { amount businessDate } corrects { period total } }
    totalsByRule { rule amount }
} } } } }"""


def graph_of(payroll: Payroll) -> Floor:
    """The company as the graph's tests ask it."""
    return Floor(payroll.work, payroll.units, payroll.members, 0, {}, HOST)


async def sold(database: Database) -> tuple[Payroll, Floor]:
    """Tiers for everybody; Ann sold 1,000 and Cem 2,000 in March."""
    payroll = await open_payroll(database, "pay.tiers", "pay.rate")
    await payroll.rule("tiers", "pay.tiers")
    await payroll.order("ann", "ann", 1000)
    await payroll.order("cem", "cem", 2000)
    return payroll, graph_of(payroll)


def nodes(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The runs of an answer."""
    rows: list[dict[str, Any]] = found["incentiveRuns"]["nodes"]
    return rows


async def test_admins_see_all_of_a_run_and_heads_their_part(database: Database) -> None:
    """Of a draft the admin sees four statements and the totals, Hal Ann's and Bob's, and Ann nothing yet."""
    payroll, floor = await sold(database)
    await payroll.draft("2026-03")
    (run,) = nodes(await ask(floor, RUN, "ada"))
    assert (run["period"], run["status"], run["progress"]) == ("2026-03", "DRAFT", {"done": 5, "total": 5})
    by_rule = [{"rule": "tiers", "lines": 2, "amount": "150.00", "corrected": "0.00"}]
    assert run["totals"] == {"statements": 5, "total": "150.00", "byRule": by_rule}
    names = [one["member"]["name"] for one in run["statements"]["nodes"]]
    assert names == ["Ann", "Bob", "Cem", "Hal", "Wu"]
    assert run["history"] == [{"step": "START", "actor": "ada"}]
    assert run["viewerCan"] == {"review": True, "approve": False, "pay": False}
    (part,) = nodes(await ask(floor, RUN, "hal"))
    assert [one["member"]["name"] for one in part["statements"]["nodes"]] == ["Ann", "Bob"]
    assert (part["totals"], part["history"], part["statements"]["totalCount"]) == (None, [], 2)
    assert part["progress"] is None
    assert part["viewerCan"] == {"review": False, "approve": False, "pay": False}
    assert nodes(await ask(floor, RUN, "ann")) == []


async def test_heads_are_not_told_whose_policy_failed(database: Database) -> None:
    """Cem's refunds fail the run that is computed again: the admin reads whose, the head of the east nothing."""
    payroll, floor = await sold(database)
    await switch_policy(payroll.work, HOST, PolicyChange("pay.picky", active=True, valid_from=LONG_AGO))
    await payroll.rule("picky", "pay.picky")
    run_id = await payroll.draft("2026-03")
    await payroll.order("february", "cem", 9000, "2026-02-10")
    undoing = Reversal(payroll.entries["february"], None, "undo", "undo", business_date=date(2026, 3, 3))
    await payroll.work.write(lambda transaction: reverse_in(transaction, payroll.work.company, [undoing]))
    await compute_again(payroll.as_member("ada"), run_id)
    await compute_run(payroll.work, payroll.host, run_id, 2)
    query = "query ($id: ID!) { incentiveRuns { nodes { status failure } } incentiveRun(id: $id) { failure } }"
    by_admin, by_head = [await ask(floor, query, who, id=gid("IncentiveRun", run_id)) for who in ("ada", "hal")]
    assert by_admin["incentiveRun"]["failure"].startswith("rule picky for Cem: ")
    assert by_head == {
        "incentiveRuns": {"nodes": [{"status": "FAILED", "failure": None}]},
        "incentiveRun": {"failure": None},
    }


async def test_a_member_sees_his_own_once_it_is_reviewed(database: Database) -> None:
    """Ann sees her line with its rate, explanation and entry; of the run its period, and nobody else's figures."""
    payroll, floor = await sold(database)
    run_id = await payroll.draft("2026-03")
    nothing = {"totalCount": 0, "nodes": []}
    assert (await ask(floor, MINE, "ann"))["viewer"]["member"]["statements"] == nothing
    await review_run(payroll.as_member("ada"), run_id)
    (statement,) = (await ask(floor, MINE, "ann"))["viewer"]["member"]["statements"]["nodes"]
    assert statement["run"] == {"period": "2026-03", "totals": None, "history": []}
    (line,) = statement.pop("lines")
    assert line["explanation"]["text"] == "Tiers."
    assert line["entries"] == [{"amount": "1000.00", "businessDate": "2026-03-10"}]
    assert (line["rule"], line["title"], line["amount"], line["corrects"]) == ("tiers", "Tiers", "50.00", None)
    assert (statement["status"], statement["total"], statement["currency"]) == ("REVIEWED", "50.00", "CNY")
    assert statement["totalsByRule"] == [{"rule": "tiers", "amount": "50.00"}]
    seen = "query ($id: ID!) { node(id: $id) { id } }"
    cem = (await payroll.statements(run_id))["cem"]["id"]
    assert await ask(floor, seen, "ann", id=gid("Statement", cem)) == {"node": None}


async def test_a_correction_leads_to_what_it_corrects(database: Database) -> None:
    """Cem's refund of 500 in April names his statement of March, which was paid 100."""
    payroll, floor = await sold(database)
    await payroll.pay("2026-03")
    await payroll.refund("cem", 500)
    await payroll.pay("2026-04")
    april, march = (await ask(floor, MINE, "cem"))["viewer"]["member"]["statements"]["nodes"]
    assert (march["period"], march["total"], april["total"]) == ("2026-03", "100.00", "-25.00")
    (line,) = april["lines"]
    assert line["corrects"] == {"period": "2026-03", "total": "100.00"}
    assert line["title"] == "Correction of 2026-03: Tiers"
    assert [value["value"] for value in line["explanation"]["values"]] == [100_00, 0, 75_00]


async def test_members_are_told_that_they_are_paid(database: Database) -> None:
    """Ann has a notification that names the month and the sum, and leads to her statement."""
    payroll, floor = await sold(database)
    await payroll.pay("2026-03")
    query = "{ viewer { notifications { nodes { topic text subject { ... on Statement { total } } } } } }"
    (told,) = (await ask(floor, query, "ann"))["viewer"]["notifications"]["nodes"]
    assert told == {
        "topic": "statement.paid",
        "text": "Your statement for 2026-03 is paid: 50.00 CNY.",
        "subject": {"total": "50.00"},
    }


async def test_a_run_is_driven_through_the_graph(database: Database) -> None:
    """Started by an admin it is computing until its job is done; rights show whose turn it is; then it is paid."""
    payroll, floor = await sold(database)
    shown = "incentiveRun { id status version viewerCan { compute review approve pay return cancel } }"
    started = (await do(floor, "startIncentiveRun", shown, "ada", period="2026-03"))["incentiveRun"]
    assert started["status"] == "COMPUTING"
    ((run_id,),) = await payroll.fetch("SELECT id FROM incentive_run")
    await compute_run(payroll.work, payroll.host, run_id, 1)
    stale = await do(floor, "reviewIncentiveRun", shown, "ada", id=started["id"], expectedVersion=1)
    assert stale["errors"] == ["STALE at expectedVersion"]
    await do(floor, "reviewIncentiveRun", shown, "ada", id=started["id"])
    query = f"query ($id: ID!) {{ {shown.replace('incentiveRun', 'incentiveRun(id: $id)')} }}"
    can = [(await ask(floor, query, who, id=started["id"]))["incentiveRun"]["viewerCan"] for who in ("ada", "ben")]
    assert [one["approve"] for one in can] == [False, True]
    scopes = frozenset({Scope.INCENTIVES.value, Scope.READ.value})
    service = Identity(floor.work.company.id, "payroll", Role.SERVICE, scopes=scopes)
    told = (await ask(floor, query, service, id=started["id"]))["incentiveRun"]["viewerCan"]
    assert (told["cancel"], told["approve"], told["pay"]) == (True, False, False)
    approved = (await do(floor, "approveIncentiveRun", shown, "ben", id=started["id"]))["incentiveRun"]
    assert (approved["viewerCan"]["pay"], approved["viewerCan"]["return"]) == (False, True)
    paid = (await do(floor, "payIncentiveRun", shown, "ada", id=started["id"]))["incentiveRun"]
    assert (paid["status"], any(paid["viewerCan"].values())) == ("PAID", False)


async def test_statements_cost_as_much_for_one_as_for_many(database: Database) -> None:
    """A run of two members and one of five, with lines, entries and corrections, take equally many statements."""
    payroll, floor = await sold(database)
    query = """query {{ incentiveRuns(period: "{0}", first: 5) {{ nodes {{ statements {{ nodes {{
        member {{ name }} totalsByRule {{ rule }}
        lines {{ title entries {{ amount }} corrects {{ total lines {{ title }} }} }} }} }} }} }} }}"""
    await payroll.pay("2026-03")
    for name in ("ann", "cem"):
        await payroll.refund(name, 100)
    run_id = await payroll.draft("2026-04", "west")
    for work, step in ((payroll.as_member("ada"), review_run), (payroll.as_member("ben"), approve_run)):
        await step(work, run_id)
    await pay_run(payroll.as_member("ada"), run_id)
    few = await statements(floor, query.format("2026-04"), "ada")
    await payroll.pay("2026-04")
    assert await statements(floor, query.format("2026-04"), "ada") == few
