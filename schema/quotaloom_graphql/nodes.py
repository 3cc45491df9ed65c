"""Global ids and the `Node` interface of the Relay conventions."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from binascii import b2a_base64
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import strawberry
from graphql import GraphQLAbstractType, GraphQLResolveInfo

from quotaloom.platform.errors import NotFound
from strawberry_breadth import column, takes_all

NodeLoader = Callable[[list[int], Any], Awaitable[Sequence[Any]]]
"""Loads rows by number, of those that the viewer may see."""

TYPENAME = "__typename"
"""The key under which a row that is returned as a `Node` names its type."""


def encode_id(type_name: str, number: int) -> str:
    """The global id of a row."""
    return b2a_base64(f"{type_name}:{number}".encode(), newline=False).decode()


def split_id(global_id: str) -> tuple[str, int]:
    """Type name and number of a global id; raises `NotFound` for what is none, as for an unknown row."""
    try:
        type_name, _, number = b64decode(global_id, validate=True).decode().partition(":")
        if number.isascii() and number.isdigit() and len(number) < 19:
            return type_name, int(number)
    except (NotBase64, ValueError):
        pass
    raise NotFound("NOT_FOUND", f"{global_id[:60]!r} names nothing that you can see")


def decode_id(global_id: str, type_name: str, path: Sequence[str | int] = ()) -> int:
    """The number of a global id of `type_name`; raises `NotFound` for one of another type."""
    try:
        found, number = split_id(global_id)
    except NotFound as error:
        raise error.at(*path) from None
    if found != type_name:
        raise NotFound("NOT_FOUND", f"{global_id[:60]!r} names no {type_name} that you can see", tuple(path))
    return number


def optional_id(global_id: str | None, type_name: str, path: Sequence[str | int] = ()) -> int | None:
    """As `decode_id`; null stays null."""
    return None if global_id is None else decode_id(global_id, type_name, path)


def global_id(type_name: str) -> Any:
    """The field `id` of a type."""
    return column(
        lambda number: encode_id(type_name, number), of="id", description="Globally unique; `node(id:)` finds it."
    )


@strawberry.interface(description="Anything that has a globally unique id.")
class Node:
    """Anything that `node(id:)` finds."""

    id: strawberry.ID = strawberry.field(description="Globally unique; `node(id:)` finds it.")

    @classmethod
    def resolve_type(cls, row: Any, info: GraphQLResolveInfo[Any], abstract_type: GraphQLAbstractType) -> str:
        """The type that the row was loaded as."""
        return str(row[TYPENAME])

    @classmethod
    @takes_all
    def is_type_of(cls, row: Any, info: GraphQLResolveInfo[Any]) -> bool:
        """Rows carry no type of their own: whoever returns one for a field has already said what it is."""
        return True
