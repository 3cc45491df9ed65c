"""Parameters of rules, as they come from outside and as they are stored: one reader for both."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

from quotaloom.platform.errors import InputError, Path

T = TypeVar("T")

LONGEST_DAYS = 3650
"""How many days a rule may name."""


def mapping(given: Any, names: Collection[str], path: Path = ()) -> Mapping[str, Any]:
    """A JSON object that has no other names than these; raises `InputError` BAD_PARAMETERS."""
    if not isinstance(given, Mapping):
        raise bad(f"an object with {', '.join(sorted(names))} is needed here", path)
    for name in given:
        if name not in names:
            raise bad(f"there is no {str(name)[:60]!r} here; there are {', '.join(sorted(names))}", (*path, str(name)))
    return given


def whole(given: Mapping[str, Any], name: str, path: Path = (), *, least: int = 1, most: int = LONGEST_DAYS) -> int:
    """A whole number that must be there, between two bounds; raises `InputError` BAD_PARAMETERS."""
    value = given.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise bad(f"{name} is a whole number from {least} to {most}", (*path, name))
    return value


def whole_or_none(given: Mapping[str, Any], name: str, path: Path = (), *, least: int = 1) -> int | None:
    """The same, or None where it is left out or null."""
    return None if given.get(name) is None else whole(given, name, path, least=least)


def flag(given: Mapping[str, Any], name: str, path: Path = ()) -> bool:
    """True or false, false where it is left out; raises `InputError` BAD_PARAMETERS."""
    value = given.get(name, False)
    if not isinstance(value, bool):
        raise bad(f"{name} is true or false", (*path, name))
    return value


def listed(given: Mapping[str, Any], name: str, path: Path = (), *, most: int = 20) -> Sequence[Any] | None:
    """A list of 1 to `most` things, None where it is left out or null; raises `InputError` BAD_PARAMETERS."""
    value = given.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not 1 <= len(value) <= most:
        raise bad(f"{name} is a list of 1 to {most}", (*path, name))
    return value


def bad(message: str, path: Path) -> InputError:
    """What is raised for parameters that are none of their kind."""
    return InputError("BAD_PARAMETERS", message, path)
