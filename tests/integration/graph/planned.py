"""Queries about a planned company, executed in the process of the test at any moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from strawberry.types import ExecutionResult

from quotaloom.platform.access import Role
from quotaloom.platform.tokens import Identity
from quotaloom.targets.attainment_feed import AttainmentFeed
from quotaloom_graphql.context import RequestContext, Services
from quotaloom_graphql.errors import shown
from tests.founding import at
from tests.integration.graph.asking import SCHEMA, gid
from tests.integration.targets.planning import POLICIES, Planning


def noon(day: date) -> datetime:
    """Noon of a day."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


async def order(planning: Planning, unit: str, day: date, amount: int, key: str | None = None) -> None:
    """Post an order on its own day."""
    await planning.post(at(planning.work, noon(day)), unit, day, amount, key or f"{unit} {day}")


@dataclass(frozen=True)
class Answer:
    """What a query was answered, and how many statements that took."""

    data: dict[str, Any]
    statements: int


async def answer(
    planning: Planning, query: str, who: str | None = None, on: date | None = None, **variables: Any
) -> Answer:
    """Ask as an admin, or as the member of a name, today or on another day; no field may be in error."""
    result, statements = await _executed(planning, query, who, on, variables)
    assert result.errors is None, result.errors
    assert result.data is not None
    return Answer(result.data, statements)


async def refusal(planning: Planning, query: str, who: str | None = None, **variables: Any) -> tuple[str, list[Any]]:
    """The code of the one error of a query, and the place in its arguments."""
    result, _ = await _executed(planning, query, who, None, variables)
    assert result.errors is not None
    (error,) = result.errors
    told = shown(error).extensions
    assert told is not None
    return told["code"], told.get("input", [])


async def _executed(
    planning: Planning, query: str, who: str | None, on: date | None, variables: dict[str, Any]
) -> tuple[ExecutionResult, int]:
    member_id = None if who is None else planning.members[who]
    role = Role.ADMIN if who is None else Role.MEMBER
    identity = Identity(planning.work.company.id, who or "tests", role, member_id)
    now = planning.work.now if on is None else noon(on)
    async with RequestContext(
        Services(planning.work.database, POLICIES, lambda: now, AttainmentFeed(planning.work.database)), identity
    ) as context:
        result = await SCHEMA.execute(query, variable_values=variables, context_value=context)
        return result, context.snapshot.statements


async def of_unit(planning: Planning, unit: str, fields: str, who: str | None = None, on: date | None = None) -> Any:
    """Fields of a unit, by its name."""
    query = f"query ($id: ID!) {{ orgUnit(id: $id) {{ {fields} }} }}"
    return (await answer(planning, query, who, on, id=gid("OrgUnit", planning.units[unit]))).data["orgUnit"]


async def of_member(
    planning: Planning, member: str, fields: str, who: str | None = None, on: date | None = None
) -> Any:
    """Fields of a member, by the name."""
    query = f"query ($id: ID!) {{ member(id: $id) {{ {fields} }} }}"
    return (await answer(planning, query, who, on, id=gid("Member", planning.members[member]))).data["member"]
