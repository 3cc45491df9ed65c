"""Creating, renaming, moving, closing and reopening the units of the tree; each needs an admin."""

from __future__ import annotations

from datetime import date

from quotaloom.organizations import closing
from quotaloom.organizations.naming import checked_name
from quotaloom.organizations.placing import place_unit
from quotaloom.organizations.planting import NewUnit, insert_units
from quotaloom.organizations.stored import LOCK, load_unit, only_row
from quotaloom.platform.access import Scope
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work


async def create_unit(work: Work, unit: NewUnit) -> int:
    """Create a unit; returns its id. Raises what `insert_units` raises, without a row number."""
    work.viewer.require(Scope.ORGANIZATION, "creating an org unit")

    async def apply(transaction: Transaction) -> int:
        with only_row():
            return (await insert_units(transaction, [unit]))[0]

    return await work.write(apply)


async def rename_unit(work: Work, unit_id: int, name: str, expected_version: int | None = None) -> None:
    """Give a unit another name; its key stays. Raises `InputError` BAD_NAME, `NotFound`, `Conflict` STALE."""
    work.viewer.require(Scope.ORGANIZATION, "renaming an org unit")

    async def apply(transaction: Transaction) -> None:
        await rename(transaction, unit_id, name, expected_version)

    await work.write(apply)


async def rename(transaction: Transaction, unit_id: int, name: str, expected_version: int | None = None) -> None:
    """`rename_unit` inside a transaction of the caller; the name a unit has already writes nothing."""
    await transaction.lock(LOCK)
    unit = await load_unit(transaction, unit_id, expected_version)
    wanted = checked_name(name)
    if wanted == unit.name:
        return
    await transaction.execute("UPDATE org_unit SET name = $2, version = version + 1 WHERE id = $1", unit_id, wanted)
    transaction.record("unit.rename", "OrgUnit", unit_id, before={"name": unit.name}, after={"name": wanted})
    transaction.publish("unit.renamed", id=unit_id)


async def move_unit(
    work: Work,
    unit_id: int,
    parent_id: int,
    on: date,
    ordinal: int | None = None,
    expected_version: int | None = None,
) -> None:
    """Move a unit, and all that lies under it, to another parent from `on` (a business date); see `place_unit`."""
    work.viewer.require(Scope.ORGANIZATION, "moving an org unit")

    async def apply(transaction: Transaction) -> None:
        await place_unit(transaction, unit_id, parent_id, on, ordinal, expected_version)

    await work.write(apply)


async def close_unit(work: Work, unit_id: int, on: date, expected_version: int | None = None) -> None:
    """Close a unit on `on`, its first day closed; see `closing.close`."""
    work.viewer.require(Scope.ORGANIZATION, "closing an org unit")

    async def apply(transaction: Transaction) -> None:
        await closing.close(transaction, unit_id, on, expected_version)

    await work.write(apply)


async def reopen_unit(work: Work, unit_id: int, expected_version: int | None = None) -> None:
    """Take a unit's closing back; see `closing.reopen`."""
    work.viewer.require(Scope.ORGANIZATION, "reopening an org unit")

    async def apply(transaction: Transaction) -> None:
        await closing.reopen(transaction, unit_id, expected_version)

    await work.write(apply)
