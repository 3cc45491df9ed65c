"""`quotaloom plugin`: what the author of a plugin needs."""

from __future__ import annotations

import typer

from quotaloom_server.commands.checking import check
from quotaloom_server.commands.scaffolding import new

plugin = typer.Typer(help="Write and check plugins.", no_args_is_help=True, rich_markup_mode=None)
for command in (new, check):
    plugin.command(command.__name__)(command)
