"""The plugins of the installation, those that are put aside too."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import strawberry

from quotaloom.platform.access import Role, Scope
from quotaloom.platform.errors import AccessDenied
from quotaloom.policies.discovery import Discovery, Origin, Plugin
from quotaloom.policies.errors import Quarantined
from quotaloom_graphql.context import Info
from quotaloom_graphql.field_costs import READING
from quotaloom_graphql.roots import root_field


@strawberry.enum(
    description="`IN_SERVER`: it runs in the server. `IN_WORKERS`: it runs in worker processes. `PUT_ASIDE`: it cannot"
    " be used, for the reason given. `NOT_ALLOWED`: this installation does not allow it."
)
class PluginState(StrEnum):
    """What became of a plugin."""

    IN_SERVER = "in server"
    IN_WORKERS = "in workers"
    PUT_ASIDE = "put aside"
    NOT_ALLOWED = "not allowed"


@strawberry.type(name="Plugin", description="A plugin that is installed, whether it is used or not.")
class InstalledPlugin:
    """A plugin."""

    name: str = strawberry.field(description="Its name, the first half of its policies' keys.")
    distribution: str | None = strawberry.field(description="The package that it came in.")
    version: str | None = strawberry.field(description="The version of that package.")
    built_in: bool = strawberry.field(description="Whether it ships with the product.")
    state: PluginState = strawberry.field(description="Where it runs, or that it does not.")
    reason: str | None = strawberry.field(description="Why it is put aside or left out; null where it runs.")
    policies: list[str] = strawberry.field(description="The full keys of what it brings.")
    graph_left_out: list[str] = strawberry.field(
        description="What it would add to the graph if the installation trusted it, by title."
    )


async def _plugins(info: Info) -> list[dict[str, Any]]:
    viewer = (await info.context.work()).viewer
    if viewer.role is not Role.OPERATOR and not viewer.may(Scope.SETTINGS):
        raise AccessDenied("seeing the installation's plugins needs an admin")
    return plugin_rows(info.context.services.policies.discovery)


def plugin_rows(discovery: Discovery) -> list[dict[str, Any]]:
    """All plugins by name."""
    rows = [*map(_used, discovery.plugins), *map(_unused, discovery.quarantined)]
    return sorted(rows, key=lambda row: str(row["name"]))


def _used(plugin: Plugin) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "built_in": plugin.origin is Origin.BUILT_IN,
        "state": PluginState.IN_SERVER if plugin.in_server else PluginState.IN_WORKERS,
        "reason": None,
        "policies": [f"{plugin.name}.{one.key}" for one in plugin.policies],
        "graph_left_out": list(plugin.left_out),
    }


def _unused(one: Quarantined) -> dict[str, Any]:
    return {
        "name": one.name,
        "distribution": one.distribution,
        "version": one.version,
        "built_in": False,
        "state": PluginState.PUT_ASIDE if one.meant else PluginState.NOT_ALLOWED,
        "reason": one.reason,
        "policies": [],
        "graph_left_out": [],
    }


@strawberry.type
class PluginQuery:
    """Root fields about plugins."""

    plugins: list[InstalledPlugin] = root_field(
        _plugins,
        weight=READING,
        description="The installation's plugins, by name; for admins and operators.",
        open_to_services=True,
    )
