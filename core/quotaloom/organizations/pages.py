"""Pages of units and of members for Relay connections: filters, orders, offsets and total counts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from asyncpg import Record

from quotaloom.platform.unit_of_work import Snapshot

UnitOrder = Literal["tree", "name", "key"]
MemberOrder = Literal["name", "key"]


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list, from `offset` on, and how many the whole list has."""

    rows: list[Record]
    total: int
    offset: int

    @property
    def has_next(self) -> bool:
        """Whether the list goes on after this page."""
        return self.offset + len(self.rows) < self.total


@dataclass(frozen=True, slots=True)
class UnitFilter:
    """Which units are listed: those that meet everything given.

    `text` is looked for in name and key, upper or lower case alike; `under` is a unit above them on the day
    (itself not included); `include_closed` lists units that are not open on the day, too; `among` are the ids that
    the viewer may be told, None means all: nothing lies below a unit that he does not know of.
    """

    kinds: Sequence[str] | None = None
    text: str | None = None
    under: int | None = None
    include_closed: bool = False
    among: Collection[int] | None = None


@dataclass(frozen=True, slots=True)
class MemberFilter:
    """Which members are listed: those that meet everything given.

    `under` is a unit in whose subtree they hold a position or head a unit on the day; `include_left` lists those
    who do not belong to the company on the day, too; `below` are the units that the viewer may be told, None means all:
    what somebody holds elsewhere is not looked at; `dated` are the members whose dates the viewer may be told, None
    means all: the others are listed only with those who left, so that nobody learns who of them did. The rest is as in
    `UnitFilter`.
    """

    text: str | None = None
    role: str | None = None
    under: int | None = None
    include_left: bool = False
    among: Collection[int] | None = None
    below: Collection[int] | None = None
    dated: Collection[int] | None = None


# Tree order is computed only where it is asked for: the recursion starts from no root otherwise. A planner that knows
# nothing of its size would join it row by row, which a full join cannot be.
_UNITS = """
WITH RECURSIVE tree (id, place) AS (
    SELECT id, ARRAY[]::text[] FROM org_unit WHERE kind = 'company' AND $7 = 'tree'
    UNION ALL
    SELECT u.id, t.place || (lpad((p.ordinal + 2147483648)::text, 10, '0') || u.name || E'\\x01'
        || lpad(u.id::text, 19, '0'))
    FROM tree t JOIN placement p ON p.parent_id = t.id AND daterange(p.valid_from, p.valid_to) @> $1::date
    JOIN org_unit u ON u.company_id = p.company_id AND u.id = p.unit_id
), placed AS MATERIALIZED (
    SELECT u.id, u.key, u.name, u.kind, u.opened_on, u.closed_on, u.version, t.place
    FROM org_unit u FULL JOIN tree t ON t.id = u.id
), matching AS (
    SELECT * FROM placed u
    WHERE ($2::text[] IS NULL OR u.kind = ANY($2))
    AND ($3::text IS NULL OR strpos(lower(u.name), lower($3)) > 0 OR strpos(lower(u.key), lower($3)) > 0)
    AND ($4::bigint IS NULL OR EXISTS (SELECT FROM unit_path a WHERE a.unit_id = u.id AND a.ancestor_id = $4
        AND a.depth > 0 AND a.valid_from <= $1 AND $1 < a.valid_to) AND ($6::bigint[] IS NULL OR $4 = ANY($6)))
    AND ($5 OR daterange(u.opened_on, u.closed_on) @> $1::date)
    AND ($6::bigint[] IS NULL OR u.id = ANY($6))
), counted AS (SELECT count(*) AS total FROM matching)
SELECT c.total, m.id, m.key, m.name, m.kind, m.opened_on, m.closed_on, m.version
FROM counted c LEFT JOIN LATERAL (
    SELECT * FROM matching ORDER BY place COLLATE "C", CASE WHEN $7 = 'key' THEN key ELSE name END COLLATE "C", id
    LIMIT $8 OFFSET $9
) AS m ON true
ORDER BY m.place COLLATE "C", CASE WHEN $7 = 'key' THEN m.key ELSE m.name END COLLATE "C", m.id
"""

_MEMBERS = """
WITH under AS (
    SELECT unit_id FROM unit_path WHERE ancestor_id = $4 AND valid_from <= $1 AND $1 < valid_to
        AND ($10::bigint[] IS NULL OR unit_id = ANY($10) AND $4 = ANY($10))
), matching AS (
    SELECT id, key, name, email, role, joined_on, left_on, version FROM member m
    WHERE ($2::text IS NULL OR strpos(lower(name), lower($2)) > 0 OR strpos(lower(key), lower($2)) > 0)
    AND ($3::text IS NULL OR role = $3)
    AND ($4::bigint IS NULL OR id IN (
        SELECT member_id FROM holding
        WHERE position_id IN (SELECT unit_id FROM under) IS TRUE AND daterange(valid_from, valid_to) @> $1::date
        UNION
        SELECT member_id FROM headship
        WHERE unit_id IN (SELECT unit_id FROM under) IS TRUE AND daterange(valid_from, valid_to) @> $1::date))
    AND ($5 OR daterange(joined_on, left_on) @> $1::date AND ($11::bigint[] IS NULL OR id = ANY($11)))
    AND ($6::bigint[] IS NULL OR id = ANY($6))
), counted AS (SELECT count(*) AS total FROM matching)
SELECT c.total, m.*
FROM counted c LEFT JOIN LATERAL (
    SELECT * FROM matching ORDER BY CASE WHEN $7 = 'key' THEN key ELSE name END COLLATE "C", id LIMIT $8 OFFSET $9
) AS m ON true
ORDER BY CASE WHEN $7 = 'key' THEN m.key ELSE m.name END COLLATE "C", m.id
"""


async def page_of_units(
    snapshot: Snapshot,
    on: date,
    wanted: UnitFilter | None = None,
    order: UnitOrder = "tree",
    first: int = 50,
    offset: int = 0,
) -> Page:
    """A page of the units on a day, with the columns of `reads.units`.

    "tree": a unit before what lies below it, siblings by ordinal, name and id; units without a place in the day's
    tree come last. Names and keys are ordered by code points, then by id.
    """
    wanted = wanted or UnitFilter()
    rows = await snapshot.fetch(
        _UNITS,
        on,
        wanted.kinds,
        snapshot.searched(wanted.text),
        wanted.under,
        wanted.include_closed,
        _listed(wanted.among),
        order,
        first,
        offset,
    )
    return _page(rows, offset)


async def page_of_members(
    snapshot: Snapshot,
    on: date,
    wanted: MemberFilter | None = None,
    order: MemberOrder = "name",
    first: int = 50,
    offset: int = 0,
) -> Page:
    """A page of the members on a day, with the columns of `reads.members`, ordered by code points, then by id."""
    wanted = wanted or MemberFilter()
    rows = await snapshot.fetch(
        _MEMBERS,
        on,
        snapshot.searched(wanted.text),
        wanted.role,
        wanted.under,
        wanted.include_left,
        _listed(wanted.among),
        order,
        first,
        offset,
        _listed(wanted.below),
        _listed(wanted.dated),
    )
    return _page(rows, offset)


def _listed(ids: Collection[int] | None) -> list[int] | None:
    return None if ids is None else list(ids)


def _page(rows: list[Record], offset: int) -> Page:
    return Page([row for row in rows if row["id"] is not None], rows[0]["total"], offset)
