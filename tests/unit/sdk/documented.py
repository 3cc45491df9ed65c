"""The plugin API as the manual shows it."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import quotaloom_sdk
from quotaloom_sdk import BatchReader, GraphQLExtension, Need, PolicyDefinition, hooks
from quotaloom_sdk.needs import need_of


def signature_of(hook: str) -> str:
    """The hook's `def` line."""
    return f"def {hook}{str(inspect.signature(getattr(hooks, hook))).replace(chr(39), '')}"


def fields_as_written(kind: type) -> str:
    """The class's fields the way its source declares them; annotations are kept as text."""
    assert dataclasses.is_dataclass(kind)
    lines = [f"class {kind.__name__}:"]
    for field in dataclasses.fields(kind):
        default = "" if field.default is dataclasses.MISSING else f" = {_spelled(field.default)}"
        lines.append(f"    {field.name}: {field.type}{default}")
    return "\n".join(lines)


def _spelled(default: object) -> str:
    if default == quotaloom_sdk.NO_ATTRIBUTES:
        return "Attributes()"
    return default.__name__ if isinstance(default, type) else repr(default)


def default_as_written(default: object) -> str:
    """A parameter's default as an admin reads it."""
    if isinstance(default, tuple) and default:
        return ", ".join(map(str, default))
    return "none" if default in (None, {}, ()) else str(default)


def methods_of(kind: type) -> str:
    """The signatures of a protocol's methods and properties, as its source declares them."""
    lines = [f"class {kind.__name__}:"]
    for name, member in vars(kind).items():
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            lines.append(f"    {name}: {inspect.signature(member.fget or len).return_annotation}")
        elif inspect.iscoroutinefunction(member):
            lines.append(f"    async def {name}{inspect.signature(member)}".replace("'", ""))
    return "\n".join(lines)


def needs_table() -> str:
    """Which fields each need fills."""
    rows = [f"| `{need.name}` | {', '.join(_filled_by(need)) or '-'} |" for need in Need]
    return "\n".join(["| need | what it fills |", "| --- | --- |", *rows])


def _filled_by(need: Need) -> Iterator[str]:
    for name in sorted(quotaloom_sdk.__all__):
        kind = getattr(quotaloom_sdk, name)
        if isinstance(kind, type) and dataclasses.is_dataclass(kind):
            for field in dataclasses.fields(kind):
                if need_of(field) is need:
                    yield f"`{name}.{field.name}`"


def types_of(definition: type[PolicyDefinition]) -> set[type]:
    """The definition and every dataclass that what it is given or answers consists of."""
    found: set[type] = set()
    waiting: list[Any] = [definition]
    while waiting:
        one = waiting.pop()
        waiting += get_args(one) if get_args(one) else one if isinstance(one, list) else ()
        kind = getattr(one, "__origin__", one)
        if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind not in found:
            found.add(kind)
            waiting += get_type_hints(kind).values()
        if definition is GraphQLExtension:
            found.add(BatchReader)
    return found
