"""Shorthands for activities on the sales floor."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from asyncpg import Record

from quotaloom.activities.facts import Moment, NewActivity, Particulars, Subjects
from quotaloom.activities.kinds import ActivityKind
from quotaloom.platform.work import Work
from tests.integration.funnels.floors import Floor


def something(
    kind: ActivityKind = ActivityKind.VISIT,
    *,
    deal: int | None = None,
    customer: int | None = None,
    lead: int | None = None,
    on: date | None = None,
    at: datetime | None = None,
    member: int | None = None,
    position: int | None = None,
    key: str | None = None,
    **told: Any,
) -> NewActivity:
    """An activity, a visit unless told otherwise."""
    particulars = Particulars(**{"matter": "Show the pump", **told})
    return NewActivity(kind, Subjects(lead, customer, deal), particulars, Moment(at, on), member, position, key)


async def stored(floor: Floor, activity_id: int) -> Record:
    """An activity's row."""
    return await floor.one("SELECT * FROM activity WHERE id = $1", activity_id)


async def last_activity(floor: Floor, kind: str, record_id: int) -> date | None:
    """The day on which the holder of a record did something for it last."""
    row = await floor.one(f"SELECT last_activity_on FROM ownership WHERE {kind}_id = $1", record_id)
    day: date | None = row["last_activity_on"]
    return day


def later(work: Work, now: datetime) -> Work:
    """The same viewer at another moment."""
    return replace(work, now=now)
