"""Writing members, units, holders and heads: those that are not there yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from quotaloom.importing.records import UnitRecord
from quotaloom.organizations.membership import NewMember, insert_members
from quotaloom.organizations.planting import NewUnit, insert_units
from quotaloom.organizations.stored import LOCK
from quotaloom.organizations.terms import HEADSHIP, HOLDING, NewTerm, TermKind, appoint
from quotaloom.platform.unit_of_work import Transaction


async def load_organization(
    transaction: Transaction, members: Sequence[NewMember], units: Sequence[UnitRecord]
) -> Counter[str]:
    """Bring the tree in below the root; returns how many were created, by kind (`member`, `department`, …).

    A unit or member whose key is stored stays as it is, where it is, with whom it has: only new positions get
    the file's holder and only new units its head, both from the beginning. Siblings keep the order of the file.
    """
    await transaction.lock(LOCK)
    member_ids = await _stored_ids(transaction, "member")
    new_members = [member for member in members if member.key not in member_ids]
    new_ids = await insert_members(transaction, new_members)
    member_ids |= {str(member.key): id_ for member, id_ in zip(new_members, new_ids, strict=True)}
    unit_ids = await _stored_ids(transaction, "org_unit")
    new_units = [unit for unit in units if unit.key not in unit_ids]
    await _plant(transaction, units, new_units, unit_ids)
    for kind in (HOLDING, HEADSHIP):
        await appoint(transaction, kind, _terms(kind, new_units, unit_ids, member_ids))
    return Counter(unit.kind for unit in new_units) + Counter(member=len(new_members))


async def _plant(
    transaction: Transaction, units: Sequence[UnitRecord], new: Sequence[UnitRecord], ids: dict[str, int]
) -> None:
    root = await transaction.fetch_one("SELECT id FROM org_unit WHERE kind = 'company'")
    assert root is not None, "a company has a root unit from its founding on"
    ordinals = _ordinals(units)
    for level in _by_depth(new):
        rows = [
            NewUnit(
                unit.name,
                unit.kind,
                root["id"] if unit.parent_key is None else ids[unit.parent_key],
                key=unit.key,
                ordinal=ordinals[unit.key],
            )
            for unit in level
        ]
        planted = await insert_units(transaction, rows)
        ids.update((unit.key, id_) for unit, id_ in zip(level, planted, strict=True))


def _by_depth(units: Iterable[UnitRecord]) -> list[list[UnitRecord]]:
    """Units by how many new ones lie above them; parents stand before their children."""
    depths: dict[str, int] = {}
    levels: list[list[UnitRecord]] = []
    for unit in units:
        depth = depths[unit.key] = depths.get(unit.parent_key or "", -1) + 1
        if depth == len(levels):
            levels.append([])
        levels[depth].append(unit)
    return levels


def _ordinals(units: Iterable[UnitRecord]) -> dict[str, int]:
    seen: Counter[str | None] = Counter()
    ordinals = {}
    for unit in units:
        ordinals[unit.key] = seen[unit.parent_key]
        seen[unit.parent_key] += 1
    return ordinals


def _terms(
    kind: TermKind, units: Iterable[UnitRecord], unit_ids: Mapping[str, int], member_ids: Mapping[str, int]
) -> list[NewTerm]:
    return [
        NewTerm(unit_ids[unit.key], member_ids[unit.member_key])
        for unit in units
        if unit.member_key is not None and unit.kind in kind.unit_kinds
    ]


async def _stored_ids(transaction: Transaction, table: str) -> dict[str, int]:
    rows = await transaction.fetch(f"SELECT id, key FROM {table}")  # noqa: S608 (a constant name)
    return {row["key"]: row["id"] for row in rows}
