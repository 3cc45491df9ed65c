"""What the members below heads achieved, as incentive policies are told of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from asyncpg import Record

from quotaloom.calendars.company_calendar import CompanyCalendar
from quotaloom.calendars.periods import Period
from quotaloom.incentives.figures import Figures, Metrics, read_figures
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom_sdk import TeamFact

# The positions below what each head leads on the last day of the period, or led last in it, as they lay on that day.
_BELOW = """
WITH headed AS (
    SELECT company_id, member_id, unit_id, least(coalesce(valid_to, 'infinity'), $3::date) AS reach FROM headship
    WHERE member_id = ANY ($1::bigint[]) AND (valid_from IS NULL OR valid_from < $3)
        AND (valid_to IS NULL OR valid_to > $2)
), last AS (SELECT member_id, max(reach) AS reach FROM headed GROUP BY member_id)
SELECT headed.member_id AS head_id, path.unit_id AS position_id, min(path.depth)::int AS level
FROM headed JOIN last ON last.member_id = headed.member_id AND last.reach = headed.reach
JOIN unit_path AS path ON path.company_id = headed.company_id AND path.ancestor_id = headed.unit_id
    AND path.valid_from < headed.reach AND headed.reach <= path.valid_to
JOIN org_unit AS unit ON unit.company_id = path.company_id AND unit.id = path.unit_id AND unit.kind = 'position'
GROUP BY headed.member_id, path.unit_id
"""

_PEOPLE = """
SELECT DISTINCT own.position_id, own.member_id, member.name FROM (
    SELECT company_id, position_id, member_id FROM holding WHERE position_id = ANY ($1::bigint[])
        AND (valid_from IS NULL OR valid_from < $3) AND (valid_to IS NULL OR valid_to > $2)
    UNION SELECT company_id, position_id, member_id FROM achievement_balance
    WHERE position_id = ANY ($1::bigint[]) AND business_date >= $2 AND business_date < $3
) AS own JOIN member ON member.company_id = own.company_id AND member.id = own.member_id
"""


async def team_facts(
    snapshot: Snapshot,
    calendar: CompanyCalendar,
    metrics: Metrics,
    head_ids: Sequence[int],
    period: Period,
    *,
    planned: bool,
) -> dict[int, tuple[TeamFact, ...]]:
    """Who is below each head, by level and number, with what he achieved in the positions there; not the head himself.

    Members are those who hold such a position on any day of the period, or were credited in it. Who leads nothing is
    left out.
    """
    below = await positions_below(snapshot, head_ids, period)
    positions = sorted({row["position_id"] for row in below})
    if not positions:
        return {}
    people = await snapshot.fetch(_PEOPLE, positions, period.starts_on, period.ends_on)
    names = {row["member_id"]: row["name"] for row in people}
    figures = await read_figures(
        snapshot, calendar, metrics, list(names), period, planned=planned, position_ids=positions
    )
    there: dict[int, list[int]] = defaultdict(list)
    for row in people:
        there[row["position_id"]].append(row["member_id"])
    of_heads: dict[int, list[Record]] = defaultdict(list)
    for row in below:
        of_heads[row["head_id"]].append(row)
    return {head_id: _team(head_id, rows, there, names, figures) for head_id, rows in of_heads.items()}


async def positions_below(snapshot: Snapshot, head_ids: Sequence[int], period: Period) -> list[Record]:
    """The positions below each head in a period (`head_id`, `position_id`, `level`)."""
    return await snapshot.fetch(_BELOW, list(head_ids), period.starts_on, period.ends_on)


def _team(
    head_id: int,
    positions: Sequence[Record],
    there: Mapping[int, Sequence[int]],
    names: Mapping[int, str],
    figures: Figures,
) -> tuple[TeamFact, ...]:
    places: dict[int, list[tuple[int, int]]] = defaultdict(list)
    levels: dict[int, int] = {}
    for row in positions:
        for member_id in there.get(row["position_id"], ()):
            if member_id != head_id:
                places[member_id].append((member_id, row["position_id"]))
                levels[member_id] = min(row["level"], levels.get(member_id, row["level"]))
    ordered = sorted(places, key=lambda member_id: (levels[member_id], member_id))
    return tuple(
        TeamFact(str(member_id), names[member_id], levels[member_id], figures.facts(places[member_id]))
        for member_id in ordered
    )
