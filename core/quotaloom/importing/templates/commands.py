"""Exporting the targets of a plan to a file, and importing them from one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from quotaloom.importing.templates.comparing import TargetChange, compare
from quotaloom.importing.templates.gathering import gather_template
from quotaloom.importing.templates.layout import MONTH, Template
from quotaloom.importing.templates.sheets import read_sheet
from quotaloom.importing.templates.writing import written
from quotaloom.platform.errors import Conflict, InputError
from quotaloom.platform.spreadsheets import FileFormat, aside
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.targets.cells import MOST_CELLS, CellChange, store_target_cells
from quotaloom.targets.permission import planning_right
from quotaloom.targets.standing import refuse_submitted


@dataclass(frozen=True, slots=True)
class ExportedTemplate:
    """A file, and what it is of."""

    plan_name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What a file changes, and whether that was stored; amounts have `scale` decimal places."""

    changes: tuple[TargetChange, ...]
    cells: int
    scale: int
    stored: bool


async def export_targets(
    work: Work, plan_id: int, format: FileFormat, under: int | None = None, scenario: int | None = None
) -> ExportedTemplate:
    """The plan's draft, or a scenario of it, as a file, for the units that the viewer plans for.

    Raises what `gather_template` raises.
    """
    work.viewer.require_to_read("exporting targets")
    async with work.snapshot() as snapshot:
        template = await gather_template(snapshot, work, plan_id, under, scenario)
    return ExportedTemplate(template.plan.name, await aside(lambda: written(template, format)))


async def import_targets(
    work: Work,
    plan_id: int,
    content: bytes,
    format: FileFormat,
    *,
    dry_run: bool,
    scenario: int | None = None,
    progress: Callable[[int], object] = lambda _: None,
) -> ImportOutcome:
    """Set what an edited template changes, all or none; with `dry_run` tell it and store nothing.

    Cells that hold what the file has already are left alone, however many they are. `progress` is told how many cells
    are written. A dry run shows what is stored, and needs a service to have `graph:read`. Raises what `read_sheet`,
    `gather_template` and `compare` raise, `InputError` SUBMITTED, and `Conflict` where a cell changes at this very
    moment.
    """
    if dry_run:
        work.viewer.require_to_read("a dry run")
    async with work.snapshot() as snapshot:
        await planning_right(snapshot, work)  # nobody else's files are worth the time that reading takes
    sheet = await aside(lambda: read_sheet(content, format))
    async with work.snapshot() as snapshot:
        template = await gather_template(snapshot, work, plan_id, None, scenario)
    changes = await aside(lambda: compare(sheet, template))
    cells = _cells(changes)
    await _refuse_submitted(work, template, cells)
    if changes and not dry_run:
        await _store(work, template, cells, scenario, progress)
    return ImportOutcome(tuple(changes), len(cells), template.metric_scale, stored=bool(changes) and not dry_run)


async def _refuse_submitted(work: Work, template: Template, cells: Sequence[tuple[CellChange, TargetChange]]) -> None:
    if cells:
        units = [cell.unit_id for cell, _ in cells]
        async with work.snapshot() as snapshot:
            try:
                await refuse_submitted(snapshot, template.version_id, units, work.today, "cells")
            except InputError as error:
                raise _in_file(error, cells, 0) from None


async def _store(
    work: Work,
    template: Template,
    cells: Sequence[tuple[CellChange, TargetChange]],
    scenario: int | None,
    progress: Callable[[int], object],
) -> None:
    async def apply(transaction: Transaction) -> None:
        for first in range(0, len(cells), MOST_CELLS):
            some = cells[first : first + MOST_CELLS]
            try:
                stored = await store_target_cells(
                    transaction, work, template.plan, [cell for cell, _ in some], scenario
                )
            except InputError as error:
                raise _in_file(error, cells, first) from None
            if stored != template.version_id:
                raise Conflict("PLAN_CHANGED", "the plan's draft was published meanwhile; look at the plan again")
            progress(first + len(some))

    await work.write(apply)


def _cells(changes: Sequence[TargetChange]) -> list[tuple[CellChange, TargetChange]]:
    """The cells that are set, by unit and month, each with the first of its changes."""
    of_cell = attrgetter("unit_id", "month.starts_on")
    found = []
    for _, group in groupby(sorted(changes, key=of_cell), of_cell):
        of_one = list(group)
        first = of_one[0]
        values = {change.line: change.after for change in of_one}
        found.append((CellChange(first.unit_id, first.month.label, values, expected_version=first.version), first))
    return found


def _in_file(error: InputError, cells: Sequence[tuple[CellChange, TargetChange]], first: int) -> InputError:
    """An error of a cell, at its place in the file."""
    if len(error.path) < 2 or error.path[0] != "cells" or not isinstance(error.path[1], int):
        return error
    change = cells[first + error.path[1]][1]
    return type(error)(error.code, error.message, ("content", change.row, MONTH + change.month.label))
