"""Statements to take along: one as CSV, XLSX or a page to print, those of a whole run as CSV or XLSX."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import chain
from typing import BinaryIO, Final

from quotaloom.incentives.entry_rows import entries_told
from quotaloom.incentives.reads import Seen, count_lines, runs_by_id, statement_ids_of_run
from quotaloom.incentives.statement_pages import statement_page
from quotaloom.incentives.statement_rows import columns, rows_of, statements_told
from quotaloom.metrics.currencies import currency_scale
from quotaloom.organizations.sight import Sight, load_sight
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.spreadsheets import FileFormat, aside
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import Work
from quotaloom.reports.tables import table_file, written

BATCH: Final = 200
"""How many statements of a run are in memory at a time."""

MOST_LINES: Final = 150_000
"""Lines of one workbook: about a minute's work for one thread."""


class StatementFormat(StrEnum):
    """What a statement can be taken along as."""

    CSV = "csv"
    XLSX = "xlsx"
    HTML = "html"

    @property
    def media_type(self) -> str:
        """What the file is called where it is sent."""
        if self is StatementFormat.HTML:
            return "text/html; charset=utf-8"
        return FileFormat(self.value).media_type


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A file and what it is called, without an ending; one of many statements is open, and stands at its beginning."""

    name: str
    content: bytes | BinaryIO


def seen_by(sight: Sight) -> Seen:
    """Whose statements a viewer may see."""
    return Seen(None if sight.everything else sight.member_ids, sight.member_id)


async def export_statement(work: Work, statement_id: int, format: StatementFormat) -> StatementFile:
    """A statement that the viewer may see, as a file. Raises `NotFound`."""
    page = format is StatementFormat.HTML
    async with work.snapshot() as snapshot:
        sight = await load_sight(snapshot, work.viewer, work.company, work.today)
        found = await statements_told(snapshot, seen_by(sight), [statement_id], whole=page)
        if not found:
            raise NotFound("NOT_FOUND", "there is no such statement", ("id",))
        entries = await entries_told(snapshot, sight, found[0].lines) if page else {}
    (told,) = found
    name = f"statement {told.statement['label']} {told.member['name']}"
    if page:
        return StatementFile(name, statement_page(work.company.name, told, entries).encode())
    scale = currency_scale(told.statement["currency"])
    write = partial(written, FileFormat(format.value), columns(scale), list(rows_of(told)))
    return StatementFile(name, await aside(write))


async def export_run(work: Work, run_id: int, format: FileFormat) -> StatementFile:
    """Those statements of a run that the viewer may see, by the member's name; whoever is given it closes the file.

    They are read and written in batches, all of one moment. Raises `NotFound`, `InputError` TOO_LARGE for more lines
    than a workbook takes.
    """
    async with work.snapshot() as snapshot:
        seen = seen_by(await load_sight(snapshot, work.viewer, work.company, work.today))
        runs = await runs_by_id(snapshot, seen, [run_id])
        if not runs:
            raise NotFound("NOT_FOUND", "there is no such run", ("id",))
        file = tempfile.TemporaryFile()  # noqa: SIM115 (whoever sends it closes it)
        try:
            await _write(snapshot, seen, run_id, format, file)
            file.seek(0)
        except BaseException:
            file.close()
            raise
    return StatementFile(f"statements {runs[0]['label']}", file)


async def _write(snapshot: Snapshot, seen: Seen, run_id: int, format: FileFormat, file: BinaryIO) -> None:
    rows = await statement_ids_of_run(snapshot, seen, run_id)
    scale = currency_scale(rows[0]["currency"]) if rows else 0
    ids = [row["id"] for row in rows]
    if format is FileFormat.XLSX and await count_lines(snapshot, ids) > MOST_LINES:
        message = f"these are more than the {MOST_LINES:,} lines of one workbook: take CSV"
        raise InputError("TOO_LARGE", message, ("format",))
    table = await aside(partial(table_file, file, format, columns(scale)))
    try:
        for start in range(0, len(ids), BATCH):
            found = await statements_told(snapshot, seen, ids[start : start + BATCH])
            await aside(partial(table.add, chain.from_iterable(map(rows_of, found))))
    except BaseException:
        table.discard()
        raise
    await aside(table.close)
