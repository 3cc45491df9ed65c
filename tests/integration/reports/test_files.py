"""Reports as files: the rows, the order and the rights of the graph."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from quotaloom.organizations.commands.members import update_member
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.spreadsheets import FileFormat
from quotaloom.platform.tokens import Identity
from quotaloom.reports import exporting
from quotaloom.reports.attainment import attainment_page, attainment_report
from quotaloom.reports.attainment_columns import AttainmentColumn
from quotaloom.reports.ordering import SortBy
from quotaloom.reports.requests import ReportRequest, RowsOf, reader_of
from tests.graph_client import GraphClient, serving
from tests.integration.graph.asking import gid
from tests.integration.graph.planned import noon
from tests.integration.reports.offices import END, sold
from tests.integration.targets.planning import Planning

EXPORT = """query ($top: ID) { attainmentReport(period: "2017-02", orgUnit: $top, rows: %s, sort: %s) {
  rows { nodes { name } } export(format: %s, columns: %s) { path mediaType } } }"""


def table_of(response: httpx.Response) -> list[list[Any]]:
    """The table in a CSV or XLSX file."""
    assert response.status_code == 200, response.text
    if response.headers["content-type"].startswith("text/csv"):
        return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"), newline="")))
    book = load_workbook(io.BytesIO(response.content))
    return [list(row) for row in book["report"].iter_rows(values_only=True)]


async def get(client: GraphClient, path: str) -> httpx.Response:
    """The answer to asking for a file."""
    return await client.http.get(path, headers=client.headers)


async def test_a_file_has_the_rows_and_the_order_that_the_graph_shows(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """The path that the graph names gives both kinds of files: members by rate, a name that looks like a formula
    harmless, the totals last. What was asked wrongly is refused as in the graph, and everybody gets his own rows."""
    planning = await sold(database)
    await update_member(planning.work, planning.members["Cy"], {"name": "=Cy"})
    sort = "[{ column: RATE, descending: true }, { column: NAME, descending: true }]"
    async with serving(database_url, tmp_path, noon(END)) as graph:
        admin = graph.admin(planning.work.company.id, planning.founded.admin_id)
        columns = "[NAME, TARGET, RATE, STATUS, PREVIOUS_PERIOD_ACHIEVED]"
        shown = (await admin.ask(EXPORT % ("MEMBERS", sort, "CSV", columns)))["attainmentReport"]
        response = await get(admin, shown["export"]["path"])
        table = table_of(response)
        assert table == [
            ["row", "name", "target", "rate", "status", "previous_period_achieved"],
            ["member", "Bo", "100.00", "1.200000", "at_target", "0.00"],
            ["member", "Ann", "100.00", "0.900000", "below_target", "60.00"],
            ["member", "'=Cy", "100.00", "0.900000", "below_target", "0.00"],
            ["member", "Di", "", "", "", "0.00"],
            ["member", "Ada", "", "", "", "0.00"],
            ["total", "Acme", "400.00", "0.750000", "below_target", "60.00"],
        ]
        assert [row["name"] for row in shown["rows"]["nodes"]] == [row[1].lstrip("'") for row in table[1:-1]]
        assert response.headers["content-disposition"].endswith("filename*=UTF-8''attainment%202017-02.csv")
        assert response.headers["cache-control"] == "no-store"
        top = gid("OrgUnit", planning.units["East"])
        shown = (await admin.ask(EXPORT % ("UNITS", "[]", "XLSX", "null"), top=top))["attainmentReport"]["export"]
        response = await get(admin, shown["path"])
        assert response.headers["content-type"] == shown["mediaType"]
        assert table_of(response) == [
            [
                "row",
                "key",
                "name",
                "kind",
                "level",
                "path",
                *("target", "assessment", "achieved", "rate", "gap", "status"),
            ],
            ["unit", "east", "East", "team", 1, "Acme", 250, None, 210, 0.84, 40, "below_target"],
            ["unit", "e-1", "E 1", "position", 2, "Acme / East", 100, None, 90, 0.9, 10, "below_target"],
            ["unit", "e-2", "E 2", "position", 2, "Acme / East", 100, None, 120, 1.2, -20, "at_target"],
            ["total", "east", "East", "team", 1, "Acme", 250, None, 210, 0.84, 40, "below_target"],
        ]
        ann = graph.member(planning.work.company.id, planning.members["Ann"])
        own = table_of(await get(ann, "/reports/attainment.csv?period=2017-02&columns=NAME&columns=ACHIEVED"))
        assert own == [["row", "name", "achieved"], ["unit", "E 1", "90.00"]]
        for query, status, code in (
            ("", 400, "PERIOD_MISSING"),
            ("period=2017-Q7", 400, "BAD_PERIOD"),
            ("period=2017&colour=red", 400, "UNKNOWN_ARGUMENT"),
            ("period=2017&rows=PLANETS", 400, "BAD_ARGUMENT"),
            ("period=2017&level=-1", 400, "BAD_ARGUMENT"),
            ("period=2017&asOf=yesterday", 400, "BAD_ARGUMENT"),
            ("period=2017&directChildren=perhaps", 400, "BAD_ARGUMENT"),
            ("period=2017&columns=LOVE", 400, "BAD_COLUMN"),
            ("period=2017&sort=love", 400, "BAD_COLUMN"),
            (f"period=2017&orgUnit={gid('OrgUnit', planning.units['West'])}", 404, "NOT_FOUND"),
        ):
            response = await get(ann, f"/reports/attainment.csv?{query}")
            assert (response.status_code, response.json()["code"]) == (status, code), query
        writer = Identity(planning.work.company.id, "service:in", Role.SERVICE, scopes=frozenset({"targets:write"}))
        for client, status in ((graph, 401), (graph.signed_in(writer), 403)):
            assert (await get(client, "/reports/attainment.xlsx?period=2017")).status_code == status


async def test_every_argument_of_the_graph_is_in_the_path(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the graph leaves of the rows is what the file has; more than a file takes is refused."""
    planning = await sold(database)
    east, e_1, di = (
        gid("OrgUnit", planning.units["East"]),
        gid("OrgUnit", planning.units["E 1"]),
        gid("Member", planning.members["Di"]),
    )
    async with serving(database_url, tmp_path, noon(END)) as graph:
        admin = graph.admin(planning.work.company.id, planning.founded.admin_id)
        for arguments, expected in (
            (f'orgUnit: "{east}", directChildren: true, sort: [{{ column: NAME, descending: true }}]', ["E 2", "E 1"]),
            ("kind: [TEAM, COMPANY], level: [0]", ["Acme"]),
            ("status: [null, AT_TARGET]", ["E 2", "West", "W 2"]),
            *((f"{choice}: []", []) for choice in ("kind", "level", "orgUnits", "status", "rows: MEMBERS, members")),
            (f'orgUnits: ["{e_1}"], structure: AS_IS, asOf: "2017-03-01"', ["E 1"]),
            (f'rows: MEMBERS, members: ["{di}"], metrics: ["visits", "revenue"]', ["Di"]),
            (
                'metrics: ["visits", "revenue"], kind: [POSITION],'
                ' sort: [{ column: ACHIEVED, metric: "revenue", descending: true }]',
                ["E 2", "E 1", "W 1", "W 2"],
            ),
        ):
            query = f'{{ attainmentReport(period: "2017-02", {arguments}) {{ export(format: CSV) {{ path }} }} }}'
            path = (await admin.ask(query))["attainmentReport"]["export"]["path"]
            table = table_of(await get(admin, path))
            assert [row[2] for row in table[1:-1]] == expected, arguments
        assert table[0][6:8] == ["visits target", "visits assessment"]
        monkeypatch.setitem(exporting.MOST_CELLS, FileFormat.CSV, 14)
        assert (await get(admin, path)).json()["code"] == "TOO_LARGE"


SORTS = st.lists(
    st.builds(SortBy, st.sampled_from([column.value for column in AttainmentColumn]), st.booleans()), max_size=3
)


@pytest.fixture
async def planning(database: Database) -> Planning:
    """The two offices."""
    return await sold(database)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sort=SORTS, of=st.sampled_from(RowsOf), size=st.integers(1, 4))
async def test_pages_put_together_are_the_whole_report(
    planning: Planning, sort: list[SortBy], of: RowsOf, size: int
) -> None:
    """In whatever order, of units and members, in pages of whatever size: each row once."""
    async with planning.work.snapshot() as snapshot:
        reader = await reader_of(snapshot, planning.work)
        whole = await attainment_report(reader, ReportRequest(period="2017-02", rows=of, sort=tuple(sort)))
        rows, total = await attainment_page(reader, whole, 0, 500)
        found = []
        for offset in range(0, total, size):
            found += (await attainment_page(reader, whole, offset, size))[0]
    assert [row.subject for row in found] == [row.subject for row in rows]
    assert len({row.subject.id for row in rows}) == total == (7 if of is RowsOf.UNITS else 5)
