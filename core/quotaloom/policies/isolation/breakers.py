"""The breakers of all plugins and companies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from types import MappingProxyType

from quotaloom.policies.errors import PolicyFailed, PolicyUndecided
from quotaloom.policies.isolation.breaker import (
    CLOSED,
    Admission,
    BreakerRules,
    BreakerState,
    abandon_probe,
    admit,
    settle_call,
    settle_probe,
)
from quotaloom.policies.isolation.errors import PluginBusy, PluginSuspended

_Key = tuple[str, int]


class Breakers:
    """One breaker per plugin and company; those that are as they began, or are so again, take no room."""

    def __init__(self, clock: Callable[[], datetime], rules: BreakerRules) -> None:
        self._clock = clock
        self._rules = rules
        self._states: dict[_Key, BreakerState] = {}

    @property
    def states(self) -> Mapping[_Key, BreakerState]:
        """Those that are not as they began."""
        return MappingProxyType(dict(self._states))

    def state(self, plugin: str, company_id: int) -> BreakerState:
        """That of a plugin for a company."""
        return self._states.get((plugin, company_id), CLOSED)

    @contextmanager
    def guarding(self, plugin: str, policy: str, company_id: int) -> Iterator[None]:
        """Let a call pass and learn how it ends. Raises `PluginSuspended` instead where the breaker is open.

        Only failures of the plugin count: not a full queue, not a caller who has gone away, and not a policy that says
        why it cannot decide, which is an answer.
        """
        key = (plugin, company_id)
        probing = self._admitted(key, policy) is Admission.PROBE
        try:
            yield
        except PluginBusy:
            self._abandon(key, probing)
            raise
        except PolicyUndecided:
            self._settle(key, probing, None)
            raise
        except PolicyFailed as error:
            self._settle(key, probing, str(error))
            raise
        except BaseException:
            self._abandon(key, probing)
            raise
        self._settle(key, probing, None)

    def add_failure(self, plugin: str, company_id: int, reason: str) -> None:
        """Count a failure that came to light after its call had been answered for."""
        key = (plugin, company_id)
        self._keep(key, settle_call(self.state(*key), reason, self._clock(), self._rules))

    def forget(self, plugin: str, company_id: int) -> None:
        """Let the plugin's calls for the company pass again, as if it had never failed."""
        self._states.pop((plugin, company_id), None)

    def _admitted(self, key: _Key, policy: str) -> Admission:
        admission, state = admit(self.state(*key), self._clock())
        self._keep(key, state)
        if admission is Admission.REFUSE:
            raise _suspended(key[0], policy, state)
        return admission

    def _settle(self, key: _Key, probing: bool, failure: str | None) -> None:
        settle = settle_probe if probing else settle_call
        self._keep(key, settle(self.state(*key), failure, self._clock(), self._rules))

    def _abandon(self, key: _Key, probing: bool) -> None:
        if probing:
            self._keep(key, abandon_probe(self.state(*key), self._clock()))

    def _keep(self, key: _Key, state: BreakerState) -> None:
        if state == CLOSED:
            self._states.pop(key, None)
        else:
            self._states[key] = state


def _suspended(plugin: str, policy: str, state: BreakerState) -> PluginSuspended:
    when = "while one call tries it" if state.until is None else f"until {state.until:%Y-%m-%d %H:%M:%S %Z}".rstrip()
    reason = f"it failed {state.failures} times in a row and is not called {when}; last: {state.reason}"
    return PluginSuspended(plugin, policy, reason, state.until)
