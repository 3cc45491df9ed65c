"""What services and days out of reach are answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from quotaloom.platform.access import Role, Scope
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from tests.acceptance.api_company import api_company


@pytest.mark.parametrize("scopes", [frozenset[str](), frozenset({Scope.ORGANIZATION.value})])
async def test_a_service_reads_what_its_scopes_name(
    database: Database, database_url: str, tmp_path: Path, scopes: frozenset[str]
) -> None:
    """Without graph:read it learns who it is and nothing of the company; with it, everything."""
    async with api_company(database, database_url, tmp_path) as acme:
        service = acme.graph.signed_in(Identity(acme.company_id, "crm", Role.SERVICE, scopes=scopes))
        assert (await service.ask("{ viewer { subject role } }"))["viewer"] == {"subject": "crm", "role": "service"}
        for field in ("company { name }", "metrics { key }", "policies { key }", "funnels { key }", "plans { name }"):
            (error,) = (await service.send(f"{{ {field} }}"))["errors"]
            assert error["extensions"]["code"] == "FORBIDDEN", field
        reader = acme.graph.signed_in(Identity(acme.company_id, "bi", Role.SERVICE, scopes=frozenset({"graph:read"})))
        assert (await reader.ask('{ company { root { attainment(period: "2026") { achieved } } } }'))["company"]


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
async def test_a_day_that_no_calendar_has_is_refused(
    database: Database, database_url: str, tmp_path: Path, day: str
) -> None:
    """`asOf` outside of the years 1900 to 2999 is told of with its name."""
    async with api_company(database, database_url, tmp_path) as acme:
        query = f'{{ company {{ root {{ attainment(period: "2026", asOf: "{day}") {{ rate }} }} }} }}'
        (error,) = (await acme.graph.send(query))["errors"]
        assert error["extensions"] == {"code": "BAD_PERIOD", "input": ["asOf"]}


async def test_a_plan_of_another_metric_is_refused(database: Database, database_url: str, tmp_path: Path) -> None:
    """Revenue compared with a plan of orders is a mistake, not an empty target."""
    async with api_company(database, database_url, tmp_path) as acme:
        plan_id = await acme.plan(2026, "orders")
        query = 'query ($p: ID!) { company { root { attainment(period: "2026", plan: $p) { target } } } }'
        (error,) = (await acme.graph.send(query, p=plan_id))["errors"]
        assert error["extensions"] == {"code": "OTHER_METRIC", "input": ["plan"]}


async def test_over_assignment_is_shown_for_any_period(database: Database, database_url: str, tmp_path: Path) -> None:
    """The year, a month and a stretch that cuts months: own and children's sum as `attainment` counts them."""
    async with api_company(database, database_url, tmp_path) as acme:
        await acme.units("Acme", ["East", "West"], "DEPARTMENT")
        plan_id = await acme.plan(2026)
        # January 2026 has 22 working days.
        cells = {("Acme", "2026-01"): "2200", ("East", "2026-01"): "1100", ("West", "2026-01"): "2200"}
        await acme.set_targets(plan_id, cells)
        await acme.publish(plan_id)
        shown = {}
        for period in ("2026", "2026-01", "2026-W03"):
            query = f'{{ company {{ root {{ targetMismatch(period: "{period}") {{ target overAssignment }} }} }} }}'
            shown[period] = (await acme.graph.ask(query))["company"]["root"]["targetMismatch"]
    whole = {"target": "2200.00", "overAssignment": "1100.00"}
    # 12 to 16 January: five days of 100.00 against five of 50.00 and five of 100.00.
    assert shown == {"2026": whole, "2026-01": whole, "2026-W03": {"target": "500.00", "overAssignment": "250.00"}}


async def test_a_mistake_in_one_field_leaves_the_others_standing(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """A grain that does not fit, a page that is too large: null there, an error with the path, the rest answered."""
    async with api_company(database, database_url, tmp_path) as acme:
        query = """{ company { name holidays(period: "x") { name } root { name opportunities(first: 9999) { name }
            attainments(period: "2026-Q1", grain: YEAR) { rate } targetCells(period: "?") { target } } } }"""
        answer = await acme.graph.send(query)
    root = {"name": "Acme", "opportunities": None, "attainments": None, "targetCells": None}
    assert answer["data"]["company"] == {"name": "Acme", "holidays": None, "root": root}
    assert len(answer["errors"]) == 4
