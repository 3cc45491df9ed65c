"""Restoring a back-up: all of it, compared with its checksums, or nothing."""

from __future__ import annotations

import asyncio
import re
from asyncio import StreamWriter
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

import asyncpg

from quotaloom.platform.backups.checksums import comparison, tables_of
from quotaloom.platform.backups.manifest import DAMAGED, SCRIPT, Manifest, read_manifest
from quotaloom.platform.backups.programs import refuse_failure, running
from quotaloom.platform.backups.taking import CHUNK, Progress, said_by
from quotaloom.platform.database import credentials
from quotaloom.platform.errors import InputError
from quotaloom.platform.jobs.storage import SCHEMA as JOBS
from quotaloom.platform.migrating import APPLICATION_GROUP

_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""

# A script that ends before its last line, since whoever wrote it was killed, is rolled back; with
# `--single-transaction`, `psql` would commit it.
_BEFORE: Final = f"""
BEGIN;
SET lock_timeout = '10s';
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APPLICATION_GROUP}') THEN
        CREATE ROLE {APPLICATION_GROUP} NOLOGIN;
    END IF;
END $$;
DROP SCHEMA IF EXISTS public, {JOBS} CASCADE;
"""

_AFTER: Final = "\nCOMMIT;\n"

_TABLE: Final = re.compile(rb"^COPY (\S+) \(", re.MULTILINE)


async def restore(admin_url: str, path: Path, *, replace: bool, progress: Progress) -> Manifest:
    """Make the database what it was when the back-up was taken; returns the back-up's manifest.

    It is one transaction, which compares every table with its checksum at its end, and is committed by the last line
    that we write: if we are killed before, nothing was changed. A database with something in it is
    only touched with `replace`, and one that others use not at all. Migrations that are newer than the back-up, and
    the right of the application's role to enter, are left to `migrate`. Raises `InputError` NO_BACKUP,
    BACKUP_TOO_NEW, DATABASE_IN_USE, DATABASE_NOT_EMPTY or RESTORE_FAILED.
    """
    manifest = read_manifest(path)
    connection = await asyncpg.connect(**credentials(admin_url))
    try:
        await _refuse_what_is_there(connection, replace=replace)
    finally:
        await connection.close()
    progress.begin("Restoring", manifest.rows)
    options = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-"]
    async with running("psql", admin_url, *options, feeding=True) as process:
        listening = asyncio.create_task(said_by(process))
        assert process.stdin is not None
        try:
            with ZipFile(path) as archive:
                await _feed(process.stdin, archive, manifest, progress)
            process.stdin.close()
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has ended, and has said why
        except DAMAGED as error:
            raise InputError(
                "RESTORE_FAILED", f"{path} is damaged, and nothing was changed: {error}. Take another back-up."
            ) from None
        said = await listening
        await process.wait()
        refuse_failure("RESTORE_FAILED", "The restoring", process, said)
    return manifest


async def _refuse_what_is_there(connection: asyncpg.Connection[Any], *, replace: bool) -> None:
    if others := await connection.fetchval(_OTHERS):
        raise InputError(
            "DATABASE_IN_USE",
            f"{others} other {'connection uses' if others == 1 else 'connections use'} the database. "
            "Stop Quotaloom, and whoever else is connected, first.",
        )
    if not replace and await tables_of(connection):
        raise InputError(
            "DATABASE_NOT_EMPTY",
            "The database is not empty. `--replace` deletes all that is in it and puts the back-up in its place.",
        )


async def _feed(script: StreamWriter, archive: ZipFile, manifest: Manifest, progress: Progress) -> None:
    """All statements: what makes room, what the back-up holds, and what compares it."""
    script.write(_BEFORE.encode())
    previous = b""
    with archive.open(SCRIPT) as source:
        while chunk := source.read(CHUNK):
            script.write(chunk)
            await script.drain()
            for table in _TABLE.findall(previous + chunk):
                found = manifest.tables.get(table.decode(errors="replace"))
                progress.advance(found.rows if found is not None else 0)
            previous = chunk[chunk.rfind(b"\n") + 1 :][:200]
    script.write(comparison(manifest.tables).encode())
    await script.drain()
    script.write(_AFTER.encode())
    await script.drain()
