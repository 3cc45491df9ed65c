"""`quotaloom plugin new`: a project with a policy, its tests, and all that builds and explains it.

The project is made of templates: those that all plugins share, and those of the hook. In their text and in the names
of their folders, `$module` and the like stand for what is the plugin's own.
"""

from __future__ import annotations

import json
import keyword
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import distribution, packages_distributions, version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePath
from string import Template
from typing import Annotated

import typer

from quotaloom.platform.errors import InputError
from quotaloom.policies.discovery import PRODUCT
from quotaloom_sdk import API_VERSION
from quotaloom_sdk.graphql import prefix_of
from quotaloom_sdk.hooks import ENTRY_POINT_GROUP
from quotaloom_server.output import RESULT

SDK = "quotaloom-sdk"

_TEMPLATES = files("quotaloom_server") / "scaffold"
_SHARED = "shared"
_TEXTS = "texts.toml"
_SUFFIX = ".template"
_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
_LONGEST = 64
_WITH_ADDRESS = re.compile(r"([^<>]*[^<>\s])\s*<([^<>@\s]+@[^<>@\s]+)>")
_IMPORTED_BY_THE_PROJECT = frozenset({"hypothesis", "pluggy", "pydantic", "pytest", "strawberry", "tests"})


class Kind(StrEnum):
    """The kinds of policy that a project can begin with, a hook each."""

    ALLOCATION = "allocation"
    CREDITING = "crediting"
    INCENTIVE = "incentive"
    POOL = "pool"
    STAGE_GATE = "stage_gate"
    REVIEW = "review"
    LISTENER = "listener"
    GRAPHQL = "graphql"


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


@dataclass(frozen=True, slots=True)
class NewPlugin:
    """A plugin to write: its names, and what it begins with. Raises `InputError` for a name that cannot be."""

    name: str
    kind: Kind
    author: str | None = None

    def __post_init__(self) -> None:
        _require_name(self.name)
        _require_author(self.author)

    @property
    def distribution(self) -> str:
        """What is installed: `acme-rules`."""
        return self.name.replace("_", "-")

    @property
    def module(self) -> str:
        """What is imported, and how Quotaloom calls the plugin: `acme_rules`."""
        return self.name.replace("-", "_")

    @property
    def values(self) -> dict[str, str]:
        """What stands in the templates' places, the texts of the kind among them."""
        prefix = prefix_of(self.module)
        own = {
            "distribution": self.distribution,
            "module": self.module,
            "prefix": prefix,
            "camel": prefix[0].lower() + prefix[1:],
            "title": self.module.replace("_", " ").capitalize(),
            "authors": _authors(self.author),
            "api_version": API_VERSION,
            "sdk_versions": _compatible(version(SDK)),
            "extra": "",
        }
        texts = tomllib.loads(_filled(_TEMPLATES / self.kind / f"{_TEXTS}{_SUFFIX}", own))
        return {**own, **{name: text.rstrip() for name, text in texts.items()}}


def write_plugin(plugin: NewPlugin, folder: Path) -> None:
    """Write the project into a folder that is empty or not there yet. Raises `InputError`."""
    values = plugin.values
    project = [file for part in (_SHARED, plugin.kind) for file in _files(_TEMPLATES / part, values)]
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            problem = "is not empty" if folder.is_dir() else "is a file"
            raise InputError("FOLDER_IN_USE", f"{folder} {problem}; name a new folder with --folder", ("--folder",))
        for path, text in project:
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError("CANNOT_WRITE", f"{folder} cannot be written: {error.strerror}", ("--folder",)) from error


def _files(folder: Traversable, values: Mapping[str, str]) -> Iterator[tuple[PurePath, str]]:
    """The files that the templates of a folder become, each with its path and text."""
    for entry in folder.iterdir():
        if entry.is_dir():
            inside = values["module"] if entry.name == "package" else entry.name
            yield from ((inside / path, text) for path, text in _files(entry, values))
        elif entry.name.endswith(_SUFFIX) and entry.name != f"{_TEXTS}{_SUFFIX}":
            name = entry.name.removesuffix(_SUFFIX)
            yield PurePath(re.sub("^dot-", ".", name)), _filled(entry, values)


def _filled(template: Traversable, values: Mapping[str, str]) -> str:
    return Template(template.read_text(encoding="utf-8")).substitute(values)


def _compatible(sdk: str) -> str:
    """From this version on, below the next major one; what else matters is the plugin API, which has its own."""
    return f">={sdk},<{int(sdk.split('.')[0]) + 1}"


def _authors(author: str | None) -> str:
    if author is None:
        return ""
    match = _WITH_ADDRESS.fullmatch(author)
    fields = {"name": match[1], "email": match[2]} if match else {"name": author}
    written = ", ".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items())
    return f"authors = [{{ {written} }}]\n"


def _require_author(author: str | None) -> None:
    if author is None:
        return
    if not author.strip() or not author.isprintable() or ("<" in author and not _WITH_ADDRESS.fullmatch(author)):
        raise InputError(
            "BAD_AUTHOR", f"{author!r} is no author; write 'Ann Lee' or 'Ann Lee <ann@acme.example>'", ("--author",)
        )


def _require_name(name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        form = f"use up to {_LONGEST} of a-z, 0-9 and -, a letter first, such as acme-rules"
        raise InputError("BAD_NAME", f"{name!r} is no name for a plugin: {form}", ("NAME",))
    reason = _why_taken(name.replace("-", "_"))
    if reason:
        raise InputError("NAME_TAKEN", f"{name!r} cannot be a plugin's name: {reason}; choose another", ("NAME",))


def _why_taken(module: str) -> str | None:
    """Why nobody's plugin can have that name; None where it can."""
    if keyword.iskeyword(module):
        return "it is a word of Python itself"
    if module in sys.stdlib_module_names:
        return "Python's standard library has a module of that name"
    if module in _IMPORTED_BY_THE_PROJECT:
        return "the project needs a module of that name for itself"
    if module.split("_")[0] == PRODUCT:
        return f"names that begin with {PRODUCT} are the product's own"
    if module in _plugins_of(PRODUCT):
        return f"a plugin of that name ships with {PRODUCT.capitalize()}"
    packages = [one for one in packages_distributions().get(module, ()) if module not in _plugins_of(one)]
    return f"the package {packages[0]} has a module of that name" if packages else None


def _plugins_of(package: str) -> set[str]:
    return {one.name for one in distribution(package).entry_points if one.group == ENTRY_POINT_GROUP}
