"""Tiers and refunds after payout, with the figures of the worked examples, and the real data set, through the API."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncIterator
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from quotaloom.platform.database import Database
from quotaloom.policies.discovery import discover
from quotaloom.policies.host import PolicyHost
from quotaloom_graphql.nodes import decode_id
from quotaloom_server.jobs import working
from tests.acceptance.api_company import ApiCompany, api_company
from tests.acceptance.test_real_data import DATA, decomposed, maven
from tests.graph_client import GraphClient
from tests.left_out import needs_data

STATEMENT = """id hash total carriedIn carriedOut member { name }
    lines { rule key title amount explanation entries { amount } corrects { period total hash } }"""

SECONDS = 30.0
"""How long a test waits for a run to be computed."""


@pytest.fixture
async def acme(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[ApiCompany]:
    """Three positions, each with a quota of 100,000 in March, April and May, and two more admins."""
    async with api_company(database, database_url, tmp_path) as company:
        await company.units("Acme", ["A", "B", "C"], "POSITION")
        await company.members(["Ann", "Bob", "Cem"])
        for position, member in (("A", "Ann"), ("B", "Bob"), ("C", "Cem")):
            await company.hold(position, member)
        plan_id = await company.plan(2026)
        months = ("2026-03", "2026-04", "2026-05")
        await company.set_targets(plan_id, {(unit, month): "100000" for unit in "ABC" for month in months})
        await company.publish(plan_id)
        await add_admins(company)
        company.on(date(2026, 4, 5))
        async with working(database, database_url, PolicyHost(discover()), company.graph.clock):
            yield company


async def add_admins(company: ApiCompany) -> None:
    """Ben approves; whoever starts pays."""
    made = await company.graph.do("createMember", "member { id }", name="Ben", role="ADMIN")
    company.ids["Ben"] = made["member"]["id"]


async def rule(company: ApiCompany, key: str, policy: str, parameters: dict[str, Any], **facts: Any) -> None:
    """Switch a policy on since January, and set a rule of the whole company."""
    since = "2017-01-01"
    known = (await company.graph.ask("{ policies { key active } }"))["policies"]
    if not next(one["active"] for one in known if one["key"] == policy):
        await company.graph.do("switchPolicy", "policy { key }", policy=policy, active=True, validFrom=since)
    given = {"key": key, "policy": policy, "parameters": parameters, "validFrom": since, **facts}
    await company.graph.do("setIncentiveRule", "incentiveRule { id }", **given)


async def computed(company: ApiCompany, run_id: str) -> dict[str, Any]:
    """The run once the server has computed it, with its statements by the members' names."""
    query = (
        "query ($id: ID!) { incentiveRun(id: $id)"
        f" {{ id status failure statements(first: 100) {{ nodes {{ {STATEMENT} }} }} }} }}"
    )
    for _ in range(int(SECONDS / 0.05)):
        run: dict[str, Any] = (await company.graph.ask(query, id=run_id))["incentiveRun"]
        if run["status"] != "COMPUTING":
            assert run["failure"] is None
            return {**run, "statements": {one["member"]["name"]: one for one in run["statements"]["nodes"]}}
        await asyncio.sleep(0.05)
    raise AssertionError("the run was not computed")


async def started(company: ApiCompany, period: str) -> dict[str, Any]:
    """A run of a period, computed."""
    made = await company.graph.do("startIncentiveRun", "incentiveRun { id }", period=period)
    return await computed(company, made["incentiveRun"]["id"])


async def pay(company: ApiCompany, run_id: str) -> None:
    """Review, approve and pay a run, Ben being who approves."""
    shown = "incentiveRun { status }"
    await company.graph.do("reviewIncentiveRun", shown, id=run_id)
    await as_admin(company, "Ben").do("approveIncentiveRun", shown, id=run_id)
    await company.graph.do("payIncentiveRun", shown, id=run_id)


def as_admin(company: ApiCompany, name: str) -> GraphClient:
    """The application as an admin sees it."""
    return company.graph.admin(company.company_id, decode_id(company.ids[name], "Member"))


def lines(statement: dict[str, Any]) -> list[tuple[str, str]]:
    """Rule and amount of each line."""
    return [(line["rule"], line["amount"]) for line in statement["lines"]]


TIERS = {
    "bands": [{"from_percent": "0", "rate_percent": "5"}, {"from_percent": "100", "rate_percent": "8"}],
    "cap_percent": "150",
}


async def test_tiers(acme: ApiCompany) -> None:
    """5% to the quota, 8% above, capped at 150%: marginal and on the whole, on 130,000, 170,000 and exactly 100,000."""
    for ordinal, (key, mode, bounds) in enumerate(
        (("marginal", "marginal", "from"), ("whole", "whole_period", "from"), ("above", "whole_period", "above"))
    ):
        parameters = {**TIERS, "mode": mode, "bounds": bounds}
        await rule(acme, key, "incentives.tiers", parameters, ordinal=ordinal)
    for number, (position, amount) in enumerate(
        (("A", "10000"), ("A", "60000"), ("B", "170000"), ("A", "60000"), ("C", "100000"))
    ):
        await acme.post(position, f"2026-03-{10 + number}", amount, f"order-{number}")
    found = (await started(acme, "2026-03"))["statements"]
    assert lines(found["Ann"]) == [("marginal", "7400.00"), ("whole", "10400.00"), ("above", "10400.00")]
    assert lines(found["Bob"]) == [("marginal", "9000.00"), ("whole", "12000.00"), ("above", "12000.00")]
    assert lines(found["Cem"]) == [("marginal", "5000.00"), ("whole", "8000.00"), ("above", "5000.00")]
    assert sorted(entry["amount"] for entry in found["Ann"]["lines"][0]["entries"]) == [
        "10000.00",
        "60000.00",
        "60000.00",
    ]


async def test_refund_after_payout(acme: ApiCompany) -> None:
    """March paid 7,400; 40,000 are refunded: April gets -2,900 that names March, pays 0 and carries -1,900 to May."""
    await rule(acme, "tiers", "incentives.tiers", TIERS)
    await rule(acme, "floor", "incentives.floor", {}, ordinal=9)
    await acme.post("A", "2026-03-10", "90000", "first")
    (refundable,) = await acme.post("A", "2026-03-11", "40000", "second")
    march = await started(acme, "2026-03")
    assert march["statements"]["Ann"]["total"] == "7400.00"
    await pay(acme, march["id"])
    paid = await computed(acme, march["id"])
    acme.on(date(2026, 4, 20))
    await acme.graph.do(
        "reverseAchievement",
        "achievement { id }",
        entryId=refundable["id"],
        amount="40000",
        reason="sent back",
        idempotencyKey="refund",
    )
    await acme.post("A", "2026-04-10", "20000", "third")
    acme.on(date(2026, 5, 5))
    april = await started(acme, "2026-04")
    statement = april["statements"]["Ann"]
    assert lines(statement) == [("tiers", "-2900.00"), ("tiers", "1000.00"), ("floor", "1900.00")]
    correction = statement["lines"][0]
    assert correction["corrects"] == {
        "period": "2026-03",
        "total": "7400.00",
        "hash": paid["statements"]["Ann"]["hash"],
    }
    assert [value["value"] for value in correction["explanation"]["values"]] == [7_400_00, 0, 4_500_00]
    assert (statement["total"], statement["carriedOut"]) == ("0.00", "-1900.00")
    await acme.graph.do("computeIncentiveRun", "incentiveRun { id }", id=april["id"])
    again = await computed(acme, april["id"])
    assert [one["hash"] for one in again["statements"].values()] == [
        one["hash"] for one in april["statements"].values()
    ]
    await pay(acme, april["id"])
    acme.on(date(2026, 6, 5))
    may = (await started(acme, "2026-05"))["statements"]["Ann"]
    assert (may["carriedIn"], may["total"], may["carriedOut"]) == ("-1900.00", "0.00", "-1900.00")
    assert await computed(acme, march["id"]) == paid


BANDS = (("0", "3"), ("80", "6"), ("100", "10"))
"""The tiers of the real company: from which percent of the quota, how many percent."""


def won_in_2017() -> dict[str, int]:
    """What each of the 35 won in 2017, in cents, from the files alone; 0 for who won nothing."""
    with (DATA / "sales_teams.csv").open(encoding="utf-8") as file:
        won = {row["sales_agent"]: 0 for row in csv.DictReader(file)}
    with (DATA / "sales_pipeline.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["deal_stage"] == "Won" and row["close_date"].startswith("2017"):
                won[row["sales_agent"]] += int(Fraction(row["close_value"]) * 100)
    return won


def tiered(achieved: int, quota: int) -> int:
    """Each rate on what lies in its band, in cents, rounded once."""
    total = Fraction()
    for place, (start, percent) in enumerate(BANDS):
        end = BANDS[place + 1][0] if place + 1 < len(BANDS) else None
        upto = Fraction(achieved) if end is None else min(Fraction(achieved), quota * Fraction(end) / 100)
        total += max(upto - quota * Fraction(start) / 100, Fraction()) * Fraction(percent) / 100
    return int(total + Fraction(1, 2))


@pytest.mark.dataset
@needs_data(DATA)
async def test_a_plan_of_three_tiers_pays_all_positions_of_the_real_company(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """What 2017 pays to each of 35 is what the files give against the plan; to the 5 who won nothing, nothing."""
    async with maven(database, database_url, tmp_path) as company:
        matrix = await decomposed(company, 2017, "allocation.even")
        bands = [{"from_percent": start, "rate_percent": rate} for start, rate in BANDS]
        await rule(company, "tiers", "incentives.tiers", {"bands": bands}, grain="YEAR")
        async with working(database, database_url, PolicyHost(discover()), company.graph.clock):
            found = (await started(company, "2017"))["statements"]
    quotas = {unit["name"]: int(Fraction(unit["yearTarget"]) * 100) for unit in matrix["units"] if unit["depth"] == 3}
    won = won_in_2017()
    assert len(quotas) == len(won) == 35
    expected = {name: tiered(won[name], quotas[name]) for name in won}
    assert {name: int(Fraction(found[name]["total"]) * 100) for name in won} == expected
    assert sum(amount == 0 for amount in expected.values()) == 5
