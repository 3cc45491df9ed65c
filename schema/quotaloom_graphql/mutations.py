"""How a mutation is made of a command: each root field is its own unit of work with a payload read afresh."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Collection
from typing import Annotated, Any, TypeVar

import strawberry
from strawberry.types.fields.resolver import StrawberryResolver

from quotaloom.organizations.standing import standing_of
from quotaloom.ownership.pool_people import pools_of_member
from quotaloom.platform.errors import InputError, Path
from quotaloom.platform.kept_answers import KeyRefused, Standing
from quotaloom.platform.once import once
from quotaloom.platform.work import Work
from quotaloom.policies.errors import PolicyFailed
from quotaloom_graphql.context import Info, Services
from quotaloom_graphql.errors import Refused
from quotaloom_graphql.field_costs import costing
from quotaloom_graphql.request_keys import request_key
from quotaloom_graphql.untold import error_for

I = TypeVar("I")  # noqa: E741 # the input of a mutation

Command = Callable[[Work, I, Services], Awaitable[dict[str, Any]]]


def mutation(
    command: Command[Any], *, description: str, told_once: Collection[str] = (), weight: int | None = None
) -> Any:
    """A field that takes one `input`, runs `command(work, input, services)` and answers with its payload.

    The payload names the objects that it shows by their numbers; they are read in a fresh snapshot. What the
    caller can mend becomes the payload's `errors`, and then it shows no object. The type of `input` is the
    annotation of the command's second parameter. With an idempotency key the command is done `once`: what its
    payload may hold is told there, and what becomes of what is `told_once`. With a `weight` it costs so much besides
    what every mutation does: for what goes through a whole plan, run or pool.
    """

    async def resolver(info: Info, input: Any) -> dict[str, Any]:
        place = ("policy",) if hasattr(input, "policy") else ()
        return await _attempt(info, lambda work: command(work, input, info.context.services), place, told_once)

    wanted = list(inspect.signature(command).parameters.values())[1]
    parameters = [
        inspect.Parameter("info", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Info),
        inspect.Parameter("input", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=_described(wanted.annotation)),
    ]
    resolver.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # as inspect reads it
    resolver.__module__, resolver.__name__ = command.__module__, command.__name__
    directives = [] if weight is None else [costing(weight)]
    return strawberry.mutation(resolver=StrawberryResolver(resolver), description=description, directives=directives)


def _described(annotation: Any) -> Any:
    return Annotated[annotation, strawberry.argument(description="What is to be done.")]


async def _attempt(
    info: Info, command: Callable[[Work], Awaitable[dict[str, Any]]], policy_at: Path, told_once: Collection[str]
) -> dict[str, Any]:
    work = await info.context.work()
    named = request_key(info)
    standing = None if named is None else await _standing(info)
    # A command takes connections of its own; holding the snapshot's meanwhile could starve the pool.
    await info.context.renew()
    try:
        if named is None or standing is None:
            payload = await command(work)
        else:
            payload = await once(work, named, command, told_once, standing)
    except KeyRefused:
        raise  # it is no part of the input, and whoever sent it is not whoever filled that in
    except InputError as error:
        return Refused(error_for(work.viewer, error))
    except PolicyFailed as error:
        return Refused(InputError(error.code, str(error), policy_at))
    await info.context.renew()
    return {**payload, "errors": []}


async def _standing(info: Info) -> Standing:
    work, sight = await info.context.work(), await info.context.sight()
    member_id = work.viewer.member_id
    if member_id is None or sight.everything:
        return standing_of(work.viewer, sight)
    pools = await pools_of_member(info.context.snapshot, member_id, work.today)
    return standing_of(work.viewer, sight, pools.administered)
