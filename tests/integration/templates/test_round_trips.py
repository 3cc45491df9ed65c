"""A plan goes out, is edited, and comes back."""

from __future__ import annotations

import io
from typing import Any

import pytest
from openpyxl import load_workbook

from quotaloom.importing.templates import commands
from quotaloom.platform.database import Database
from quotaloom.platform.spreadsheets import FileFormat
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.targets.attainment_feed import AttainmentFeed
from quotaloom.targets.cells import store_target_cells
from quotaloom_graphql.context import RequestContext, Services
from quotaloom_graphql.nodes import split_id
from tests.integration.targets.planning import POLICIES
from tests.integration.templates.conftest import NOW, Desk, Table, at, file_of, place, rows_of

BOTH = pytest.mark.parametrize("kind", ["csv", "xlsx"])


@BOTH
async def test_a_template_has_a_row_for_each_unit_and_line(desk: Desk, kind: str) -> None:
    """The root and two positions, three lines each, twelve months; amounts stand in their months."""
    table = await desk.export(kind)
    assert table[0][:5] == ["unit", "name", "path", "kind", "line"]
    assert table[0][5:17] == [f"month 2026-{number:02}" for number in range(1, 13)]
    assert table[0][17:] == ["marks", "stamp"]
    assert [(row[1], row[2] or "", row[4]) for row in table[1:]] == [
        (name, path, line)
        for name, path in [("Acme", ""), ("East", "Acme"), ("West", "Acme")]
        for line in ("target", "assessment", "stretch")
    ]
    east = at(table, "East", "target")[5:8]
    assert east == ([100, 200, None] if kind == "xlsx" else ["100.00", "200.00", ""])


@BOTH
async def test_a_template_that_nobody_edited_changes_nothing(desk: Desk, kind: str) -> None:
    """Out and in again: no change, and no cell gets another version."""
    assert await desk.import_table(await desk.export(kind), kind) == []


@BOTH
async def test_edits_come_back_after_a_preview(desk: Desk, kind: str) -> None:
    """One value is changed, one added, one cleared, one left by emptying its cell: a preview stores none."""
    table = await desk.export(kind)
    january, february, march = (place(table, month) for month in ("2026-01", "2026-02", "2026-03"))
    at(table, "East", "target")[january] = "150.50"
    at(table, "East", "target")[february] = "-"
    at(table, "East", "assessment")[march] = 80
    at(table, "West", "target")[january] = None
    changes = [
        (5, "East", "2026-01", "TARGET", "100.00", "150.50"),
        (5, "East", "2026-02", "TARGET", "200.00", None),
        (6, "East", "2026-03", "ASSESSMENT", None, "80.00"),
    ]
    before = await desk.cells("East")
    assert await desk.import_table(table, kind, dry_run=True) == changes
    assert await desk.cells("East") == before
    assert await desk.import_table(table, kind) == changes
    assert await desk.cells("East") == {
        "2026-01": ("150.50", None, None),
        "2026-02": (None, None, None),
        "2026-03": (None, "80.00", None),
    }
    assert await desk.cells("West") == {"2026-01": ("50.00", None, None)}
    assert await desk.import_table(table, kind) == []


@BOTH
async def test_what_somebody_else_changed_meanwhile_is_kept(desk: Desk, kind: str) -> None:
    """West is edited here while East is changed elsewhere: the file's old East is not written back."""
    table = await desk.export(kind)
    await desk.company.set_targets(desk.company.ids["plan"], {("East", "2026-01"): "111"})
    at(table, "West", "target")[place(table, "2026-01")] = "60"
    assert await desk.import_table(table, kind) == [(8, "West", "2026-01", "TARGET", "50.00", "60.00")]
    assert (await desk.cells("East"))["2026-01"] == ("111.00", None, None)


@BOTH
async def test_what_both_changed_is_a_conflict(desk: Desk, kind: str) -> None:
    """East's January is 111.00 by now and 120 in the file: refused with its place, and West's edit is not stored."""
    table = await desk.export(kind)
    await desk.company.set_targets(desk.company.ids["plan"], {("East", "2026-01"): "111"})
    at(table, "East", "target")[place(table, "2026-01")] = "120"
    at(table, "West", "target")[place(table, "2026-01")] = "60"
    for dry_run in (True, False):
        assert await desk.refused(table, kind, dry_run) == ["CELL_CHANGED 5 month 2026-01"]
    assert (await desk.cells("West"))["2026-01"] == ("50.00", None, None)
    at(table, "East", "target")[place(table, "2026-01")] = "111"
    assert len(await desk.import_table(table, kind)) == 1


async def test_rows_may_be_sorted_and_left_out_and_columns_too(desk: Desk) -> None:
    """From the last row to the first, without some, with a column of one's own and only one month."""
    table = await desk.export()
    at(table, "East", "target")[place(table, "2026-02")] = "210"
    kept = [0, 4, place(table, "2026-02"), len(table[0]) - 1]
    narrow = [["note", *(row[column] for column in kept)] for row in [table[0], *reversed(table[1:6])]]
    assert await desk.import_table(narrow) == [(3, "East", "2026-02", "TARGET", "200.00", "210.00")]


async def test_a_file_of_ones_own_needs_no_stamps(desk: Desk) -> None:
    """Unit, line and a month are enough; keys that a spreadsheet took for numbers are known by their stamps."""
    own: Table = [["unit", "line", "2026-03"], ["east", "Target", "7"], [None, None, None], ["west", "stretch", "9"]]
    assert await desk.import_table(own) == [
        (2, "East", "2026-03", "TARGET", None, "7.00"),
        (4, "West", "2026-03", "STRETCH", None, "9.00"),
    ]
    payload = await desk.client.do(
        "createOrgUnit",
        "orgUnit { id }",
        key="00123",
        name="North",
        kind="POSITION",
        parentId=desk.company.ids["acme"],
    )
    desk.company.ids["North"] = payload["orgUnit"]["id"]
    table = await desk.export()
    row = at(table, "North", "target")
    row[0], row[5] = "123", "5"
    assert [change[1:] for change in await desk.import_table(table)] == [("North", "2026-01", "TARGET", None, "5.00")]


async def test_a_scenario_goes_out_and_in_as_the_draft_does(desk: Desk) -> None:
    """An export of the draft is imported into a scenario that began as its copy; the draft stays as it is."""
    await desk.client.do(
        "addScenario", "scenario { number }", planId=desk.company.ids["plan"], name="Bold", fromVersion=1
    )
    table = await desk.export()
    at(table, "East", "target")[place(table, "2026-01")] = "300"
    assert len(await desk.import_table(table, scenario=2)) == 1
    assert (await desk.cells("East"))["2026-01"] == ("100.00", None, None)
    assert at(await desk.export(scenario="2"), "East", "target")[5] == "300.00"


async def test_names_run_no_formula(desk: Desk) -> None:
    """A unit that is called like a formula is text in both kinds of file, and is found again."""
    name = '=HYPERLINK("http://evil.example.com")'
    payload = await desk.client.do(
        "createOrgUnit", "orgUnit { id }", key="=1+1", name=name, kind="POSITION", parentId=desk.company.ids["acme"]
    )
    desk.company.ids[name] = payload["orgUnit"]["id"]
    table = await desk.export("csv")
    assert at(table, f"'{name}", "target")[0] == "'=1+1"
    at(table, f"'{name}", "target")[5] = "5"
    assert len(await desk.import_table(table)) == 1
    response = await desk.download("xlsx")
    assert b"<f>" not in response.content
    assert load_workbook(io.BytesIO(response.content))["targets"].column_dimensions["S"].hidden
    workbook = rows_of(response.content, "xlsx")
    at(workbook, name, "target")[5] = 6
    assert at(workbook, name, "target")[0] == "=1+1"


async def test_marks_tell_what_is_fixed(desk: Desk) -> None:
    """Locked, pinned and by the day, with their months."""
    plan, east = desk.company.ids["plan"], desk.company.ids["East"]
    await desk.company.set_targets(plan, {("East", "2026-02"): "200"}, pinned=True)
    await desk.client.do("lockTargetCells", "plan { id }", planId=plan, orgUnitIds=[east], period="2026-01")
    await desk.client.do("planByDay", "plan { id }", planId=plan, orgUnitIds=[east], period="2026-Q2")
    marks = at(await desk.export(), "East", "target")[-2]
    assert marks == "locked 2026-01; pinned 2026-02; by day 2026-04, 2026-05, 2026-06"
    pinned = await desk.export()
    at(pinned, "East", "target")[place(pinned, "2026-02")] = "250"
    await desk.import_table(pinned)
    assert "pinned 2026-02" in at(await desk.export(), "East", "target")[-2]


async def test_a_large_file_is_stored_in_parts_of_one_transaction(
    desk: Desk, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twelve cells, five at a time: where the third part fails nothing is stored; where none does, all are."""
    monkeypatch.setattr(commands, "MOST_CELLS", 5)
    table = await desk.export()
    at(table, "West", "target")[5:17] = [str(number) for number in range(1, 13)]
    told: list[int] = []

    def stop(written: int) -> None:
        told.append(written)
        if written == 12:
            raise RuntimeError("the power fails")

    services = Services(database, POLICIES, lambda: NOW, AttainmentFeed(database))
    assert desk.client.identity is not None
    async with RequestContext(services, desk.client.identity) as context:
        work = await context.work()
    plan_id, file = split_id(desk.company.ids["plan"])[1], file_of(table, "csv")
    with pytest.raises(RuntimeError, match="the power fails"):
        await commands.import_targets(work, plan_id, file, FileFormat.CSV, dry_run=False, progress=stop)
    assert told == [5, 10, 12]
    assert len(await desk.cells("West")) == 1
    assert len(await desk.import_table(table)) == 12
    assert (await desk.cells("West"))["2026-12"] == ("12.00", None, None)


async def test_a_cell_that_changes_at_the_last_moment_is_a_conflict(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the file was compared, and before it is stored, somebody sets the same cell: nothing is stored."""
    table = await desk.export()
    at(table, "East", "target")[5], at(table, "West", "target")[5] = "1", "2"
    store = store_target_cells

    async def late(transaction: Transaction, *arguments: Any) -> int:
        monkeypatch.setattr(commands, "store_target_cells", store)
        await desk.company.set_targets(desk.company.ids["plan"], {("West", "2026-01"): "77"})
        return await store(transaction, *arguments)

    monkeypatch.setattr(commands, "store_target_cells", late)
    assert await desk.refused(table, dry_run=False) == ["CELL_CHANGED 8 month 2026-01"]
    assert (await desk.cells("East"))["2026-01"] == ("100.00", None, None)
