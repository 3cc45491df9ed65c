"""When members are away and when they work, many members at once."""

from __future__ import annotations

from typing import Any

from quotaloom.pool.schedules import WorkingSpan, absences_of, working_hours_of
from quotaloom_graphql.context import Info


async def load_absences(member_ids: list[int], info: Info) -> list[Any]:
    """Present and future absences of the members whose figures the viewer may see."""
    context = info.context
    return await absences_of(context.snapshot, await _seen(member_ids, info), (await context.work()).today)


async def load_working_hours(member_ids: list[int], info: Info) -> list[dict[str, Any]]:
    """The hours that are noted of the members whose figures the viewer may see."""
    rows = await working_hours_of(info.context.snapshot, await _seen(member_ids, info))
    return [{"member_id": row["member_id"], **_hours(row)} for row in rows]


def _hours(row: Any) -> dict[str, Any]:
    span = WorkingSpan.of(row["weekday"], row["from_minute"], row["to_minute"])
    return {"weekday": span.weekday, "starts_at": span.starts_at, "ends_at": span.ends_at}


async def _seen(member_ids: list[int], info: Info) -> list[int]:
    sight = await info.context.sight()
    return [id_ for id_ in member_ids if sight.sees_member(id_)]
