"""Whose rows a report has: units in tree order, or members by name, of those that the reader sees."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from asyncpg import Record

from quotaloom.organizations.reads import root
from quotaloom.organizations.spans import Span
from quotaloom.platform.errors import NotFound
from quotaloom.reports.requests import Reader, ReportRequest, RowsOf, TreeDays
from quotaloom.reports.tables import CellKind, Column

# A unit stands where it stood on the day, or on the one nearest to it on which it was open.
_UNITS = """
SELECT u.id, u.key, u.name, u.kind, p.parent_id FROM org_unit u
CROSS JOIN LATERAL (
    SELECT least(greatest($3::date, coalesce(u.opened_on, $3)), coalesce(u.closed_on - 1, 'infinity')) AS day
) AS own
LEFT JOIN placement p ON p.company_id = u.company_id AND p.unit_id = u.id
    AND daterange(p.valid_from, p.valid_to) @> own.day
WHERE (u.opened_on IS NULL OR u.opened_on < $2) AND (u.closed_on IS NULL OR u.closed_on > $1)
ORDER BY p.ordinal, u.name COLLATE "C", u.id
"""

_BELOW = """
SELECT unit_id, valid_from, valid_to FROM unit_path
WHERE ancestor_id = $3 AND valid_from < $2 AND valid_to > $1 AND (depth = 1 OR NOT $4)
"""

_MEMBERS = """
SELECT id, key, name FROM member WHERE daterange(joined_on, left_on) && daterange($1, $2)
ORDER BY name COLLATE "C", key COLLATE "C", id
"""

_SEATS = """
SELECT member_id, position_id AS unit_id, valid_from, valid_to FROM holding
WHERE position_id = ANY($3::bigint[]) AND daterange(valid_from, valid_to) && daterange($1, $2)
UNION ALL
SELECT member_id, unit_id, valid_from, valid_to FROM headship
WHERE unit_id = ANY($3) AND daterange(valid_from, valid_to) && daterange($1, $2)
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """Of whom a row is: a unit or a member.

    `kind`, `level` (how many levels below the company) and `path`, the names above it as far as the reader may know
    them, the company's first, are those of units; None where the unit has no place in the tree, and of members.
    """

    id: int
    of_member: bool
    key: str
    name: str
    kind: str | None = None
    level: int | None = None
    path: str | None = None


OF_SUBJECT: Final[Mapping[str, Callable[[Subject], Any]]] = {
    "key": lambda subject: subject.key,
    "name": lambda subject: subject.name,
    "kind": lambda subject: subject.kind,
    "level": lambda subject: subject.level,
    "path": lambda subject: subject.path,
}
"""What the columns of all reports tell of the subject of a row, by their names."""


def subject_column(name: str) -> Column:
    """Such a column in a file."""
    return Column(name, CellKind.COUNT if name == "level" else CellKind.TEXT)


@dataclass(frozen=True, slots=True)
class ReportSubjects:
    """Whose rows a report has, and the unit whose own sums are its totals: None where the reader does not see them."""

    rows: tuple[Subject, ...]
    top: Subject | None


async def subjects_of(reader: Reader, request: ReportRequest, days: TreeDays, *, ranked: bool) -> ReportSubjects:
    """The subjects of a report in their own order; with `ranked` all are seen where rankings are open to everybody.

    Three statements at most, and a fourth where members of some units are wanted. Raises `NotFound` for a unit that
    the reader may not know of.
    """
    sees_all = reader.sight.everything or (ranked and reader.work.company.members_see_rankings)
    found = await reader.snapshot.fetch(_UNITS, days.first, days.end, days.tree_day)
    units = _Tree(reader, found, sees_all=sees_all).subjects()
    top = await _top(reader, request, units, sees_all=sees_all)
    known = {one.id: one for one in units.values() if sees_all or reader.sight.names_unit(one.id)}
    chosen = await _chosen_units(reader, request, known, days)
    if request.rows is RowsOf.MEMBERS:
        rows = await _members(reader, request, days, chosen, sees_all=sees_all)
    else:
        rows = [one for one in chosen.units if sees_all or reader.sight.sees_unit(one.id)]
    return ReportSubjects(tuple(rows), top)


async def _top(
    reader: Reader, request: ReportRequest, units: Mapping[int, Subject], *, sees_all: bool
) -> Subject | None:
    unit_id = request.org_unit_id
    if unit_id is None:
        company = await root(reader.snapshot)
        unit_id = None if company is None else company["id"]
    elif unit_id not in units or not (sees_all or reader.sight.names_unit(unit_id)):
        raise NotFound("NOT_FOUND", "there is no such unit in that time that you can see", ("orgUnit",))
    if unit_id is None or not (sees_all or reader.sight.sees_unit(unit_id)):
        return None
    return units.get(unit_id)


class _Tree:
    """Units with their parents, as rows with siblings in their order."""

    def __init__(self, reader: Reader, rows: Sequence[Record], *, sees_all: bool) -> None:
        self._reader, self._sees_all = reader, sees_all
        self._children: dict[int | None, list[Record]] = defaultdict(list)
        for row in rows:
            self._children[row["parent_id"]].append(row)
        self._company = [row for row in rows if row["kind"] == "company"]
        self._rows = rows

    def subjects(self) -> dict[int, Subject]:
        """All units by number, in tree order; those without a place in the tree come last."""
        found = {one.id: one for row in self._company for one in self._below(row, 0, ())}
        for row in self._rows:
            if row["id"] not in found:
                found[row["id"]] = Subject(row["id"], False, row["key"], row["name"], row["kind"])
        return found

    def _below(self, row: Record, level: int, above: tuple[str, ...]) -> Iterator[Subject]:
        yield Subject(row["id"], False, row["key"], row["name"], row["kind"], level, " / ".join(above))
        named = self._sees_all or self._reader.sight.names_unit(row["id"])
        names = (*above, row["name"]) if named else above
        for child in self._children[row["id"]]:
            yield from self._below(child, level + 1, names)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The units that meet what is asked, and when each lay where it was asked for; `all` where nothing is asked."""

    units: Sequence[Subject]
    days: Mapping[int, Sequence[Span]]
    all: bool


async def _chosen_units(
    reader: Reader, request: ReportRequest, units: Mapping[int, Subject], days: TreeDays
) -> _Chosen:
    whole = [Span(days.first, days.end)]
    when: dict[int, Sequence[Span]] = dict.fromkeys(units, whole)
    if request.org_unit_id is not None:
        below: dict[int, list[Span]] = defaultdict(list)
        for row in await reader.snapshot.fetch(
            _BELOW, days.first, days.end, request.org_unit_id, request.direct_children
        ):
            below[row["unit_id"]].append(Span(row["valid_from"], row["valid_to"]))
        when = {unit_id: spans for unit_id, spans in below.items() if unit_id in units}
    asked: Iterable[tuple[str, Collection[Any] | None]] = (
        ("kind", request.kinds),
        ("level", request.levels),
        ("id", request.unit_ids),
    )
    wanted = [(name, frozenset(values)) for name, values in asked if values is not None]
    found = [
        one for one in units.values() if one.id in when and all(getattr(one, name) in some for name, some in wanted)
    ]
    return _Chosen(found, when, all=not wanted and request.org_unit_id is None)


async def _members(
    reader: Reader, request: ReportRequest, days: TreeDays, chosen: _Chosen, *, sees_all: bool
) -> list[Subject]:
    rows = await reader.snapshot.fetch(_MEMBERS, days.first, days.end)
    among = None if chosen.all else await _seated(reader, days, chosen)
    named = None if request.member_ids is None else frozenset(request.member_ids)
    return [
        Subject(row["id"], True, row["key"], row["name"])
        for row in rows
        if (sees_all or reader.sight.sees_member(row["id"]))
        and (among is None or row["id"] in among)
        and (named is None or row["id"] in named)
    ]


async def _seated(reader: Reader, days: TreeDays, chosen: _Chosen) -> set[int]:
    """The members who held or headed one of the units on a day on which it lay where it was asked for."""
    ids = [unit.id for unit in chosen.units]
    within = Span(days.first, days.end)
    return {
        row["member_id"]
        for row in await reader.snapshot.fetch(_SEATS, days.first, days.end, ids)
        for span in chosen.days[row["unit_id"]]
        if _meet(Span.of(row["valid_from"], row["valid_to"]), span, within)
    }


def _meet(one: Span, other: Span, third: Span) -> bool:
    return max(one.start, other.start, third.start) < min(one.end, other.end, third.end)
