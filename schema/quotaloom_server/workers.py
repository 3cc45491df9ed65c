"""Several serving processes on one address, watched by the process that started them."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType

from quotaloom.platform.errors import InputError
from quotaloom.platform.settings import Settings
from quotaloom.policies.discovery import Discovery
from quotaloom_server.hosting import packed
from quotaloom_server.worker import READY

STOP_SECONDS = 20.0
WATCH_SECONDS = 1.0

_log = logging.getLogger(__name__)


class Workers:
    """Serving processes that share listening sockets; use it in a `with` statement, which ends them all.

    Each reads its orders from its input and ends when that ends: a killed parent leaves none behind. They are
    sessions of their own, so Ctrl-C reaches the parent alone, which lets them finish what is under way.
    """

    def __init__(
        self, settings: Settings, database_url: str, plugins: Discovery, sockets: Sequence[socket.socket]
    ) -> None:
        self._sockets = sockets
        self._number = settings.workers
        self._order = json.dumps(
            {
                "settings": settings.model_dump(mode="json", exclude_none=True),
                "database_url": database_url,
                "described": packed(plugins),
                "sockets": [one.fileno() for one in sockets],
            }
        )
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start all and wait until each serves; raises `InputError` WORKER_FAILED where one does not."""
        for _ in range(self._number):
            self._processes.append(self._launch())
        for process in self._processes:
            if _read_line(process) != READY:
                raise InputError(
                    "WORKER_FAILED",
                    f"A serving process ended while it started (exit code {process.wait()}); see what it said above.",
                )

    def watch(self) -> None:
        """Replace processes that end by themselves; returns never, only a signal ends it."""
        while True:
            time.sleep(WATCH_SECONDS)
            for place, process in enumerate(self._processes):
                code = process.poll()
                if code is not None:
                    _log.error("serving process %d ended with exit code %d; starting another one", process.pid, code)
                    _close(process)
                    self._processes[place] = self._launch()

    def stop(self) -> None:
        """Let all finish their requests and wait for them; one that does not end is killed."""
        for one in self._sockets:
            one.close()
        for process in self._processes:
            _close(process)
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._processes:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _log.error("serving process %d does not end and is killed", process.pid)
                process.kill()
                process.wait()
        self._processes.clear()

    def _launch(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "quotaloom_server.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[one.fileno() for one in self._sockets],
            start_new_session=True,
            text=True,
        )
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # it has ended already, which is seen elsewhere
            process.stdin.write(f"{self._order}\n")
            process.stdin.flush()
        return process


def _read_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _close(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
