"""`quotaloom plugin check`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import typer

from quotaloom.platform.embedded import ending_on_signals
from quotaloom_sdk.hooks import ENTRY_POINT_GROUP
from quotaloom_sdk.testing.conformance import NotInstalled, Options, Report, Source, check_apart, parse_source
from quotaloom_server.output import ASIDE, RESULT

FOUND = 1
MISSING = 1


@dataclass(frozen=True, slots=True)
class Named:
    """A plugin to check, and the folders that it is imported from before all others."""

    source: Source
    import_path: tuple[str, ...] = ()


def check(
    plugin: Annotated[
        str,
        typer.Argument(
            metavar="PATH_OR_NAME",
            help="A folder with a pyproject.toml that names plugins, a .py file, or the name of an installed plugin.",
        ),
    ],
    seconds: Annotated[float, typer.Option(metavar="S", min=0.01, help="What one call may take.")] = 1.0,
    examples: Annotated[int, typer.Option(metavar="N", min=1, help="How many requests each policy is asked.")] = 100,
) -> None:
    """Check a plugin: whether it does what Quotaloom relies on.

    Every policy is asked generated requests, in a process of its own. What is wrong is told in plain words; the exit
    code is then 1. docs/plugins/checking.md lists what is checked.
    """
    options = Options(seconds=seconds, examples=examples)
    try:
        with ending_on_signals():
            found = [_checked(named, options) for named in plugins_at(plugin)]
    except NotInstalled as error:
        ASIDE.print(str(error))
        raise typer.Exit(MISSING) from None
    if any(report.findings for report in found):
        raise typer.Exit(FOUND)


def _checked(named: Named, options: Options) -> Report:
    report = check_apart(
        named.source,
        options=options,
        import_path=named.import_path,
        progress=lambda policy: ASIDE.print(f"Checking {policy}"),
    )
    RESULT.print(str(report))
    return report


def plugins_at(given: str) -> list[Named]:
    """The plugins at a path, or the installed one of that name. Raises `typer.BadParameter`."""
    path = Path(given)
    installed = {one.name: one.value for one in entry_points(group=ENTRY_POINT_GROUP)}
    if given in installed and not (path / "pyproject.toml").is_file():  # a package's own folder bears its name
        return [Named(Source(given, installed[given]))]
    if path.is_dir():
        return _of_project(path.resolve())
    if path.is_file():
        return [_of_file(path.resolve())]
    listed = ", ".join(sorted(installed)) or "none"
    raise typer.BadParameter(f"{given} is neither a folder, nor a file, nor an installed plugin; there are: {listed}.")


def _of_project(folder: Path) -> list[Named]:
    declared = _declared(folder)
    if not declared:
        raise typer.BadParameter(
            f"{folder} has no pyproject.toml that names a plugin; write [project.entry-points.quotaloom] in it."
        )
    roots = tuple(str(root) for root in (folder / "src", folder) if root.is_dir())
    return [Named(source, roots) for source in declared]


def _of_file(file: Path) -> Named:
    """The plugin that is this module; a pyproject.toml beside it, or above its src, may say what it is called."""
    if file.suffix != ".py":
        raise typer.BadParameter(f"{file} is no Python file.")
    root, module = _imported_as(file)
    for folder in (root, root.parent) if root.name == "src" else (root,):
        for source in _declared(folder):
            if source.value.partition(":")[0] == module:
                return Named(source, (str(root),))
    return Named(Source(module.rpartition(".")[2], module), (str(root),))


def _imported_as(file: Path) -> tuple[Path, str]:
    """The folder that the file's module is imported from, and the module's name there."""
    folder, parts = file.parent, [] if file.stem == "__init__" else [file.stem]
    while (folder / "__init__.py").is_file():
        folder, parts = folder.parent, [folder.name, *parts]
    return folder, ".".join(parts)


def _declared(folder: Path) -> list[Source]:
    """The plugins that the folder's pyproject.toml names."""
    project = folder / "pyproject.toml"
    if not project.is_file():
        return []
    try:
        written: dict[str, Any] = tomllib.loads(project.read_text(encoding="utf-8"))
        entries = written.get("project", {}).get("entry-points", {}).get(ENTRY_POINT_GROUP, {})
        return [parse_source(f"{name} = {value}") for name, value in entries.items()]
    except (ValueError, AttributeError) as error:
        raise typer.BadParameter(f"{project} cannot be read: {error}") from None
