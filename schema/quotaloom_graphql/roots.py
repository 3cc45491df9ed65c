"""Root fields: plain functions mounted under the type that the class says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from inspect import Parameter, signature
from typing import Any

from quotaloom_graphql.context import Info
from quotaloom_graphql.field_costs import costing
from strawberry_breadth import batch


def root_field(
    resolver: Callable[..., Awaitable[Any]],
    *,
    weight: int,
    description: str,
    open_to_services: bool = False,
    asks: bool = False,
) -> Any:
    """A field of the root whose arguments are those of `resolver` after `info`; rows are flat.

    It answers whoever has a valid token; a service only with the scope `graph:read`, unless `open_to_services`.
    It costs `weight` besides its answer, as `field_costs` explains; 0 where all that it tells comes with the request.
    A resolver that `asks` answers with just the rows that it reads, and may fetch the `asked` columns alone.
    """

    @wraps(resolver)
    async def guarded(parents: Sequence[None], info: Info, **arguments: Any) -> list[Any]:
        context = info.context
        viewer = (context.opened or await context.work()).viewer
        if not open_to_services:
            viewer.require_to_read("reading")
        found = await resolver(info, **arguments)
        return [found] * len(parents)

    told = signature(resolver)
    roots = Parameter("parents", Parameter.POSITIONAL_OR_KEYWORD)
    guarded.__signature__ = told.replace(parameters=[roots, *told.parameters.values()])  # type: ignore[attr-defined]  # as inspect reads it
    return batch(guarded, reads=(), whole=not asks, description=description, directives=[costing(weight)])
