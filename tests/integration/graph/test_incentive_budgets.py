"""Incentive cost against budget: what units may spend, what they do, and what it achieves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from quotaloom.incentives.runs import approve_run, review_run
from quotaloom.organizations.commands.companies import update_company
from quotaloom.organizations.planting import NewUnit, insert_units
from quotaloom.organizations.terms import HOLDING, NewTerm, appoint, end_term
from quotaloom.platform.database import Database
from quotaloom.platform.spreadsheets import FileFormat
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.reports.ordering import SortBy
from quotaloom.reports.requests import ReportRequest
from quotaloom_graphql.report_paths import request_of
from quotaloom_server.reports import EXPORTERS
from tests.integration.funnels.floors import Floor
from tests.integration.graph.asking import ask, do, gid, statements
from tests.integration.graph.test_incentives import graph_of
from tests.integration.incentives.payroll import Payroll, open_payroll

ROW = "name budget paid approved draft cost rest share achieved costPerAchieved"

REPORT = """{ incentiveBudgetReport(%s) { period currency metric { key } rows { totalCount nodes { %s } }
    totals { %s } } }"""


async def spent(database: Database) -> tuple[Payroll, Floor]:
    """10 percent of revenue. March is paid: Ann 1,000 and Bob 400 in the east, Cem 2,000 in the west.

    In April Bob holds a position in the west. Ann's 3,000 are a draft; Cem's 500 and Bob's 600 are approved.
    """
    payroll = await open_payroll(database, "pay.rate")
    await payroll.rule("base", "pay.rate")
    for name, amount in (("ann", 10_000), ("bob", 4_000), ("cem", 20_000)):
        await payroll.order(name, name, amount)
    await payroll.work.write(lambda transaction: _move_bob(transaction, payroll))
    for name, position, amount in (("a", "ann", 30_000), ("b", "west 2", 6_000), ("c", "cem", 5_000)):
        await payroll.order(name, position, amount, "2026-04-10")
    await payroll.pay("2026-03")
    await payroll.draft("2026-04", "east")
    west = await payroll.draft("2026-04", "west")
    await review_run(payroll.as_member("ada"), west)
    await approve_run(payroll.as_member("ben"), west)
    return payroll, graph_of(payroll)


async def _move_bob(transaction: Transaction, payroll: Payroll) -> None:
    on = date(2026, 4, 1)
    row = await transaction.fetch_one("SELECT id FROM holding WHERE member_id = $1", payroll.members["bob"])
    assert row is not None
    await end_term(transaction, HOLDING, row["id"], on)
    unit = NewUnit("West 2", "position", payroll.units["west"], key="west-2")
    (payroll.units["west 2"],) = await insert_units(transaction, [unit])
    await appoint(transaction, HOLDING, [NewTerm(payroll.units["west 2"], payroll.members["bob"], on)])


async def budget(floor: Floor, unit: str, period: str, amount: str | None, **more: Any) -> dict[str, Any]:
    """Set a budget, or take it away."""
    facts = {"orgUnitId": gid("OrgUnit", floor.units[unit]), "period": period, "amount": amount, **more}
    return await do(floor, "setIncentiveBudget", "incentiveBudget { id amount version period }", "ada", **facts)


async def rows(floor: Floor, arguments: str, who: str = "ada") -> dict[str, list[Any]]:
    """The rows of a report by the unit's name, without it."""
    found = (await ask(floor, REPORT % (arguments, ROW, "name"), who))["incentiveBudgetReport"]
    return {row.pop("name"): list(row.values()) for row in found["rows"]["nodes"]}


async def test_each_unit_has_its_cost_beside_its_own_budget(database: Database) -> None:
    """In March the company spends 3,400 of 5,000; the east, which has no budget of its own then, 1,400.

    In the year its budget of 40,000 counts and not that of March as well; the east's two months make 3,500, of which
    1,400 are paid and 3,000 in draft: 4,400 ÷ 3,500. Bob's April is in the west, where he stands by then.
    """
    _, floor = await spent(database)
    await budget(floor, "acme", "2026-03", "5000")
    march = await rows(floor, 'period: "2026-03"')
    assert march["Acme"] == [
        *("5000.00", "3400.00", "0.00", "0.00", "3400.00", "1600.00", "0.680000", "34000.00", "0.100000")
    ]
    nothing = ["0.00", "0.00"]
    assert march["East"] == [None, "1400.00", *nothing, "1400.00", None, None, "14000.00", "0.100000"]
    for unit, period, amount in (("acme", "2026", "40000"), ("east", "2026-03", "1000"), ("east", "2026-04", "2500")):
        await budget(floor, unit, period, amount)
    year = await rows(floor, 'period: "2026", kind: [COMPANY, TEAM]')
    assert year == {
        "Acme": [
            *("40000.00", "3400.00", "1100.00", "3000.00", "7500.00", "32500.00", "0.187500", "75000.00", "0.100000")
        ],
        "East": ["3500.00", "1400.00", "0.00", "3000.00", "4400.00", "-900.00", "1.257143", "44000.00", "0.100000"],
        "West": [None, "2000.00", "1100.00", "0.00", "3100.00", None, None, "31000.00", "0.100000"],
    }
    # A budget of the year says nothing of a month, and one of 0 has no share.
    assert (await rows(floor, 'period: "2026-05", level: [0]'))["Acme"][0] is None
    await budget(floor, "acme", "2026-04", "0")
    april = (await rows(floor, 'period: "2026-04", level: [0]'))["Acme"]
    assert april[:7] == ["0.00", "0.00", "1100.00", "3000.00", "4100.00", "-4100.00", None]


async def test_budgets_have_versions_and_are_taken_away(database: Database) -> None:
    """The second setting has version 2; who saw another one is refused; then the row has none again."""
    payroll = await open_payroll(database)
    floor = graph_of(payroll)
    first = await budget(floor, "east", "2026-Q2", "100", expectedVersion=0)
    assert (first["incentiveBudget"]["amount"], first["incentiveBudget"]["version"]) == ("100.00", 1)
    second = await budget(floor, "east", "2026-Q2", "120.50", expectedVersion=1)
    assert (second["incentiveBudget"]["amount"], second["incentiveBudget"]["version"]) == ("120.50", 2)
    assert (await budget(floor, "east", "2026-Q2", "1", expectedVersion=1))["errors"] == ["STALE at expectedVersion"]
    shown = '{ incentiveBudgetReport(period: "2026-Q2") { rows { nodes { name budgets { id amount version } } } } }'
    found = (await ask(floor, shown, "ada"))["incentiveBudgetReport"]["rows"]["nodes"]
    id = first["incentiveBudget"]["id"]
    assert {row["name"]: row["budgets"] for row in found}["East"] == [{"id": id, "amount": "120.50", "version": 2}]
    assert (await budget(floor, "east", "2026-Q2", None)) == {"incentiveBudget": None, "errors": []}
    assert (await budget(floor, "east", "2026-Q2", None))["errors"] == ["NO_BUDGET at amount"]
    actions = await payroll.fetch("SELECT action FROM audit_entry WHERE object_type = 'IncentiveBudget'")
    assert [row["action"] for row in actions] == ["incentive_budget.set"] * 3


async def test_heads_see_what_they_lead_and_members_nothing(database: Database) -> None:
    """Hal sees the east and its positions, Wu's west is not his; Ann does not see her own draft as a unit's cost."""
    _, floor = await spent(database)
    made = await budget(floor, "west", "2026-04", "900")
    assert set(await rows(floor, 'period: "2026-04"', "hal")) == {"East", "Ann", "Bob"}
    assert await rows(floor, 'period: "2026-04"', "ann") == {}
    totals = "{ incentiveBudgetReport(period: %s) { totals { name draft } } }"
    assert (await ask(floor, totals % '"2026-04"', "hal"))["incentiveBudgetReport"] == {"totals": None}
    of_east = f'"2026-04", orgUnit: "{gid("OrgUnit", floor.units["east"])}"'
    found = (await ask(floor, totals % of_east, "hal"))["incentiveBudgetReport"]
    assert found == {"totals": {"name": "East", "draft": "3000.00"}}
    node = "query ($id: ID!) { node(id: $id) { ... on IncentiveBudget { amount orgUnit { name } } } }"
    id = made["incentiveBudget"]["id"]
    assert (await ask(floor, node, "wu", id=id))["node"] == {"amount": "900.00", "orgUnit": {"name": "West"}}
    assert (await ask(floor, node, "hal", id=id))["node"] is None


async def test_the_report_is_ordered_paged_and_fetched_as_a_file(database: Database) -> None:
    """By cost, the greatest first; the file has the same rows and the totals last. More units cost no statement."""
    payroll, floor = await spent(database)
    await budget(floor, "acme", "2026", "40000")
    by_cost = "sort: [{ column: COST, descending: true }]"
    teams = await rows(floor, f'period: "2026", kind: [TEAM], {by_cost}')
    assert list(teams) == ["East", "West"]
    request = ReportRequest("2026", kinds=("team",), sort=(SortBy("cost", descending=True),))
    file = await EXPORTERS["incentive-budget"](payroll.work, request, FileFormat.CSV, ["cost", "share", "name"])
    assert isinstance(file.content, bytes)
    assert file.name == "incentive cost 2026"
    assert file.content.decode("utf-8-sig").splitlines() == [
        "row,name,cost,share",
        "unit,East,4400.00,",
        "unit,West,3100.00,",
        "total,Acme,7500.00,0.187500",
    ]
    query = REPORT % ('period: "2026"', ROW, ROW)
    before = await statements(floor, query, "ada")
    more = [NewUnit(f"E {number}", "position", payroll.units["east"]) for number in range(40)]
    await payroll.work.write(lambda transaction: insert_units(transaction, more))
    assert await statements(floor, query, "ada") == before
    path = "{ incentiveBudgetReport(period: %s) { export(format: XLSX, columns: [COST]) { path } } }"
    found = (await ask(floor, path % '"2026-03"', "ada"))["incentiveBudgetReport"]["export"]
    asked, named = request_of(parse_qsl(urlsplit(found["path"]).query))
    assert (asked, named) == (ReportRequest("2026-03"), ["cost"])
    assert found["path"] == "/reports/incentive-budget.xlsx?period=2026-03&metric=revenue&rows=UNITS&columns=COST"


async def test_a_head_does_not_tell_his_own_draft_from_the_cost_of_his_unit(database: Database) -> None:
    """Ann has 1,000 and Hal a tenth of it for his team: of their drafts Hal reads 1,000, and 1,100 once reviewed."""
    payroll = await open_payroll(database, "pay.rate", "pay.team")
    await payroll.rule("base", "pay.rate")
    await payroll.rule("override", "pay.team", unit_id=payroll.units["east"], parameters={"percent": 1})
    await payroll.order("ann", "ann", 10_000)
    run_id = await payroll.draft("2026-03")
    floor, asked = graph_of(payroll), 'period: "2026-03", kind: [TEAM]'
    assert [(await rows(floor, asked, who))["East"][3] for who in ("ada", "hal")] == ["1100.00", "1000.00"]
    await review_run(payroll.as_member("ada"), run_id)
    assert (await rows(floor, asked, "hal"))["East"][3] == "1100.00"


async def test_a_budget_that_is_set_again_is_for_the_days_that_its_label_means_now(database: Database) -> None:
    """The first quarter begins in January, and once fiscal years start in April, in April; there is one budget."""
    payroll = await open_payroll(database)
    floor = graph_of(payroll)
    await budget(floor, "east", "2026-Q1", "100")
    await update_company(payroll.as_member("ada"), {"fiscal_start_month": 4})
    company = replace(payroll.work.company, fiscal_start_month=4)
    payroll.work = replace(payroll.work, company=company)
    await budget(graph_of(payroll), "east", "2026-Q1", "200", expectedVersion=1)
    found = await payroll.fetch("SELECT starts_on, ends_on, amount FROM incentive_budget")
    assert [tuple(row) for row in found] == [(date(2026, 4, 1), date(2026, 7, 1), 200_00)]
