"""Root fields: plain functions mounted under the type that the class says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import strawberry


def root_field(resolver: Callable[..., Awaitable[Any]], *, description: str) -> Any:
    """A field of the root whose arguments are those of `resolver` after `info`; rows are flat."""
    return strawberry.field(resolver=resolver, description=description)
