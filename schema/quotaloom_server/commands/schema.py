"""`quotaloom schema`."""

from __future__ import annotations

from typing import Annotated

import typer

from quotaloom_server.output import raw


def schema(
    with_plugins: Annotated[
        bool, typer.Option("--with-plugins", help="Add what the plugins of this installation add.")
    ] = False,
) -> None:
    """Print the GraphQL schema (SDL), with all descriptions."""
    from quotaloom.platform.settings import load_settings
    from quotaloom_graphql.plugin_graphs import extensions_of
    from quotaloom_graphql.schema import build_schema
    from quotaloom_server.hosting import plugins_here

    plugins = extensions_of(plugins_here(load_settings())) if with_plugins else {}
    raw(build_schema(plugins=plugins).as_str())
