"""What pool policies are told of those who may be given something, many members at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from quotaloom.attributes.definitions import Subject
from quotaloom.attributes.reads import attributes_of
from quotaloom.calendars.company_calendar import CompanyCalendar, load_calendar
from quotaloom.calendars.periods import Grain
from quotaloom.loads.reads import member_loads
from quotaloom.metrics.reads import metrics_by_id
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import CompanyFacts
from quotaloom.targets.line_facts import member_line_facts
from quotaloom_sdk import NO_ATTRIBUTES, Absence, CandidateFact, LineFact, Need
from quotaloom_sdk.needs import narrowed

RESPONSE_DAYS = 30
"""How many days back first responses are looked for."""

_ABSENCES = """
SELECT member_id, valid_from, valid_to FROM absence
WHERE company_id = $1 AND member_id = ANY ($2::bigint[]) AND valid_to > $3 ORDER BY member_id, valid_from
"""

_HOURS = """
SELECT member_id, weekday, from_minute, to_minute FROM working_hours
WHERE company_id = $1 AND member_id = ANY ($2::bigint[])
"""

_PLANNED = """
SELECT DISTINCT plan.metric_id FROM plan
JOIN plan_version ON plan_version.company_id = plan.company_id AND plan_version.plan_id = plan.id
    AND plan_version.status = 'published'
WHERE plan.company_id = $1 AND plan.starts_on <= $2 AND $2 < plan.ends_on ORDER BY plan.metric_id
"""

# From getting a record to the first thing that its new holder did for it; what nobody has answered yet does not count.
_RESPONSES = """
SELECT member_id, percentile_disc(0.5) WITHIN GROUP (ORDER BY minutes) AS minutes FROM (
    SELECT entry.to_member_id AS member_id,
        floor(extract(epoch FROM min(activity.done_at) - entry.at) / 60)::bigint AS minutes
    FROM ownership_entry AS entry
    JOIN ownership AS owned ON owned.company_id = entry.company_id AND owned.id = entry.ownership_id
    JOIN activity ON activity.company_id = entry.company_id AND activity.member_id = entry.to_member_id
        AND activity.state = 'done' AND activity.done_at >= entry.at
        AND (activity.lead_id = owned.lead_id OR activity.customer_id = owned.customer_id
            OR activity.opportunity_id = owned.opportunity_id)
    WHERE entry.company_id = $1 AND entry.to_member_id = ANY ($2::bigint[]) AND entry.moved_on >= $3
        AND entry.movement IN ('claim', 'assign', 'transfer', 'handover')
    GROUP BY entry.company_id, entry.id
) AS answered GROUP BY member_id
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member who may be given records of a pool: how many more (None: any number), and his last turn in the pool."""

    member_id: int
    name: str
    room: int | None
    last_turn: int | None


async def candidate_facts(
    snapshot: Snapshot, company: CompanyFacts, candidates: Sequence[Candidate], at: datetime, needs: frozenset[Need]
) -> tuple[CandidateFact, ...]:
    """The candidates, in their order, with what `needs` names; each kind of it is read once for all of them.

    Raises `InputError` MISSING_RATE where what somebody carries cannot be counted.
    """
    ids = [one.member_id for one in candidates]
    today = company.today(at)
    loads = await member_loads(snapshot, company, ids, today) if Need.LOAD in needs else {}
    away, working = {}, {}
    if Need.CALENDAR in needs:
        away = await _absences(snapshot, ids, today)
        working = await working_at(snapshot, company, ids, at)
    lines: Mapping[int, tuple[LineFact, ...]] = {}
    minutes: Mapping[int, int] = {}
    if Need.HISTORY in needs:
        lines = await _lines(snapshot, await load_calendar(snapshot, company), ids, today)
        if Need.PLAN not in needs:
            lines = {id_: narrowed(of, needs) for id_, of in lines.items()}
        minutes = await _first_responses(snapshot, ids, today)
    noted = await attributes_of(snapshot, Subject.MEMBER, ids) if Need.ATTRIBUTES in needs else {}
    return tuple(
        CandidateFact(
            member_id=str(one.member_id),
            name=one.name,
            room=one.room,
            last_turn=one.last_turn,
            load=loads.get(one.member_id),
            absences=away.get(one.member_id, ()),
            working=working.get(one.member_id),
            lines=lines.get(one.member_id, ()),
            first_response_minutes=minutes.get(one.member_id),
            attributes=noted.get(one.member_id, NO_ATTRIBUTES),
        )
        for one in candidates
    )


async def _absences(snapshot: Snapshot, ids: Sequence[int], today: date) -> dict[int, tuple[Absence, ...]]:
    found: dict[int, tuple[Absence, ...]] = {}
    for row in await snapshot.fetch(_ABSENCES, snapshot.company_id, list(ids), today):
        found[row["member_id"]] = (*found.get(row["member_id"], ()), Absence(row["valid_from"], row["valid_to"]))
    return found


async def working_at(snapshot: Snapshot, company: CompanyFacts, ids: Sequence[int], at: datetime) -> dict[int, bool]:
    """Whether each member works at the instant, by the company's clock.

    By the hours that are noted of him; without any he works all day on the company's working days.
    """
    here = at.astimezone(ZoneInfo(company.time_zone))
    minute = here.hour * 60 + here.minute
    calendar = await load_calendar(snapshot, company)
    rows = await snapshot.fetch(_HOURS, snapshot.company_id, list(ids))
    noted = {row["member_id"] for row in rows}
    now = {
        row["member_id"]
        for row in rows
        if row["weekday"] == here.isoweekday() and row["from_minute"] <= minute < row["to_minute"]
    }
    usually = calendar.working.is_working(here.date())
    return {id_: id_ in now if id_ in noted else usually for id_ in ids}


async def _lines(
    snapshot: Snapshot, calendar: CompanyCalendar, ids: Sequence[int], today: date
) -> dict[int, tuple[LineFact, ...]]:
    """What each achieved in the current month of every metric that a published plan of today is for."""
    month = calendar.fiscal.containing(today, Grain.MONTH)
    planned = await snapshot.fetch(_PLANNED, snapshot.company_id, today)
    found: dict[int, tuple[LineFact, ...]] = {}
    for metric in await metrics_by_id(snapshot, [row["metric_id"] for row in planned]):
        for id_, line in (await member_line_facts(snapshot, calendar, metric, ids, month)).items():
            found[id_] = (*found.get(id_, ()), line)
    return found


async def _first_responses(snapshot: Snapshot, ids: Sequence[int], today: date) -> dict[int, int]:
    since = date.fromordinal(today.toordinal() - RESPONSE_DAYS)
    rows = await snapshot.fetch(_RESPONSES, snapshot.company_id, list(ids), since)
    return {row["member_id"]: row["minutes"] for row in rows}
