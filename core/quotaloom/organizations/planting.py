"""Putting new units into the tree, one or thousands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date

from quotaloom.organizations.naming import checked_key, checked_name, free_key
from quotaloom.organizations.paths import rebuild_paths
from quotaloom.organizations.spans import Span, refuse_unknown_day
from quotaloom.organizations.stored import LOCK, StoredUnit, load_units, row_of_many, the_unit
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction

KINDS = ("company", "department", "team", "position")


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A unit to be created under `parent_id`; only the company's root has no parent.

    `key`: made from the name where None. `opened_on`: its first day; None means its parent's, or from the
    beginning. `ordinal` orders siblings; those with the same (None is 0) stand in the order of their names.
    """

    name: str
    kind: str
    parent_id: int | None = None
    key: str | None = None
    opened_on: date | None = None
    ordinal: int | None = None


async def insert_units(transaction: Transaction, rows: Sequence[NewUnit]) -> list[int]:
    """Insert units under parents that exist already (a tree goes in level by level); returns their ids in order.

    Raises `InputError`, with the row's number first in the path: BAD_KIND, BAD_NAME, BAD_KEY, KEY_TAKEN, BAD_PERIOD
    (a day out of reach), BAD_ORDINAL, PARENT_NEEDED, ROOT_HAS_NO_PARENT, ROOT_EXISTS, CHILD_UNDER_POSITION,
    PARENT_NOT_OPEN, TOO_DEEP (without a number); `NotFound` for a parent.
    """
    await transaction.lock(LOCK)
    parents = await load_units(transaction, {row.parent_id for row in rows if row.parent_id is not None})
    taken = {row["key"] for row in await transaction.fetch("SELECT key FROM org_unit")}
    root = await transaction.fetch_one("SELECT name FROM org_unit WHERE kind = 'company'")
    root_name: str | None = root["name"] if root else None
    checked = []
    for index, row in enumerate(rows):
        with row_of_many(index):
            unit = _checked(row, parents, taken, root_name)
        taken.add(unit.key or "")
        root_name = unit.name if unit.kind == "company" else root_name
        checked.append(unit)
    ids = await _insert(transaction, checked)
    await rebuild_paths(transaction, ids)
    for unit_id, unit in zip(ids, checked, strict=True):
        transaction.record("unit.create", "OrgUnit", unit_id, after=asdict(unit))
        transaction.publish("unit.created", id=unit_id)
    return ids


def _checked(row: NewUnit, parents: dict[int, StoredUnit], taken: set[str], root: str | None) -> NewUnit:
    if row.kind not in KINDS:
        raise InputError("BAD_KIND", f"{row.kind[:60]!r} is no kind of unit: use one of {', '.join(KINDS)}", ("kind",))
    if not -(2**31) <= (row.ordinal or 0) < 2**31:
        raise InputError("BAD_ORDINAL", "an ordinal is a whole number of at most 32 bits", ("ordinal",))
    refuse_unknown_day(row.opened_on, "openedOn")
    name = checked_name(row.name)
    if row.key is not None and checked_key(row.key) in taken:
        raise InputError("KEY_TAKEN", f"another unit has the key {row.key!r}: choose another one", ("key",))
    key = row.key or free_key(name, row.kind, taken)
    opened_on = _opening(name, row, parents, root)
    return replace(row, name=name, key=key, opened_on=opened_on, ordinal=row.ordinal or 0)


def _opening(name: str, row: NewUnit, parents: dict[int, StoredUnit], root: str | None) -> date | None:
    if row.kind == "company":
        if row.parent_id is not None:
            raise InputError(
                "ROOT_HAS_NO_PARENT", "the unit of kind company is the root: leave parentId out", ("parentId",)
            )
        if root is not None:
            raise InputError("ROOT_EXISTS", f"the tree has its root already, {root}: choose another kind", ("kind",))
        return row.opened_on
    if row.parent_id is None:
        raise InputError("PARENT_NEEDED", f"a {row.kind} lies under another unit: name it in parentId", ("parentId",))
    parent = the_unit(parents, row.parent_id, ("parentId",))
    refuse_position(parent)
    opened_on = row.opened_on or parent.opened_on
    refuse_closed_parent(name, parent, Span.of(opened_on, None))
    return opened_on


def refuse_position(parent: StoredUnit) -> None:
    """Raise `InputError` CHILD_UNDER_POSITION: a position is a leaf."""
    if parent.kind == "position":
        raise InputError(
            "CHILD_UNDER_POSITION",
            f"{parent.name} is a position, and nothing lies under a position: choose a company, department or team",
            ("parentId",),
        )


def refuse_closed_parent(name: str, parent: StoredUnit, span: Span) -> None:
    """Raise `InputError` PARENT_NOT_OPEN unless the parent is open on every day of `span`."""
    if not span.within(parent.open):
        raise InputError(
            "PARENT_NOT_OPEN",
            f"{name} would lie under {parent.name} {span}, but {parent.name} is open {parent.open} only:"
            " choose a parent that is open on all those days",
            ("parentId",),
        )


async def _insert(transaction: Transaction, units: Sequence[NewUnit]) -> list[int]:
    inserted = await transaction.fetch(
        "INSERT INTO org_unit (company_id, key, name, kind, opened_on, version) SELECT $1, *, 1"
        " FROM unnest($2::text[], $3::text[], $4::text[], $5::date[]) RETURNING id, key",
        transaction.company_id,
        [unit.key for unit in units],
        [unit.name for unit in units],
        [unit.kind for unit in units],
        [unit.opened_on for unit in units],
    )
    id_of = {row["key"]: row["id"] for row in inserted}
    ids = [id_of[unit.key] for unit in units]
    placed = [(unit_id, unit) for unit_id, unit in zip(ids, units, strict=True) if unit.parent_id is not None]
    await transaction.execute(
        "INSERT INTO placement (company_id, unit_id, parent_id, ordinal, valid_from) SELECT $1, *"
        " FROM unnest($2::bigint[], $3::bigint[], $4::int[], $5::date[])",
        transaction.company_id,
        [unit_id for unit_id, _ in placed],
        [unit.parent_id for _, unit in placed],
        [unit.ordinal for _, unit in placed],
        [unit.opened_on for _, unit in placed],
    )
    return ids
