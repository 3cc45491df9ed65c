"""Activities for the graph: by id, by what they belong to, and what is due; one statement each.

Each row has the columns of `ACTIVITY` and `record_positions`, the positions that work on its records; a row of a list
has `parent_id` besides, what it belongs to, `ordinal` and `total`, how many the list has without its limit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from asyncpg import Record

from quotaloom.activities.facts import ActivityState, Subjects
from quotaloom.activities.kinds import ActivityKind
from quotaloom.calendars.periods import Period
from quotaloom.organizations.sight import Sight
from quotaloom.platform.unit_of_work import Snapshot, Transaction

ACTIVITY = """activity.id, activity.kind, activity.state, activity.lead_id, activity.customer_id,
activity.opportunity_id, activity.deal_review_id, activity.member_id, activity.position_id, activity.matter,
activity.due_at, activity.due_on, activity.done_at, activity.done_on, activity.place, activity.materials,
activity.cost, activity.currency, activity.result, activity.at, activity.actor, activity.version"""

_RECORDS = "ARRAY[deal.position_id, of_lead.position_id, of_customer.position_id] AS record_positions"

_FROM = """activity
LEFT JOIN opportunity AS deal ON deal.company_id = activity.company_id AND deal.id = activity.opportunity_id
LEFT JOIN ownership AS of_lead ON of_lead.company_id = activity.company_id AND of_lead.lead_id = activity.lead_id
LEFT JOIN ownership AS of_customer ON of_customer.company_id = activity.company_id
    AND of_customer.customer_id = activity.customer_id"""

# His own, those of positions whose figures he sees, and those for records of such positions.
_SEEN = """activity.company_id = $1 AND ($2::bool OR activity.member_id = $3
    OR activity.position_id = ANY ($4::bigint[]) OR deal.position_id = ANY ($4)
    OR of_lead.position_id = ANY ($4) OR of_customer.position_id = ANY ($4)
    OR activity.position_id IS NULL AND activity.member_id = ANY ($5::bigint[]))"""

_MATCHES = """
    AND ($6::text[] IS NULL OR activity.kind = ANY ($6)) AND ($7::text[] IS NULL OR activity.state = ANY ($7))
    AND ($8::date IS NULL OR coalesce(activity.done_on, activity.due_on) >= $8
        AND coalesce(activity.done_on, activity.due_on) < $9::date)"""

_OF_UNITS = """JOIN unit_path AS path ON path.company_id = activity.company_id AND path.unit_id = activity.position_id
    AND path.ancestor_id = ANY ($10::bigint[]) AND path.valid_from <= $13::date AND $13 < path.valid_to"""


@dataclass(frozen=True, slots=True)
class ActivityFilter:
    """All that is given must hold; None asks nothing. A period is that of the day on which it was done, or is due."""

    kinds: Sequence[ActivityKind] | None = None
    states: Sequence[ActivityState] | None = None
    within: Period | None = None

    def values(self) -> tuple[Any, ...]:
        """Its values, for `_MATCHES`."""
        return (
            None if self.kinds is None else [kind.value for kind in self.kinds],
            None if self.states is None else [state.value for state in self.states],
            None if self.within is None else self.within.starts_on,
            None if self.within is None else self.within.ends_on,
        )


@dataclass
class ActivityPage:
    """Some activities, and how many there are."""

    rows: list[Record] = field(default_factory=list)
    total: int = 0


async def record_positions(transaction: Transaction, subjects: Subjects) -> tuple[int, ...]:
    """The positions that work on these records, the deal's first."""
    rows = await transaction.fetch(
        "SELECT position_id, 1 AS ordinal FROM opportunity WHERE company_id = $1 AND id = $4 UNION ALL"
        " SELECT position_id, 2 FROM ownership WHERE company_id = $1 AND (lead_id = $2 OR customer_id = $3)"
        " ORDER BY ordinal",
        transaction.company_id,
        subjects.lead_id,
        subjects.customer_id,
        subjects.opportunity_id,
    )
    return tuple(row["position_id"] for row in rows if row["position_id"] is not None)


async def activities_by_id(snapshot: Snapshot, sight: Sight, ids: Sequence[int]) -> list[Record]:
    """The activities with these ids that the viewer may see, in no order."""
    return await snapshot.fetch(
        f"SELECT {ACTIVITY}, {_RECORDS} FROM {_FROM}"  # noqa: S608 (constants)
        f" WHERE {_SEEN} AND activity.id = ANY ($6::bigint[])",
        *_seen_by(snapshot, sight),
        ids,
    )


async def activities_of_reviews(snapshot: Snapshot, sight: Sight, review_ids: Sequence[int]) -> list[Record]:
    """The steps that deal reviews agreed on, of those that the viewer may see, each review's in their order."""
    return await snapshot.fetch(
        f"SELECT {ACTIVITY}, {_RECORDS} FROM {_FROM}"  # noqa: S608 (constants)
        f" WHERE {_SEEN} AND activity.deal_review_id = ANY ($6::bigint[]) ORDER BY activity.id",
        *_seen_by(snapshot, sight),
        review_ids,
    )


async def activities_of(
    snapshot: Snapshot,
    sight: Sight,
    column: str,
    keys: Collection[int],
    where: ActivityFilter,
    offset: int,
    limit: int,
) -> Mapping[int, ActivityPage]:
    """The activities of each lead, customer, opportunity or member (`column`), the latest day first: a page each."""
    join = f"JOIN unnest($10::bigint[]) AS wanted (id) ON wanted.id = activity.{column}"
    return await _listed(snapshot, sight, "wanted.id", join, where, (list(keys), offset, limit))


async def activities_of_units(
    snapshot: Snapshot,
    sight: Sight,
    unit_ids: Collection[int],
    on: date,
    where: ActivityFilter,
    offset: int,
    limit: int,
) -> Mapping[int, ActivityPage]:
    """The same for the positions that lie below each unit (or are it) on the day `on`."""
    return await _listed(snapshot, sight, "path.ancestor_id", _OF_UNITS, where, (list(unit_ids), offset, limit, on))


async def tasks_of(snapshot: Snapshot, member_id: int, due_by: date | None, *, limit: int, offset: int) -> list[Record]:
    """What a member has planned, what is due first; `total` counts it without the limit, on the first row at least."""
    return await snapshot.fetch(
        f"SELECT * FROM (SELECT {ACTIVITY}, {_RECORDS}, count(*) OVER () AS total,"  # noqa: S608 (constants)
        " row_number() OVER (ORDER BY activity.due_on, activity.due_at NULLS LAST, activity.id) AS ordinal"
        f" FROM {_FROM} WHERE activity.company_id = $1 AND activity.member_id = $2 AND activity.state = 'planned'"
        " AND ($3::date IS NULL OR activity.due_on <= $3)) AS listed"
        " WHERE ordinal = 1 OR (ordinal > $5 AND ordinal <= $5 + $4) ORDER BY ordinal",
        snapshot.company_id,
        member_id,
        due_by,
        limit,
        offset,
    )


async def _listed(
    snapshot: Snapshot, sight: Sight, parent: str, join: str, where: ActivityFilter, part: tuple[Any, ...]
) -> Mapping[int, ActivityPage]:
    offset, limit = part[1:3]
    # The first row of each list is always there, since it carries the count.
    rows = await snapshot.fetch(
        f"SELECT * FROM (SELECT {ACTIVITY}, {_RECORDS}, {parent} AS parent_id,"  # noqa: S608 (constants)
        f" count(*) OVER (PARTITION BY {parent}) AS total, row_number() OVER (PARTITION BY {parent}"
        " ORDER BY coalesce(activity.done_on, activity.due_on) DESC, activity.id DESC) AS ordinal"
        f" FROM {_FROM} {join} WHERE {_SEEN} {_MATCHES}) AS listed"
        " WHERE ordinal = 1 OR (ordinal > $11 AND ordinal <= $11 + $12) ORDER BY parent_id, ordinal",
        *_seen_by(snapshot, sight),
        *where.values(),
        *part,
    )
    pages: dict[int, ActivityPage] = defaultdict(ActivityPage)
    for row in rows:
        page = pages[row["parent_id"]]
        page.total = row["total"]
        if offset < row["ordinal"] <= offset + limit:
            page.rows.append(row)
    return pages


def _seen_by(snapshot: Snapshot, sight: Sight) -> tuple[Any, ...]:
    return (
        snapshot.company_id,
        sight.everything,
        sight.member_id,
        list(sight.unit_ids),
        list(sight.member_ids),
    )
