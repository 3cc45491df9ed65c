"""`quotaloom import`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TaskID
from rich.table import Table

from quotaloom.importing.importer import import_folder
from quotaloom.importing.mapping import ImportMapping
from quotaloom.importing.mapping_files import load_mapping, shipped_mappings
from quotaloom.importing.progress import Step
from quotaloom.importing.summary import ImportSummary
from quotaloom.platform.embedded import Terminated, ending_on_signals
from quotaloom.platform.errors import InputError
from quotaloom.platform.settings import Settings, load_settings
from quotaloom_server.clock import utc_now
from quotaloom_server.databases import connected, database_urls
from quotaloom_server.hosting import find_plugins, policy_host
from quotaloom_server.output import ASIDE, RESULT
from quotaloom_server.signals import run

_TITLES = {Step.READ: "Reading and checking", Step.WRITE: "Writing"}
_PLACES = {"folder": "FOLDER", "mapping": "--mapping", "company": "--company", "skipped": "--skipped", "pool": "--pool"}


def import_(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder of the files.")],
    mapping: Annotated[
        str,
        typer.Option(
            metavar="NAME", help=f"What the files mean: {', '.join(shipped_mappings())}, or the path of a TOML file."
        ),
    ],
    company: Annotated[
        str, typer.Option(metavar="KEY", help="Key of the company to import into; founded if it is new.")
    ],
    skip_bad: Annotated[
        bool,
        typer.Option(
            "--skip-bad", help="Leave bad rows out, instead of importing nothing, and write them to a folder."
        ),
    ] = False,
    pool: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", help="Let open deals without a customer wait in this public pool; made if it is new."
        ),
    ] = None,
    skipped: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="A new folder for rows left out.  [default: FOLDER's name and -skipped, here]"
        ),
    ] = None,
) -> None:
    """Import a folder of CSV files into a company.

    Everything is checked before anything is written. The same import again changes nothing, and completes one
    that was broken off.
    """
    if skipped is not None and not skip_bad:
        raise typer.BadParameter("--skipped belongs to --skip-bad.")
    settings = load_settings()
    rejects = (skipped or Path(f"{folder.resolve().name}-skipped")) if skip_bad else None
    try:
        with ending_on_signals():
            summary = _import(settings, folder, load_mapping(mapping), company, rejects, pool)
    except Terminated:
        ASIDE.print("Stopped. The same command again completes the import.")
        raise
    except InputError as error:
        if error.path and error.path[0] in _PLACES:
            raise InputError(error.code, error.message, (_PLACES[error.path[0]],)) from None
        raise
    _show(summary)
    if summary.bad_rows and rejects is not None:
        _show_skipped(summary, rejects, mapping)


def _import(
    settings: Settings,
    folder: Path,
    mapping: ImportMapping,
    company: str,
    rejects: Path | None,
    pool: str | None,
) -> ImportSummary:
    bars = Progress(console=ASIDE, disable=not ASIDE.is_terminal)
    with database_urls(settings) as urls, bars:

        async def load() -> ImportSummary:
            plugins = await find_plugins(settings)
            async with connected(settings, urls) as database, policy_host(settings, plugins) as host:
                return await import_folder(
                    database,
                    host,
                    folder,
                    mapping,
                    company,
                    now=utc_now(),
                    skip_bad=rejects is not None,
                    skipped=rejects,
                    progress=_Bars(bars),
                    unclaimed=pool,
                )

        return run(load())


class _Bars:
    """A bar for each step."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._steps: dict[Step, TaskID] = {}

    def begin(self, step: Step, total: int) -> None:
        """Show the bar of a step."""
        self._steps[step] = self._progress.add_task(_TITLES[step], total=total)

    def advance(self, step: Step, count: int) -> None:
        """Move the bar of a step on."""
        self._progress.advance(self._steps[step], count)


def _show(summary: ImportSummary) -> None:
    first, *others = summary.header
    table = Table(first)
    for name in others:
        table.add_column(name, justify="right")
    for row in summary.rows:
        table.add_row(*row)
    RESULT.print(table)
    for note in summary.notes:
        RESULT.print(f"{note.text}: {note.count:,}")
    for told in summary.told_duplicates:
        RESULT.print(told)
    verb = "was founded" if summary.founded else "was there already"
    ASIDE.print(
        f"Company {summary.company_key} {verb}. A token for it: quotaloom token --company {summary.company_key}"
    )


def _show_skipped(summary: ImportSummary, rejects: Path, mapping: str) -> None:
    count = sum(one.skipped for one in summary.kinds)
    RESULT.print(f"{count:,} {'row was' if count == 1 else 'rows were'} left out, to {rejects}")
    again = shlex.join(["quotaloom", "import", str(rejects), "--mapping", mapping, "--company", summary.company_key])
    ASIDE.print(f"Mend what stands there, then: {again}")
