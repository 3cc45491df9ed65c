"""Taking a back-up, of one moment, while others go on working."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import re
from asyncio.subprocess import Process
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Protocol
from zipfile import ZIP_DEFLATED, ZipFile

import asyncpg

from quotaloom.platform.backups.checksums import SCHEMAS, SETTINGS, TableSum, sum_of, tables_of
from quotaloom.platform.backups.manifest import MANIFEST, SCRIPT, Manifest
from quotaloom.platform.backups.programs import refuse_failure, running
from quotaloom.platform.database import credentials
from quotaloom.platform.errors import InputError
from quotaloom.platform.schema_versions import applied_migrations

CHUNK: Final = 1 << 18
_NO_LINKS: Final = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS)
"""What file systems say that know no links, such as those of memory sticks."""

_DUMPING: Final = re.compile(r'dumping contents of table "([^"]+)"')


class Progress(Protocol):
    """Who is told how far it has come: each step with its number of rows, and rows that are done."""

    def begin(self, title: str, total: int) -> None:
        """A step begins."""

    def advance(self, rows: int) -> None:
        """So many rows more are done."""


async def back_up(admin_url: str, path: Path, *, now: datetime, signing_key: Path, progress: Progress) -> Manifest:
    """Write everything that the database holds to a new file, as it is at one moment; returns its manifest.

    The file appears when it is whole and on disk. The signing key is not in it, only a hash of it. Raises
    `InputError` FILE_EXISTS, FILE_UNUSABLE, NOTHING_TO_BACK_UP or BACKUP_FAILED.
    """
    _refuse_to_overwrite(path)
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    connection = await asyncpg.connect(**credentials(admin_url))
    try:
        descriptor = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=3) as archive:
                manifest = await _write(connection, admin_url, archive, now, signing_key, progress)
            file.flush()
            os.fsync(file.fileno())
        _name(partial, path)
    except OSError as error:
        raise InputError("FILE_UNUSABLE", f"{path} cannot be written: {error.strerror or error}.") from None
    finally:
        partial.unlink(missing_ok=True)
        await connection.close()
    return manifest


def key_hash(signing_key: Path) -> str | None:
    """A hash that tells one signing key from another and does not tell the key; None where there is none."""
    try:
        return hashlib.sha256(b"quotaloom back-up\0" + signing_key.read_bytes().strip()).hexdigest()
    except OSError:
        return None


def _refuse_to_overwrite(path: Path) -> None:
    if path.exists():
        raise InputError("FILE_EXISTS", f"{path} is there already; name a new file, or remove it first.")


def _name(partial: Path, path: Path) -> None:
    """Give a whole file its name, which nobody else may have taken meanwhile."""
    try:
        os.link(partial, path)  # unlike a renaming, it takes the place of nothing
    except FileExistsError:
        _refuse_to_overwrite(path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _refuse_to_overwrite(path)
        partial.rename(path)


async def _write(
    connection: asyncpg.Connection[Any],
    admin_url: str,
    archive: ZipFile,
    now: datetime,
    signing_key: Path,
    progress: Progress,
) -> Manifest:
    await connection.execute(SETTINGS)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        snapshot: str = await connection.fetchval("SELECT pg_export_snapshot()")
        migrations = await applied_migrations(connection)
        if not migrations:
            raise InputError("NOTHING_TO_BACK_UP", "The database is empty: no version of Quotaloom has used it yet.")
        sums = await _sums(connection, progress)
        await _dump(admin_url, snapshot, archive, sums, progress)
    manifest = Manifest(
        version=version("quotaloom"),
        taken_at=now,
        postgres=connection.get_settings().server_version,
        migrations=migrations,
        tables=sums,
        signing_key=key_hash(signing_key),
    )
    archive.writestr(MANIFEST, manifest.model_dump_json(indent=2))
    return manifest


async def _sums(connection: asyncpg.Connection[Any], progress: Progress) -> dict[str, TableSum]:
    tables = await tables_of(connection)
    progress.begin("Adding up checksums", sum(tables.values()))
    sums = {}
    for table, about in tables.items():
        sums[table] = await sum_of(connection, table)
        progress.advance(about)
    return sums


async def _dump(admin_url: str, snapshot: str, archive: ZipFile, sums: dict[str, TableSum], progress: Progress) -> None:
    progress.begin("Writing", sum(table.rows for table in sums.values()))

    def begun(line: str) -> None:
        if found := _DUMPING.search(line):
            progress.advance(sums[found[1]].rows if found[1] in sums else 0)

    options = ["--no-owner", "--verbose", f"--snapshot={snapshot}", *(f"--schema={schema}" for schema in SCHEMAS)]
    async with running("pg_dump", admin_url, *options) as process:
        listening = asyncio.create_task(said_by(process, begun))
        assert process.stdout is not None
        with archive.open(SCRIPT, "w", force_zip64=True) as script:
            while chunk := await process.stdout.read(CHUNK):
                script.write(chunk)
        said = await listening
        await process.wait()
        refuse_failure("BACKUP_FAILED", "The back-up", process, said)


async def said_by(process: Process, tell: Callable[[str], object] = lambda _: None) -> list[str]:
    """The last lines of what a program says besides its result; `tell` is told each as it comes."""
    assert process.stderr is not None
    said: list[str] = []
    async for line in process.stderr:
        said = [*said[-9:], line.decode(errors="replace").rstrip()]
        tell(said[-1])
    return said
