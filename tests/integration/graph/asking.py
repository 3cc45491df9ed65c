"""Queries that are executed in the process of the test, without HTTP."""

from __future__ import annotations

from typing import Any

from quotaloom.platform.access import Role
from quotaloom.platform.tokens import Identity
from quotaloom.targets.attainment_feed import AttainmentFeed
from quotaloom_graphql.context import RequestContext, Services
from quotaloom_graphql.nodes import encode_id
from quotaloom_graphql.schema import build_schema
from tests.integration.funnels.floors import Floor

SCHEMA = build_schema()


def gid(type_name: str, number: int) -> str:
    """The id that the graph gives to a row."""
    return encode_id(type_name, number)


async def ask(floor: Floor, query: str, who: str | Identity | None = None, **variables: Any) -> dict[str, Any]:
    """The data of a query, asked by an admin, by the member of a name, or by anybody else."""
    async with requested(floor, who) as context:
        return await _answer(context, query, variables)


async def ask_once(
    floor: Floor, key: str, query: str, who: str | Identity | None = None, **variables: Any
) -> tuple[dict[str, Any] | None, list[str]]:
    """The data of an operation that came with an idempotency key, and the codes of its errors."""
    return await answers(floor, key, query, who, **variables)


async def answers(
    floor: Floor, key: str | None, query: str, who: str | Identity | None = None, **variables: Any
) -> tuple[dict[str, Any] | None, list[str]]:
    """The same with a key or without."""
    async with requested(floor, who) as context:
        context.idempotency_key = key
        result = await SCHEMA.execute(query, variable_values=variables, context_value=context)
    return result.data, [str((error.extensions or {}).get("code", error.message)) for error in result.errors or ()]


async def statements(floor: Floor, query: str, who: str | None = None) -> int:
    """How many statements a query of an admin takes, or of the member of a name."""
    async with requested(floor, who) as context:
        await _answer(context, query, {})
        return context.snapshot.statements


async def do(
    floor: Floor, name: str, fields: str, who: str | Identity | None = None, /, **values: Any
) -> dict[str, Any]:
    """The payload of a mutation, whose errors are told as "code at path"."""
    input_type = f"{name[0].upper()}{name[1:]}Input"
    query = (
        f"mutation ($input: {input_type}!) {{ {name}(input: $input) {{ {fields} errors {{ code path message }} }} }}"
    )
    payload: dict[str, Any] = (await ask(floor, query, who, input=values))[name]
    payload["errors"] = [f"{error['code']} at {'.'.join(error['path'])}" for error in payload["errors"]]
    return payload


def requested(floor: Floor, who: str | Identity | None) -> RequestContext:
    services = Services(floor.work.database, floor.host, lambda: floor.work.now, AttainmentFeed(floor.work.database))
    return RequestContext(services, _identity(floor, who))


async def _answer(context: RequestContext, query: str, variables: dict[str, Any]) -> dict[str, Any]:
    result = await SCHEMA.execute(query, variable_values=variables, context_value=context)
    assert result.errors is None, result.errors
    assert result.data is not None
    return result.data


def _identity(floor: Floor, who: str | Identity | None) -> Identity:
    if isinstance(who, Identity):
        return who
    company_id = floor.work.company.id
    if who is None:
        return Identity(company_id, "tests", Role.ADMIN)
    return Identity(company_id, who, Role.MEMBER, floor.members[who])
