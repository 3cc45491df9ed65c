"""Statements as files, read back with what reads such files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from quotaloom.incentives import statement_files
from quotaloom.incentives.entry_rows import entries_told
from quotaloom.incentives.statement_files import StatementFormat, export_run, export_statement
from quotaloom.organizations.commands.members import update_member
from quotaloom.organizations.sight import load_sight
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.spreadsheets import FileFormat
from tests.graph_client import serving
from tests.integration.graph.asking import gid
from tests.integration.incentives.disputing import contest, grant, paid_month, sold
from tests.integration.incentives.payroll import NOON, Payroll

HEADS = [
    *("row", "period", "member_key", "member", "currency", "rule", "key", "title", "corrects"),
    *("base", "rate", "amount", "explanation"),
]


def of_csv(content: bytes) -> list[list[str]]:
    """The table in a CSV file."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def of_xlsx(content: bytes) -> list[list[Any]]:
    """The table in a workbook."""
    return [list(row) for row in load_workbook(io.BytesIO(content))["report"].iter_rows(values_only=True)]


class Page(HTMLParser):
    """A page: the cells of its rows, the depth of each item of its lists, its texts, and what it would load or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.items: list[tuple[int, str]] = []
        self.texts: list[str] = []
        self.active: list[str] = []
        self.figures = 0
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count what is opened."""
        if tag in ("script", "img", "link", "iframe", "object", "a"):
            self.active.append(tag)
        self.active += [name for name, _ in attrs if name.startswith("on") or name in ("src", "href")]
        if tag != "meta":
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.figures += ("class", "figure") in attrs and tag == "td"
        if tag == "li":
            self.items.append((self._open.count("ul"), ""))

    def handle_endtag(self, tag: str) -> None:
        """Every tag is closed in its turn."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep the texts where they belong."""
        self.texts.append(data)
        if self._open and self._open[-1] in ("td", "th"):
            self.rows[-1][-1] += data
        if self._open and self._open[-1] == "li":
            depth, text = self.items[-1]
            self.items[-1] = (depth, text + data)


async def statement_id(payroll: Payroll, run_id: int, name: str) -> int:
    """The number of a member's statement in a run."""
    return int((await payroll.statements(run_id))[name]["id"])


async def april_of(database: Database) -> tuple[Payroll, int, int]:
    """Ann, whose name looks like a formula, earned 50 in April, lost 40 of March to a refund, and was granted 30."""
    payroll = await paid_month(database)
    await update_member(payroll.work, payroll.members["ann"], {"name": "=Ann<b>"})
    await grant(payroll, await contest(payroll, "ann"), 30)
    await payroll.refund("ann", 400)
    await payroll.order("april", "ann", 500, "2026-04-02")
    run_id = await payroll.pay("2026-04")
    return payroll, run_id, await statement_id(payroll, run_id, "ann")


def rows_of_ann(name: str) -> list[list[str]]:
    """What a file has of Ann's April, but for keys and explanations."""
    head = ["2026-04", "ann", name, "CNY"]
    return [
        ["carried_in", *head, "", "", "0.00"],
        ["correction", *head, "Correction of 2026-03: Rate", "2026-03", "-40.00"],
        ["granted", *head, "Granted on dispute of 2026-03: Rate", "2026-03", "30.00"],
        ["line", *head, "Rate", "", "50.00"],
        ["total", *head, "", "", "40.00"],
        ["carried_out", *head, "", "", "0.00"],
    ]


def shown(table: Iterable[list[Any]]) -> list[list[Any]]:
    """The rows of a table but for rules, keys, bases, rates and explanations."""
    return [[*row[:5], row[7], row[8], row[11]] for row in table]


async def test_a_statement_as_csv_has_a_row_for_each_line_and_for_what_is_around(database: Database) -> None:
    """Amounts come to the total, a name that looks like a formula is harmless, and each line has its explanation."""
    payroll, _, number = await april_of(database)
    file = await export_statement(payroll.as_member("ann"), number, StatementFormat.CSV)
    assert file.name == "statement 2026-04 =Ann<b>"
    assert isinstance(file.content, bytes)
    heads, *table = of_csv(file.content)
    assert heads == HEADS
    assert shown(table) == rows_of_ann("'=Ann<b>")
    assert table[1][12] == "By what is known now, Rate comes to 60.00 for 2026-03; 100.00 was paid."
    assert (table[3][5], table[3][6], table[3][12]) == ("base", "rate", "A rate of the revenue.")


async def test_a_statement_as_a_workbook_has_numbers(database: Database) -> None:
    """The same rows, with numbers as numbers and nothing where there is nothing."""
    payroll, _, number = await april_of(database)
    file = await export_statement(payroll.as_member("ann"), number, StatementFormat.XLSX)
    assert isinstance(file.content, bytes)
    heads, *table = of_xlsx(file.content)
    assert heads == HEADS
    expected = [[*row[:5], row[5] or None, row[6] or None, float(row[7])] for row in rows_of_ann("=Ann<b>")]
    assert shown(table) == expected


async def test_a_page_to_print_shows_all_and_runs_nothing(database: Database) -> None:
    """Every text is escaped, figures stand right, explanations are nested lists, and entries have their day."""
    payroll, _, number = await april_of(database)
    file = await export_statement(payroll.as_member("ann"), number, StatementFormat.HTML)
    assert isinstance(file.content, bytes)
    page = Page(file.content.decode())
    assert page.active == []
    assert "Statement 2026-04: =Ann<b>" in page.texts
    assert page.rows[:7] == [
        ["Line", "Corrects", "Base", "Rate", "Amount"],
        ["Carried in", "", "", "", "0.00"],
        ["Correction of 2026-03: Rate", "2026-03", "", "", "-40.00"],
        ["Granted on dispute of 2026-03: Rate", "2026-03", "", "", "30.00"],
        ["Rate", "", "", "", "50.00"],
        ["Total", "", "", "", "40.00"],
        ["Carried out", "", "", "", "0.00"],
    ]
    assert page.figures == 18
    assert [(depth, text.strip()) for depth, text in page.items] == [
        (1, "By what is known now, Rate comes to 60.00 for 2026-03; 100.00 was paid."),
        (2, "Rate"),
        (3, "A rate of the revenue."),
        (1, "ada granted 30.00 on a dispute of 2026-03: Rate"),
        (2, "You are right."),
        (1, "A rate of the revenue."),
    ]


async def test_what_draws_have_paid_in_advance_is_told_where_they_have(database: Database) -> None:
    """A draw of 300 lends 200 on the 100 that Ann earned: the table and the page have it after the total."""
    payroll = await sold(database, "pay.draw")
    await payroll.rule("draw", "pay.draw", ordinal=1, unit_id=payroll.units["ann"], parameters={"amount": 300_00})
    ann = payroll.as_member("ann")
    number = await statement_id(payroll, await payroll.pay("2026-03"), "ann")
    table = (await export_statement(ann, number, StatementFormat.CSV)).content
    assert isinstance(table, bytes)
    figures = [("total", "300.00"), ("carried_out", "0.00"), ("advanced_before", "0.00"), ("advanced_after", "200.00")]
    assert [(row[0], row[11]) for row in of_csv(table)[-4:]] == figures
    page = (await export_statement(ann, number, StatementFormat.HTML)).content
    assert isinstance(page, bytes)
    assert [(row[0], row[4]) for row in Page(page.decode()).rows[-2:]] == [
        ("Advanced before", "0.00"),
        ("Advanced after", "200.00"),
    ]


async def test_entries_of_a_line_are_on_the_page(database: Database) -> None:
    """Tiers rest on an order: the page has its day, source and amount beneath the explanation."""
    payroll = await paid_month(database, "pay.tiers")
    await payroll.rule("tiers", "pay.tiers", ordinal=1, valid_from=date(2026, 4, 1))
    await payroll.order("april", "ann", 500, "2026-04-02")
    number = await statement_id(payroll, await payroll.draft("2026-04"), "ann")
    file = await export_statement(payroll.as_member("hal"), number, StatementFormat.HTML)
    assert isinstance(file.content, bytes)
    assert Page(file.content.decode()).rows[-1] == ["2026-04-02", "order", "", "Revenue", "500.00"]


async def test_of_the_entries_of_a_line_each_is_told_to_those_who_see_it(database: Database) -> None:
    """A line rests on orders of Ann of the East and Cem of the West: each reads his own, Hal those of the East."""
    payroll = await sold(database)
    orders = [payroll.entries[name] for name in ("ann", "cem")]
    told = {}
    for name in ("ann", "cem", "hal", "ada"):
        work = payroll.as_member(name)
        async with work.snapshot() as snapshot:
            sight = await load_sight(snapshot, work.viewer, work.company, work.today)
            lines = await snapshot.fetch("SELECT $1::text AS entries", str(orders))
            found = await entries_told(snapshot, sight, lines)
        told[name] = [number in found for number in orders]
    assert told == {"ann": [True, False], "cem": [False, True], "hal": [True, False], "ada": [True, True]}


async def test_a_run_as_one_file_has_what_the_viewer_sees(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """In batches of two: all for an admin, by name; Hal has his own and his team's, Cem his own, of a draft none."""
    payroll, run_id, _ = await april_of(database)
    monkeypatch.setattr(statement_files, "BATCH", 2)

    async def members(name: str, format: FileFormat) -> list[str]:
        file = await export_run(payroll.as_member(name), run_id, format)
        assert not isinstance(file.content, bytes)
        with file.content as content:
            heads, *table = (of_csv if format is FileFormat.CSV else of_xlsx)(content.read())
        assert heads == HEADS
        return [row[3] for row in table if row[0] == "total"]

    assert await members("ada", FileFormat.CSV) == ["'=Ann<b>", "Bob", "Cem", "Hal", "Wu"]
    assert await members("ada", FileFormat.XLSX) == ["=Ann<b>", "Bob", "Cem", "Hal", "Wu"]
    assert await members("hal", FileFormat.CSV) == ["'=Ann<b>", "Bob", "Hal"]
    assert await members("cem", FileFormat.CSV) == ["Cem"]
    monkeypatch.setattr(statement_files, "MOST_LINES", 2)
    with pytest.raises(InputError, match="more than the 2 lines of one workbook: take CSV"):
        await export_run(payroll.as_member("ada"), run_id, FileFormat.XLSX)
    draft = await payroll.draft("2026-05")
    with pytest.raises(NotFound):
        await export_run(payroll.as_member("cem"), draft, FileFormat.CSV)
    with pytest.raises(NotFound):
        await export_statement(payroll.as_member("cem"), await statement_id(payroll, draft, "cem"), StatementFormat.CSV)


async def test_files_are_fetched_from_the_paths_that_the_graph_names(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """Each path answers its owner with the file, Bob with 404 for Ann's, and nobody without a token."""
    payroll, _, number = await april_of(database)
    formats = " ".join(f"{one}: export(format: {one}) {{ path mediaType }}" for one in ("CSV", "XLSX", "HTML"))
    query = (
        f"query ($id: ID!) {{ node(id: $id) {{ ... on Statement {{ {formats} run {{ export(format: CSV)"
        " { path mediaType } } } } }"
    )
    async with serving(database_url, tmp_path, NOON) as graph:
        company_id = payroll.work.company.id
        ann = graph.member(company_id, payroll.members["ann"])
        bob = graph.member(company_id, payroll.members["bob"])
        found = (await ann.ask(query, id=gid("Statement", number)))["node"]
        for file in (found["CSV"], found["XLSX"], found["HTML"]):
            response = await ann.http.get(file["path"], headers=ann.headers)
            assert (response.status_code, response.headers["content-type"]) == (200, file["mediaType"])
            assert response.headers["cache-control"] == "no-store"
            assert (await bob.http.get(file["path"], headers=bob.headers)).status_code == 404
            assert (await ann.http.get(file["path"])).status_code == 401
        path = found["run"]["export"]["path"]
        response = await bob.http.get(path, headers=bob.headers)
        assert [row[3] for row in of_csv(response.content)[1:]] == ["Bob"] * 3
        assert response.headers["content-disposition"].endswith("filename*=UTF-8''statements%202026-04.csv")
