"""All commands, and how what they raise is told."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from quotaloom.platform.embedded import EmbeddedError
from quotaloom.platform.errors import AccessDenied, InputError
from quotaloom.platform.refusals import ManyRefused
from quotaloom.platform.settings import unknown_variables
from quotaloom.policies.errors import PluginsRefused
from quotaloom_server.commands.backup import backup, restore
from quotaloom_server.commands.demo import demo
from quotaloom_server.commands.importing import import_
from quotaloom_server.commands.migrate import migrate
from quotaloom_server.commands.plan import plan
from quotaloom_server.commands.plugin import plugin
from quotaloom_server.commands.plugins import plugins
from quotaloom_server.commands.report import report
from quotaloom_server.commands.schema import schema
from quotaloom_server.commands.serve import serve
from quotaloom_server.commands.token import token
from quotaloom_server.commands.worker import worker
from quotaloom_server.output import ASIDE

FAILED = 1

app = typer.Typer(
    help="A sales-performance backend with one GraphQL graph of organizations, targets, achievements and funnels.",
    epilog="Settings come from QUOTALOOM_* variables; docs/settings.md lists them all.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (serve, worker, migrate, backup, restore, demo, import_, token, schema, plugins):
    app.command(command.__name__.rstrip("_"))(command)
app.add_typer(plan, name="plan")
app.add_typer(report, name="report")
app.add_typer(plugin, name="plugin")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"quotaloom {version('quotaloom')}")
        raise typer.Exit


@app.callback()
def quotaloom(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Take what comes before the command, and tell of variables that are no settings."""
    for line in unknown_variables(os.environ):
        ASIDE.print(line)


def run_command() -> None:
    """Run one command. Exit codes: 0 for success, 1 for what the user can mend, 2 for wrong usage."""
    try:
        app()
    except ManyRefused as refused:
        _fail(*(_told(error) for error in refused.errors))
    except InputError as error:
        _fail(_told(error))
    except (EmbeddedError, AccessDenied) as error:
        _fail(error.message)
    except PluginsRefused as refused:
        _fail(str(refused))


def _told(error: InputError) -> str:
    place = ".".join(str(part) for part in error.path)
    return f"{place}: {error.message}" if place else error.message


def _fail(*messages: str) -> None:
    for message in messages:
        ASIDE.print(message)
    sys.exit(FAILED)
