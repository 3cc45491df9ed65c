"""A plan that goes out to files and comes back."""

from __future__ import annotations

import csv
import io
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from openpyxl import Workbook, load_workbook

from quotaloom.platform.database import Database
from quotaloom_graphql.nodes import split_id
from tests.acceptance.api_company import ApiCompany
from tests.acceptance.companies import planned_company
from tests.graph_client import GraphClient, serving

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)

RESULT = "stored changeCount cellCount changes { row orgUnit { name } period line before after } plan { id }"

Table = list[list[Any]]


@dataclass
class Desk:
    """Somebody with a spreadsheet program."""

    company: ApiCompany
    client: GraphClient

    def seen_by(self, member: str) -> Desk:
        """The same plan, before a member."""
        number = split_id(self.company.ids[member])[1]
        return Desk(self.company, self.client.member(self.company.company_id, number))

    async def download(self, kind: str = "csv", **query: str) -> httpx.Response:
        """The answer to asking for a template."""
        plan = quote(self.company.ids["plan"], safe="")
        return await self.client.http.get(f"/plans/{plan}/template.{kind}", params=query, headers=self.client.headers)

    async def export(self, kind: str = "csv", **query: str) -> Table:
        """The template as a table."""
        response = await self.download(kind, **query)
        assert response.status_code == 200, response.text
        return rows_of(response.content, kind)

    async def send(self, content: bytes, kind: str, dry_run: bool, **facts: Any) -> dict[str, Any]:
        """The payload of importing a file."""
        payload: dict[str, Any] = await self.client.try_to(
            "importTargets",
            RESULT,
            planId=self.company.ids["plan"],
            format=kind.upper(),
            content=b64encode(content).decode(),
            dryRun=dry_run,
            **facts,
        )
        return payload

    async def import_table(
        self, table: Table, kind: str = "csv", dry_run: bool = False, **facts: Any
    ) -> list[tuple[Any, ...]]:
        """What importing a table changes: row, unit, month, line, before and after; it must not be refused."""
        payload = await self.send(file_of(table, kind), kind, dry_run, **facts)
        assert payload["errors"] == [], payload["errors"]
        assert payload["stored"] is (not dry_run and bool(payload["changes"]))
        return [
            (one["row"], one["orgUnit"]["name"], one["period"], one["line"], one["before"], one["after"])
            for one in payload["changes"]
        ]

    async def refused(self, table: Table, kind: str = "csv", dry_run: bool = True, **facts: Any) -> list[str]:
        """What is wrong with a table, as "code row heading"."""
        payload = await self.send(file_of(table, kind), kind, dry_run, **facts)
        assert payload["stored"] is None
        return [" ".join([one["code"], *one["path"][1:]]) for one in payload["errors"]]

    async def cells(self, unit: str, **arguments: str) -> dict[str, tuple[Any, ...]]:
        """The three values of a unit in each month that has any."""
        more = "".join(f", {name}: {value}" for name, value in arguments.items())
        query = (
            f'query ($id: ID!, $plan: ID!) {{ orgUnit(id: $id) {{ targetCells(period: "2026", plan: $plan{more})'
            " { period target assessment stretch } } }"
        )
        answer = await self.company.graph.ask(query, id=self.company.ids[unit], plan=self.company.ids["plan"])
        cells = answer["orgUnit"]["targetCells"]
        return {one["period"]: (one["target"], one["assessment"], one["stretch"]) for one in cells}


def rows_of(content: bytes, kind: str) -> Table:
    """The table in a file that was exported."""
    if kind == "csv":
        return [list(row) for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))]
    book = load_workbook(io.BytesIO(content))
    return [list(row) for row in book["targets"].iter_rows(values_only=True)]


def file_of(table: Table, kind: str) -> bytes:
    """A table as a spreadsheet program saves it."""
    if kind == "csv":
        text = io.StringIO(newline="")
        csv.writer(text).writerows([["" if value is None else value for value in row] for row in table])
        return text.getvalue().encode("utf-8-sig")
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "targets"
    for row in table:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def at(table: Table, unit: str, line: str) -> list[Any]:
    """The row of a unit and line, to be edited in place."""
    return next(row for row in table if (row[1], row[4]) == (unit, line))


def place(table: Table, month: str) -> int:
    """The column of a month."""
    return table[0].index(f"month {month}")


@pytest.fixture
async def desk(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """An admin with a plan for 2026: East aims for 100.00 in January and 200.00 in February, West for 50.00."""
    async with serving(database_url, tmp_path, NOW) as graph:
        company = await planned_company(database, graph, "acme", NOW)
        await company.set_targets(
            company.ids["plan"],
            {("East", "2026-01"): "100", ("East", "2026-02"): "200", ("West", "2026-01"): "50"},
        )
        yield Desk(company, company.graph)
