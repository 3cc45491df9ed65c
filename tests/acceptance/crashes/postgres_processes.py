"""The processes of an embedded PostgreSQL, to be killed and stopped."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil  # type: ignore[import-untyped] # it ships no types

from quotaloom.platform.embedded import EmbeddedServer, locks, postmaster
from quotaloom.platform.embedded.folders import Folders, folders_for
from tests.integration.server.processes import wait_for


def folders(server: EmbeddedServer) -> Folders:
    """Where the server keeps its things."""
    return folders_for(server.socket_dir.parent)


def postmaster_of(server: EmbeddedServer) -> int:
    """The number of the process that all others are children of, as of now."""
    found = postmaster.running(folders(server).cluster)
    assert found is not None
    return found.pid


def children_of(server: EmbeddedServer, named: str = "") -> list[int]:
    """The numbers of the other processes: those of connections, and the checkpointer and so on."""
    found = []
    for child in psutil.Process(postmaster_of(server)).children():
        with suppress(psutil.Error):
            if named in " ".join(child.cmdline()):
                found.append(child.pid)
    return found


def recoveries(server: EmbeddedServer) -> int:
    """How often the server has started after it was broken off. Why it was may not be in its log: the disk was full."""
    return folders(server).log.read_text(errors="replace").count("database system was interrupted")


@contextmanager
def gone(server: EmbeddedServer, by: int = signal.SIGKILL) -> Iterator[None]:
    """No PostgreSQL while the block runs, by a signal; those who look after it bring it back afterwards."""
    with locks.exclusive(folders(server).change_lock):
        os.kill(postmaster_of(server), by)
        wait_for(lambda: locks.is_free(folders(server).alive_lock))
        yield


@contextmanager
def frozen(server: EmbeddedServer) -> Iterator[None]:
    """PostgreSQL neither answers nor breaks a connection while the block runs, as behind a network that is cut."""
    processes = [postmaster_of(server), *children_of(server)]
    for number in processes:
        os.kill(number, signal.SIGSTOP)
    try:
        yield
    finally:
        for number in processes:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGCONT)
