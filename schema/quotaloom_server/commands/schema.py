"""`quotaloom schema`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quotaloom.platform.errors import InputError
from quotaloom_server.output import RESULT, raw

BROKEN = 1


def schema(
    with_plugins: Annotated[
        bool, typer.Option("--with-plugins", help="Add what the plugins of this installation add.")
    ] = False,
    changes: Annotated[
        bool, typer.Option("--changes", help="Tell what changed since the last release instead.")
    ] = False,
    since: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --changes, since the SDL in this file.")
    ] = None,
) -> None:
    """Print the GraphQL schema (SDL), with all descriptions.

    With --changes it tells what breaks clients of an earlier schema, and what may surprise them; the exit code is 1
    where something breaks that is not declared.
    """
    if since is not None and not changes:
        raise typer.BadParameter("--since belongs to --changes.")
    sdl = _sdl(with_plugins=with_plugins)
    if changes:
        _tell_changes(sdl, since)
    else:
        raw(sdl)


def _sdl(*, with_plugins: bool) -> str:
    from quotaloom.platform.settings import load_settings
    from quotaloom_graphql.plugin_graphs import extensions_of
    from quotaloom_graphql.schema import build_schema
    from quotaloom_server.hosting import plugins_here

    plugins = extensions_of(plugins_here(load_settings())) if with_plugins else {}
    return build_schema(plugins=plugins).as_str()


def _tell_changes(sdl: str, since: Path | None) -> None:
    from quotaloom_graphql.schema_changes import RELEASED, declared_breaks, schema_changes

    found = schema_changes(_read(since or RELEASED), sdl, declared_breaks())
    if not found.breaking and not found.dangerous:
        RESULT.print("Nothing that clients would notice has changed.")
    for title, lines in (("Breaking:", found.breaking), ("May surprise:", found.dangerous)):
        if lines:
            RESULT.print(title)
        for line in lines:
            RESULT.print(f"  {line}")
            if line in found.declared:
                RESULT.print(f"    declared: {found.declared[line]}")
    if found.undeclared:
        raise typer.Exit(BROKEN)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("UNREADABLE", f"{file} cannot be read: {error}", ("--since",)) from None
