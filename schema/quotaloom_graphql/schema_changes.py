"""What a version of the schema takes away from those who use an earlier one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from graphql import GraphQLError, build_schema, find_breaking_changes, find_dangerous_changes

from quotaloom.platform.errors import InputError

RELEASED: Final = Path(__file__).with_name("released.graphql")
"""The schema as it was released last, without what plugins add."""

DECLARED: Final = Path(__file__).with_name("declared_breaks.toml")
"""What has broken since, on purpose."""


@dataclass(frozen=True)
class SchemaChanges:
    """The changes between two schemas, one line each, and the reasons of those that are declared."""

    breaking: tuple[str, ...]
    """Operations that were valid may be so no longer, or are answered in another shape."""
    dangerous: tuple[str, ...]
    """Operations stay valid; whoever relies on knowing all values or on a default may be surprised."""
    declared: Mapping[str, str]

    @cached_property
    def undeclared(self) -> tuple[str, ...]:
        """Breaking changes without a reason."""
        return tuple(one for one in self.breaking if one not in self.declared)

    @cached_property
    def unfounded(self) -> tuple[str, ...]:
        """What is declared and is no breaking change, perhaps since it was taken back."""
        return tuple(one for one in self.declared if one not in self.breaking)


def schema_changes(old: str, new: str, declared: Mapping[str, str]) -> SchemaChanges:
    """What changed from one SDL to another; raises `InputError` NOT_A_SCHEMA where the old one is none."""
    try:
        before = build_schema(old)
    except (GraphQLError, TypeError) as error:
        raise InputError("NOT_A_SCHEMA", f"This is no GraphQL schema: {error}") from None
    after = build_schema(new)
    return SchemaChanges(
        tuple(sorted({one.description for one in find_breaking_changes(before, after)})),
        tuple(sorted({one.description for one in find_dangerous_changes(before, after)})),
        declared,
    )


def declared_breaks(file: Path = DECLARED) -> dict[str, str]:
    """The reason of each breaking change that is declared. Raises `InputError` BAD_DECLARATION."""
    try:
        written = tomllib.loads(file.read_text(encoding="utf-8"))
        found = {one["change"]: one["reason"] for one in written.get("break", [])}
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise InputError("BAD_DECLARATION", f"{file} cannot be read: {error!r}") from None
    if not all(isinstance(reason, str) and reason.strip() for reason in found.values()):
        raise InputError("BAD_DECLARATION", f"{file}: every change needs a reason.")
    return found
