"""The plugins of this installation, as its settings allow them."""

from __future__ import annotations

import pickle
from base64 import b64decode, b64encode
from collections.abc import Callable

from quotaloom.platform.settings import Settings
from quotaloom.policies.describing import describe_all, with_described
from quotaloom.policies.discovery import Discovery, discover
from quotaloom.policies.host import Deadlines, PolicyHost
from quotaloom.policies.isolation.limits import MEGABYTE, WorkerLimits
from quotaloom_server.output import ASIDE


def plugins_here(settings: Settings) -> Discovery:
    """The plugins that run in the server, without those whose part of the graph does not fit.

    Raises `PluginsRefused` in strict mode.
    """
    strict = settings.plugins_strict
    found = discover(allowed=settings.allow_list, strict=strict)
    if not any(plugin.graphql for plugin in found.plugins):
        return found
    # The graph takes seconds to load: only where it is served, or a plugin adds to it.
    from quotaloom_graphql.plugin_graphs import with_fitting_graphs

    return with_fitting_graphs(found, strict=strict)


async def find_plugins(settings: Settings, progress: Callable[[str], object] | None = None) -> Discovery:
    """All plugins; those that run in workers are loaded there, one after the other, and `progress` is told.

    Raises `PluginsRefused` in strict mode.
    """
    return await describe_all(
        plugins_here(settings),
        limits=worker_limits(settings),
        strict=settings.plugins_strict,
        progress=progress or _tell,
    )


def _tell(plugin: str) -> None:
    ASIDE.print(f"Looking at the plugin {plugin}")


def packed(plugins: Discovery) -> str:
    """What was found, as text for the other serving processes; those in the server each of them loads itself."""
    apart = [plugin for plugin in plugins.plugins if not plugin.in_server]
    return b64encode(pickle.dumps((apart, plugins.quarantined))).decode()


def unpacked(settings: Settings, text: str) -> Discovery:
    """What `packed` packed, with the plugins of the server loaded; only for text of the process that started us."""
    apart, quarantined = pickle.loads(b64decode(text))  # noqa: S301 # the starting process wrote it
    aside = {one.name for one in quarantined}
    here = [plugin for plugin in discover(allowed=settings.allow_list).plugins if plugin.name not in aside]
    return with_described(Discovery(tuple(here), ()), [*apart, *quarantined])


def policy_host(settings: Settings, plugins: Discovery) -> PolicyHost:
    """The host of these plugins, with the limits of the settings."""
    deadlines = Deadlines(call=settings.policy_seconds, total=settings.policy_total_seconds)
    return PolicyHost(plugins, limits=worker_limits(settings), deadlines=deadlines)


def worker_limits(settings: Settings) -> WorkerLimits:
    """What workers of plugins may use."""
    return WorkerLimits(memory=settings.plugin_memory_mb * MEGABYTE, workers=settings.plugin_workers)
