"""Root fields: plain functions mounted under the type that the class says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

import strawberry

from quotaloom.platform.access import Role, Scope
from quotaloom.platform.errors import AccessDenied
from quotaloom_graphql.context import Info


def root_field(resolver: Callable[..., Awaitable[Any]], *, description: str, open_to_services: bool = False) -> Any:
    """A field of the root whose arguments are those of `resolver` after `info`; rows are flat.

    It answers whoever has a valid token; a service only with the scope `graph:read`, unless `open_to_services`.
    """

    @wraps(resolver)
    async def guarded(info: Info, **arguments: Any) -> Any:
        viewer = (await info.context.work()).viewer
        if viewer.role is Role.SERVICE and not open_to_services and not viewer.may(Scope.READ):
            raise AccessDenied(f"reading needs a service token with the scope {Scope.READ.value}")
        return await resolver(info, **arguments)

    return strawberry.field(resolver=guarded, description=description)
