"""Coverage, forecast and slipped deals through the graph."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from quotaloom.funnels.commands.opportunities import update_opportunity
from quotaloom.organizations.commands.companies import update_company
from quotaloom.platform.access import Role, Scope
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from quotaloom.targets.cells import CellChange, set_target_cells
from quotaloom.targets.plans import create_plan, publish_plan
from tests.integration.funnels.floors import Floor, furnish
from tests.integration.graph.asking import ask, do, gid, statements
from tests.integration.graph.figuring import of_funnel, of_unit, won, write

JUNE = 'period: "2026-06"'
MIDDLE, JULY = date(2026, 6, 15), date(2026, 7, 10)
LINE = "{ deals { count amount } adjustment adjusted cumulative }"
FORECAST = f"forecast {{ won commit {LINE} bestCase {LINE} pipeline {LINE} omitted {{ count }}"
FORECAST += " adjustments { category amount reason author standing member { name } } }"
SLIPPED = "slipped { deals { count amount } overdue { count amount } pushed { count amount } }"


async def aiming(database: Database, **targets: int) -> Floor:
    """A floor whose units aim for so much in June, in minor units, by a published plan."""
    floor = await furnish(database, plans_need_owners=False)
    metric = await floor.one("SELECT id FROM metric WHERE key = 'revenue'")
    plan_id = await create_plan(floor.work, "Plan", metric["id"], 2026)
    cells = [CellChange(floor.units[unit], "2026-06", {"target": target}) for unit, target in targets.items()]
    await set_target_cells(floor.work, plan_id, cells)
    await publish_plan(floor.work, plan_id)
    return floor


async def forecast_of(floor: Floor, deal: int, category: str) -> None:
    """Let a deal be forecast to be in a category."""
    await write(floor, "UPDATE opportunity SET forecast = $1 WHERE id = $2", category, deal)


async def adjust(floor: Floor, amount: str, who: str | Identity | None = "hal", **values: Any) -> list[str]:
    """Adjust what East commits to in June, unless told otherwise; the errors."""
    given = {"orgUnitId": gid("OrgUnit", floor.units["east"]), "funnelId": gid("Funnel", floor.funnel)}
    given |= {"period": "2026-06", "category": "COMMIT", "amount": amount, "reason": "I know them", **values}
    errors: list[str] = (await do(floor, "adjustForecast", "orgUnit { name }", who, **given))["errors"]
    return errors


async def test_coverage_is_the_weighted_pipeline_by_what_remains_of_the_target(database: Database) -> None:
    """East aims for 1,000.00 and has 400.00: 4,500.00 × 0.10 cover three quarters of the 600.00 that remain."""
    floor = await aiming(database, acme=2_000_00, east=1_000_00, west=100_00)
    await won(floor, "ann", 400_00, date(2026, 5, 1), date(2026, 6, 1))
    await won(floor, "cem", 100_00, date(2026, 5, 1), date(2026, 6, 1))
    await floor.open("bob", amount=4_500_00, expected_close_on=MIDDLE)
    await floor.open("ann", amount=9_999_00, expected_close_on=JULY)
    await floor.open("cem", amount=90_00, expected_close_on=MIDDLE)
    assert await of_unit(floor, "east", JUNE, "coverage") == [{"coverage": "0.750000"}]
    # West has all of its target: nothing remains to be covered. Bob has none.
    assert await of_unit(floor, "west", JUNE, "coverage") == [{"coverage": None}]
    assert await of_unit(floor, "bob", JUNE, "coverage") == [{"coverage": None}]
    # The company has 459.00 for the 1,500.00 that remain.
    assert await of_funnel(floor, JUNE, "coverage") == [{"coverage": "0.306000"}]
    assert await of_funnel(floor, JUNE, "coverage", "hal") == [{"coverage": None}]
    assert await of_unit(floor, "east", f"{JUNE}, by: SOURCE", "coverage") == [{"coverage": None}]
    months = await of_unit(floor, "east", 'period: "2026-Q3", grain: MONTH', "coverage")
    assert months == [{"coverage": None}] * 3


async def test_a_forecast_adds_up_by_how_sure_deals_are(database: Database) -> None:
    """Won 10.00, committed 20.00, best case 40.00, pipeline 80.00; what is omitted, overdue or later is in none."""
    floor = await furnish(database)
    await won(floor, "ann", 10_00, date(2026, 5, 1), date(2026, 6, 1))
    kinds = {"commit": 20_00, "best_case": 40_00, "pipeline": 80_00, "omitted": 160_00}
    for category, amount in kinds.items():
        deal = await floor.open("ann", amount=amount, expected_close_on=MIDDLE)
        await forecast_of(floor, deal, category)
    await floor.open("ann", amount=320_00, expected_close_on=JULY)
    await floor.open("ann", amount=640_00, expected_close_on=date(2026, 5, 31))
    (june,) = await of_unit(floor, "east", JUNE, FORECAST)
    assert june["forecast"] == {
        "won": "10.00",
        "commit": line(1, "20.00", "0.00", "20.00", "30.00"),
        "bestCase": line(1, "40.00", "0.00", "40.00", "70.00"),
        "pipeline": line(1, "80.00", "0.00", "80.00", "150.00"),
        "omitted": {"count": 1},
        "adjustments": [],
    }


def line(count: int, amount: str, adjustment: str, adjusted: str, cumulative: str) -> dict[str, Any]:
    """A category of a forecast."""
    deals = {"count": count, "amount": amount}
    return {"deals": deals, "adjustment": adjustment, "adjusted": adjusted, "cumulative": cumulative}


async def test_adjustments_stand_beside_the_facts(database: Database) -> None:
    """East's head takes 5.00 off and then 2.00 instead: the latest stands, the earlier is kept, the deals stay."""
    floor = await furnish(database)
    deal = await floor.open("ann", amount=20_00, expected_close_on=MIDDLE)
    await forecast_of(floor, deal, "commit")
    assert await adjust(floor, "-5") == []
    assert await adjust(floor, "-2", reason="It looks better") == []
    assert await adjust(floor, "7", None, category="PIPELINE") == []
    assert await adjust(floor, "1000", period="2026-Q2") == []
    (june,) = await of_unit(floor, "east", JUNE, FORECAST)
    found = june["forecast"]
    assert found["commit"] == line(1, "20.00", "-2.00", "18.00", "18.00")
    assert found["bestCase"] == line(0, "0.00", "0.00", "0.00", "18.00")
    assert found["pipeline"] == line(0, "0.00", "7.00", "7.00", "25.00")
    told = [(one["category"], one["amount"], one["reason"], one["standing"]) for one in found["adjustments"]]
    assert told == [
        ("PIPELINE", "7.00", "I know them", True),
        ("COMMIT", "-2.00", "It looks better", True),
        ("COMMIT", "-5.00", "I know them", False),
    ]
    assert [one["member"] for one in found["adjustments"]][1] == {"name": "Hal"}
    # Those of a unit below, of another period, and of all together are none of a part's.
    for other in ("acme", "ann"):
        assert (await of_unit(floor, other, JUNE, FORECAST))[0]["forecast"]["adjustments"] == []
    (by_source,) = await of_unit(floor, "east", f"{JUNE}, by: SOURCE", FORECAST)
    assert (by_source["forecast"]["commit"], by_source["forecast"]["adjustments"]) == (
        line(1, "20.00", "0.00", "20.00", "20.00"),
        [],
    )


async def test_the_company_s_adjustments_are_those_of_the_funnel(database: Database) -> None:
    """Whoever sees all of the company finds them in the funnel's own figures; a head below does not."""
    floor = await furnish(database)
    assert await adjust(floor, "30", None, orgUnitId=gid("OrgUnit", floor.units["acme"])) == []
    (june,) = await of_funnel(floor, JUNE, FORECAST)
    assert june["forecast"]["commit"] == line(0, "0.00", "30.00", "30.00", "30.00")
    (hidden,) = await of_funnel(floor, JUNE, FORECAST, "hal")
    assert hidden["forecast"]["adjustments"] == []


async def test_why_heads_adjust_is_not_told_to_those_below(database: Database) -> None:
    """Ann sees the figures of East, where the company opens them, and of her seat: what Hal adds, and not why."""
    floor = await furnish(database)
    await update_company(floor.work, {"members_see_ancestors": True})
    for unit in ("east", "ann"):
        given = {"orgUnitId": gid("OrgUnit", floor.units[unit]), "reason": "She is leaving"}
        assert await adjust(floor, "-5", **given) == []
    told = {}
    for who in ("ann", "hal"):
        for unit in ("east", "ann"):
            (june,) = await of_unit(floor, unit, JUNE, FORECAST, who)
            found = june["forecast"]
            told[who, unit] = found["commit"]["adjustment"], [one["reason"] for one in found["adjustments"]]
    assert told == {
        ("ann", "east"): ("-5.00", []),
        ("ann", "ann"): ("-5.00", []),
        ("hal", "east"): ("-5.00", ["She is leaving"]),
        ("hal", "ann"): ("-5.00", ["She is leaving"]),
    }


async def test_a_forecast_is_adjusted_by_those_who_lead_the_unit(database: Database) -> None:
    """A head his team and what lies below; a holder not his own position; nobody a unit that he does not see."""
    floor = await furnish(database)
    sells = Identity(floor.work.company.id, "crm", Role.SERVICE, scopes=frozenset({Scope.FUNNELS.value}))
    plans = Identity(floor.work.company.id, "planner", Role.SERVICE, scopes=frozenset({Scope.TARGETS.value}))
    ann = gid("OrgUnit", floor.units["ann"])
    assert await adjust(floor, "1", "hal", orgUnitId=ann) == []
    assert await adjust(floor, "1", sells) == []
    for stranger in ("wu", "ann", plans):
        assert await adjust(floor, "1", stranger) == ["UNKNOWN_UNIT at orgUnitId"]
    with pytest.raises(AssertionError, match="a forecast is adjusted by those who head the unit"):
        await adjust(floor, "1", "ann", orgUnitId=ann)
    rights = "query ($id: ID!) { orgUnit(id: $id) { viewerCan { adjustForecast } } }"
    shown = [(await ask(floor, rights, who, id=ann))["orgUnit"]["viewerCan"] for who in ("hal", "ann")]
    assert shown == [{"adjustForecast": True}, {"adjustForecast": False}]


async def test_an_adjustment_is_told_and_recorded(database: Database) -> None:
    """The audit has what stood before and why; listeners hear which unit and funnel."""
    floor = await furnish(database)
    await adjust(floor, "-5")
    await adjust(floor, "-2", reason="It looks better")
    entries = await floor.rows(
        "SELECT before ->> 'amount' AS before, after ->> 'amount' AS after, reason FROM audit_entry"
        " WHERE action = 'forecast.adjust' ORDER BY id"
    )
    assert [tuple(entry) for entry in entries] == [(None, "-500", "I know them"), ("-500", "-200", "It looks better")]
    event = await floor.one("SELECT payload::text FROM outbox_event WHERE topic = 'forecast.adjusted' LIMIT 1")
    assert json.loads(event["payload"]) == {"unit": floor.units["east"], "funnel": floor.funnel}


def slipped(overdue: int, late: str, pushed: int, later: str, amount: str) -> dict[str, Any]:
    """Slipped deals."""
    return {
        "deals": {"count": overdue + pushed, "amount": amount},
        "overdue": {"count": overdue, "amount": late},
        "pushed": {"count": pushed, "amount": later},
    }


async def test_deals_slip_that_are_overdue_or_were_pushed_beyond_the_period(database: Database) -> None:
    """Expected in May and still open, put off from May to July, and won in June though expected in May."""
    floor = await furnish(database)
    in_may, day = {"expected_close_on": date(2026, 5, 15)}, date(2026, 5, 20)
    await floor.open("ann", amount=1_00, **in_may)
    put_off = await floor.open("ann", amount=2_00, **in_may)
    await update_opportunity(floor.work, put_off, {"expected_close_on": day})
    await update_opportunity(floor.work, put_off, {"expected_close_on": JULY})
    await won(floor, "bob", 4_00, None, date(2026, 6, 1), **in_may)
    await won(floor, "bob", 8_00, None, date(2026, 5, 31), **in_may)
    within = await floor.open("ann", amount=16_00, **in_may)
    await update_opportunity(floor.work, within, {"name": "Another name"})
    back = await floor.open("ann", amount=32_00, **in_may)
    for on in (None, JULY, date(2026, 5, 31)):
        await update_opportunity(floor.work, back, {"expected_close_on": on})
    vague = await floor.open("ann", amount=64_00, **in_may)
    await update_opportunity(floor.work, vague, {"expected_close_on": None})
    months = await of_funnel(floor, 'period: "2026-05-01/2026-08-01", grain: MONTH', SLIPPED)
    # Overdue are 1.00, 16.00 and 32.00; put off or late are 2.00 and 4.00; of 64.00 nobody knows any day.
    assert months[0]["slipped"] == slipped(3, "49.00", 2, "6.00", "55.00")
    # Of what was put off to July and taken back to May, nothing slipped out of July or June.
    assert [month["slipped"]["deals"]["count"] for month in months[1:]] == [0, 0]
    (bob,) = await of_unit(floor, "bob", 'period: "2026-05"', SLIPPED)
    assert bob["slipped"] == slipped(0, "0.00", 1, "4.00", "4.00")


async def test_the_outlook_of_a_tree_takes_as_many_statements_as_that_of_one_unit(database: Database) -> None:
    """Coverage, forecast and slipped deals of every unit and month."""
    floor = await aiming(database, east=1_000_00)
    await floor.open("ann", expected_close_on=MIDDLE)
    fields = "coverage forecast { commit { adjusted } adjustments { reason } } slipped { deals { count } }"
    counts = []
    for units, period in (("root", '"2026-06"'), ("root { descendants", '"2026", grain: MONTH')):
        asked = f'funnelFigures(funnel: "{gid("Funnel", floor.funnel)}", period: {period}) {{ {fields} }}'
        closing = "}" * units.count("{")
        counts.append(await statements(floor, f"{{ company {{ {units} {{ {asked} }} {closing} }} }}"))
    assert counts[1] - counts[0] == 1
