"""Calls of partners' plugins, which run in worker processes and nowhere else.

A worker contains faults, not malice: it runs as the same user on the same machine.
"""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from types import MappingProxyType, TracebackType
from typing import NoReturn, Self, TypeVar

from quotaloom.policies.errors import PolicyFailed, PolicyUndecided
from quotaloom.policies.isolation.breaker import BreakerRules, BreakerState
from quotaloom.policies.isolation.breakers import Breakers
from quotaloom.policies.isolation.descriptors import PluginDescriptor, PluginSource
from quotaloom.policies.isolation.errors import (
    PluginBusy,
    PluginUnavailable,
    PolicyCrashed,
    PolicyOutOfMemory,
    PolicyTimedOut,
    WorkersClosed,
)
from quotaloom.policies.isolation.lanes import Died, Hung, OutOfMemory, OverSpent, Threads
from quotaloom.policies.isolation.limits import MEGABYTE, WorkerLimits
from quotaloom.policies.isolation.messages import (
    Answer,
    Call,
    Function,
    Outcome,
    Unreadable,
)
from quotaloom.policies.isolation.pools import NotReached, NotStarted, WorkerPool
from quotaloom.policies.isolation.turns import QueueFull
from quotaloom.policies.verdicts import ParametersVerdict
from quotaloom.policies.wording import MOST_TRACE, shown, words_of
from quotaloom_sdk import InvalidResult
from quotaloom_sdk.errors import WrongType

T = TypeVar("T")

_log = logging.getLogger(__name__)


class PluginWorkers:
    """Worker processes for plugins, a pool for each; made and used in one event loop, closed at its end.

    `clock` gives the time for breakers. `import_path`: folders that workers look for plugins in, before the
    server's own import path. Nothing starts before it is asked for. Raises `ValueError` where two sources have a name.
    """

    def __init__(
        self,
        sources: Iterable[PluginSource],
        *,
        clock: Callable[[], datetime],
        limits: WorkerLimits | None = None,
        rules: BreakerRules | None = None,
        import_path: tuple[str, ...] = (),
    ) -> None:
        self._limits = limits or WorkerLimits()
        self._breakers = Breakers(clock, rules or BreakerRules())
        self._starting = ThreadPoolExecutor(1, "quotaloom-workers-start")
        self._stopping = ThreadPoolExecutor(4, "quotaloom-workers-stop")
        threads = Threads(self._starting, self._stopping)
        self._pools: dict[str, WorkerPool] = {}
        for source in sources:
            if source.name in self._pools:
                raise ValueError(f"two plugins are named {source.name!r}")
            self._pools[source.name] = WorkerPool(source, self._limits, import_path, threads)
        self._descriptors: dict[str, PluginDescriptor] = {}

    @property
    def plugins(self) -> tuple[str, ...]:
        """The names of the plugins, in the order given."""
        return tuple(self._pools)

    @property
    def pids(self) -> Mapping[str, tuple[int, ...]]:
        """The numbers of the worker processes that run now, by plugin."""
        return MappingProxyType({name: pool.pids for name, pool in self._pools.items()})

    @property
    def breakers(self) -> Mapping[tuple[str, int], BreakerState]:
        """The breakers that are not as they began, by plugin and company."""
        return self._breakers.states

    def breaker(self, plugin: str, company_id: int) -> BreakerState:
        """The breaker of a plugin for a company."""
        return self._breakers.state(plugin, company_id)

    def forgive(self, plugin: str, company_id: int) -> None:
        """Close the plugin's breaker for the company, and have a worker ready."""
        self._breakers.forget(plugin, company_id)
        self._pool(plugin, "").warm()

    async def describe(self, plugin: str) -> PluginDescriptor:
        """What the plugin offers, as a worker found it; asked once, then remembered.

        Raises `PluginUnavailable` with the reason, `PluginBusy`, `WorkersClosed`.
        """
        known = self._descriptors.get(plugin)
        if known is not None:
            return known
        try:
            found = await self._pool(plugin, "").describe(2 * self._limits.start_seconds)
        except NotReached as error:
            raise PluginUnavailable(plugin, "", f"it was not loaded in time: {error}") from error
        except (QueueFull, NotStarted) as error:
            _raise(plugin, "", self._limits, self._limits.start_seconds, error)
        self._descriptors[plugin] = found
        return found

    async def call(
        self,
        plugin: str,
        function: Function,
        policy_key: str,
        payload: object,
        *,
        company_id: int,
        deadline: float,
        check: Callable[[object], T],
    ) -> T:
        """The checked result of one function of a policy, which runs in a worker.

        `payload` is a frozen request of the SDK, or plain values; its `parameters`, where it has them, are the JSON
        object as stored, of which the worker makes the policy's own model. `deadline`: seconds from now, waiting and
        the start of a worker included. `check` sees whatever came back and returns what may be used, or raises
        `InvalidResult`.

        Raises `PolicyFailed` where the policy raises or its answer is refused, and its kinds `PolicyTimedOut`,
        `PolicyCrashed`, `PolicyOutOfMemory`, `PluginBusy`, `PluginSuspended`, `PluginUnavailable`, `PolicyUndecided`;
        `WorkersClosed` after `close`. Call it outside any transaction.
        """
        policy = f"{plugin}.{policy_key}"
        pool = self._pool(plugin, policy)
        message = pickle.dumps(Call(function, policy_key, payload))

        def late(error: Exception) -> None:
            self._breakers.add_failure(plugin, company_id, str(_told(plugin, policy, self._limits, deadline, error)))

        with self._breakers.guarding(plugin, policy, company_id):
            try:
                return check(_value(await pool.call(message, deadline, late, company_id), plugin, policy))
            except (InvalidResult, Unreadable) as error:
                raise PolicyFailed(plugin, policy, words_of(error)) from error
            except (Hung, Died, OutOfMemory, QueueFull, NotReached, NotStarted) as error:
                _raise(plugin, policy, self._limits, deadline, error)

    async def validate_parameters(
        self, plugin: str, policy_key: str, given: object, *, company_id: int, deadline: float
    ) -> ParametersVerdict:
        """`given`, a JSON object, as the policy's model sees it, defaults filled in; or what is wrong with it.

        Raises what `call` raises.
        """
        return await self.call(
            plugin,
            "validate_parameters",
            policy_key,
            given,
            company_id=company_id,
            deadline=deadline,
            check=expecting(ParametersVerdict),
        )

    async def close(self) -> None:
        """End every worker; calls under way and later ones raise `WorkersClosed`."""
        for pool in self._pools.values():
            await pool.close()
        self._starting.shutdown()
        self._stopping.shutdown()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _pool(self, plugin: str, policy: str) -> WorkerPool:
        pool = self._pools.get(plugin)
        if pool is None:
            known = ", ".join(self._pools) or "none"
            raise PluginUnavailable(plugin, policy, f"it has no workers here; there are: {known}")
        return pool


def expecting(kind: type[T]) -> Callable[[object], T]:
    """A check that an answer is of this very type, for answers that are sound by being of it."""

    def check(answer: object) -> T:
        if not isinstance(answer, kind):
            given = "None" if answer is None else type(answer).__name__
            raise WrongType(f"it answered with {given}, not with {kind.__name__}")
        return answer

    return check


def _value(answer: Answer, plugin: str, policy: str) -> object:
    if answer.outcome is Outcome.ANSWERED:
        return answer.value
    if answer.outcome is Outcome.UNDECIDED:
        raise PolicyUndecided(plugin, policy, shown(answer.reason))
    failed = PolicyFailed(plugin, policy, shown(answer.reason))
    if answer.trace:
        failed.add_note(f"In the worker:\n{shown(answer.trace, MOST_TRACE)}")
    raise failed


def _raise(plugin: str, policy: str, limits: WorkerLimits, seconds: float, error: Exception) -> NoReturn:
    raise _told(plugin, policy, limits, seconds, error) from error


def _told(plugin: str, policy: str, limits: WorkerLimits, seconds: float, error: Exception) -> PolicyFailed:
    """What a caller is told of a pool's error."""
    match error:
        case Hung():
            return PolicyTimedOut(plugin, policy, f"it gave no answer within {seconds:g} seconds, and was stopped")
        case OverSpent():
            return PolicyTimedOut(plugin, policy, str(error))
        case Died():
            return PolicyCrashed(plugin, policy, str(error))
        case OutOfMemory():
            megabytes = limits.memory // MEGABYTE
            return PolicyOutOfMemory(plugin, policy, f"it wanted more than {megabytes} MB of memory")
        case QueueFull():
            return PluginBusy(plugin, policy, f"{error}; try again later")
        case NotReached():
            return PluginBusy(plugin, policy, f"it was not reached within {seconds:g} seconds, because {error}")
        case _:
            return PluginUnavailable(plugin, policy, str(error))


__all__ = ["PluginWorkers", "WorkersClosed", "expecting"]
