"""Shorthands for action plans on the sales floor, whose today is Monday, 1 June 2026, in week 23."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final

from asyncpg import Record

from quotaloom.action_plans.commands import create_plan
from quotaloom.action_plans.facts import NewItem, NewPlan
from quotaloom.action_plans.figures import Figures, figures_of_plans
from quotaloom.action_plans.lifecycle import agree_to_plan, submit_plan
from quotaloom.activities.facts import Subjects
from quotaloom.activities.kinds import ActivityKind
from quotaloom.organizations.sight import load_sight
from quotaloom.platform.work import Work
from tests.integration.funnels.floors import TODAY, Floor

VISIT: Final = ActivityKind.VISIT
CALL: Final = ActivityKind.CALL


def june(day: int) -> date:
    """A day of June 2026."""
    return date(2026, 6, day)


def on(work: Work, day: date) -> Work:
    """The same viewer at noon of another day."""
    return replace(work, now=datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


def todo(
    kind: ActivityKind = VISIT,
    first: int | None = None,
    last: int | None = None,
    *,
    deal: int | None = None,
    customer: int | None = None,
    lead: int | None = None,
    **told: Any,
) -> NewItem:
    """Something to do from one day of June to another, that one included."""
    days = {} if first is None else {"starts_on": june(first), "ends_on": june((last or first) + 1)}
    return NewItem(kind, **{"matter": "Show the pump", **days, "subjects": Subjects(lead, customer, deal), **told})


async def revenue(floor: Floor) -> int:
    """The metric of that key."""
    metric: int = (await floor.one("SELECT id FROM metric WHERE key = 'revenue'"))["id"]
    return metric


async def plan_of(
    floor: Floor, who: str = "ann", period: str = "2026-W23", items: Sequence[NewItem] = (), **named: Any
) -> int:
    """A draft of a member, who makes it himself, for his revenue."""
    metric_id = None if named.get("part_of_id") else await revenue(floor)
    new = NewPlan(period, **{"metric_id": metric_id, "items": list(items), **named})
    return await create_plan(floor.as_member(who), new)


async def agreed(floor: Floor, plan_id: int, who: str = "ann", head: str = "hal") -> None:
    """Let a plan be submitted and agreed on."""
    await submit_plan(floor.as_member(who), plan_id)
    await agree_to_plan(floor.as_member(head), plan_id)


async def items_of(floor: Floor, plan_id: int) -> list[Record]:
    """The items of a plan, as they are stored, in the order in which they were entered."""
    return await floor.rows("SELECT * FROM action_item WHERE action_plan_id = $1 ORDER BY id", plan_id)


async def ids_of(floor: Floor, plan_id: int) -> list[int]:
    """Their ids."""
    return [row["id"] for row in await items_of(floor, plan_id)]


async def plan_row(floor: Floor, plan_id: int) -> Record:
    """A plan, as it is stored."""
    return await floor.one("SELECT * FROM action_plan WHERE id = $1", plan_id)


async def figures(floor: Floor, plan_id: int, today: date = TODAY, who: str | None = None) -> Figures:
    """The figures of a plan, as somebody sees them; an admin if nobody is named."""
    work = floor.work if who is None else floor.as_member(who)
    async with work.snapshot() as snapshot:
        sight = await load_sight(snapshot, work.viewer, work.company, today)
        return (await figures_of_plans(snapshot, [plan_id], today, sight))[plan_id]


async def told(floor: Floor, who: str) -> list[tuple[str, str]]:
    """Topic and details of what somebody was told, in its order."""
    rows = await floor.rows(
        "SELECT topic, details FROM notification WHERE member_id = $1 ORDER BY id", floor.members[who]
    )
    return [(row["topic"], row["details"]) for row in rows]
