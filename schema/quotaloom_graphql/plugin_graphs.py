"""Whether what plugins add to the graph fits into it, found out when the product starts and never by a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from graphql import introspection_from_schema, validate_schema

from quotaloom.policies.discovery import Discovery, Plugin, tell_quarantined
from quotaloom.policies.errors import Quarantined
from quotaloom_graphql.schema import build_schema
from quotaloom_graphql.served_schema import Extensions
from quotaloom_sdk import GraphQLExtension, InvalidDefinition


def extensions_of(discovery: Discovery) -> dict[str, Sequence[GraphQLExtension]]:
    """What the plugins add, by plugin, of those that add anything."""
    return {plugin.name: plugin.graphql for plugin in discovery.plugins if plugin.graphql}


def with_fitting_graphs(discovery: Discovery, *, strict: bool = False) -> Discovery:
    """The discovery without the plugins whose fields or types do not fit; they are put aside with the reason.

    Plugins are tried in the order of their names, each with those before it, so that of two that clash the earlier
    one stays. Raises `PluginsRefused` in strict mode.
    """
    fitting: dict[str, Sequence[GraphQLExtension]] = {}
    kept: list[Plugin] = []
    unfit: list[Quarantined] = []
    for plugin in discovery.plugins:
        reason = _why_unfit(fitting, plugin) if plugin.graphql else None
        if reason is not None:
            unfit.append(Quarantined(plugin.name, plugin.distribution, plugin.version, reason))
            continue
        kept.append(plugin)
        if plugin.graphql:
            fitting[plugin.name] = plugin.graphql
    tell_quarantined(unfit, strict=strict)
    aside = sorted([*discovery.quarantined, *unfit], key=lambda one: one.name)
    return replace(discovery, plugins=tuple(kept), quarantined=tuple(aside))


def _why_unfit(fitting: Mapping[str, Sequence[GraphQLExtension]], plugin: Plugin) -> str | None:
    try:
        _try_out({**fitting, plugin.name: plugin.graphql})
    except (Exception, SystemExit) as error:
        return f"its part of the graph does not fit: {_words(error)}"
    return None


def _words(error: BaseException) -> str:
    """What our own checks say, without what GraphQL says around it."""
    told = error.__cause__ if isinstance(error.__cause__, InvalidDefinition) else error
    return getattr(told, "message", None) or str(told) or type(told).__name__


def _try_out(plugins: Extensions) -> None:
    """Do all that a client could ever make the schema do without asking for data."""
    schema = build_schema(plugins=plugins)
    problems = validate_schema(schema._schema)
    if problems:
        raise problems[0]
    introspection_from_schema(schema._schema)
    schema.as_str()
