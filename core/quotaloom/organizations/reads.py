"""Batched reads of the organization for the graph: flat rows for many keys at once, one statement each.

`on` is a business date; where it may be None, all ranges are answered. Units are told with the columns `id`,
`key`, `name`, `kind`, `opened_on`, `closed_on`, `version`; every row also carries the key it was asked by.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from asyncpg import Record

from quotaloom.platform.unit_of_work import Snapshot


async def units(snapshot: Snapshot, unit_ids: Sequence[int]) -> list[Record]:
    """The units of these ids, in no particular order; an unknown id has no row."""
    return await snapshot.fetch(
        "SELECT id, key, name, kind, opened_on, closed_on, version FROM org_unit WHERE id = ANY($1::bigint[])",
        unit_ids,
    )


async def units_by_key(snapshot: Snapshot, keys: Sequence[str]) -> list[Record]:
    """The units of these keys, in no particular order; an unknown key has no row."""
    return await snapshot.fetch(
        "SELECT id, key, name, kind, opened_on, closed_on, version FROM org_unit WHERE key = ANY($1::text[])",
        keys,
    )


async def root(snapshot: Snapshot) -> Record | None:
    """The unit of kind company, or None while the tree is empty."""
    return await snapshot.fetch_one(
        "SELECT id, key, name, kind, opened_on, closed_on, version FROM org_unit WHERE kind = 'company'"
    )


async def children(snapshot: Snapshot, parent_ids: Sequence[int], on: date) -> list[Record]:
    """The units open on the day that lie directly under these, by `parent_id`, in tree order; also `ordinal`.

    Tree order among siblings is by ordinal, then name (by code points), then id.
    """
    return await snapshot.fetch(
        "SELECT p.parent_id, u.id, u.key, u.name, u.kind, u.opened_on, u.closed_on, u.version, p.ordinal"
        " FROM placement p JOIN org_unit u ON u.company_id = p.company_id AND u.id = p.unit_id"
        " WHERE p.parent_id = ANY($1::bigint[]) AND daterange(p.valid_from, p.valid_to) @> $2::date"
        " AND daterange(u.opened_on, u.closed_on) @> $2::date"
        ' ORDER BY p.parent_id, p.ordinal, u.name COLLATE "C", u.id',
        parent_ids,
        on,
    )


async def parents(snapshot: Snapshot, unit_ids: Sequence[int], on: date) -> list[Record]:
    """The unit directly above each of these on the day, by `unit_id`; the root has no row. Also `ordinal`."""
    return await snapshot.fetch(
        "SELECT p.unit_id, u.id, u.key, u.name, u.kind, u.opened_on, u.closed_on, u.version, p.ordinal"
        " FROM placement p JOIN org_unit u ON u.company_id = p.company_id AND u.id = p.parent_id"
        " WHERE p.unit_id = ANY($1::bigint[]) AND daterange(p.valid_from, p.valid_to) @> $2::date",
        unit_ids,
        on,
    )


async def placements(snapshot: Snapshot, unit_ids: Sequence[int]) -> list[Record]:
    """All placements of these units, by `unit_id`, earliest first: `id`, `parent_id`, `ordinal`, `valid_from`,
    `valid_to`."""
    return await snapshot.fetch(
        "SELECT unit_id, id, parent_id, ordinal, valid_from, valid_to FROM placement"
        " WHERE unit_id = ANY($1::bigint[]) ORDER BY unit_id, valid_from NULLS FIRST",
        unit_ids,
    )


async def ancestors(snapshot: Snapshot, unit_ids: Sequence[int], on: date) -> list[Record]:
    """All units above each of these on the day, by `unit_id`, the root first; `depth` is how far above, from 1."""
    return await snapshot.fetch(
        "SELECT a.unit_id, u.id, u.key, u.name, u.kind, u.opened_on, u.closed_on, u.version, a.depth"
        " FROM unit_path a JOIN org_unit u ON u.company_id = a.company_id AND u.id = a.ancestor_id"
        " WHERE a.unit_id = ANY($1::bigint[]) AND a.depth > 0 AND a.valid_from <= $2 AND $2 < a.valid_to"
        " ORDER BY a.unit_id, a.depth DESC",
        unit_ids,
        on,
    )


async def descendants(
    snapshot: Snapshot, ancestor_ids: Sequence[int], on: date, kinds: Sequence[str] | None = None
) -> list[Record]:
    """All units open on the day that lie under these, by `ancestor_id`, in tree order (a unit before what is below).

    `depth` is how far below, from 1; `kinds` keeps some kinds only; None keeps all.
    """
    return await snapshot.fetch(
        # A sibling's place as text that sorts by ordinal, name and id: names hold no control characters.
        "WITH RECURSIVE below (ancestor_id, id, depth, place) AS ("
        " SELECT DISTINCT asked, asked, 0, ARRAY[]::text[] FROM unnest($1::bigint[]) AS asked"
        " UNION ALL"
        " SELECT b.ancestor_id, u.id, b.depth + 1, b.place || (lpad((p.ordinal + 2147483648)::text, 10, '0')"
        " || u.name || E'\\x01' || lpad(u.id::text, 19, '0'))"
        " FROM below b JOIN placement p ON p.parent_id = b.id AND daterange(p.valid_from, p.valid_to) @> $2::date"
        " JOIN org_unit u ON u.company_id = p.company_id AND u.id = p.unit_id"
        " AND daterange(u.opened_on, u.closed_on) @> $2::date)"
        " SELECT b.ancestor_id, u.id, u.key, u.name, u.kind, u.opened_on, u.closed_on, u.version, b.depth"
        " FROM below b JOIN org_unit u ON u.id = b.id"
        " WHERE b.depth > 0 AND ($3::text[] IS NULL OR u.kind = ANY($3))"
        ' ORDER BY b.ancestor_id, b.place COLLATE "C"',
        ancestor_ids,
        on,
        kinds,
    )


async def members(snapshot: Snapshot, member_ids: Sequence[int]) -> list[Record]:
    """The members of these ids, in no particular order: `id`, `key`, `name`, `email`, `role`, `joined_on`,
    `left_on`, `version`; an unknown id has no row."""
    return await snapshot.fetch(
        "SELECT id, key, name, email, role, joined_on, left_on, version FROM member WHERE id = ANY($1::bigint[])",
        member_ids,
    )


async def members_by_key(snapshot: Snapshot, keys: Sequence[str]) -> list[Record]:
    """The members of these keys, in no particular order; an unknown key has no row."""
    return await snapshot.fetch(
        "SELECT id, key, name, email, role, joined_on, left_on, version FROM member WHERE key = ANY($1::text[])",
        keys,
    )


async def holders(snapshot: Snapshot, position_ids: Sequence[int], on: date | None = None) -> list[Record]:
    """Who holds these positions, by `position_id`, earliest first.

    `id` is the holding's, with `member_id`, `member_key`, `member_name`, `valid_from`, `valid_to`.
    """
    return await snapshot.fetch(
        "SELECT h.position_id, h.id, h.member_id, m.key AS member_key, m.name AS member_name, h.valid_from, h.valid_to"
        " FROM holding h JOIN member m ON m.company_id = h.company_id AND m.id = h.member_id"
        " WHERE h.position_id = ANY($1::bigint[])"
        " AND ($2::date IS NULL OR daterange(h.valid_from, h.valid_to) @> $2)"
        " ORDER BY h.position_id, h.valid_from NULLS FIRST",
        position_ids,
        on,
    )


async def heads(snapshot: Snapshot, unit_ids: Sequence[int], on: date | None = None) -> list[Record]:
    """Who heads these units, by `unit_id`, earliest first; columns as in `holders`, `id` is the headship's."""
    return await snapshot.fetch(
        "SELECT h.unit_id, h.id, h.member_id, m.key AS member_key, m.name AS member_name, h.valid_from, h.valid_to"
        " FROM headship h JOIN member m ON m.company_id = h.company_id AND m.id = h.member_id"
        " WHERE h.unit_id = ANY($1::bigint[])"
        " AND ($2::date IS NULL OR daterange(h.valid_from, h.valid_to) @> $2)"
        " ORDER BY h.unit_id, h.valid_from NULLS FIRST",
        unit_ids,
        on,
    )


async def holdings_by_id(snapshot: Snapshot, holding_ids: Sequence[int]) -> list[Record]:
    """The holdings of these ids, in no particular order; an unknown id has no row."""
    return await snapshot.fetch(
        "SELECT id, position_id, member_id, valid_from, valid_to FROM holding WHERE id = ANY($1::bigint[])",
        holding_ids,
    )


async def headships_by_id(snapshot: Snapshot, headship_ids: Sequence[int]) -> list[Record]:
    """The headships of these ids, in no particular order; an unknown id has no row."""
    return await snapshot.fetch(
        "SELECT id, unit_id, member_id, valid_from, valid_to FROM headship WHERE id = ANY($1::bigint[])",
        headship_ids,
    )


async def positions(snapshot: Snapshot, member_ids: Sequence[int], on: date | None = None) -> list[Record]:
    """What these members hold, by `member_id`, earliest first.

    `id` is the holding's, with `position_id`, `position_key`, `position_name`, `valid_from`, `valid_to`.
    """
    return await snapshot.fetch(
        "SELECT h.member_id, h.id, h.position_id, u.key AS position_key, u.name AS position_name,"
        " h.valid_from, h.valid_to"
        " FROM holding h JOIN org_unit u ON u.company_id = h.company_id AND u.id = h.position_id"
        " WHERE h.member_id = ANY($1::bigint[]) AND ($2::date IS NULL OR daterange(h.valid_from, h.valid_to) @> $2)"
        " ORDER BY h.member_id, h.valid_from NULLS FIRST, h.position_id",
        member_ids,
        on,
    )


async def headed_units(snapshot: Snapshot, member_ids: Sequence[int], on: date | None = None) -> list[Record]:
    """What these members head, by `member_id`, earliest first.

    `id` is the headship's, with `unit_id`, `unit_key`, `unit_name`, `unit_kind`, `valid_from`, `valid_to`.
    """
    return await snapshot.fetch(
        "SELECT h.member_id, h.id, h.unit_id, u.key AS unit_key, u.name AS unit_name, u.kind AS unit_kind,"
        " h.valid_from, h.valid_to"
        " FROM headship h JOIN org_unit u ON u.company_id = h.company_id AND u.id = h.unit_id"
        " WHERE h.member_id = ANY($1::bigint[]) AND ($2::date IS NULL OR daterange(h.valid_from, h.valid_to) @> $2)"
        " ORDER BY h.member_id, h.valid_from NULLS FIRST, h.unit_id",
        member_ids,
        on,
    )
