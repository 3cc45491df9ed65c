"""The entries that figures are made of: exactly those that the roll-ups have summed, page by page.

`asked` names figures: a unit or member and a period each, all of one metric. One answer for each, in their order.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from asyncpg import Record

from quotaloom.achievements.reads import Cursor, EntryPage
from quotaloom.achievements.splits import CreditKind
from quotaloom.achievements.storing import ENTRY_COLUMNS
from quotaloom.calendars.periods import Period
from quotaloom.metrics.counting import Counting
from quotaloom.platform.unit_of_work import Snapshot


@dataclass(frozen=True, slots=True)
class Counted:
    """Which entries of a unit or member count: those that meet everything given; None asks for nothing.

    Of units, entries count where their positions stood on the business date, or stand on `tree_day`; of members, those
    of `position_ids`. Without `credit` it is what `achieved` sums: overlay is in that of positions and members, not in
    that of units above; with it, what the unit or member and all below have of that kind. `posted_through` is the last
    posting day. Of these the viewer sees the entries of `seen_units`, which are positions, and of `seen_members`; both
    None means all.
    """

    counting: Counting
    of_members: bool = False
    tree_day: date | None = None
    position_ids: Collection[int] | None = None
    credit: CreditKind | None = None
    posted_through: date | None = None
    seen_units: Collection[int] | None = None
    seen_members: Collection[int] | None = None


Asked = Sequence[tuple[int, Period]]

_ASKED = (
    "unnest($1::bigint[], $2::date[], $3::date[]) WITH ORDINALITY AS asked (subject_id, starts_on, ends_on, number)"
)

_OF_UNIT = """
FROM unit_path path
JOIN achievement_entry entry ON entry.company_id = path.company_id AND entry.position_id = path.unit_id
    AND COALESCE($8::date, entry.business_date) >= path.valid_from
    AND COALESCE($8::date, entry.business_date) < path.valid_to
WHERE path.ancestor_id = asked.subject_id AND CASE WHEN $9::text IS NULL THEN entry.credit = 'direct' OR path.depth = 0
    ELSE entry.credit = $9 END
"""

# The balances tell which positions a member was credited in; entries are found by their position.
_OF_MEMBER = """
FROM (
    SELECT DISTINCT company_id, position_id FROM achievement_balance balance
    WHERE balance.member_id = asked.subject_id AND balance.metric_id = $4
        AND balance.business_date >= asked.starts_on AND balance.business_date < asked.ends_on
        AND ($8::bigint[] IS NULL OR balance.position_id = ANY($8))
) AS credited
JOIN achievement_entry entry ON entry.company_id = credited.company_id AND entry.position_id = credited.position_id
WHERE entry.member_id = asked.subject_id AND ($9::text IS NULL OR entry.credit = $9)
"""

_COUNTING = """
    AND entry.metric_id = $4 AND entry.business_date >= asked.starts_on AND entry.business_date < asked.ends_on
    AND ($5::date IS NULL OR entry.posted_on <= $5)
    AND ($6::bigint[] IS NULL OR entry.position_id = ANY($6) OR entry.member_id = ANY($7))
    AND ($10::bigint[] IS NULL OR entry.product_id = ANY($10))
"""

_COLUMNS = ", ".join(f"entry.{name}" for name in ENTRY_COLUMNS.split(", "))


async def figure_entries(
    snapshot: Snapshot,
    asked: Asked,
    counted: Counted,
    *,
    first: int = 50,
    after: Cursor | None = None,
    newest_first: bool = False,
) -> list[EntryPage]:
    """The `first` entries of each figure after a cursor, by business date and id, in one statement."""
    turn, order = ("<", "DESC") if newest_first else (">", "ASC")
    rows = await snapshot.fetch(
        f"SELECT asked.number, entry.* FROM {_ASKED} CROSS JOIN LATERAL (SELECT {_COLUMNS} {_of(counted)}"  # noqa: S608
        f" AND ($11::date IS NULL OR (entry.business_date, entry.id) {turn} ($11, $12::bigint))"
        f" ORDER BY entry.business_date {order}, entry.id {order} LIMIT $13) AS entry"
        f" ORDER BY asked.number, entry.business_date {order}, entry.id {order}",
        *_arguments(asked, counted),
        *(after or (None, None)),
        first + 1,
    )
    found: list[list[Record]] = [[] for _ in asked]
    for row in rows:
        found[row["number"] - 1].append(row)
    return [EntryPage(of_one[:first], len(of_one) > first) for of_one in found]


async def count_figure_entries(snapshot: Snapshot, asked: Asked, counted: Counted) -> list[int]:
    """How many entries each figure is made of, in one statement."""
    rows = await snapshot.fetch(
        f"SELECT asked.number, entry.total FROM {_ASKED}"  # noqa: S608 (constants)
        f" CROSS JOIN LATERAL (SELECT count(*) AS total {_of(counted)}) AS entry ORDER BY asked.number",
        *_arguments(asked, counted),
    )
    return [row["total"] for row in rows]


def _of(counted: Counted) -> str:
    return (_OF_MEMBER if counted.of_members else _OF_UNIT) + _COUNTING


def _arguments(asked: Asked, counted: Counted) -> list[Any]:
    everything = counted.seen_units is None and counted.seen_members is None
    return [
        [subject_id for subject_id, _ in asked],
        [period.starts_on for _, period in asked],
        [period.ends_on for _, period in asked],
        counted.counting.metric_id,
        counted.posted_through,
        None if everything else list(counted.seen_units or ()),
        list(counted.seen_members or ()),
        _listed(counted.position_ids) if counted.of_members else counted.tree_day,
        counted.credit,
        counted.counting.product_ids,
    ]


def _listed(ids: Collection[int] | None) -> list[int] | None:
    return None if ids is None else list(ids)
