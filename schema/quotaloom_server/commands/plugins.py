"""`quotaloom plugins`."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from quotaloom.platform.settings import load_settings
from quotaloom.policies.discovery import Discovery, Origin, Plugin, tell_quarantined
from quotaloom.policies.errors import Quarantined
from quotaloom_server.hosting import find_plugins
from quotaloom_server.output import RESULT
from quotaloom_server.signals import run


def plugins() -> None:
    """List the installed plugins.

    Shows where each comes from, its version, where it runs and its policies, and for those that cannot be used the
    reason.
    """
    settings = load_settings()
    with _unlogged():
        found = run(find_plugins(settings.model_copy(update={"plugins_strict": False})))
    _show(found)


@contextmanager
def _unlogged() -> Iterator[None]:
    """What discovery would warn of is shown as a list instead."""
    log = logging.getLogger(tell_quarantined.__module__)
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


def _show(found: Discovery) -> None:
    if not found.plugins and not found.quarantined:
        RESULT.print("No plugins are installed.")
    for plugin in found.plugins:
        RESULT.print(_headline(plugin), style="bold")
        width = max((len(f"{plugin.name}.{policy.key}") for policy in plugin.policies), default=0)
        for policy in plugin.policies:
            RESULT.print(f"  {f'{plugin.name}.{policy.key}':{width}}  {policy.kind}: {policy.title}")
        for title in plugin.left_out:
            RESULT.print(f"  not used, as the plugin is not trusted with the graph: {title}")
        if not (plugin.policies or plugin.left_out):
            RESULT.print("  no policies")
    for one in found.quarantined:
        RESULT.print(f"{one.name}  not used  {_source(one)}", style="bold red")
        RESULT.print(f"  {one.reason}")


def _headline(plugin: Plugin) -> str:
    where = f"plugin API {plugin.api_version}"
    if plugin.origin is Origin.BUILT_IN:
        return f"{plugin.name}  built in  {_source(plugin)}  module {plugin.module}  {where}"
    runs = "trusted, runs in the server" if plugin.in_server else "runs in workers"
    return f"{plugin.name}  installed  {_source(plugin)}  module {plugin.module}  {where}  {runs}"


def _source(plugin: Plugin | Quarantined) -> str:
    return f"from {plugin.distribution} {plugin.version}" if plugin.distribution else "from no distribution"
