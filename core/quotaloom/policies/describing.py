"""Plugins that run in workers, described by workers when the product starts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from quotaloom.policies.discovery import Discovery, Plugin, in_worker, tell_quarantined
from quotaloom.policies.errors import Quarantined
from quotaloom.policies.isolation.descriptors import PluginSource, descriptor_fault
from quotaloom.policies.isolation.errors import PluginFailed
from quotaloom.policies.isolation.limits import WorkerLimits
from quotaloom.policies.isolation.workers import PluginWorkers

AT_A_TIME = 2
"""How many plugins are loaded at the same moment: each keeps a processor busy."""


async def describe_all(
    discovery: Discovery,
    *,
    limits: WorkerLimits | None = None,
    strict: bool = False,
    progress: Callable[[str], object] = lambda _: None,
    import_path: tuple[str, ...] = (),
) -> Discovery:
    """The discovery with the plugins of `elsewhere` described, or quarantined with the reason.

    Each is loaded in a worker of its own, which ends with its answer. `progress` is told the name of each as its
    turn comes. Raises `PluginsRefused` in strict mode.
    """
    if not discovery.elsewhere:
        return discovery
    turns = asyncio.Semaphore(AT_A_TIME)

    async def describe(source: PluginSource) -> Plugin | Quarantined:
        async with turns:
            progress(source.name)
            return await _described(source, limits, import_path)

    found = await asyncio.gather(*map(describe, discovery.elsewhere))
    tell_quarantined([one for one in found if isinstance(one, Quarantined)], strict=strict)
    return with_described(discovery, found)


def with_described(discovery: Discovery, found: Sequence[Plugin | Quarantined]) -> Discovery:
    """The discovery with what workers found out about the plugins of `elsewhere`."""
    plugins = [*discovery.plugins, *(one for one in found if isinstance(one, Plugin))]
    quarantined = [*discovery.quarantined, *(one for one in found if isinstance(one, Quarantined))]
    return Discovery(
        tuple(sorted(plugins, key=lambda plugin: plugin.name)), tuple(sorted(quarantined, key=lambda one: one.name))
    )


async def _described(
    source: PluginSource, limits: WorkerLimits | None, import_path: tuple[str, ...]
) -> Plugin | Quarantined:
    async with PluginWorkers([source], clock=_now, limits=limits, import_path=import_path) as workers:
        try:
            descriptor = await workers.describe(source.name)
        except PluginFailed as error:
            return Quarantined(source.name, source.distribution, source.version, error.reason)
    fault = descriptor_fault(descriptor)
    if fault is not None:
        return Quarantined(source.name, source.distribution, source.version, fault)
    return in_worker(descriptor)


def _now() -> datetime:
    return datetime.now(UTC)
