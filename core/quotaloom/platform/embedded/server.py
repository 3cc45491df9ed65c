"""The embedded server as a process sees it: start or join it, use it, leave it."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from urllib.parse import quote, urlencode

from quotaloom.platform.embedded import locks, postmaster
from quotaloom.platform.embedded.binaries import binaries_for
from quotaloom.platform.embedded.cluster import SUPERUSER, ensure_cluster
from quotaloom.platform.embedded.errors import EmbeddedError
from quotaloom.platform.embedded.folders import Folders, folders_for
from quotaloom.platform.embedded.watching import Watch

START_SECONDS = 600.0  # crash recovery of a large database takes its time
FAST_STOP_SECONDS = 60.0
IMMEDIATE_STOP_SECONDS = 20.0
PAUSE_SECONDS = 0.01

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A running server: the folder of its unix socket, its port (part of that one's name), its process."""

    socket_dir: Path
    port: int
    pid: int
    superuser: str = SUPERUSER

    def url(self, database: str, role: str) -> str:
        """The address of a database for a role, as asyncpg reads it; there is no password."""
        where = urlencode({"host": str(self.socket_dir), "port": self.port}, safe="/")
        return f"postgresql://{quote(role, safe='')}@/{quote(database, safe='')}?{where}"


class EmbeddedPostgres:
    """This process's share in the server of a data folder: use it in a `with` statement, or start and stop it.

    `fsync=False` is for tests: faster, and a crash of the machine may lose everything. It counts for the
    process that starts the server, as `max_connections` does; one that joins takes what is running.

    A server that dies meanwhile, killed or out of disk, is started again, and recovers what it had acknowledged.

    Nothing is registered for the end of the process: SIGINT and SIGTERM must unwind to `stop`
    (`ending_on_signals` does that). A process that is killed leaves the server to the next one that starts.
    """

    def __init__(self, data_dir: Path, *, fsync: bool = True, max_connections: int = 100) -> None:
        self._data_dir = data_dir
        self._fsync = fsync
        self._max_connections = max_connections
        self._folders: Folders | None = None
        self._share: int | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._watch: Watch | None = None

    def start(self) -> EmbeddedServer:
        """Join the running server of the data folder or start one, and wait until it answers.

        The first start makes the database, which takes about two seconds; later ones take a fraction of one.
        Raises EmbeddedError where it cannot be done.
        """
        if self._share is not None:
            raise EmbeddedError(f"The embedded server of {self._data_dir} is started already.")
        folders = self._folders = folders_for(self._data_dir)
        with locks.exclusive(folders.change_lock):
            self._share = locks.share(folders.users_lock)
            try:
                found = self._adopt(folders) or self._launch(folders)
            except BaseException:
                self._leave(folders)
                raise
        self._watch = Watch(self._bring_back)
        return EmbeddedServer(found.socket_dir, found.port, found.pid)

    def stop(self) -> None:
        """Leave the server; the last process to leave stops it and waits for its end. May be called again."""
        if self._share is None or self._folders is None:
            return
        if self._watch is not None:
            self._watch.end()
        with locks.exclusive(self._folders.change_lock):
            self._leave(self._folders)

    def __enter__(self) -> EmbeddedServer:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _adopt(self, folders: Folders) -> postmaster.Postmaster | None:
        """A server that is there already, as soon as it answers; none, once its last process is gone."""

        def settled() -> bool:
            return _ended(folders) or _answering(folders) is not None

        if not _wait(settled, START_SECONDS):
            raise EmbeddedError(
                f"A PostgreSQL server of {folders.cluster} is running and does not answer. "
                f"End its processes and start again. Its log ends:\n{postmaster.last_words(folders.log)}"
            )
        return _answering(folders)

    def _launch(self, folders: Folders) -> postmaster.Postmaster:
        binaries = binaries_for(folders.account, folders.shared)
        ensure_cluster(folders, binaries, fsync=self._fsync)
        postmaster.forget_dead(folders.cluster, folders.sockets())
        child = self._child = postmaster.launch(
            folders, binaries, fsync=self._fsync, max_connections=self._max_connections
        )
        _wait(lambda: child.returncode is not None or _answering(folders) is not None, START_SECONDS)
        found = _answering(folders)
        if found is None or found.pid != child.pid:
            raise EmbeddedError(
                f"PostgreSQL did not start in {folders.cluster}. Its log, {folders.log}, ends:\n"
                f"{postmaster.last_words(folders.log)}"
            )
        return found

    def _bring_back(self) -> None:
        """Start the server again where it is gone and somebody still wants it; whoever is first does it for all."""
        folders, watch = self._folders, self._watch
        if folders is None or watch is None or postmaster.running(folders.cluster) is not None:
            return
        with locks.exclusive(folders.change_lock):
            if not watch.is_over and self._adopt(folders) is None:
                _log.warning("the embedded database was gone and is started again; its log is %s", folders.log)
                # Whoever started it may have wanted more than we did.
                self._max_connections = max(self._max_connections, postmaster.connections_before(folders.cluster))
                self._launch(folders)

    def _leave(self, folders: Folders) -> None:
        share, self._share = self._share, None
        if share is None:
            return
        try:
            if locks.take_alone(share):
                _end(folders)
                if self._child is not None:
                    self._child.wait()
        finally:
            os.close(share)


def _answering(folders: Folders) -> postmaster.Postmaster | None:
    found = postmaster.running(folders.cluster)
    return found if found is not None and found.accepts() else None


def _ended(folders: Folders) -> bool:
    return locks.is_free(folders.alive_lock) and postmaster.running(folders.cluster) is None


def _end(folders: Folders) -> None:
    """Fast shutdown; one that hangs is followed by an immediate one, from which the next start recovers."""
    for number, seconds in ((signal.SIGINT, FAST_STOP_SECONDS), (signal.SIGQUIT, IMMEDIATE_STOP_SECONDS)):
        if _wait(_ending(folders, number), seconds):
            return
    raise EmbeddedError(f"The PostgreSQL server of {folders.cluster} does not end; end its processes by hand.")


def _ending(folders: Folders, number: signal.Signals) -> Callable[[], bool]:
    """Send the signal once, as soon as there is a server to take it; answer whether all of its processes are gone.

    One that was launched a moment ago, before its start was broken off, is known by its pid file only a little later.
    """
    told: set[int] = set()

    def ended() -> bool:
        found = postmaster.running(folders.cluster)
        if found is not None and found.pid not in told:
            told.add(found.pid)
            found.send(number)
        return _ended(folders)

    return ended


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(PAUSE_SECONDS)
    return True
