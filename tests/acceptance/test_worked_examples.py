"""The worked examples of the rules, with those very figures, through the API."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from quotaloom.platform.database import Database
from tests.acceptance.api_company import ApiCompany, api_company

YEAR = [f"2026-{month:02}" for month in range(1, 13)]


@pytest.fixture
async def acme(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[ApiCompany]:
    """A company of nobody but its admin."""
    async with api_company(database, database_url, tmp_path) as company:
        yield company


async def decompose(acme: ApiCompany, plan_id: str, unit: str, target: str, **facts: Any) -> dict[str, Any]:
    payload: dict[str, Any] = await acme.graph.try_to(
        "decomposeTarget",
        "stored months units { name target yearTarget }",
        planId=plan_id,
        orgUnitId=acme.ids[unit],
        target=target,
        **facts,
    )
    return payload


async def test_two_exact_margins(acme: ApiCompany) -> None:
    """1,000,000.00 over 12 equal months and 3 equal departments: 28 × 27,777.78 and 8 × 27,777.77."""
    await acme.units("Acme", ["East", "North", "West"], "DEPARTMENT")
    payload = await decompose(acme, await acme.plan(2026), "Acme", "1000000")
    company, *departments = payload["units"]
    assert company["target"] == ["83333.34"] * 4 + ["83333.33"] * 8
    assert [row["yearTarget"] for row in departments] == ["333333.34", "333333.33", "333333.33"]
    assert Counter(cell for row in departments for cell in row["target"]) == {"27777.78": 28, "27777.77": 8}


async def test_locks_and_pins(acme: ApiCompany) -> None:
    """January to March locked at 100,000 each; 1,500,000, then May pinned at 200,000, then 250,000 is refused."""
    plan_id = await acme.plan(2026)
    await acme.set_targets(plan_id, {("Acme", month): "100000" for month in YEAR})
    locked = {"planId": plan_id, "orgUnitIds": [acme.ids["Acme"]], "period": "2026-Q1"}
    await acme.graph.do("lockTargetCells", "plan { id }", **locked)
    (unit,) = (await decompose(acme, plan_id, "Acme", "1500000"))["units"]
    assert unit["target"] == ["100000.00"] * 3 + ["133333.34"] * 3 + ["133333.33"] * 6
    await acme.set_targets(plan_id, {("Acme", "2026-05"): "200000"}, pinned=True)
    (unit,) = (await decompose(acme, plan_id, "Acme", "1500000"))["units"]
    assert unit["target"] == ["100000.00"] * 3 + ["125000.00", "200000.00"] + ["125000.00"] * 7
    refused = await decompose(acme, plan_id, "Acme", "250000")
    assert [error["code"] for error in refused["errors"]] == ["LOCKED_EXCEEDS_TOTAL"]
    assert refused["units"] is None


async def two_positions(acme: ApiCompany) -> None:
    await acme.units("Acme", ["East", "West"], "TEAM")
    await acme.units("East", ["East 1"], "POSITION")
    await acme.units("West", ["West 1"], "POSITION")
    await acme.members(["Ann"])
    plan_id = await acme.plan(2026)
    await acme.set_targets(plan_id, {(unit, month): "100000" for unit in ("East 1", "West 1") for month in YEAR})
    await acme.publish(plan_id)


async def achieved(acme: ApiCompany, arguments: str = "") -> list[str]:
    asked = 'period: "2026"' + arguments
    return [(await acme.attainment(unit, asked))["achieved"] for unit in ("East", "West")]


async def test_a_holder_moves_in_mid_month(acme: ApiCompany) -> None:
    """The member's April target is 50,000 + 50,000; the positions keep theirs; East 100,000, West 50,000."""
    await two_positions(acme)
    await acme.hold("East 1", "Ann", validTo="2026-04-16")
    await acme.hold("West 1", "Ann", validFrom="2026-04-16")
    acme.on(date(2026, 3, 10))
    await acme.post("East 1", "2026-03-10", "100000", "march")
    acme.on(date(2026, 4, 20))
    await acme.post("West 1", "2026-04-20", "50000", "april")
    ann = await acme.attainment("Ann", 'period: "2026-04"')
    assert (ann["target"], ann["achieved"], ann["rate"]) == ("100000.00", "50000.00", "0.500000")
    assert (await acme.attainment("East 1", 'period: "2026-04"'))["target"] == "100000.00"
    assert await achieved(acme) == ["100000.00", "50000.00"]
    assert await achieved(acme, ", structure: AS_IS") == ["100000.00", "50000.00"]


async def test_a_position_moves_in_mid_month(acme: ApiCompany) -> None:
    """As it was East 100,000 and West 50,000, as it is 0 and 150,000; as of 31 March nothing of April happened."""
    await two_positions(acme)
    await acme.hold("East 1", "Ann")
    acme.on(date(2026, 3, 10))
    await acme.post("East 1", "2026-03-10", "100000", "march")
    acme.on(date(2026, 4, 20))
    await acme.post("East 1", "2026-04-20", "50000", "april")
    await acme.graph.do(
        "moveOrgUnit", "orgUnit { id }", id=acme.ids["East 1"], parentId=acme.ids["West"], on="2026-04-16"
    )
    assert await achieved(acme) == ["100000.00", "50000.00"]
    assert await achieved(acme, ", structure: AS_IS") == ["0.00", "150000.00"]
    for structure in ("AS_WAS", "AS_IS"):
        assert await achieved(acme, f', structure: {structure}, asOf: "2026-03-31"') == ["100000.00", "0.00"]


@pytest.mark.parametrize(
    ("zone", "day", "fiscal_year"), [("Asia/Shanghai", "2026-04-01", 2026), ("America/New_York", "2026-03-31", 2025)]
)
async def test_an_instant_falls_into_a_day_of_the_company(
    database: Database, database_url: str, tmp_path: Path, zone: str, day: str, fiscal_year: int
) -> None:
    """2026-03-31T16:30Z is 1 April in Shanghai and 31 March in New York, fiscal years that start in April apart."""
    async with api_company(database, database_url, tmp_path, time_zone=zone, fiscal_start_month=4) as acme:
        await acme.units("Acme", ["Seat"], "POSITION")
        await acme.members(["Ann"])
        await acme.hold("Seat", "Ann")
        acme.on(date(2026, 4, 2))
        await acme.post("Seat", None, "10", "late", occurredAt="2026-03-31T16:30:00Z")  # type: ignore[arg-type]
        (entry,) = (await acme.graph.ask("{ achievements { nodes { businessDate } } }"))["achievements"]["nodes"]
        assert entry["businessDate"] == day
        assert (await acme.attainment("Acme", f'period: "{fiscal_year}"'))["achieved"] == "10.00"
        await acme.graph.do("updateCompany", "company { fiscalStartMonth }", fiscalStartMonth=7)
        assert (await acme.attainment("Acme", 'period: "2025"'))["achieved"] == "10.00"


async def test_rates_come_from_sums(acme: ApiCompany) -> None:
    """East 90 of 100, West 10 of 50, the parent's own 150: 0.666667; over-assignment 100,000 is shown."""
    await acme.units("Acme", ["East", "West"], "POSITION")
    await acme.members(["Ann", "Bo"])
    await acme.hold("East", "Ann")
    await acme.hold("West", "Bo")
    plan_id = await acme.plan(2026)
    await acme.set_targets(
        plan_id,
        {("Acme", "2026-01"): "150", ("East", "2026-01"): "100", ("West", "2026-01"): "50"}
        | {("Acme", "2026-02"): "1000000", ("East", "2026-02"): "600000", ("West", "2026-02"): "500000"},
    )
    await acme.publish(plan_id)
    acme.on(date(2026, 2, 10))
    await acme.post("East", "2026-01-05", "90", "east")
    await acme.post("West", "2026-01-05", "10", "west")
    await acme.post("East", "2026-02-05", "1050000", "february")
    assert (await acme.attainment("Acme", 'period: "2026-01"'))["rate"] == "0.666667"
    assert (await acme.attainment("Acme", 'period: "2026-02"'))["rate"] == "1.050000"
    query = 'query ($id: ID!) { orgUnit(id: $id) { targetMismatch(period: "2026-02") { overAssignment } } }'
    mismatch = (await acme.graph.ask(query, id=acme.ids["Acme"]))["orgUnit"]["targetMismatch"]
    assert mismatch["overAssignment"] == "100000.00"


async def test_splits_add_up(acme: ApiCompany) -> None:
    """100,001.00 and 100.01 at 50/30/20; an engineer's overlay adds nothing to the company."""
    await acme.units("Acme", ["Team", "Engineer"], "TEAM")
    await acme.units("Team", ["A", "B"], "POSITION")
    await acme.units("Engineer", ["C", "E"], "POSITION")
    await acme.members(["Ann", "Bo", "Cy", "Eve"])
    for position, member in (("A", "Ann"), ("B", "Bo"), ("C", "Cy"), ("E", "Eve")):
        await acme.hold(position, member)
    credits = [
        {"positionId": acme.ids[name], "share": share} for name, share in (("A", "0.5"), ("B", "0.3"), ("C", "0.2"))
    ]
    large = await acme.post("A", "2026-01-05", "100001.00", "large", credits=credits)
    assert [entry["amount"] for entry in large] == ["50000.50", "30000.30", "20000.20"]
    overlay = [*credits, {"positionId": acme.ids["E"], "share": "1", "kind": "OVERLAY"}]
    small = await acme.post("A", "2026-01-05", "100.01", "small", credits=overlay)
    assert [entry["amount"] for entry in small] == ["50.01", "30.00", "20.00", "100.01"]
    totals = {
        name: (await acme.attainment(name, 'period: "2026"'))["achieved"] for name in ("Acme", "Team", "E", "Eve")
    }
    # Company 100,001.00 + 100.01; the team A and B only: 80,000.80 + 80.01; the engineer sees his overlay.
    assert totals == {"Acme": "100101.01", "Team": "80080.81", "E": "100.01", "Eve": "100.01"}


async def test_currencies_are_converted_once(acme: ApiCompany) -> None:
    """10,000 USD booked at 7.20, plan rate 7.00, paid at 7.10: 72,000, 70,000, 71,000; later rates change nothing."""
    await acme.units("Acme", ["Seat"], "POSITION")
    await acme.members(["Ann"])
    await acme.hold("Seat", "Ann")
    missing = await acme.graph.try_to(
        "postAchievements",
        "achievements { id }",
        items=[
            {
                "metric": "revenue",
                "amount": "1",
                "currency": "USD",
                "businessDate": "2026-01-05",
                "source": "ORDER",
                "sourceKey": "x",
                "idempotencyKey": "x",
                "credits": [{"positionId": acme.ids["Seat"], "share": "1"}],
            }
        ],
    )
    assert [error["code"] for error in missing["errors"]] == ["MISSING_RATE"]
    for kind, day, rate in (
        ("BOOKING", "2026-01-01", "7.20"),
        ("BOOKING", "2026-02-01", "7.10"),
        ("PLAN", "2026-01-01", "7.00"),
    ):
        await acme.graph.do(
            "setExchangeRate", "exchangeRate { rate }", currency="USD", kind=kind, validFrom=day, rate=rate
        )
    acme.on(date(2026, 2, 10))
    await acme.post("Seat", "2026-01-05", "10000", "booking", currency="USD")
    await acme.post(
        "Seat", "2026-02-05", "10000", "payment", currency="USD", metric="collected_payments", source="PAYMENT"
    )
    await acme.graph.do(
        "setExchangeRate", "exchangeRate { rate }", currency="USD", kind="BOOKING", validFrom="2026-01-01", rate="9"
    )
    assert (await acme.attainment("Acme", 'period: "2026"'))["achieved"] == "72000.00"
    assert (await acme.attainment("Acme", 'period: "2026", atPlanRate: true'))["achieved"] == "70000.00"
    assert (await acme.attainment("Acme", 'period: "2026", metric: "collected_payments"'))["achieved"] == "71000.00"
