"""The plugins of an installation at work: the one place that calls policies.

A policy runs in this process or in a worker; whoever asks sees no difference. It is called outside any transaction.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from quotaloom.platform.callers import while_awaited
from quotaloom.platform.errors import Path, Unavailable
from quotaloom.platform.time_limits import in_time, operation_time
from quotaloom.platform.unit_of_work import require_no_transaction
from quotaloom.policies.discovery import Discovery, Origin
from quotaloom.policies.errors import PolicyFailed, PolicyUndecided
from quotaloom.policies.isolation.breaker import BreakerRules, BreakerState
from quotaloom.policies.isolation.errors import PluginFailed, PolicyTimedOut, WorkersClosed
from quotaloom.policies.isolation.limits import WorkerLimits
from quotaloom.policies.isolation.messages import Function
from quotaloom.policies.isolation.workers import PluginWorkers
from quotaloom.policies.parameters import accepted, require_storable_parameters
from quotaloom.policies.registry import PolicyRegistry, RegisteredPolicy
from quotaloom.policies.selected import SelectedPolicy
from quotaloom.policies.verdicts import NotValid, model_of, verdict_on
from quotaloom.policies.wording import named_words_of, words_of
from quotaloom_sdk import CannotDecide, InvalidResult, PolicyDefinition
from quotaloom_sdk.needs import narrowed

T = TypeVar("T")
R = TypeVar("R")

Check = Callable[[R, object], T]
"""Sees a request and whatever was answered to it; returns what may be used, or raises `InvalidResult`."""

_UNINTERRUPTED = 100
"""How many answers of policies in this process are taken before others have their turn."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """Seconds that a policy in a worker may take: for one answer, and for all that one use case asks for."""

    call: float = 10.0
    total: float = 60.0


class PolicyHost:
    """Calls policies. Those of plugins in workers can be called inside `async with` only."""

    def __init__(
        self,
        discovery: Discovery,
        *,
        limits: WorkerLimits | None = None,
        deadlines: Deadlines | None = None,
        rules: BreakerRules | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        import_path: tuple[str, ...] = (),
    ) -> None:
        self.discovery = discovery
        self.registry = PolicyRegistry(discovery.plugins, discovery.quarantined)
        self._limits = limits or WorkerLimits()
        self.deadlines = deadlines or Deadlines()
        self._rules = rules
        self._clock = clock
        self._import_path = import_path
        self._workers: PluginWorkers | None = None
        self._closed = False

    async def __aenter__(self) -> Self:
        apart = [plugin.source for plugin in self.discovery.plugins if not plugin.in_server]
        if apart:
            self._workers = PluginWorkers(
                apart, clock=self._clock, limits=self._limits, rules=self._rules, import_path=self._import_path
            )
        self._closed = False
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the workers; calls of them that are under way or come later raise `Unavailable`."""
        workers, self._workers = self._workers, None
        self._closed = True
        if workers is not None:
            await workers.close()

    def breaker(self, plugin: str, company_id: int) -> BreakerState:
        """Whether the plugin's calls for a company pass, as this process knows it; trusted plugins have no breaker."""
        return BreakerState() if self._workers is None else self._workers.breaker(plugin, company_id)

    def forgive(self, plugin: str, company_id: int) -> None:
        """Let the plugin's calls for a company pass again, and have a worker ready for them."""
        if self._workers is not None and plugin in self._workers.plugins:
            self._workers.forgive(plugin, company_id)

    async def valid_parameters(
        self, policy: RegisteredPolicy, given: object, *, company_id: int, path: Path = ()
    ) -> dict[str, Any]:
        """`given`, a JSON object, as the policy's model accepts it, defaults filled in.

        Raises `InputError` INVALID_PARAMETERS, `PolicyFailed` where the plugin's own validation breaks, and the others
        that `ask` raises.
        """
        require_no_transaction(f"asking for parameters of {policy.key}")
        if policy.definition is not None:
            return parse_parameters(policy, given, path)
        require_storable_parameters(policy, given, path)
        validating = self._required(policy).validate_parameters(
            policy.plugin.name, policy.descriptor.key, given, company_id=company_id, deadline=self.deadlines.call
        )
        return accepted(policy, await _of_workers(validating), path)

    async def ask(
        self,
        selected: SelectedPolicy,
        function: Function,
        requests: Sequence[R],
        check: Check[R, T],
        *,
        company_id: int,
    ) -> list[T]:
        """The checked answers of a policy, one per request in their order.

        Each request is a frozen request of the SDK; it is narrowed to what the policy declared to need, and given the
        selected parameters. Raises `PolicyFailed`, naming the plugin, at the first failure: nothing is half answered;
        `PolicyUndecided` is the kind of it for a policy that says why it cannot decide. Of a plugin in workers also
        `Unavailable` when they are shut down, and `CallerGone` when nobody waits for the answers any more: calls that
        wait for a worker give up their places, and one under way ends by itself. `LimitExceeded` once the time of the
        operation is over: likewise, and in this process between two hundreds of requests.
        """
        require_no_transaction(f"asking {selected.policy.key}")
        asked = [narrowed(request, selected.policy.needs) for request in requests]
        try:
            if selected.policy.definition is not None:
                return await _ask_here(selected, selected.policy.definition, function, asked, check)
            return await _of_workers(self._ask_workers(selected, function, asked, check, company_id))
        except PolicyUndecided:
            raise
        except PolicyFailed as error:
            _log.warning("%s%s", error, "".join(f"\n{note}" for note in getattr(error, "__notes__", ())))
            raise

    async def _ask_workers(
        self, selected: SelectedPolicy, function: Function, requests: Sequence[R], check: Check[R, T], company_id: int
    ) -> list[T]:
        workers, policy = self._required(selected.policy), selected.policy
        ends = asyncio.get_running_loop().time() + self.deadlines.total
        answers: dict[int, T] = {}
        waiting = iter(enumerate(requests))

        async def take_turns() -> None:
            for place, request in waiting:
                answers[place] = await workers.call(
                    policy.plugin.name,
                    function,
                    policy.descriptor.key,
                    _with_parameters(request, selected.parameters),
                    company_id=company_id,
                    deadline=self._left(ends, policy),
                    check=partial(check, request),
                )

        await _all_or_none(take_turns, min(self._limits.workers, len(requests)))
        return [answers[place] for place in range(len(requests))]

    def _left(self, ends: float, policy: RegisteredPolicy) -> float:
        left = ends - asyncio.get_running_loop().time()
        if left <= 0:
            total = self.deadlines.total
            raise PolicyTimedOut(policy.plugin.name, policy.key, f"its answers took more than {total:g} seconds in all")
        return min(left, self.deadlines.call)

    def _required(self, policy: RegisteredPolicy) -> PluginWorkers:
        if self._closed:
            raise _shut_down()
        if self._workers is None:
            raise PluginFailed(policy.plugin.name, policy.key, "its workers are not running")
        return self._workers


async def _of_workers(asking: Coroutine[Any, Any, T]) -> T:
    try:
        async with in_time(operation_time()):
            return await while_awaited(asking)
    except WorkersClosed as error:
        raise _shut_down() from error
    finally:
        asking.close()  # it was not even begun where there was no time left


def _shut_down() -> Unavailable:
    return Unavailable("the server is being shut down; please try again")


def parse_parameters(policy: RegisteredPolicy, given: object, path: Path = ()) -> dict[str, Any]:
    """As `PolicyHost.valid_parameters`, for a policy that runs in this process."""
    assert policy.definition is not None
    require_storable_parameters(policy, given, path)
    with _blaming(policy, "its parameters' validation raised"):
        verdict = verdict_on(policy.definition, given)
    return accepted(policy, verdict, path)


async def _ask_here(
    selected: SelectedPolicy,
    definition: PolicyDefinition,
    function: Function,
    requests: Sequence[R],
    check: Check[R, T],
) -> list[T]:
    ours = selected.policy.plugin.origin is Origin.BUILT_IN
    time = operation_time()
    answers: list[T] = []
    with _blaming(selected.policy):
        parameters = model_of(definition, dict(selected.parameters))
        call = getattr(definition, function)
    for place, request in enumerate(requests):
        given = _with_parameters(request, parameters)
        with _blaming(selected.policy):
            # A stranger gets a copy: what he changes in it is nobody else's.
            answer = call(given if ours else deepcopy(given))
            answers.append(check(request, answer))
        if place % _UNINTERRUPTED == _UNINTERRUPTED - 1:
            await asyncio.sleep(0)
            if time is not None:
                time.begin()
    return answers


@contextmanager
def _blaming(policy: RegisteredPolicy, what: str = "it raised") -> Iterator[None]:
    """Whatever goes wrong in a policy is told as its failure, also what would end a program or a task.

    Nothing may be awaited in it: so no cancellation of ours can come up here, and one that does is the policy's.
    """
    try:
        yield
    except CannotDecide as error:
        raise PolicyUndecided(policy.plugin.name, policy.key, words_of(error)) from error
    except (InvalidResult, NotValid) as error:
        raise PolicyFailed(policy.plugin.name, policy.key, words_of(error)) from error
    except BaseException as error:
        raise PolicyFailed(policy.plugin.name, policy.key, f"{what} {named_words_of(error)}") from error


def _with_parameters(request: R, parameters: object | Mapping[str, Any]) -> R:
    return cast(R, replace(cast(Any, request), parameters=parameters))


async def _all_or_none(work: Callable[[], Any], times: int) -> None:
    """Run `work` so often at once; the first error ends the others and is raised."""
    tasks = [asyncio.ensure_future(work()) for _ in range(times)]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
