"""All commands, and how what they raise is told."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from quotaloom.platform.embedded import EmbeddedError
from quotaloom.platform.errors import AccessDenied, InputError
from quotaloom.platform.refusals import ManyRefused
from quotaloom.platform.settings import unknown_variables
from quotaloom.policies.errors import PluginsRefused
from quotaloom_server.output import ASIDE

FAILED = 1

MODULES = {
    "serve": "serve",
    "worker": "worker",
    "migrate": "migrate",
    "backup": "backup",
    "restore": "backup",
    "demo": "demo",
    "import": "importing",
    "token": "token",
    "key": "key",
    "link": "link",
    "schema": "schema",
    "plugins": "plugins",
    "plan": "plan",
    "report": "report",
    "plugin": "plugin",
}
"""The module of each command, which has it under the command's own name."""


class Commands(TyperGroup):
    """Loads the one command that is called, and all of them only where all are shown: loading takes seconds."""

    def list_commands(self, ctx: Any) -> list[str]:
        """In the order in which the help shows them."""
        return list(MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, loaded now if it was not yet."""
        if cmd_name in MODULES and cmd_name not in self.commands:
            self.add_command(_loaded(cmd_name), cmd_name)
        return super().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is called; one that does not exist is compared with those that do."""
        if args[0] not in MODULES:
            for name in MODULES:
                self.get_command(ctx, name)
        return super().resolve_command(ctx, args)


def _loaded(name: str) -> Any:
    module = import_module(f"quotaloom_server.commands.{MODULES[name]}")
    found = getattr(module, name if hasattr(module, name) else f"{name}_")
    if isinstance(found, typer.Typer):
        return get_group(found)
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command(name)(found)
    return get_command(alone)


app = typer.Typer(
    cls=Commands,
    help="A sales-performance backend with one GraphQL graph of organizations, targets, achievements and funnels.",
    epilog="Settings come from QUOTALOOM_* variables; docs/settings.md lists them all.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


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
