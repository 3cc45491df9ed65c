"""Relay connections over pages of rows."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypeVar

import strawberry

from quotaloom.platform.errors import BeyondLimit, InputError

T = TypeVar("T")

MOST_ROWS = 500
"""How many rows one page may have.

No setting: the schema says so, and clients are written against it. What pages come to is bounded by `operation_cost`.
"""

First = Annotated[int, strawberry.argument(description="How many rows, 500 at the most.")]
Text = Annotated[str | None, strawberry.argument(description="Looked for in name and key.")]
After = Annotated[str | None, strawberry.argument(description="`pageInfo.endCursor` of the page before.")]


@strawberry.type(description="Where a page stands among all rows.")
class PageInfo:
    """Relay's page information; pages go forward only."""

    has_next_page: bool = strawberry.field(description="Whether rows follow.")
    has_previous_page: bool = strawberry.field(description="Whether rows come before.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first row.")
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last row; `after:` it comes the next page."
    )


@strawberry.type(description="One row of a page.")
class Edge(Generic[T]):
    """A row and its cursor."""

    node: T = strawberry.field(description="The row.")
    cursor: str = strawberry.field(description="Where the row stands; for `after:`.")


@strawberry.type(description="A page of rows.")
class Connection(Generic[T]):
    """A page."""

    edges: list[Edge[T]] = strawberry.field(description="The rows with their cursors.")
    nodes: list[T] = strawberry.field(description="The rows.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = strawberry.field(description="How many rows there are on all pages together.")


def window(first: int, after: str | None) -> tuple[int, int]:
    """Offset and limit of a page; raises `InputError` for a page size or cursor that is none."""
    if not 1 <= first <= MOST_ROWS:
        text = f"`first` lies between 1 and {MOST_ROWS}, not {first}"
        raise BeyondLimit("BAD_PAGE", text, ("first",), limit="first", allowed=MOST_ROWS, found=first)
    return (0 if after is None else _offset(after) + 1), first


def page(rows: Sequence[Any], offset: int, total: int) -> dict[str, Any]:
    """A connection of `rows`, which stand from `offset` on among `total`."""
    cursors = [_cursor(offset + index) for index in range(len(rows))]
    return {
        "edges": [{"node": row, "cursor": cursor} for row, cursor in zip(rows, cursors, strict=True)],
        "nodes": list(rows),
        "page_info": {
            "has_next_page": offset + len(rows) < total,
            "has_previous_page": offset > 0 and total > 0,
            "start_cursor": cursors[0] if cursors else None,
            "end_cursor": cursors[-1] if cursors else None,
        },
        "total_count": total,
    }


def _cursor(offset: int) -> str:
    return b64encode(f"row:{offset}".encode()).decode()


def _offset(cursor: str) -> int:
    try:
        kind, _, number = b64decode(cursor, validate=True).decode().partition(":")
        if kind == "row" and number.isascii() and number.isdigit() and len(number) < 10:
            return int(number)
    except (NotBase64, ValueError):
        pass
    raise InputError("BAD_CURSOR", f"{cursor[:60]!r} is no cursor of this list; use pageInfo.endCursor", ("after",))
