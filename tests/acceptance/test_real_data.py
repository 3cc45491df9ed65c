"""The real data set from file to graph: import, decompose, and one nested query."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from quotaloom.importing.importer import import_folder
from quotaloom.importing.mapping_files import load_mapping
from quotaloom.organizations.commands.companies import company_id_of
from quotaloom.organizations.reads import members_by_key
from quotaloom.platform.database import Database
from quotaloom.policies.discovery import discover
from quotaloom.policies.host import PolicyHost
from tests.acceptance.api_company import ApiCompany
from tests.graph_client import serving
from tests.left_out import needs_data

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "maven-crm-sales"
NOW = datetime(2018, 1, 3, 12, tzinfo=UTC)

pytestmark = [
    pytest.mark.dataset,
    needs_data(DATA),
]

REGIONS = {"Central": "3346293.00", "East": "3090594.00", "West": "3568647.00"}
MANAGERS = {
    "Melvin Marxen": "2251930.00",
    "Summer Sewald": "1964750.00",
    "Rocco Neubert": "1960545.00",
    "Celia Rouche": "1603897.00",
    "Cara Losch": "1130049.00",
    "Dustin Brinkmann": "1094363.00",
}
NESTED = """
{ company { root { name ...figures children { name ...figures children { name head { member { name } } ...figures
    children { name kind holders { member { name } } ...figures } } } } } }
fragment figures on OrgUnit {
  year: attainment(period: "2017") { target assessment achieved rate }
  quarters: attainments(period: "2017", grain: QUARTER) { period target assessment achieved rate }
}
"""
FIGURES = ("target", "assessment", "achieved")


@asynccontextmanager
async def maven(database: Database, database_url: str, folder: Path) -> AsyncIterator[ApiCompany]:
    """The imported company, asked by its admin; nobody heads its regional offices, so plans need no owners."""
    policies = PolicyHost(discover())
    await import_folder(database, policies, DATA, load_mapping("maven-crm-sales"), "maven", now=NOW)
    company_id = await company_id_of(database, "maven")
    assert company_id is not None
    async with database.snapshot(company_id) as snapshot:
        (admin,) = await members_by_key(snapshot, ["admin"])
    async with serving(database_url, folder, NOW) as graph:
        acme = ApiCompany(graph.admin(company_id, admin["id"]), company_id, admin["id"])
        await acme.graph.do("updateCompany", "company { key }", plansNeedOwners=False)
        acme.ids["root"] = (await acme.graph.ask("{ company { root { id } } }"))["company"]["root"]["id"]
        yield acme


async def decomposed(company: ApiCompany, year: int, policy: str) -> dict[str, Any]:
    """Publish a plan of 12,000,000 for a year, 80% of it to be assessed; the matrix."""
    plan_id = await company.plan(year)
    matrix: dict[str, Any] = await company.graph.do(
        "decomposeTarget",
        "months units { depth name target assessment yearTarget orgUnit { id parent { id } } }",
        planId=plan_id,
        orgUnitId=company.ids["root"],
        target="12000000",
        assessmentShare="0.8",
        policy=policy,
    )
    await company.publish(plan_id)
    return matrix


def total(rows: list[dict[str, Any]], figure: str) -> Decimal:
    return sum((Decimal(row["year"][figure]) for row in rows), Decimal())


async def test_one_nested_query_answers_from_company_to_position(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """Target, assessment, achieved and rate of fiscal year 2017 and its quarters equal the facts on every level."""
    async with maven(database, database_url, tmp_path) as company:
        await decomposed(company, 2017, "allocation.even")
        root = (await company.graph.ask(NESTED))["company"]["root"]
    # 10,005,534 of 12,000,000 is 0.8337945; 80% of the target is assessed.
    assert root["year"] == {
        "target": "12000000.00",
        "assessment": "9600000.00",
        "achieved": "10005534.00",
        "rate": "0.833795",
    }
    assert [quarter["period"] for quarter in root["quarters"]] == ["2017-Q1", "2017-Q2", "2017-Q3", "2017-Q4"]
    # Won by month: Q1 is March alone; Q2 721,932 + 1,025,713 + 1,338,466; and so on.
    assert [quarter["achieved"] for quarter in root["quarters"]] == [
        "1134672.00",
        "3086111.00",
        "2982255.00",
        "2802496.00",
    ]
    regions = root["children"]
    assert {region["name"]: region["year"]["achieved"] for region in regions} == REGIONS
    assert {region["year"]["target"] for region in regions} == {"4000000.00"}
    teams = [team for region in regions for team in region["children"]]
    assert {team["head"]["member"]["name"]: team["year"]["achieved"] for team in teams} == MANAGERS
    positions = [position for team in teams for position in team["children"]]
    assert len(positions) == 35
    assert {position["kind"] for position in positions} == {"POSITION"}
    assert all(len(position["holders"]) == 1 for position in positions)
    assert sum(position["year"]["achieved"] == "0.00" for position in positions) == 5
    for level in (regions, teams, positions):
        assert [total(level, figure) for figure in FIGURES] == [
            Decimal(12_000_000),
            Decimal(9_600_000),
            Decimal(10_005_534),
        ]


@pytest.mark.parametrize(("year", "policy"), [(2017, "allocation.even"), (2018, "allocation.last_year")])
async def test_every_margin_is_exact_on_every_level(
    database: Database, database_url: str, tmp_path: Path, year: int, policy: str
) -> None:
    """Each unit's month is the sum of its children's, for target and assessment, to the cent."""
    async with maven(database, database_url, tmp_path) as company:
        matrix = await decomposed(company, year, policy)
        ranking = await company.graph.ask(
            "query ($y: String!) { rankings(period: $y) { totalCount nodes { attainment { target } } } }", y=str(year)
        )
    units = matrix["units"]
    assert len(matrix["months"]) == 12
    assert len(units) == 1 + 3 + 6 + 35
    by_parent: dict[str, list[dict[str, Any]]] = {}
    for unit in units[1:]:
        by_parent.setdefault(unit["orgUnit"]["parent"]["id"], []).append(unit)
    for unit in units:
        children = by_parent.get(unit["orgUnit"]["id"])
        for kind in ("target", "assessment"):
            own = [Decimal(value) for value in unit[kind]]
            if children:
                columns = zip(*([Decimal(value) for value in child[kind]] for child in children), strict=True)
                assert [sum(column) for column in columns] == own, unit["name"]
    assert sum(Decimal(value) for value in units[0]["target"]) == Decimal(12_000_000)
    assert sum(Decimal(value) for value in units[0]["assessment"]) == Decimal(9_600_000)
    assert ranking["rankings"]["totalCount"] == 35
    assert all(Decimal(row["attainment"]["target"]) > 0 for row in ranking["rankings"]["nodes"])
