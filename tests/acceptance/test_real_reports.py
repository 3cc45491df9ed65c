"""The reports of the real data set: who won what in 2017, by regional office, by manager and by agent."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from quotaloom.platform.database import Database
from tests.acceptance.test_real_data import DATA, MANAGERS, REGIONS, decomposed, maven
from tests.integration.reports.test_files import get, table_of
from tests.left_out import needs_data

pytestmark = [
    pytest.mark.dataset,
    needs_data(DATA),
]

REPORT = """query ($level: [Int!]) { attainmentReport(
    period: "2017", rows: %s, level: $level, sort: [{ column: ACHIEVED, descending: true }]
) {
  rows { totalCount nodes { name orgUnit { head { member { name } } } attainments { target achieved rate } } }
  totals { attainments { target achieved rate } }
  export(format: CSV) { path }
} }"""


def achieved(rows: list[dict[str, Any]]) -> list[Decimal]:
    return [Decimal(row["attainments"][0]["achieved"]) for row in rows]


async def test_who_won_what(database: Database, database_url: str, tmp_path: Path) -> None:
    """Offices and managers in the order of what they won; 35 agents and the admin, five of the agents and the managers
    with nothing; each level's rows add up to the company's own 10,005,534; the file has the same rows."""
    async with maven(database, database_url, tmp_path) as company:
        await decomposed(company, 2017, "allocation.even")
        offices, teams, seats = [
            (await company.graph.ask(REPORT % "UNITS", level=[level]))["attainmentReport"] for level in (1, 2, 3)
        ]
        members = (await company.graph.ask(REPORT % "MEMBERS"))["attainmentReport"]
        table = table_of(await get(company.graph, members["export"]["path"]))
    assert [(row["name"], row["attainments"][0]["achieved"]) for row in offices["rows"]["nodes"]] == sorted(
        REGIONS.items(), key=lambda office: Decimal(office[1]), reverse=True
    )
    managers = [
        (row["orgUnit"]["head"]["member"]["name"], row["attainments"][0]["achieved"]) for row in teams["rows"]["nodes"]
    ]
    assert managers == list(MANAGERS.items())
    assert (seats["rows"]["totalCount"], achieved(seats["rows"]["nodes"]).count(Decimal(0))) == (35, 5)
    # 35 agents, six managers and the admin.
    assert members["rows"]["totalCount"] == 35 + 6 + 1
    assert achieved(members["rows"]["nodes"]).count(Decimal(0)) == 5 + 6 + 1
    for found in (offices, teams, seats, members):
        assert sum(achieved(found["rows"]["nodes"])) == Decimal(10_005_534)
        assert found["totals"]["attainments"] == [
            {"target": "12000000.00", "achieved": "10005534.00", "rate": "0.833795"}
        ]
    assert [row[2] for row in table[1:-1]] == [row["name"] for row in members["rows"]["nodes"]]
    assert [Decimal(row[5]) for row in table[1:-1]] == achieved(members["rows"]["nodes"])
