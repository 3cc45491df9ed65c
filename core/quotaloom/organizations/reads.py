"""Batched reads of the organization for the graph: flat rows for many keys at once, one statement each.

`on` is a business date; where it may be None, all ranges are answered. Units are told with the columns `id`,
`key`, `name`, `kind`, `opened_on`, `closed_on`, `version`; every row also carries the key it was asked by. With
`columns` rows have only these and the ids of units and members, days as text.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from asyncpg import Record

from quotaloom.platform.answering import Columns
from quotaloom.platform.unit_of_work import Snapshot

Names = frozenset[str] | None

_OPEN: Final = frozenset({"opened_on", "closed_on"})
_VALID: Final = frozenset({"valid_from", "valid_to"})
_UNIT: Final = {name: f"u.{name}" for name in ("id", "key", "name", "kind", "opened_on", "closed_on", "version")}
_UNITS: Final = Columns(_UNIT, _OPEN)
_CHILDREN: Final = Columns({"parent_id": "p.parent_id", **_UNIT, "ordinal": "p.ordinal"}, _OPEN)
_PARENTS: Final = Columns({"unit_id": "p.unit_id", **_UNIT, "ordinal": "p.ordinal"}, _OPEN)
_ANCESTORS: Final = Columns({"unit_id": "a.unit_id", **_UNIT, "depth": "a.depth"}, _OPEN)
_DESCENDANTS: Final = Columns({"ancestor_id": "b.ancestor_id", **_UNIT, "depth": "b.depth"}, _OPEN)
_MEMBERS: Final = Columns(
    {name: name for name in ("id", "key", "name", "email", "role", "joined_on", "left_on", "version")},
    frozenset({"joined_on", "left_on"}),
)


_TERM: Final = {name: name for name in ("id", "member_id", "valid_from", "valid_to")}
_HOLDINGS: Final = Columns({"position_id": "position_id", **_TERM}, _VALID)
_HEADSHIPS: Final = Columns({"unit_id": "unit_id", **_TERM}, _VALID)

# A sibling's place as text that sorts by ordinal, name and id: names hold no control characters.
_BELOW: Final = (
    "WITH RECURSIVE below (ancestor_id, id, depth, place) AS ("
    " SELECT DISTINCT asked, asked, 0, ARRAY[]::text[] FROM unnest($1::bigint[]) AS asked"
    " UNION ALL"
    " SELECT b.ancestor_id, u.id, b.depth + 1, b.place || (lpad((p.ordinal + 2147483648)::text, 10, '0')"
    " || u.name || E'\\x01' || lpad(u.id::text, 19, '0'))"
    " FROM below b JOIN placement p ON p.parent_id = b.id AND daterange(p.valid_from, p.valid_to) @> $2::date"
    " JOIN org_unit u ON u.company_id = p.company_id AND u.id = p.unit_id"
    " AND daterange(u.opened_on, u.closed_on) @> $2::date)"
)


async def units(snapshot: Snapshot, unit_ids: Sequence[int], columns: Names = None) -> list[Record]:
    """The units of these ids, in no particular order; an unknown id has no row."""
    return await snapshot.fetch(
        f"SELECT {_UNITS.select(columns, 'id')} FROM org_unit u WHERE id = ANY($1::bigint[])",  # noqa: S608 (constants)
        unit_ids,
    )


async def units_by_key(snapshot: Snapshot, keys: Sequence[str]) -> list[Record]:
    """The units of these keys, in no particular order; an unknown key has no row."""
    return await snapshot.fetch(
        f"SELECT {_UNITS.select()} FROM org_unit u WHERE key = ANY($1::text[])",  # noqa: S608 (constants)
        keys,
    )


async def unit_by_key(snapshot: Snapshot, key: str, columns: Names = None) -> Record | None:
    """The unit of this key, or None. PostgreSQL plans for one key once, and for a list of keys each time."""
    return await snapshot.fetch_one(
        f"SELECT {_UNITS.select(columns, 'id')} FROM org_unit u WHERE key = $1",  # noqa: S608 (constants)
        key,
    )


async def root(snapshot: Snapshot) -> Record | None:
    """The unit of kind company, or None while the tree is empty."""
    return await snapshot.fetch_one(
        f"SELECT {_UNITS.select()} FROM org_unit u WHERE kind = 'company'"  # noqa: S608 (constants)
    )


async def children(snapshot: Snapshot, parent_ids: Sequence[int], on: date, columns: Names = None) -> list[Record]:
    """The units open on the day that lie directly under these, by `parent_id`, in tree order; also `ordinal`.

    Tree order among siblings is by ordinal, then name (by code points), then id.
    """
    holds = _compared if len(parent_ids) >= _WIDE else _contained
    # For one parent PostgreSQL keeps its plan; for a list it makes one each time, which takes longer than the read.
    one = len(parent_ids) == 1
    return await snapshot.fetch(
        f"SELECT {_CHILDREN.select(columns, 'id')}"  # noqa: S608 (constants)
        " FROM placement p JOIN org_unit u ON u.company_id = p.company_id AND u.id = p.unit_id"
        f" WHERE p.parent_id = {'$1' if one else 'ANY($1::bigint[])'} AND {holds('p.valid_from', 'p.valid_to')}"
        f" AND {holds('u.opened_on', 'u.closed_on')}"
        ' ORDER BY p.parent_id, p.ordinal, u.name COLLATE "C", u.id',
        parent_ids[0] if one else parent_ids,
        on,
    )


_WIDE: Final = 50
"""From how many parents on days are compared: PostgreSQL takes a range for rare, and looks up the many one by one."""


def _contained(first: str, end: str) -> str:
    return f"daterange({first}, {end}) @> $2::date"


def _compared(first: str, end: str) -> str:
    return f"({first} IS NULL OR {first} <= $2::date) AND ({end} IS NULL OR $2 < {end})"


async def parents(snapshot: Snapshot, unit_ids: Sequence[int], on: date, columns: Names = None) -> list[Record]:
    """The unit directly above each of these on the day, by `unit_id`; the root has no row. Also `ordinal`."""
    return await snapshot.fetch(
        f"SELECT {_PARENTS.select(columns, 'id')}"  # noqa: S608 (constants)
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


async def ancestors(snapshot: Snapshot, unit_ids: Sequence[int], on: date, columns: Names = None) -> list[Record]:
    """All units above each of these on the day, by `unit_id`, the root first; `depth` is how far above, from 1."""
    return await snapshot.fetch(
        f"SELECT {_ANCESTORS.select(columns, 'id')}"  # noqa: S608 (constants)
        " FROM unit_path a JOIN org_unit u ON u.company_id = a.company_id AND u.id = a.ancestor_id"
        " WHERE a.unit_id = ANY($1::bigint[]) AND a.depth > 0 AND a.valid_from <= $2 AND $2 < a.valid_to"
        " ORDER BY a.unit_id, a.depth DESC",
        unit_ids,
        on,
    )


async def descendants(
    snapshot: Snapshot,
    ancestor_ids: Sequence[int],
    on: date,
    kinds: Sequence[str] | None = None,
    columns: Names = None,
) -> list[Record]:
    """All units open on the day that lie under these, by `ancestor_id`, in tree order (a unit before what is below).

    `depth` is how far below, from 1, which every row has; `kinds` keeps some kinds only; None keeps all.
    """
    return await snapshot.fetch(
        f"{_BELOW} SELECT {_DESCENDANTS.select(columns, 'id', 'depth')}"  # noqa: S608 (constants)
        " FROM below b JOIN org_unit u ON u.id = b.id"
        " WHERE b.depth > 0 AND ($3::text[] IS NULL OR u.kind = ANY($3))"
        ' ORDER BY b.ancestor_id, b.place COLLATE "C"',
        ancestor_ids,
        on,
        kinds,
    )


async def members(snapshot: Snapshot, member_ids: Sequence[int], columns: Names = None) -> list[Record]:
    """The members of these ids, in no particular order: `id`, `key`, `name`, `email`, `role`, `joined_on`,
    `left_on`, `version`; an unknown id has no row."""
    return await snapshot.fetch(
        f"SELECT {_MEMBERS.select(columns, 'id')} FROM member WHERE id = ANY($1::bigint[])",  # noqa: S608 (constants)
        member_ids,
    )


async def members_by_key(snapshot: Snapshot, keys: Sequence[str]) -> list[Record]:
    """The members of these keys, in no particular order; an unknown key has no row."""
    return await snapshot.fetch(
        f"SELECT {_MEMBERS.select()} FROM member WHERE key = ANY($1::text[])",  # noqa: S608 (constants)
        keys,
    )


async def holders(
    snapshot: Snapshot, position_ids: Sequence[int], on: date | None = None, columns: Names = None
) -> list[Record]:
    """Who holds these positions, by `position_id`, earliest first.

    `id` is the holding's, with `member_id`, `valid_from`, `valid_to`.
    """
    return await snapshot.fetch(
        f"SELECT {_HOLDINGS.select(columns, 'member_id')} FROM holding"  # noqa: S608 (constants)
        " WHERE position_id = ANY($1::bigint[]) AND ($2::date IS NULL OR daterange(valid_from, valid_to) @> $2)"
        " ORDER BY position_id, holding.valid_from NULLS FIRST",
        position_ids,
        on,
    )


async def heads(
    snapshot: Snapshot, unit_ids: Sequence[int], on: date | None = None, columns: Names = None
) -> list[Record]:
    """Who heads these units, by `unit_id`, earliest first; columns as in `holders`, `id` is the headship's."""
    return await snapshot.fetch(
        f"SELECT {_HEADSHIPS.select(columns)} FROM headship"  # noqa: S608 (constants)
        " WHERE unit_id = ANY($1::bigint[]) AND ($2::date IS NULL OR daterange(valid_from, valid_to) @> $2)"
        " ORDER BY unit_id, headship.valid_from NULLS FIRST",
        unit_ids,
        on,
    )


async def holdings_by_id(snapshot: Snapshot, holding_ids: Sequence[int]) -> list[Record]:
    """The holdings of these ids, in no particular order; an unknown id has no row."""
    return await snapshot.fetch(
        f"SELECT {_HOLDINGS.select()} FROM holding WHERE id = ANY($1::bigint[])",  # noqa: S608 (constants)
        holding_ids,
    )


async def headships_by_id(snapshot: Snapshot, headship_ids: Sequence[int]) -> list[Record]:
    """The headships of these ids, in no particular order; an unknown id has no row."""
    return await snapshot.fetch(
        f"SELECT {_HEADSHIPS.select()} FROM headship WHERE id = ANY($1::bigint[])",  # noqa: S608 (constants)
        headship_ids,
    )


async def positions(
    snapshot: Snapshot, member_ids: Sequence[int], on: date | None = None, columns: Names = None
) -> list[Record]:
    """What these members hold, by `member_id`, earliest first.

    `id` is the holding's, with `position_id`, `valid_from`, `valid_to`.
    """
    return await snapshot.fetch(
        f"SELECT {_HOLDINGS.select(columns, 'position_id')} FROM holding"  # noqa: S608 (constants)
        " WHERE member_id = ANY($1::bigint[]) AND ($2::date IS NULL OR daterange(valid_from, valid_to) @> $2)"
        " ORDER BY member_id, holding.valid_from NULLS FIRST, position_id",
        member_ids,
        on,
    )


async def headed_units(
    snapshot: Snapshot, member_ids: Sequence[int], on: date | None = None, columns: Names = None
) -> list[Record]:
    """What these members head, by `member_id`, earliest first.

    `id` is the headship's, with `unit_id`, `valid_from`, `valid_to`.
    """
    return await snapshot.fetch(
        f"SELECT {_HEADSHIPS.select(columns, 'unit_id')} FROM headship"  # noqa: S608 (constants)
        " WHERE member_id = ANY($1::bigint[]) AND ($2::date IS NULL OR daterange(valid_from, valid_to) @> $2)"
        " ORDER BY member_id, headship.valid_from NULLS FIRST, unit_id",
        member_ids,
        on,
    )
