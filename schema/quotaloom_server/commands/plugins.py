"""`quotaloom plugins`."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from quotaloom.policies.discovery import Discovery, Origin, Plugin, discover
from quotaloom.policies.errors import Quarantined
from quotaloom_server.output import RESULT


def plugins() -> None:
    """List the installed plugins.

    Shows where each comes from, its version and its policies, and for those that cannot be used the reason.
    """
    with _unlogged():
        found = discover()
    _show(found)


@contextmanager
def _unlogged() -> Iterator[None]:
    """What discovery would warn of is shown as a list instead."""
    log = logging.getLogger(discover.__module__)
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
        for listener in plugin.listeners:
            RESULT.print(f"  listener: {listener.title}")
        for extension in plugin.graphql:
            RESULT.print(f"  graphql: {extension.title}")
        if not (plugin.policies or plugin.listeners or plugin.graphql):
            RESULT.print("  no policies")
    for one in found.quarantined:
        RESULT.print(f"{one.name}  not used  {_source(one)}", style="bold red")
        RESULT.print(f"  {one.reason}")


def _headline(plugin: Plugin) -> str:
    origin = "built in" if plugin.origin is Origin.BUILT_IN else "installed"
    return f"{plugin.name}  {origin}  {_source(plugin)}  module {plugin.module}  plugin API {plugin.api_version}"


def _source(plugin: Plugin | Quarantined) -> str:
    return f"from {plugin.distribution} {plugin.version}" if plugin.distribution else "from no distribution"
