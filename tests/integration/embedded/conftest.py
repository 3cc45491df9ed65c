"""A short folder per test, processes that use the server in it, and one question to the database."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from quotaloom.platform.embedded import EmbeddedServer, locks, postmaster
from tests.places import throwaway_folder

ROOT = Path(__file__).parents[3]

Hold = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder that does not exist yet, with a path short enough for a socket."""
    parent = Path(tempfile.mkdtemp(prefix="ql-", dir=throwaway_folder())).resolve()
    parent.chmod(0o711)
    yield parent / "data"
    for cluster in parent.glob("**/postmaster.pid"):  # left by a test that failed
        if left := postmaster.running(cluster.parent):
            left.send(signal.SIGQUIT)
    shutil.rmtree(parent)


@pytest.fixture
def hold() -> Iterator[Hold]:
    """Start processes that use the server of a folder, as another account where a prefix command says so."""
    held: list[subprocess.Popen[str]] = []

    def start(folder: Path, *prefix: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "tests.integration.embedded.holder", str(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        held.append(process)
        return process

    yield start
    for process in held:
        process.kill()
        process.communicate()


def server_of(process: subprocess.Popen[str]) -> int:
    """Wait until the process uses the server; answer the server's process number."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    return int(line)


def leave(process: subprocess.Popen[str]) -> None:
    """Let the process end by itself and wait for it."""
    process.communicate(timeout=60)
    assert process.returncode == 0


def is_over(folder: Path) -> bool:
    """Whether no process of the folder's server lives."""
    return locks.is_free(folder / "postgres.alive.lock")


def ask(server: EmbeddedServer, *statements: str) -> object:
    """Run statements as the superuser and answer the first value of the last one."""

    async def run() -> object:
        connection = await asyncpg.connect(server.url("postgres", server.superuser))
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            answer: object = await connection.fetchval(statements[-1])
            return answer
        finally:
            await connection.close()

    return asyncio.run(run())


def kill(pid: int) -> None:
    """End a process at once."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
