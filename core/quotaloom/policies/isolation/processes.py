"""The process of a worker, as pebble starts, watches and stops it.

Pebble would take `multiprocessing`'s own, started by spawning. That hands the child the whole environment, the
command line and the main module of the server; this one spawns alike, and hands over what a worker may have.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.synchronize import RLock
from typing import IO, Any, cast

from quotaloom.policies.isolation.channels import ServerEnd, WorkerEnd
from quotaloom.policies.isolation.limits import scrubbed

_BEGIN = """
import pickle, sys
handle, lifeline, server = map(int, sys.argv[1:])
instructions = open(handle, "rb")
sys.path[:] = pickle.load(instructions)
sys.argv[:] = ["quotaloom-worker"]
from quotaloom.policies.isolation.entering import enter
enter(instructions, lifeline, server)
"""

_ENDED_BY_ITSELF = 256
"""Stands for the exit code 0: pebble overlooks it, but no worker ends well in the middle of its work."""


class WorkerProcess:
    """One worker in a session of its own, so that whatever it starts is killed with it."""

    def __init__(self, target: Callable[..., object], arguments: tuple[object, ...]) -> None:
        self.daemon = False
        self._target = target
        self._arguments = arguments
        self._child: subprocess.Popen[bytes] | None = None
        self._lifeline: int | None = None

    @property
    def pid(self) -> int | None:
        """The process's number, None before the start."""
        return None if self._child is None else self._child.pid

    @property
    def exitcode(self) -> int | None:
        """None while it runs; minus the signal that killed it; never 0."""
        code = None if self._child is None else self._child.poll()
        return _ENDED_BY_ITSELF if code == 0 else code

    def start(self) -> None:
        """Start it. The thread that does must live as long: on Linux its end counts as the server's."""
        lifeline, self._lifeline = os.pipe()
        try:
            with tempfile.TemporaryFile() as instructions:
                handles = [lifeline, instructions.fileno(), *self._write(instructions)]
                self._child = self._launched(instructions.fileno(), lifeline, handles)
        finally:
            os.close(lifeline)

    def is_alive(self) -> bool:
        """Whether it runs; what an ended one left behind is killed."""
        if self._child is None:
            return False
        if self._child.poll() is None:
            return True
        self._clear()
        return False

    def terminate(self) -> None:
        """Kill it, and whatever it started, at once."""
        self._kill_group()

    def join(self, timeout: float | None = None) -> None:
        """Wait until it has ended, `timeout` seconds at most."""
        if self._child is not None:
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(timeout)
            self.is_alive()

    def _launched(self, instructions: int, lifeline: int, handles: list[int]) -> subprocess.Popen[bytes]:
        numbers = [str(number) for number in (instructions, lifeline, os.getpid())]
        return subprocess.Popen(
            [sys.executable, "-P", "-c", _BEGIN, *numbers],
            env=scrubbed(os.environ),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=handles,
            start_new_session=True,
        )

    def _write(self, instructions: IO[bytes]) -> list[int]:
        """Write import path, function and arguments; the handles that the arguments need."""
        packer = _Packer(instructions)
        packer.dump([entry or os.getcwd() for entry in sys.path])
        packer.clear_memo()
        packer.dump((self._target, self._arguments))
        instructions.seek(0)
        return packer.handles

    def _clear(self) -> None:
        if self._lifeline is not None:
            self._kill_group()
            lifeline, self._lifeline = self._lifeline, None
            os.close(lifeline)

    def _kill_group(self) -> None:
        if self._child is not None and self._lifeline is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, signal.SIGKILL)


class _Packer(pickle.Pickler):
    """Packs connections as a worker's ends by their handles' numbers, which are the same in the child."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)
        self.handles: list[int] = []

    def reducer_override(self, given: Any) -> Any:
        if not isinstance(given, Connection):
            return NotImplemented
        self.handles.append(given.fileno())
        return WorkerEnd, (given.fileno(), given.readable, given.writable)


class OneProcess:
    """What pebble takes for `multiprocessing`: spawns one process and never another.

    A worker that has failed is not to be started again behind our back; a new pool is made instead. `most`: bytes of
    an answer.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.process: WorkerProcess | None = None

    def get_start_method(self) -> str:
        """How processes begin: without a copy of the server's memory."""
        return "spawn"

    def Pipe(self, duplex: bool = True) -> tuple[Connection, Connection]:  # noqa: N802 # pebble calls it so
        """A pipe in one direction, its ends as the server holds them."""
        if duplex:
            raise ValueError("a worker's pipes go in one direction")
        reading, writing = os.pipe()
        return ServerEnd(reading, self._most, writable=False), ServerEnd(writing, self._most, readable=False)

    def RLock(self) -> RLock:  # noqa: N802 # pebble calls it so
        """A lock among workers that share a pipe; a single one needs none, and cannot die holding it."""
        return cast(RLock, _OpenLock())

    def Process(  # noqa: N802 # pebble calls it so
        self, *, target: Callable[..., object], name: str, args: Iterable[object], kwargs: Mapping[str, object]
    ) -> WorkerProcess:
        """The one process, not started. Raises `OSError` the second time, on which pebble gives up the pool."""
        if self.process is not None or kwargs:
            raise OSError(f"{name} has ended and is not started again")
        self.process = WorkerProcess(target, tuple(args))
        return self.process


class _OpenLock:
    """A lock that everybody gets."""

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        """At once."""
        return True

    def release(self) -> None:
        """Nothing to give back."""
