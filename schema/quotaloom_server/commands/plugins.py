"""`quotaloom plugins`."""

from __future__ import annotations

import logging

from quotaloom.policies.discovery import Discovery, Origin, Plugin, discover
from quotaloom.policies.errors import Quarantined
from quotaloom_server.output import RESULT


def plugins() -> None:
    """List the installed plugins.

    Shows where each comes from, its version and its policies, and for those that cannot be used the reason.
    """
    logging.getLogger(discover.__module__).setLevel(logging.ERROR)  # what it would warn of is shown below
    _show(discover())


def _show(found: Discovery) -> None:
    if not found.plugins and not found.quarantined:
        RESULT.print("No plugins are installed.")
    for plugin in found.plugins:
        RESULT.print(_headline(plugin), style="bold")
        width = max((len(f"{plugin.name}.{policy.key}") for policy in plugin.policies), default=0)
        for policy in plugin.policies:
            RESULT.print(f"  {f'{plugin.name}.{policy.key}':{width}}  {policy.kind}: {policy.title}")
        if not plugin.policies:
            RESULT.print("  no policies")
    for one in found.quarantined:
        RESULT.print(f"{one.name}  not used  {_source(one)}", style="bold red")
        RESULT.print(f"  {one.reason}")


def _headline(plugin: Plugin) -> str:
    origin = "built in" if plugin.origin is Origin.BUILT_IN else "installed"
    return f"{plugin.name}  {origin}  {_source(plugin)}  module {plugin.module}  plugin API {plugin.api_version}"


def _source(plugin: Plugin | Quarantined) -> str:
    return f"from {plugin.distribution} {plugin.version}" if plugin.distribution else "from no distribution"
