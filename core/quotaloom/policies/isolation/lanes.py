"""One worker: a pebble pool of a single process that is thrown away at the first failure.

Pebble notices and survives most ends of a worker, but not all: an exit with code 0, a death before the task is
acknowledged, or one while a lock is held leave tasks that never end. A pool that is never used again after a
failure, and is never given two tasks at once, has none of these states.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from pebble import ProcessPool
from pebble.common.types import ProcessFuture

from quotaloom.policies.isolation import serving
from quotaloom.policies.isolation.descriptors import PluginDescriptor, PluginSource
from quotaloom.policies.isolation.limits import WorkerLimits
from quotaloom.policies.isolation.messages import Answer, Outcome, Unreadable, read_message
from quotaloom.policies.isolation.processes import OneProcess


class Hung(Exception):
    """No answer in time."""


class Died(Exception):
    """The process ended; the message says how."""


class OverSpent(Died):
    """The process was killed for using too much of the processor."""


class OutOfMemory(Exception):
    """The plugin wanted more memory than it may have."""


class Refused(Exception):
    """The plugin cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Threads:
    """Where blocking work is done: starts in one that lives as long as the workers, stops in others."""

    starting: Executor
    stopping: Executor


class Lane:
    """A worker for one plugin; takes one call at a time, and none after it raised."""

    def __init__(
        self, source: PluginSource, limits: WorkerLimits, import_path: tuple[str, ...], threads: Threads
    ) -> None:
        self._source = source
        self._limits = limits
        self._threads = threads
        self._context = OneProcess(limits.answer)
        self._pool = ProcessPool(
            max_workers=1,
            initializer=serving.prepare,
            initargs=(source, limits, import_path),
            context=self._context,
        )
        self.descriptor: PluginDescriptor | None = None

    @property
    def pid(self) -> int | None:
        """The number of its process, None before the start."""
        return None if self._context.process is None else self._context.process.pid

    async def start(self) -> PluginDescriptor:
        """Start the process and load the plugin. Raises `Hung`, `Died`, `OutOfMemory`, `Refused`."""
        loop = asyncio.get_running_loop()
        try:
            future = await loop.run_in_executor(self._threads.starting, self._schedule, serving.load)
        except (OSError, RuntimeError) as error:
            raise Died(f"its worker cannot be started: {error}") from error
        try:
            answer = _read(await self._awaited(future, self._limits.start_seconds))
        except Unreadable as error:
            raise Refused(str(error)) from error
        if not isinstance(answer.value, PluginDescriptor) or answer.value.source != self._source:
            raise Refused(answer.reason or "its worker described something else")
        self.descriptor = answer.value
        return answer.value

    async def run(self, message: bytes, seconds: float) -> Answer:
        """The answer to a pickled call within `seconds`. Raises `Hung`, `Died`, `OutOfMemory`, `Unreadable`."""
        try:
            future = self._schedule(serving.serve, message)
        except (OSError, RuntimeError) as error:
            raise Died("its worker had ended") from error
        return _read(await self._awaited(future, seconds))

    def is_alive(self) -> bool:
        """Whether the process runs and can be asked."""
        return self._context.process is not None and self._context.process.is_alive() and self._pool.active

    def kill(self) -> None:
        """Kill the process and whatever it started, at once; `retire` must follow."""
        if self._context.process is not None:
            self._context.process.terminate()

    async def retire(self) -> None:
        """Kill the process, wait for its end, and give back pipes and threads. Cannot be cancelled halfway."""
        self.kill()
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._threads.stopping, self._stop))

    def _schedule(self, function: Callable[..., bytes], *arguments: object) -> ProcessFuture[bytes]:
        return self._pool.schedule(function, args=arguments)

    async def _awaited(self, future: ProcessFuture[bytes], seconds: float) -> bytes:
        answer = asyncio.wrap_future(future)
        try:
            await asyncio.wait({answer}, timeout=max(seconds, 0))
        except asyncio.CancelledError:
            answer.cancel()
            raise
        if not answer.done():
            answer.cancel()
            raise Hung
        error = answer.exception()
        if error is None:
            return answer.result()
        if isinstance(error, MemoryError):
            raise OutOfMemory from error
        raise self._death() from error

    def _death(self) -> Died:
        code = self._context.process.exitcode if self._context.process is not None else None
        if code is None:
            return Died("its worker's connection broke")
        if code == -signal.SIGXCPU:
            seconds = self._limits.processor_seconds
            return OverSpent(f"it used more than {seconds} seconds of processor time, and was stopped")
        if code < 0:
            return Died(f"its worker was killed by {_signal_name(-code)}")
        return Died(f"its worker exited with code {code % 256}")

    def _stop(self) -> None:
        self._pool.stop()  # type: ignore[no-untyped-call] # pebble has it without types
        self._pool.join()
        if self._context.process is not None:
            self._context.process.terminate()
            self._context.process.join()


def _read(message: bytes) -> Answer:
    answer = read_message(message)
    if not isinstance(answer, Answer):
        raise Unreadable("its worker answered with something else than an answer")
    if type(answer.reason) is not str or type(answer.trace) is not str:
        raise Unreadable("its worker answered with a reason that is no text")
    if answer.outcome is Outcome.OUT_OF_MEMORY:
        raise OutOfMemory
    return answer


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
