"""What incentive policies are asked about members in a period: read for many members at once, as it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from asyncpg import Record

from quotaloom.attributes.definitions import Subject
from quotaloom.attributes.reads import attributes_of
from quotaloom.calendars.company_calendar import CompanyCalendar
from quotaloom.calendars.periods import Period
from quotaloom.incentives.entry_facts import entry_facts
from quotaloom.incentives.figures import Metrics, load_metrics, read_figures
from quotaloom.incentives.team_facts import team_facts
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import CompanyFacts
from quotaloom.reviews.filed import filed_reviews
from quotaloom_sdk import NO_ATTRIBUTES, IncentiveRequest, MemberFact, Need, Parameters, PeriodFact
from quotaloom_sdk.needs import narrowed

# Whom a member stood for in the period, and where he was credited without holding the position.
_PLACES = """
SELECT member_id, position_id, true AS held FROM holding WHERE member_id = ANY ($1::bigint[])
    AND (valid_from IS NULL OR valid_from < $3) AND (valid_to IS NULL OR valid_to > $2)
UNION SELECT member_id, position_id, false FROM achievement_balance
WHERE member_id = ANY ($1::bigint[]) AND business_date >= $2 AND business_date < $3
"""

Needs = frozenset[Need]
Requests = dict[int, IncentiveRequest[Any]]


async def gather_requests(
    snapshot: Snapshot,
    company: CompanyFacts,
    calendar: CompanyCalendar,
    period: Period,
    needs: Mapping[int, Needs],
) -> Requests:
    """What the policies of each member's chain are asked, by member: exactly what they need, as `needs` says.

    Parameters and the lines given before are for whoever asks to fill in. The figures of one member are the same
    whoever is read with him. The statements are as many for one member as for hundreds, and a few for each metric.
    """
    ids = sorted(needs)
    metrics = await load_metrics(snapshot, period)
    names = {row["id"]: row["name"] for row in await snapshot.fetch(_NAMES, ids)}
    places = await snapshot.fetch(_PLACES, ids, period.starts_on, period.ends_on)
    planned = any(Need.PLAN in one for one in needs.values())
    figures = await read_figures(snapshot, calendar, metrics, ids, period, planned=planned)
    more = await _more(snapshot, calendar, metrics, period, needs)
    days = PeriodFact(
        period.label,
        period.starts_on,
        period.ends_on,
        calendar.working.count(period.starts_on, period.ends_on),
    )
    held, credited = _by_member(places, held_only=True), _by_member(places, held_only=False)
    return {
        member_id: IncentiveRequest(
            member=MemberFact(
                str(member_id),
                names[member_id],
                tuple(map(str, held[member_id])),
                more["attributes"].get(member_id, NO_ATTRIBUTES),
            ),
            period=narrowed(days, needs[member_id]),
            currency=company.currency,
            lines=narrowed(figures.facts([(member_id, place) for place in credited[member_id]]), needs[member_id]),
            parameters=Parameters(),
            # Only what was read for somebody else besides is narrowed: entries are many.
            entries=more["entries"].get(member_id, ()),
            team=narrowed(more["team"].get(member_id, ()), needs[member_id]),
            reviews=more["reviews"].get(member_id, ()),
        )
        for member_id in ids
    }


_NAMES = "SELECT id, name FROM member WHERE id = ANY ($1::bigint[])"


def _by_member(places: Sequence[Record], *, held_only: bool) -> dict[int, list[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for row in places:
        if row["held"] or not held_only:
            found[row["member_id"]].add(row["position_id"])
    return defaultdict(list, {member_id: sorted(positions) for member_id, positions in found.items()})


async def _more(
    snapshot: Snapshot, calendar: CompanyCalendar, metrics: Metrics, period: Period, needs: Mapping[int, Needs]
) -> dict[str, dict[int, Any]]:
    """What only some policies need, of the members whose policies do."""

    def who(*wanted: Need) -> list[int]:
        return [member_id for member_id, one in needs.items() if one.issuperset(wanted)]

    found: dict[str, dict[int, Any]] = {"entries": {}, "team": {}, "reviews": {}, "attributes": {}}
    if ids := who(Need.HISTORY):
        found["entries"] = dict(await entry_facts(snapshot, ids, period))
    if ids := who(Need.TEAM):
        planned = bool(who(Need.TEAM, Need.PLAN))
        found["team"] = dict(await team_facts(snapshot, calendar, metrics, ids, period, planned=planned))
    if ids := who(Need.ATTRIBUTES):
        found["attributes"] = dict(await attributes_of(snapshot, Subject.MEMBER, ids))
    if ids := who(Need.REVIEWS):
        found["reviews"] = dict(await filed_reviews(snapshot, ids, period))
    return found
