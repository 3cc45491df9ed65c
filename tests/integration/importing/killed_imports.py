"""Imports that are killed: a process that forks one for each place at which an import may end, and kills it there.

The places are before and after each commit, and wherever the importer tells that it came further. For each one, in
their order, it prints `killed` and waits for a line before it goes on; `done` once an import came through.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import tests.conftest  # noqa: F401 (what is worked out of the models is so once for all forks)
from quotaloom.importing.importer import import_folder
from quotaloom.importing.mapping_files import read_mapping
from quotaloom.importing.templates import commands
from quotaloom.importing.templates.commands import import_targets
from quotaloom.platform.database import Database
from quotaloom.platform.spreadsheets import FileFormat
from quotaloom.platform.unit_of_work import Transaction, Writer
from tests.integration.importing.companies import NOW, imported, policies

T = TypeVar("T")

Kill = Callable[[], None]


class DeadlyDatabase(Database):
    """A database at whose commits one may be killed."""

    def __init__(self, url: str, kill: Kill) -> None:
        super().__init__(url, pool_size=2)
        self._kill = kill

    async def write(self, company_id: int, writer: Writer, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Write as ever, but for what may happen before and after the commit."""

        async def then(transaction: Transaction) -> T:
            result = await work(transaction)
            self._kill()
            return result

        result = await super().write(company_id, writer, then)
        self._kill()
        return result


@dataclass
class Place:
    """Where it ends: `left` places further on."""

    left: int

    def reached(self) -> None:
        """End here, if this is the place."""
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1


async def load_folder(database: Database, place: Place, number: int, order: dict[str, Any]) -> None:
    """Import a folder into a company of its own for each place."""
    mapping = read_mapping(order["mapping"].encode(), "tests")
    folder, batch = Path(order["folder"]), order["batch"]
    await import_folder(database, policies(), folder, mapping, f"killed-{number}", now=NOW, batch_size=batch)


async def load_targets(database: Database, place: Place, number: int, order: dict[str, Any]) -> None:
    """Import an edited template, some cells at a time, into the same plan for all places."""
    vars(commands)["MOST_CELLS"] = order["batch"]
    work, content = await imported(database, order["company"]), order["content"].encode()
    await import_targets(work, order["plan"], content, FileFormat.CSV, dry_run=False, progress=partial(_told, place))


def _told(place: Place, cells: int) -> None:
    place.reached()


IMPORTS = {"folder": load_folder, "targets": load_targets}


async def run_until(number: int, order: dict[str, Any]) -> None:
    """Import until the place of this number is reached, or to the end."""
    place = Place(number)
    database = DeadlyDatabase(order["url"], place.reached)
    await database.connect()
    await IMPORTS[order["what"]](database, place, number, order)
    await database.close()


def fork_until_done(order: dict[str, Any]) -> None:
    """Kill one import after the other, each one place further on. What all of them need is made ready before."""
    policies()
    asyncio.run(_connect(order["url"]))
    number = 0
    while True:
        child = os.fork()
        if child == 0:
            asyncio.run(run_until(number, order))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print("killed" if killed else "done" if status == 0 else f"failed with {status}", flush=True)
        if not killed:
            return
        sys.stdin.readline()
        number += 1


async def _connect(url: str) -> None:
    database = Database(url)
    await database.connect()
    await database.close()


if __name__ == "__main__":
    fork_until_done(json.loads(sys.stdin.readline()))
