"""Entries of the ledger: by id, by what they reverse, and in pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from asyncpg import Record

from quotaloom.achievements.entries import EntrySource
from quotaloom.achievements.splits import CreditKind
from quotaloom.achievements.storing import ENTRY_COLUMNS
from quotaloom.platform.unit_of_work import Snapshot

_COLUMNS = ", ".join(f"entry.{name}" for name in ENTRY_COLUMNS.split(", "))

_MATCHING = """
FROM achievement_entry entry
WHERE ($1::bigint[] IS NULL OR entry.metric_id = ANY($1))
    AND ($2::bigint[] IS NULL OR EXISTS (
        SELECT FROM unit_path path
        WHERE path.company_id = entry.company_id AND path.unit_id = entry.position_id AND path.ancestor_id = ANY($2)
            AND path.valid_from <= COALESCE($10::date, entry.business_date)
            AND COALESCE($10::date, entry.business_date) < path.valid_to))
    AND ($3::bigint[] IS NULL OR entry.member_id = ANY($3))
    AND ($4::date IS NULL OR entry.business_date >= $4)
    AND ($5::date IS NULL OR entry.business_date < $5)
    AND ($6::text[] IS NULL OR entry.source = ANY($6))
    AND ($7::date IS NULL OR entry.posted_on <= $7)
    AND ($8::bigint[] IS NULL OR entry.position_id = ANY($8) OR entry.member_id = ANY($9))
    AND ($11::text IS NULL OR entry.credit = $11)
    AND ($12::bigint[] IS NULL OR entry.product_id = ANY($12))
"""


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries are listed: those that meet everything given; None asks for nothing.

    `unit_ids` are positions, or units above them on the business date, or on `tree_day` where it is given. Business
    dates are from `starts_on` up to, not including, `ends_on`; `posted_through` is the last posting day. `seen_units`
    and `seen_members` are what the viewer may see: entries of the very positions among those units, wherever these
    stood on the business date, and of those members; both None means all.
    """

    metric_ids: Sequence[int] | None = None
    unit_ids: Sequence[int] | None = None
    member_ids: Sequence[int] | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    sources: Sequence[EntrySource] | None = None
    posted_through: date | None = None
    seen_units: Sequence[int] | None = None
    seen_members: Sequence[int] | None = None
    tree_day: date | None = None
    credit: CreditKind | None = None
    product_ids: Sequence[int] | None = None


Cursor = tuple[date, int]
"""The business date and the id of an entry; a page goes on after it."""


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Some entries in order of business date and id, and whether the list goes on after them."""

    rows: list[Record]
    has_next: bool


async def entries_page(
    snapshot: Snapshot,
    wanted: EntryFilter | None = None,
    *,
    first: int = 50,
    after: Cursor | None = None,
    newest_first: bool = False,
) -> EntryPage:
    """The `first` entries after a cursor, with all columns of `PostedEntry` but `replayed`."""
    turn, order = ("<", "DESC") if newest_first else (">", "ASC")
    rows = await snapshot.fetch(
        f"SELECT {_COLUMNS} {_MATCHING}"
        f" AND ($13::date IS NULL OR (entry.business_date, entry.id) {turn} ($13, $14::bigint))"
        f" ORDER BY entry.business_date {order}, entry.id {order} LIMIT $15",
        *_arguments(wanted),
        *(after or (None, None)),
        first + 1,
    )
    return EntryPage(rows[:first], len(rows) > first)


async def count_entries(snapshot: Snapshot, wanted: EntryFilter | None = None) -> int:
    """How many entries the filter lists."""
    row = await snapshot.fetch_one(f"SELECT count(*) AS total {_MATCHING}", *_arguments(wanted))
    return int(row["total"]) if row else 0


async def entries_by_id(snapshot: Snapshot, ids: Sequence[int]) -> list[Record]:
    """The entries with these ids, in no order; an id that names none is left out."""
    return await snapshot.fetch(
        f"SELECT {_COLUMNS} FROM achievement_entry entry WHERE id = ANY($1)",  # noqa: S608 (column names)
        list(ids),
    )


async def reversals_of(snapshot: Snapshot, entry_ids: Sequence[int]) -> list[Record]:
    """The entries that reverse these, by `reverses_id`, each one's in the order in which they were posted."""
    return await snapshot.fetch(
        f"SELECT {_COLUMNS} FROM achievement_entry entry WHERE reverses_id = ANY($1)"  # noqa: S608 (column names)
        " ORDER BY reverses_id, id",
        list(entry_ids),
    )


async def entries_of_opportunities(snapshot: Snapshot, opportunity_ids: Sequence[int]) -> list[Record]:
    """The entries that come from these opportunities, by `opportunity_id`, each one's in posting order."""
    return await snapshot.fetch(
        f"SELECT {_COLUMNS} FROM achievement_entry entry WHERE opportunity_id = ANY($1)"  # noqa: S608 (column names)
        " ORDER BY opportunity_id, id",
        list(opportunity_ids),
    )


def _arguments(wanted: EntryFilter | None) -> list[Any]:
    chosen = wanted or EntryFilter()
    seen = (chosen.seen_units, chosen.seen_members)
    if seen != (None, None):
        seen = (chosen.seen_units or (), chosen.seen_members or ())
    return [
        chosen.metric_ids,
        chosen.unit_ids,
        chosen.member_ids,
        chosen.starts_on,
        chosen.ends_on,
        chosen.sources,
        chosen.posted_through,
        *seen,
        chosen.tree_day,
        chosen.credit,
        chosen.product_ids,
    ]
