"""`quotaloom plan`: targets out to a spreadsheet, and back in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from quotaloom.importing.templates.commands import ImportOutcome, export_targets, import_targets
from quotaloom.organizations.reads import units, units_by_key
from quotaloom.platform.access import Viewer
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.embedded import ending_on_signals
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.refusals import ManyRefused
from quotaloom.platform.settings import Settings, load_settings
from quotaloom.platform.spreadsheets import FileFormat
from quotaloom.platform.work import Work
from quotaloom_server import bearers
from quotaloom_server.clock import utc_now
from quotaloom_server.databases import DatabaseUrls, connected, database_urls
from quotaloom_server.output import ASIDE, RESULT
from quotaloom_server.signals import run

plan = typer.Typer(
    help="Take a plan's targets out to a spreadsheet, and back in.", no_args_is_help=True, rich_markup_mode=None
)

File = Annotated[Path, typer.Argument(metavar="FILE", help="The file, which ends in .xlsx or .csv.", dir_okay=False)]
Company = Annotated[str, typer.Option(metavar="KEY", help="The company's key.")]
PlanName = Annotated[str, typer.Option("--plan", metavar="NAME", help="The plan's name.")]
Year = Annotated[int | None, typer.Option(metavar="YEAR", help="Its fiscal year, where several are called so.")]
Member = Annotated[
    str | None, typer.Option(metavar="KEY", help="As the member with this key.  [default: the first admin]")
]
Scenario = Annotated[
    int | None, typer.Option(metavar="N", help="The number of a scenario to work on instead of the draft.")
]


@plan.command("export")
def export(
    file: File,
    company: Company,
    plan: PlanName,
    year: Year = None,
    under: Annotated[
        str | None, typer.Option(metavar="KEY", help="Only the unit with this key, and what lies below it.")
    ] = None,
    member: Member = None,
    scenario: Scenario = None,
) -> None:
    """Write a plan's targets to a spreadsheet.

    Those of its draft, or of a scenario, for the units that whoever does it plans for.
    """
    format, settings = format_of(file), load_settings()

    async def work(urls: DatabaseUrls) -> bytes:
        async with working(settings, urls, company, member) as work:
            plan_id = await _plan_named(work, plan, year)
            unit_id = None if under is None else await unit_keyed(work, under)
            return (await export_targets(work, plan_id, format, unit_id, scenario)).content

    with ending_on_signals(), database_urls(settings) as urls, Waiting("Writing the file"):
        content = run(work(urls))
    file.write_bytes(content)
    ASIDE.print(f"Wrote {file}. To bring it back: quotaloom plan import {file} --company {company} --plan {plan!r}")


@plan.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The file, which ends in .xlsx or .csv.", exists=True, dir_okay=False)
    ],
    company: Company,
    plan: PlanName,
    year: Year = None,
    member: Member = None,
    scenario: Scenario = None,
    apply: Annotated[bool, typer.Option("--apply", help="Store the changes, instead of only telling them.")] = False,
) -> None:
    """Tell what an edited spreadsheet changes.

    With --apply the changes are stored, all or none.
    """
    format, content, settings = format_of(file), file.read_bytes(), load_settings()
    names: dict[int, str] = {}

    async def work(urls: DatabaseUrls, shown: Waiting) -> ImportOutcome:
        async with working(settings, urls, company, member) as work:
            plan_id = await _plan_named(work, plan, year)
            outcome = await import_targets(
                work, plan_id, content, format, dry_run=not apply, scenario=scenario, progress=shown.told
            )
            async with work.snapshot() as snapshot:
                for row in await units(snapshot, sorted({change.unit_id for change in outcome.changes})):
                    names[row["id"]] = row["name"]
            return outcome

    try:
        with ending_on_signals(), database_urls(settings) as urls, Waiting("Reading the file") as shown:
            outcome = run(work(urls, shown))
    except InputError as error:
        raise _placed(error) from None
    _show(outcome, names)
    if outcome.changes and not apply:
        ASIDE.print("Nothing is stored yet. The same command with --apply stores this.")


class Waiting:
    """What goes on, for somebody who waits for it."""

    def __init__(self, title: str) -> None:
        self._progress = Progress(console=ASIDE, transient=True, disable=not ASIDE.is_terminal)
        self._task = self._progress.add_task(title, total=None)

    def told(self, cells: int) -> None:
        """So many cells are written."""
        self._progress.update(self._task, description=f"Writing cells: {cells:,}")

    def __enter__(self) -> Waiting:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def format_of(file: Path) -> FileFormat:
    """What kind of file it is to be; raises `InputError` BAD_FORMAT."""
    try:
        return FileFormat(file.suffix.lower().removeprefix("."))
    except ValueError:
        raise InputError("BAD_FORMAT", f"{file.name} ends neither in .xlsx nor in .csv.", ("FILE",)) from None


@asynccontextmanager
async def working(settings: Settings, urls: DatabaseUrls, company_key: str, member: str | None) -> AsyncIterator[Work]:
    """Somebody of a company at work."""
    now = utc_now()
    async with connected(settings, urls) as database:
        company = await bearers.company_named(database, urls, company_key)
        if member is None:
            found = await bearers.first_admin(database, company, now)
        else:
            found = await bearers.member_named(database, company, member, now)
        viewer = Viewer(company.id, found.subject, found.role, found.member_id)
        yield Work(database, viewer, company, now)


async def _plan_named(work: Work, name: str, year: int | None) -> int:
    async with work.snapshot() as snapshot:
        rows = await snapshot.fetch("SELECT id, name, fiscal_year FROM plan ORDER BY fiscal_year, name, id")
    found = [row["id"] for row in rows if row["name"] == name and year in (None, row["fiscal_year"])]
    if len(found) == 1:
        return int(found[0])
    known = ", ".join(f"{row['name']} ({row['fiscal_year']})" for row in rows[:20]) or "none"
    what = "Several plans are" if found else "No plan is"
    raise NotFound("UNKNOWN_PLAN", f"{what} called {name!r}. There are: {known}.", ("--plan",))


async def unit_keyed(work: Work, key: str) -> int:
    """The unit with a key; raises `NotFound` UNKNOWN_UNIT."""
    async with work.snapshot() as snapshot:
        rows = await units_by_key(snapshot, [key])
    if not rows:
        raise NotFound("UNKNOWN_UNIT", f"There is no unit with the key {key!r}.", ("--under",))
    return int(rows[0]["id"])


def _placed(error: InputError) -> InputError:
    """The error with its place as a spreadsheet shows it."""
    if isinstance(error, ManyRefused):
        return ManyRefused([_placed(one) for one in error.errors])
    if error.path[:1] == ("content",) and len(error.path) == 3:
        _, row, heading = error.path
        return InputError(error.code, error.message, (f"row {row}, {heading}",))
    return error


def _show(outcome: ImportOutcome, names: dict[int, str]) -> None:
    for change in outcome.changes:
        before, after = (
            "nothing" if amount is None else format_amount(amount, outcome.scale)
            for amount in (change.before, change.after)
        )
        place = f"row {change.row}: {names[change.unit_id]}, {change.month.label}, {change.line}"
        RESULT.print(f"{place}: {before} → {after}")
    verb = "changed" if outcome.stored else "would change"
    RESULT.print(f"{len(outcome.changes):,} values in {outcome.cells:,} cells {verb}.")
