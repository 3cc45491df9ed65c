"""Reading a team list: the units from the top down, their heads, the positions and their holders."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from quotaloom.importing.mapping import LevelPart, PersonPart, Source, TeamListPart
from quotaloom.importing.progress import Progress
from quotaloom.importing.records import UnitRecord
from quotaloom.importing.rows import Row
from quotaloom.importing.tables import Table
from quotaloom.organizations.membership import NewMember
from quotaloom.organizations.naming import checked_key, checked_name


@dataclass
class TeamList:
    """Units and members by their keys, in the order in which they were first named."""

    root_key: str
    units: dict[str, UnitRecord] = field(default_factory=dict)
    members: dict[str, NewMember] = field(default_factory=dict)


def read_team_list(table: Table, part: TeamListPart, root_key: str, folder: Path, progress: Progress) -> TeamList:
    """The tree below the company; a bad row adds nothing to it.

    Rows that say different things of one unit or member are bad, and so is a second row of one position.
    """
    found = TeamList(root_key)
    for row in table.rows(folder, progress):
        units, members = _of_row(row, part, found)
        position = units[-1]
        if position.key in table.lines:
            row.refuse(part.position.key, f"{position.key!r} has a row already, on line {table.lines[position.key]}")
        elif position.key:
            table.lines[position.key] = row.line
        if not row.faults:
            for unit in units:
                found.units.setdefault(unit.key, unit)
            for member in members:
                found.members.setdefault(str(member.key), member)
    return found


def _of_row(row: Row, part: TeamListPart, found: TeamList) -> tuple[list[UnitRecord], list[NewMember]]:
    units: list[UnitRecord] = []
    members: list[NewMember] = []
    above: str | None = None
    for level in part.levels:
        if level.optional and row.text(level.key) is None:
            continue
        head = _member(row, level.head, found, members)
        units.append(_unit(row, level.key, level.name, level.kind, above, head))
        _refuse_difference(row, level, units[-1], found)
        above = units[-1].key
    holder = _member(row, part.position.holder, found, members)
    units.append(_unit(row, part.position.key, part.position.name, "position", above, holder))
    _refuse_other_kind(row, part.position.key, units, found)
    return units, members


def _unit(
    row: Row, key_source: Source, name_source: Source | None, kind: str, above: str | None, member: str | None
) -> UnitRecord:
    key = row.needed(key_source, among=checked_key)
    name = row.text(name_source, among=checked_name) or key
    return UnitRecord(key, name, kind, above, member, row.line)


def _member(row: Row, part: PersonPart | None, found: TeamList, members: list[NewMember]) -> str | None:
    key = None if part is None else row.text(part.key, among=checked_key)
    if part is None or key is None:
        return None
    member = NewMember(row.text(part.name, among=checked_name) or key, row.text(part.email), key=key)
    known = found.members.get(key) or next((one for one in members if one.key == key), member)
    if (known.name, known.email) != (member.name, member.email):
        row.refuse(part.key, f"{key!r} has another name or e-mail address than in an earlier row")
    members.append(member)
    return key


def _refuse_difference(row: Row, level: LevelPart, unit: UnitRecord, found: TeamList) -> None:
    known = found.units.get(unit.key)
    if known is None or known.kind != unit.kind:
        return
    if known.parent_key != unit.parent_key:
        row.refuse(
            level.key, f"{unit.key!r} lies under {unit.parent_key!r}, on line {known.line} under {known.parent_key!r}"
        )
    if known.name != unit.name:
        row.refuse(level.name or level.key, f"{unit.key!r} has the name {known.name!r} on line {known.line}")
    if known.member_key != unit.member_key and level.head is not None:
        row.refuse(
            level.head.key,
            f"{unit.key!r} is headed by {unit.member_key!r}, on line {known.line} by {known.member_key!r}",
        )


def _refuse_other_kind(row: Row, source: Source, units: list[UnitRecord], found: TeamList) -> None:
    kinds = {found.root_key: "company"}
    for unit in units:
        known = found.units.get(unit.key)
        kind = kinds.get(unit.key) or (known.kind if known is not None else unit.kind)
        if unit.key and (kind != unit.kind or unit.key in kinds):
            row.refuse(source, f"{unit.key!r} is the key of a {kind} and of a {unit.kind}: keys of units are unique")
        kinds[unit.key] = kind
