"""`pg_dump` and `psql`: those of the embedded PostgreSQL, told whom to connect to without showing the password."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from quotaloom.platform.database import credentials
from quotaloom.platform.embedded.binaries import client_program
from quotaloom.platform.errors import InputError
from quotaloom.platform.parent_death import ending_with

_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "database": "PGDATABASE",
    "ssl": "PGSSLMODE",
}


@asynccontextmanager
async def running(name: str, url: str, *options: str, feeding: bool = False) -> AsyncIterator[Process]:
    """A program that is connected to `url`; it is ended where the block is left before it has ended by itself.

    It ends as well where we are killed, on Linux at once; elsewhere when its input or output breaks.
    """
    others = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    connecting = {
        variable: str(value)
        for part, variable in _VARIABLES.items()
        if (value := credentials(url).get(part)) is not None
    }
    process = await asyncio.create_subprocess_exec(
        str(client_program(name)),
        *options,
        env={**others, **connecting, "PGCLIENTENCODING": "UTF8", "LC_ALL": "C"},
        stdin=PIPE if feeding else DEVNULL,
        stdout=DEVNULL if feeding else PIPE,
        stderr=PIPE,
        start_new_session=True,  # Ctrl-C is for us
        preexec_fn=ending_with(os.getpid()) if sys.platform == "linux" else None,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        await process.wait()


def refuse_failure(code: str, doing: str, process: Process, said: list[str]) -> None:
    """Raise `InputError` with the last words of a program that has failed."""
    if process.returncode != 0:
        raise InputError(code, f"{doing} failed, and nothing was changed. PostgreSQL says:\n" + "\n".join(said[-5:]))
