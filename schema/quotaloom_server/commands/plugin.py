"""`quotaloom plugin`, for those who write plugins."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from quotaloom_server.commands.scaffolding import Kind, NewPlugin, write_plugin
from quotaloom_server.output import RESULT

app = typer.Typer(help="Write a plugin.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def plugin() -> None:
    """Write a plugin."""


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name, such as acme-rules.")],
    hook: Annotated[Kind, typer.Option(help="The kind of policy that it begins with.")] = Kind.ALLOCATION,
    folder: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where to write it.  [default: a folder of its name, here]")
    ] = None,
    author: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose work it is, such as 'Ann Lee <ann@acme.example>'.")
    ] = None,
) -> None:
    """Write the project of a new plugin.

    A policy with parameters, its tests, and all that is needed to build and install it. The tests pass at once.
    """
    wanted = NewPlugin(name, hook, author)
    place = folder or Path(name)
    write_plugin(wanted, place)
    RESULT.print(f"The plugin {wanted.module} is in {place}: a policy, its tests, and a README. Go on with")
    RESULT.print(f"  cd {shlex.quote(str(place))}")
    RESULT.print('  pip install -e ".[test]"')
    RESULT.print("  pytest")
