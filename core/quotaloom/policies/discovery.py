"""Which plugins are installed, which of them can be used, and why the others cannot.

Plugins are the entry points of the group `quotaloom`; those that ship with the product arrive the same way.
Each is loaded and checked alone, so that a bad one harms nobody: it is quarantined and listed with the reason. Only
the product's own and those that the installation trusts are loaded here; the others run in worker processes.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.metadata import EntryPoint
from importlib.metadata import entry_points as installed_entry_points
from types import MappingProxyType

from quotaloom.platform.allowing import AllowList
from quotaloom.policies.errors import PluginsRefused, Quarantined
from quotaloom.policies.isolation.descriptors import PluginDescriptor, PluginSource, PolicyDescriptor, described
from quotaloom_sdk import GraphQLExtension, PolicyDefinition
from quotaloom_sdk.admission import BAD_NAME, Unusable, admitted
from quotaloom_sdk.hooks import ENTRY_POINT_GROUP
from quotaloom_sdk.policies import is_key
from quotaloom_sdk.texts import text_fault

PRODUCT = "quotaloom"
"""The distribution whose plugins are built in; nobody else can take their names."""

LONGEST_VERSION = 64
"""Characters that a plugin's version may have; it is stored with each setting and each result."""

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
    `policies` are those of all kinds, listeners and additions to the graph among them, in the order of hooks.
    `definitions` has the same by key where the plugin runs in the server, and nothing where it runs in workers;
    then `left_out` has the titles of what it would add to the graph if it were trusted.
    """

    name: str
    distribution: str | None
    version: str | None
    module: str
    api_version: str
    origin: Origin
    policies: tuple[PolicyDescriptor, ...]
    definitions: Mapping[str, PolicyDefinition] | None = None
    left_out: tuple[str, ...] = ()

    @property
    def in_server(self) -> bool:
        """Whether it runs in the server and not in workers."""
        return self.definitions is not None

    @property
    def source(self) -> PluginSource:
        """Where it is."""
        return PluginSource(self.name, self.module, self.distribution, self.version)

    @property
    def graphql(self) -> tuple[GraphQLExtension, ...]:
        """What it adds to the graph."""
        return tuple(one for one in (self.definitions or {}).values() if isinstance(one, GraphQLExtension))


@dataclass(frozen=True, slots=True)
class Discovery:
    """All plugins found, each in exactly one of the three, all in the order of their names.

    `elsewhere` are those that run in workers and have not been described by one yet.
    """

    plugins: tuple[Plugin, ...]
    quarantined: tuple[Quarantined, ...]
    elsewhere: tuple[PluginSource, ...] = ()


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


def discover(
    entry_points: Iterable[EntryPoint] | None = None, *, allowed: AllowList | None = None, strict: bool = False
) -> Discovery:
    """Look at the plugins of `entry_points`, by default all that are installed, and load those that run here.

    Here run the product's own and those that `allowed` trusts; by default nobody is trusted. The others come as
    `elsewhere`: see `quotaloom.policies.describing`. A plugin that cannot be used is quarantined and logged; with
    `strict`, `PluginsRefused` is raised instead. Where several distributions claim one name, a built-in plugin keeps
    it; among others none gets it, because installing one more distribution must not silently replace a policy in use.
    """
    found = installed_entry_points(group=ENTRY_POINT_GROUP) if entry_points is None else entry_points
    outcomes = [
        _examined(candidate, claimants, allowed or AllowList())
        for claimants in _by_name(found)
        for candidate in claimants
    ]
    quarantined = tuple(one for one in outcomes if isinstance(one, Quarantined))
    tell_quarantined(quarantined, strict=strict)
    return Discovery(
        tuple(one for one in outcomes if isinstance(one, Plugin)),
        quarantined,
        tuple(one for one in outcomes if isinstance(one, PluginSource)),
    )


def tell_quarantined(quarantined: Sequence[Quarantined], *, strict: bool) -> None:
    """Log each; with `strict` raise `PluginsRefused` where one of them was meant to be used."""
    unwanted = [one for one in quarantined if not one.meant]
    if strict and len(unwanted) < len(quarantined):
        raise PluginsRefused([one for one in quarantined if one.meant])
    for one in quarantined:
        if one.meant:
            _log.warning("quarantined %s", one)
        else:
            _log.info("left out %s", one)


def in_worker(descriptor: PluginDescriptor) -> Plugin:
    """The plugin that a worker has described."""
    source = descriptor.source
    return Plugin(
        name=source.name,
        distribution=source.distribution,
        version=source.version,
        module=source.value,
        api_version=descriptor.api_version,
        origin=Origin.INSTALLED,
        policies=descriptor.policies,
        left_out=descriptor.graphql,
    )


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


def _examined(
    candidate: _Candidate, claimants: list[_Candidate], allowed: AllowList
) -> Plugin | Quarantined | PluginSource:
    rivals = [one for one in claimants if one is not candidate]
    if rivals and not (candidate.built_in and not any(one.built_in for one in rivals)):
        names = ", ".join(str(one.distribution or one.entry_point.value) for one in rivals)
        return candidate.quarantined(f"another distribution claims the same plugin name: {names}")
    if not is_key(candidate.name):
        return candidate.quarantined(BAD_NAME)
    fault = _source_fault(candidate)
    if fault is not None:
        return candidate.quarantined(fault)
    if candidate.built_in or allowed.trusts(candidate.name):
        return _loaded(candidate)
    if not allowed.allows(candidate.name):
        return replace(candidate.quarantined("this installation does not allow it"), meant=False)
    return PluginSource(candidate.name, candidate.entry_point.value, candidate.distribution, candidate.version)


def _source_fault(candidate: _Candidate) -> str | None:
    """Why what the distribution says of itself cannot be stored with a company's settings."""
    for what, text in (("name", candidate.distribution), ("version", candidate.version)):
        fault = text_fault(text or "", one_line=True)
        if fault is not None:
            return f"the {what} of its distribution holds {fault}"
    length = len(candidate.version or "")
    if length > LONGEST_VERSION:
        return f"its version has {length} characters; up to {LONGEST_VERSION} are kept with a company's settings"
    return None


def _loaded(candidate: _Candidate) -> Plugin | Quarantined:
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
        policies=tuple(described(one) for one in definitions),
        definitions=MappingProxyType({one.key: one for one in definitions}),
    )
