"""The server process: is one running on a cluster, does it answer, start it, end it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from quotaloom.platform.embedded import locks
from quotaloom.platform.embedded.binaries import Binaries
from quotaloom.platform.embedded.cluster import run_as
from quotaloom.platform.embedded.errors import EmbeddedError
from quotaloom.platform.embedded.folders import Folders

PORT = 5432
LARGEST_LOG = 10_000_000


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A running server as its pid file tells; `ready` from the end of its start until it begins to stop."""

    pid: int
    socket_dir: Path
    port: int
    ready: bool

    def accepts(self) -> bool:
        """Whether a client would be let in now."""
        if not self.ready:
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(5)
            return probe.connect_ex(str(self.socket_dir / f".s.PGSQL.{self.port}")) == 0

    def send(self, number: signal.Signals) -> None:
        """Send a signal; a server that has just ended needs none."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)


def running(cluster: Path) -> Postmaster | None:
    """The live server of a cluster; a pid file whose process is dead or serves something else counts not."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    if len(lines) < 5 or not lines[0].isdigit() or not _serves(int(lines[0]), cluster):
        return None
    ready = len(lines) > 7 and lines[7].strip() == "ready"
    return Postmaster(int(lines[0]), Path(lines[4]), int(lines[3]), ready)


def forget_dead(cluster: Path, sockets: Path) -> None:
    """Remove the lock files of a dead server; the caller has made sure that none of its processes lives.

    PostgreSQL does so itself, except where the number has gone to another process or to a zombie. One of them
    lies in the data folder, the other beside the socket.
    """
    if running(cluster) is None:
        (cluster / "postmaster.pid").unlink(missing_ok=True)
        for lock in sockets.glob(".s.PGSQL.*"):
            lock.unlink(missing_ok=True)


def launch(folders: Folders, binaries: Binaries, *, fsync: bool, max_connections: int) -> subprocess.Popen[bytes]:
    """Start the server in a session of its own, holding the alive lock; a thread reaps it when it ends.

    Every process of the server inherits the lock's descriptor, so the lock says whether one of them lives.
    """
    environment, user, group, extra_groups = run_as(folders.account)
    options = _options(folders.sockets(), fsync=fsync, max_connections=max_connections)
    alive, log = locks.open_lock(folders.alive_lock), _open_log(folders.log)
    try:
        if not locks.take_alone(alive):
            raise EmbeddedError(f"Processes of an earlier PostgreSQL server of {folders.cluster} are alive.")
        process = subprocess.Popen(
            [str(binaries.postgres), "-D", str(folders.cluster), *options],
            cwd=folders.cluster,
            env=environment,
            user=user,
            group=group,
            extra_groups=extra_groups,
            umask=0o077,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(alive,),
            start_new_session=True,
        )
    finally:
        os.close(alive)
        os.close(log)
    threading.Thread(target=process.wait, name="embedded-postgres", daemon=True).start()
    return process


def connections_before(cluster: Path) -> int:
    """How many connections the server that ran last let in; 0 where that is not known."""
    try:
        found = re.search(r"max_connections=(\d+)", (cluster / "postmaster.opts").read_text())
    except OSError:
        return 0
    return int(found[1]) if found else 0


def last_words(log: Path) -> str:
    """The end of the server's log, for an error message."""
    with suppress(FileNotFoundError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-8:])
    return ""


def _options(sockets: Path, *, fsync: bool, max_connections: int) -> list[str]:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        "port": str(PORT),
        "max_connections": str(max_connections),
        "shared_buffers": "64MB",
        "max_wal_size": "256MB",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_destination": "stderr",
        "logging_collector": "off",
    }
    if not fsync:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def _open_log(path: Path) -> int:
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.rename(path.with_suffix(".log.1"))
    descriptor = locks.open_lock(path)
    os.lseek(descriptor, 0, os.SEEK_END)
    return descriptor


def _serves(pid: int, cluster: Path) -> bool:
    """Whether this number belongs to a live server of the cluster; a zombie has no command line any more."""
    process = Path("/proc", str(pid))
    if Path("/proc/self/cmdline").exists():
        with suppress(OSError):
            return os.fsencode(cluster) in (process / "cmdline").read_bytes().split(b"\0")
        return False
    listed = subprocess.run(
        ["ps", "-ww", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return not listed.stdout.startswith("Z") and f"-D {cluster}" in listed.stdout
