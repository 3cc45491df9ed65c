"""Mutations as a client sees them: payloads, errors as data, nothing changed where something was wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from quotaloom_graphql.nodes import encode_id
from tests.acceptance.api_company import ApiCompany, api_company


@pytest.fixture
async def acme(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[ApiCompany]:
    """A company of nobody but its admin."""
    async with api_company(database, database_url, tmp_path) as company:
        yield company


def codes(payload: dict[str, Any]) -> list[tuple[str, str]]:
    return [(error["code"], ".".join(error["path"])) for error in payload["errors"]]


async def test_an_operator_founds_a_company_and_sees_into_none(acme: ApiCompany) -> None:
    """The new company has its root, admin, metrics and policies; the operator's token shows nothing of it."""
    operator = acme.graph.signed_in(Identity(0, "ops", Role.OPERATOR))
    wanted = {"key": "new", "name": "New", "currency": "JPY", "adminName": "Kei"}
    assert (await operator.do("createCompany", "key", **wanted))["key"] == "new"
    assert codes(await operator.try_to("createCompany", "key", **wanted)) == [("KEY_TAKEN", "key")]
    assert (await operator.ask("{ orgUnits { totalCount } }"))["orgUnits"]["totalCount"] == 0
    assert (await operator.send("{ company { name } }"))["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    refused = await acme.graph.send(
        'mutation { createCompany(input: { key: "x", name: "X", currency: "CNY", adminName: "A" }) { key } }'
    )
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_the_tree_is_edited_by_dates(acme: ApiCompany) -> None:
    """Create, rename, move, close and reopen; the tree of each day is what it was."""
    await acme.units("Acme", ["East", "West"], "DEPARTMENT")
    await acme.units("East", ["Team"], "TEAM")
    move = {"id": acme.ids["Team"], "parentId": acme.ids["West"], "on": "2026-04-16"}
    moved = await acme.graph.do("moveOrgUnit", 'orgUnit { parent(on: "2026-05-01") { name } }', **move)
    assert moved["orgUnit"]["parent"]["name"] == "West"
    asked = 'query ($id: ID!) { orgUnit(id: $id) { ancestors(on: "2026-04-15") { name } } }'
    before = (await acme.graph.ask(asked, id=acme.ids["Team"]))["orgUnit"]
    assert [unit["name"] for unit in before["ancestors"]] == ["Acme", "East"]
    renamed = await acme.graph.do("renameOrgUnit", "orgUnit { name version }", id=acme.ids["Team"], name="Team 9")
    assert renamed["orgUnit"]["name"] == "Team 9"
    stale = await acme.graph.try_to(
        "renameOrgUnit", "orgUnit { name }", id=acme.ids["Team"], name="Mine", expectedVersion=1
    )
    assert codes(stale) == [("STALE", "expectedVersion")]
    assert stale["orgUnit"] is None
    cycle = {"id": acme.ids["West"], "parentId": acme.ids["Team"], "on": "2026-06-01"}
    assert codes(await acme.graph.try_to("moveOrgUnit", "", **cycle))[0][1] == "parentId"


async def test_members_hold_and_head(acme: ApiCompany) -> None:
    """Appoint, refuse an overlap by name, replace, end, leave and return."""
    await acme.units("Acme", ["Team"], "TEAM")
    await acme.units("Team", ["Seat"], "POSITION")
    await acme.members(["Ann", "Bo"])
    await acme.hold("Seat", "Ann")
    overlap = {"positionId": acme.ids["Seat"], "memberId": acme.ids["Bo"], "validFrom": "2026-02-01"}
    refused = await acme.graph.try_to("appointHolder", "", **overlap)
    assert "Ann" in refused["errors"][0]["message"]
    replaced = await acme.graph.do(
        "appointHolder", "orgUnit { holders { id member { name } validFrom validTo } }", **overlap, replace=True
    )
    terms = [(term["member"]["name"], term["validTo"]) for term in replaced["orgUnit"]["holders"]]
    assert terms == [("Ann", "2026-02-01"), ("Bo", None)]
    last = replaced["orgUnit"]["holders"][-1]["id"]
    ended = await acme.graph.do(
        "endHolding", "holding { id validTo } orgUnit { name } member { name }", id=last, on="2026-03-01"
    )
    assert ended["holding"] == {"id": last, "validTo": "2026-03-01"}
    assert (ended["orgUnit"], ended["member"]) == ({"name": "Seat"}, {"name": "Bo"})
    gone = await acme.graph.do("endHolding", "holding { id } orgUnit { name }", id=last, on="2026-02-01")
    assert gone == {"holding": None, "orgUnit": {"name": "Seat"}, "errors": []}
    headed = await acme.graph.do(
        "appointHead",
        "headship { id member { name } } orgUnit { head { id } }",
        orgUnitId=acme.ids["Team"],
        memberId=acme.ids["Ann"],
    )
    assert headed["headship"] == {"id": headed["orgUnit"]["head"]["id"], "member": {"name": "Ann"}}
    over = {"id": headed["headship"]["id"], "on": "2026-06-01"}
    assert (await acme.graph.do("endHeadship", "headship { validTo }", **over))["headship"] == {"validTo": "2026-06-01"}
    left = await acme.graph.do("memberLeaves", "member { leftOn }", id=acme.ids["Ann"], on="2026-05-01")
    assert left["member"]["leftOn"] == "2026-05-01"
    await acme.graph.do("memberReturns", "member { leftOn }", id=acme.ids["Ann"])
    changed = await acme.graph.do("updateMember", "member { name role }", id=acme.ids["Bo"], role="ADMIN")
    assert changed["member"] == {"name": "Bo", "role": "ADMIN"}


async def test_the_company_and_its_calendar_are_set(acme: ApiCompany) -> None:
    """Settings are checked; a holiday takes a working day away, a made-up day gives one."""
    changed = await acme.graph.do(
        "updateCompany", "company { name membersSeeRankings }", name="ACME", membersSeeRankings=True
    )
    assert changed["company"] == {"name": "ACME", "membersSeeRankings": True}
    assert codes(await acme.graph.try_to("updateCompany", "", timeZone="Mars/Base"))[0][1] == "timeZone"
    days = [{"day": "2026-01-01", "name": "元旦"}, {"day": "2026-01-04", "name": "调休", "working": True}]
    query = 'company { holidays(period: "2026-01") { name working } periods(period: "2026-01") { workingDays } }'
    company = (await acme.graph.do("setHolidays", query, days=days))["company"]
    # January 2026 has 22 weekdays; New Year's Day off, Sunday the 4th made up.
    assert company["periods"] == [{"workingDays": 22}]
    assert company["holidays"] == [{"name": "元旦", "working": False}, {"name": "调休", "working": True}]
    for mutation in ("setHolidays", "removeHolidays"):
        assert codes(await acme.graph.try_to(mutation, "", days=[])) == [("NO_DAYS", "days")]
    company = (await acme.graph.do("removeHolidays", query, days=["2026-01-04"]))["company"]
    assert company["periods"] == [{"workingDays": 21}]


async def test_metrics_products_and_rates(acme: ApiCompany) -> None:
    """Defined, changed, refused where they are wrong."""
    metric = (
        await acme.graph.do("defineMetric", "metric { id key scale }", key="tastings", name="Tastings", kind="COUNT")
    )["metric"]
    assert (metric["key"], metric["scale"]) == ("tastings", 0)
    again = await acme.graph.try_to("defineMetric", "", key="tastings", name="Tastings", kind="COUNT")
    assert codes(again) == [("KEY_TAKEN", "key")]
    product = (
        await acme.graph.do("defineProduct", "product { id listPrice }", key="p", name="Pump", listPrice="1234.5")
    )["product"]
    assert product["listPrice"] == "1234.50"
    assert codes(await acme.graph.try_to("defineProduct", "", key="q", name="Q", listPrice="1.005")) == [
        ("TOO_PRECISE", "listPrice")
    ]
    renamed = await acme.graph.do("updateProduct", "product { name listPrice }", id=product["id"], name="Pump 2")
    assert renamed["product"] == {"name": "Pump 2", "listPrice": "1234.50"}
    rate = {"currency": "USD", "kind": "BOOKING", "validFrom": "2026-01-01", "rate": "7.2"}
    await acme.graph.do("setExchangeRate", "exchangeRate { currency rate }", **rate)
    rates = (await acme.graph.ask("{ exchangeRates { currency kind rate } }"))["exchangeRates"]
    assert rates == [{"currency": "USD", "kind": "BOOKING", "rate": "7.2"}]
    assert codes(await acme.graph.try_to("setExchangeRate", "", **{**rate, "rate": "0"}))[0][1] == "rate"


async def test_what_changed_meanwhile_is_not_overwritten(acme: ApiCompany) -> None:
    """Company, metric and product: the version that was read is taken once, and refused from then on."""
    metrics = (await acme.graph.ask("{ metrics { id version } }"))["metrics"]
    made = await acme.graph.do("defineProduct", "product { id version }", key="p", name="Pump")
    company = (await acme.graph.ask("{ company { version } }"))["company"]
    edits = {
        "updateCompany": ("company { version }", {}, company["version"]),
        "updateMetric": ("metric { version }", {"id": metrics[0]["id"]}, metrics[0]["version"]),
        "updateProduct": ("product { version }", {"id": made["product"]["id"]}, made["product"]["version"]),
    }
    for mutation, (fields, named, version) in edits.items():
        changed = await acme.graph.do(mutation, fields, **named, name="Mine", expectedVersion=version)
        assert changed == {fields.split()[0]: {"version": version + 1}, "errors": []}
        stale = await acme.graph.try_to(mutation, fields, **named, name="Theirs", expectedVersion=version)
        assert codes(stale) == [("STALE", "expectedVersion")]


async def test_a_policy_is_switched_with_checked_parameters(acme: ApiCompany) -> None:
    """Off from today on; its settings keep the past; a wrong parameter is refused with its name."""
    key, scorer = "allocation.last_year", "reviews.weighted_score"
    policies = (await acme.graph.ask("{ policies { key active parametersSchema plugin version } }"))["policies"]
    assert {policy["key"] for policy in policies if policy["active"]} == {"allocation.even", key, scorer}
    wrong = await acme.graph.try_to("switchPolicy", "", policy=key, active=True, parameters={"share": "x"})
    assert codes(wrong) == [("INVALID_PARAMETERS", "parameters.share")]
    off = await acme.graph.do(
        "switchPolicy", "policy { active settings { revision active validTo } }", policy=key, active=False
    )
    assert off["policy"]["active"] is False
    assert [(one["revision"], one["active"], one["validTo"]) for one in off["policy"]["settings"]] == [
        (1, True, "2026-01-05"),
        (2, False, None),
    ]
    plan_id = await acme.plan(2026)
    refused = await acme.graph.try_to(
        "decomposeTarget", "stored", planId=plan_id, orgUnitId=acme.ids["Acme"], target="12", policy=key
    )
    assert codes(refused) == [("POLICY_OFF", "policy")]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ({"month": "2026-13"}, ("BAD_PERIOD", "cells.0.month")),
        ({"month": "2026-Q1"}, ("BAD_MONTH", "cells.0.month")),
        ({"month": "2027-01"}, ("BAD_MONTH", "cells.0.month")),
        ({"target": "-1"}, ("NEGATIVE_AMOUNT", "cells.0.target")),
        ({"target": "1.005"}, ("TOO_PRECISE", "cells.0.target")),
        ({"target": "99999999999999999999"}, ("TOO_LARGE", "cells.0.target")),
        ({"orgUnitId": encode_id("OrgUnit", 424242)}, ("NOT_FOUND", "cells.0.orgUnitId")),
        ({"orgUnitId": "nonsense"}, ("NOT_FOUND", "cells.0.orgUnitId")),
        ({"expectedVersion": 7}, ("CELL_CHANGED", "cells.0")),
    ],
)
async def test_bad_cells_are_refused_with_their_place(
    acme: ApiCompany, cell: dict[str, Any], expected: tuple[str, str]
) -> None:
    """Each mistake names its code and path, and no cell is set, the good one beside it neither."""
    plan_id = await acme.plan(2026)
    wrong = {"orgUnitId": acme.ids["Acme"], "month": "2026-01", "target": "1", **cell}
    good = {"orgUnitId": acme.ids["Acme"], "month": "2026-02", "target": "1"}
    payload = await acme.graph.try_to("setTargetCells", "", planId=plan_id, cells=[wrong, good])
    assert codes(payload) == [expected]
    query = 'query ($id: ID!, $plan: ID!) { orgUnit(id: $id) { targetCells(period: "2026", plan: $plan) { period } } }'
    found = await acme.graph.ask(query, id=acme.ids["Acme"], plan=plan_id)
    assert found["orgUnit"]["targetCells"] == []


@pytest.mark.parametrize("period", ["2026-Q5", "2026-02-30", "2026-W54", "26", "2026-03-01/2026-02-01", "1026", ""])
async def test_a_period_that_does_not_fit_is_told_of(acme: ApiCompany, period: str) -> None:
    """What the calendar does not have is a GraphQL error with a code and the argument's name."""
    query = "query ($p: String!) { company { root { attainment(period: $p) { achieved } } } }"
    (error,) = (await acme.graph.send(query, p=period))["errors"]
    assert error["extensions"] == {"code": "BAD_PERIOD", "input": ["period"]}


async def test_the_audit_names_who_wrote(acme: ApiCompany, database: Database) -> None:
    """Who did what stands in the audit table, a refused attempt leaves nothing."""
    await acme.graph.do("createMember", "member { id }", name="Ann")
    await acme.graph.try_to("createMember", "member { id }", name="")
    async with database.snapshot(acme.company_id) as snapshot:
        rows = await snapshot.fetch("SELECT action, actor, actor_member_id FROM audit_entry ORDER BY id DESC LIMIT 1")
        entries = await snapshot.fetch("SELECT 1 FROM audit_entry WHERE action = 'member.create'")
        events = await snapshot.fetch("SELECT 1 FROM outbox_event WHERE topic = 'member.created'")
    assert tuple(rows[0]) == ("member.create", "admin", acme.admin_id)
    assert (len(entries), len(events)) == (2, 2)
