"""Which plugins are installed, which of them can be used, and why the others cannot.

Plugins are the entry points of the group `quotaloom`; those that ship with the product arrive the same way.
Each is loaded and checked alone, so that a bad one harms nobody: it is quarantined and listed with the reason.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import EntryPoint
from importlib.metadata import entry_points as installed_entry_points
from typing import Any

from quotaloom.policies.admission import Unusable, admitted
from quotaloom.policies.errors import PluginsRefused, Quarantined
from quotaloom_sdk import EventListener, GraphQLExtension, PolicyDefinition
from quotaloom_sdk.hooks import ENTRY_POINT_GROUP
from quotaloom_sdk.policies import is_key

PRODUCT = "quotaloom"
"""The distribution whose plugins are built in; nobody else can take their names."""

_log = logging.getLogger(__name__)


class Origin(StrEnum):
    """Where a plugin comes from."""

    BUILT_IN = "built-in"
    INSTALLED = "installed"


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin that passed every check, with what its hooks returned.

    `name` is the entry point's name, `module` its value; `api_version` is what the plugin was written for.
    `distribution` and `version` are None for an entry point that belongs to no installed distribution.
    `policies` are those of all kinds, in the order of hooks; `listeners` are told of events and `graphql` adds to
    the graph: neither is a policy.
    """

    name: str
    distribution: str | None
    version: str | None
    module: str
    api_version: str
    origin: Origin
    policies: tuple[PolicyDefinition, ...]
    listeners: tuple[EventListener[Any], ...] = ()
    graphql: tuple[GraphQLExtension, ...] = ()


@dataclass(frozen=True, slots=True)
class Discovery:
    """All plugins found, each in exactly one of the two, both in the order of their names."""

    plugins: tuple[Plugin, ...]
    quarantined: tuple[Quarantined, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    entry_point: EntryPoint
    distribution: str | None
    version: str | None

    @property
    def name(self) -> str:
        return self.entry_point.name

    @property
    def built_in(self) -> bool:
        return self.distribution == PRODUCT

    def quarantined(self, reason: str) -> Quarantined:
        return Quarantined(self.name, self.distribution, self.version, reason)


def discover(entry_points: Iterable[EntryPoint] | None = None, strict: bool = False) -> Discovery:
    """Load and check the plugins of `entry_points`, by default all that are installed.

    A plugin that cannot be used is quarantined and logged; with `strict`, `PluginsRefused` is raised instead.
    Where several distributions claim one name, a built-in plugin keeps it; among others none gets it, because
    installing one more distribution must not silently replace a policy that is in use.
    """
    found = installed_entry_points(group=ENTRY_POINT_GROUP) if entry_points is None else entry_points
    plugins: list[Plugin] = []
    quarantined: list[Quarantined] = []
    for claimants in _by_name(found):
        for candidate in claimants:
            outcome = _examined(candidate, claimants)
            if isinstance(outcome, Plugin):
                plugins.append(outcome)
            else:
                quarantined.append(outcome)
    if strict and quarantined:
        raise PluginsRefused(quarantined)
    for one in quarantined:
        _log.warning("quarantined %s", one)
    return Discovery(tuple(plugins), tuple(quarantined))


def _by_name(entry_points: Iterable[EntryPoint]) -> list[list[_Candidate]]:
    claims: dict[str, list[_Candidate]] = defaultdict(list)
    for entry_point in entry_points:
        claims[entry_point.name].append(_Candidate(entry_point, *_source(entry_point)))
    for claimants in claims.values():
        claimants.sort(key=lambda one: (one.distribution or "", one.version or "", one.entry_point.value))
    return [claims[name] for name in sorted(claims)]


def _source(entry_point: EntryPoint) -> tuple[str | None, str | None]:
    """Name and version of the distribution, as far as its metadata can be read."""
    try:
        distribution = entry_point.dist
        return (None, None) if distribution is None else (distribution.name, distribution.version)
    except Exception:
        _log.debug("unreadable metadata behind entry point %s", entry_point.name, exc_info=True)
        return None, None


def _examined(candidate: _Candidate, claimants: list[_Candidate]) -> Plugin | Quarantined:
    rivals = [one for one in claimants if one is not candidate]
    if rivals and not (candidate.built_in and not any(one.built_in for one in rivals)):
        names = ", ".join(str(one.distribution or one.entry_point.value) for one in rivals)
        return candidate.quarantined(f"another distribution claims the same plugin name: {names}")
    if not is_key(candidate.name):
        return candidate.quarantined("the plugin's name must be up to 64 of a-z, 0-9 and _, a letter first")
    try:
        api_version, definitions = admitted(candidate.name, candidate.entry_point.load)
    except Unusable as error:
        _log.debug("plugin %s", candidate.name, exc_info=error)
        return candidate.quarantined(error.reason)
    return Plugin(
        name=candidate.name,
        distribution=candidate.distribution,
        version=candidate.version,
        module=candidate.entry_point.value,
        api_version=api_version,
        origin=Origin.BUILT_IN if candidate.built_in else Origin.INSTALLED,
        policies=tuple(one for one in definitions if not isinstance(one, EventListener | GraphQLExtension)),
        listeners=tuple(one for one in definitions if isinstance(one, EventListener)),
        graphql=tuple(one for one in definitions if isinstance(one, GraphQLExtension)),
    )
