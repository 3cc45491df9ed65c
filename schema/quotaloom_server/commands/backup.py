"""`quotaloom backup` and `quotaloom restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TaskID

from quotaloom.platform.backups import Manifest, back_up, read_manifest
from quotaloom.platform.backups import restore as restore_all
from quotaloom.platform.backups.taking import key_hash
from quotaloom.platform.embedded import ending_on_signals
from quotaloom.platform.settings import Settings, load_settings
from quotaloom_server.clock import utc_now
from quotaloom_server.databases import bring_up_to_date, database_urls
from quotaloom_server.output import ASIDE, RESULT
from quotaloom_server.signals import run


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write; it must not be there yet.")],
) -> None:
    """Write everything that the database holds to a file.

    It is of one moment, with a checksum of each table; others may go on working. The signing key is not in it.
    """
    settings = load_settings()
    with ending_on_signals(), database_urls(settings) as urls, _Bars() as bars:
        manifest = run(back_up(urls.admin, file, now=utc_now(), signing_key=settings.signing_key_file, progress=bars))
    RESULT.print(f"{file}: {_contents(manifest)}")
    ASIDE.print(
        f"Keep the signing key, {settings.signing_key_file}, elsewhere too: it is not in the back-up, and without it "
        "tokens that were handed out are good for nothing after a restore."
    )


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A back-up that `quotaloom backup` has made.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Delete what is in the database now, if there is anything.")
    ] = False,
) -> None:
    """Make the database what it was when a back-up was taken.

    All of it, compared with the checksums of the back-up, or nothing. Stop Quotaloom first. Restore only back-ups that
    you trust: they run as the database's administrator.
    """
    settings = load_settings()
    read_manifest(file)  # before a database is started for it
    with ending_on_signals(), database_urls(settings) as urls, _Bars() as bars:
        manifest = run(restore_all(urls.admin, file, replace=replace, progress=bars))
        run(bring_up_to_date(urls, lambda name: ASIDE.print(f"Applying {name}")))
    RESULT.print(f"Restored: {_contents(manifest)}; every checksum is right.")
    _tell_of_key(settings, manifest)


def _contents(manifest: Manifest) -> str:
    moment = f"{manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC"
    return f"{manifest.rows:,} rows of {len(manifest.tables)} tables, as of {moment}"


def _tell_of_key(settings: Settings, manifest: Manifest) -> None:
    if manifest.signing_key is not None and key_hash(settings.signing_key_file) != manifest.signing_key:
        ASIDE.print(
            f"The signing key {settings.signing_key_file} is not the one of the back-up: tokens of that time are not "
            "good here. Put that key there, or hand out new tokens with `quotaloom token`."
        )


class _Bars:
    """A bar for each step, where there is a terminal."""

    def __init__(self) -> None:
        self._progress = Progress(console=ASIDE, transient=True, disable=not ASIDE.is_terminal)
        self._step: TaskID | None = None

    def __enter__(self) -> _Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, title: str, total: int) -> None:
        """Show the bar of a step."""
        self._step = self._progress.add_task(title, total=total)

    def advance(self, rows: int) -> None:
        """Move its bar on."""
        if self._step is not None:
            self._progress.advance(self._step, rows)
