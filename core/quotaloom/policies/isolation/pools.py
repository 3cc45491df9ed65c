"""The workers of one plugin: started when needed, replaced when they fail, ended when idle."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from quotaloom.policies.isolation.descriptors import PluginDescriptor, PluginSource
from quotaloom.policies.isolation.errors import WorkersClosed
from quotaloom.policies.isolation.lanes import Died, Hung, Lane, OutOfMemory, Refused, Threads
from quotaloom.policies.isolation.limits import WorkerLimits
from quotaloom.policies.isolation.messages import Answer, Unreadable
from quotaloom.policies.isolation.turns import Turns

_IN_TIME = 0.5
"""The part of its time that a call must have left when it gets a worker, or it came too late to be judged."""

_log = logging.getLogger(__name__)


class NotReached(Exception):
    """The deadline passed before a worker was free; the plugin never saw the call."""


class NotStarted(Exception):
    """No worker comes up with the plugin; the message says why."""


class WorkerPool:
    """The workers of one plugin, for one event loop. Companies are served in turn, each one's calls in their order."""

    def __init__(
        self, source: PluginSource, limits: WorkerLimits, import_path: tuple[str, ...], threads: Threads
    ) -> None:
        self._source = source
        self._limits = limits
        self._import_path = import_path
        self._threads = threads
        self._lanes: set[Lane] = set()
        self._starting: set[Lane] = set()
        self._idle: dict[Lane, asyncio.TimerHandle] = {}
        self._waiting: Turns[asyncio.Future[Lane]] = Turns(limits.queue)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    @property
    def pids(self) -> tuple[int, ...]:
        """The numbers of the worker processes."""
        return tuple(lane.pid for lane in (*self._lanes, *self._starting) if lane.pid is not None)

    def warm(self) -> None:
        """Start a worker where there is none, for whoever calls next."""
        if not (self._closed or self._lanes or self._starting):
            self._start()

    async def describe(self, seconds: float) -> PluginDescriptor:
        """What a worker says of the plugin. Raises `QueueFull`, `NotReached`, `NotStarted`, `WorkersClosed`."""
        lane = await self._taken(None, seconds)
        self._offer(lane)
        if lane.descriptor is None:
            raise NotStarted("its worker is not ready")
        return lane.descriptor

    async def call(self, message: bytes, seconds: float, late: Callable[[Exception], None], company_id: int) -> Answer:
        """A worker's answer to a call of a company within `seconds` from now.

        Raises what `describe` does, `Hung`, `Died`, `OutOfMemory`, `Unreadable`. A call whose caller has gone away
        runs to its end, so that a good worker is not lost to it. One that waited for a worker for more than half of
        its time has as long as any other, though its caller does not wait for it. If one of them fails, `late` is told.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        lane = await self._taken(company_id, seconds)
        left = deadline - loop.time()
        in_time = left >= seconds * _IN_TIME
        running = self._begun(self._run(lane, message, left if in_time else seconds))
        try:
            await asyncio.wait({running}, timeout=None if in_time else left)
        except asyncio.CancelledError:
            running.add_done_callback(lambda task: _tell(task, late))
            raise
        if running.done():
            answer: Answer = running.result()
            return answer
        running.add_done_callback(lambda task: _tell(task, late))
        raise NotReached("its workers were busy")

    async def close(self) -> None:
        """End all workers and refuse everything from now on; calls under way raise `WorkersClosed`."""
        self._closed = True
        while self._waiting:
            waiter = self._waiting.take()
            if not waiter.done():
                waiter.set_exception(WorkersClosed("the workers are shut down"))
        for lane in tuple(self._lanes | self._starting):
            lane.kill()
        for lane in tuple(self._idle):
            self._retire(lane)
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _run(self, lane: Lane, message: bytes, seconds: float) -> Answer:
        try:
            answer = await lane.run(message, seconds)
        except (Hung, Died, OutOfMemory) as error:
            self._failed(lane, error)
            if self._closed:
                raise WorkersClosed("the workers are shut down") from error
            raise
        except Unreadable:
            self._offer(lane)
            raise
        self._offer(lane)
        return answer

    async def _taken(self, company_id: int | None, seconds: float) -> Lane:
        """A free worker, the caller's until `_offer`, `_failed` or `_retire`."""
        if self._closed:
            raise WorkersClosed("the workers are shut down")
        lane = self._idle_lane()
        if lane is not None:
            return lane
        waiter: asyncio.Future[Lane] = asyncio.get_running_loop().create_future()
        self._waiting.add(company_id, waiter)
        self._start_if_needed()
        try:
            await asyncio.wait({waiter}, timeout=max(seconds, 0))
        except asyncio.CancelledError:
            self._give_up(company_id, waiter)
            raise
        if not waiter.done():
            self._give_up(company_id, waiter)
            raise NotReached("a worker is still starting" if self._starting else "its workers are busy")
        return waiter.result()

    def _give_up(self, company_id: int | None, waiter: asyncio.Future[Lane]) -> None:
        if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
            self._offer(waiter.result())
        elif not waiter.cancel():
            return
        self._waiting.remove(company_id, waiter)

    def _idle_lane(self) -> Lane | None:
        """The worker that was used last; one that ended in its sleep is replaced."""
        while self._idle:
            lane, timer = self._idle.popitem()
            timer.cancel()
            if lane.is_alive():
                return lane
            self._retire(lane)
        return None

    def _offer(self, lane: Lane) -> None:
        """Hand a free worker to the call whose turn it is, or let it idle."""
        if self._closed:
            self._retire(lane)
            return
        while self._waiting:
            waiter = self._waiting.take()
            if not waiter.done():
                waiter.set_result(lane)
                return
        timer = asyncio.get_running_loop().call_later(self._limits.idle_seconds, self._retire, lane)
        self._idle[lane] = timer

    def _failed(self, lane: Lane, error: Exception) -> None:
        """Throw a worker away, and have another where calls wait or none would be left."""
        reason = str(error) or type(error).__name__
        _log.warning("replacing worker %s of plugin %s: %s", lane.pid, self._source.name, reason)
        self._retire(lane)
        if not self._closed and not self._lanes and not self._starting:
            self._start()
        self._start_if_needed()

    def _retire(self, lane: Lane) -> None:
        timer = self._idle.pop(lane, None)
        if timer is not None:
            timer.cancel()
        if lane in self._lanes:
            self._lanes.remove(lane)
            self._begun(lane.retire())

    def _start_if_needed(self) -> None:
        """One more worker where more calls wait than workers are on their way."""
        room = len(self._lanes) + len(self._starting) < self._limits.workers
        if not self._closed and room and len(self._starting) < len(self._waiting):
            self._start()

    def _start(self) -> None:
        lane = Lane(self._source, self._limits, self._import_path, self._threads)
        self._starting.add(lane)
        self._begun(self._started(lane))

    async def _started(self, lane: Lane) -> None:
        reason = ""
        try:
            await lane.start()
        except (Hung, Died, OutOfMemory, Refused) as error:
            reason = _why_not_started(error, self._limits)
        except Exception as error:
            _log.exception("a worker of plugin %s cannot be started", self._source.name)
            reason = f"its worker cannot be started: {error}"
        self._starting.discard(lane)
        if not reason:
            self._lanes.add(lane)
            self._offer(lane)
            return
        self._not_started(reason)
        await lane.retire()

    def _not_started(self, reason: str) -> None:
        """Tell those who wait, unless other workers will serve them."""
        if not self._lanes and not self._starting:
            while self._waiting:
                waiter = self._waiting.take()
                if not waiter.done():
                    waiter.set_exception(NotStarted(reason))

    def _begun(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # it is seen, even where the caller has gone away


def _tell(task: asyncio.Task[Any], late: Callable[[Exception], None]) -> None:
    error = None if task.cancelled() else task.exception()
    if isinstance(error, Hung | Died | OutOfMemory):
        late(error)


def _why_not_started(error: Exception, limits: WorkerLimits) -> str:
    match error:
        case Hung():
            return f"it was not loaded within {limits.start_seconds:g} seconds"
        case OutOfMemory():
            return "it wants more memory than a worker may have, while it is loaded"
        case Died():
            return f"while it was loaded, {error}"
        case _:
            return str(error)
