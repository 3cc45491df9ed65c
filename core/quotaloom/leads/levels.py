"""Customer levels: classes such as A, B and C, of which customers and leads may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from asyncpg import Record

from quotaloom.funnels.naming import check_name, may_be_id
from quotaloom.funnels.stages import check_machine_name
from quotaloom.ownership.permission import unknown
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import Conflict, InputError
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work

MOST_LEVELS: Final = 50
"""How many levels a company may have."""


@dataclass(frozen=True, slots=True)
class NewLevel:
    """A level; it comes after those that are there."""

    key: str
    name: str


async def define_level(work: Work, level: NewLevel) -> int:
    """Define a customer level; returns its id.

    Needs an admin or a service with `settings:write`. Raises `InputError` for a key or name that cannot be, KEY_TAKEN,
    TOO_MANY.
    """
    work.viewer.require(Scope.SETTINGS, "defining a customer level")
    check_machine_name(level.key, ("key",))
    check_name(level.name, ("name",))

    async def apply(transaction: Transaction) -> int:
        await transaction.lock("customer levels")
        stored = await _all(transaction)
        if any(row["key"] == level.key for row in stored):
            raise InputError("KEY_TAKEN", f"the key {level.key!r} is taken: choose another one", ("key",))
        if len(stored) >= MOST_LEVELS:
            raise InputError("TOO_MANY", f"a company has {MOST_LEVELS} customer levels at the most", ("key",))
        row = await transaction.fetch_one(
            "INSERT INTO customer_level (company_id, key, name, ordinal, version) VALUES ($1, $2, $3, $4, 1)"
            " RETURNING id",
            transaction.company_id,
            level.key,
            level.name.strip(),
            len(stored),
        )
        assert row is not None
        transaction.record("customer_level.define", "CustomerLevel", row["id"], after=asdict(level))
        transaction.publish("customer_level.defined", id=row["id"], key=level.key)
        return int(row["id"])

    return await work.write(apply)


async def rename_level(work: Work, level_id: int, name: str, expected_version: int | None = None) -> None:
    """Give a customer level another name. Access as for `define_level`. Raises `NotFound`, `Conflict`, BAD_NAME."""
    work.viewer.require(Scope.SETTINGS, "changing a customer level")
    check_name(name, ("name",))

    async def apply(transaction: Transaction) -> None:
        row = await transaction.fetch_one(
            "SELECT name, version FROM customer_level WHERE company_id = $1 AND id = $2 FOR UPDATE",
            transaction.company_id,
            level_id if may_be_id(level_id) else 0,
        )
        if row is None:
            raise unknown("level", level_id, ("id",))
        if expected_version not in (None, row["version"]):
            raise Conflict("STALE", "this level was changed meanwhile: read it again", ("expectedVersion",))
        await transaction.execute(
            "UPDATE customer_level SET name = $3, version = version + 1 WHERE company_id = $1 AND id = $2",
            transaction.company_id,
            level_id,
            name.strip(),
        )
        before, after = {"name": row["name"]}, {"name": name.strip()}
        transaction.record("customer_level.update", "CustomerLevel", level_id, before=before, after=after)
        transaction.publish("customer_level.updated", id=level_id)

    await work.write(apply)


async def order_levels(work: Work, level_ids: Sequence[int]) -> None:
    """Put the customer levels into this order, the highest first; each must be named once.

    Access as for `define_level`. Raises `NotFound` for an id that names none, `InputError` NOT_ALL.
    """
    work.viewer.require(Scope.SETTINGS, "ordering customer levels")

    async def apply(transaction: Transaction) -> None:
        await transaction.lock("customer levels")
        before = [row["id"] for row in await _all(transaction)]
        for number, level_id in enumerate(level_ids):
            if level_id not in before:
                raise unknown("level", level_id, ("ids", number))
        if sorted(level_ids) != sorted(before):
            raise InputError("NOT_ALL", "name every customer level once, the highest first", ("ids",))
        await transaction.execute(
            "UPDATE customer_level SET ordinal = given.place - 1, version = version + 1"
            " FROM unnest($2::bigint[]) WITH ORDINALITY AS given (id, place)"
            " WHERE company_id = $1 AND customer_level.id = given.id AND ordinal <> given.place - 1",
            transaction.company_id,
            list(level_ids),
        )
        transaction.record("customer_level.order", "CustomerLevel", None, before=before, after=list(level_ids))
        transaction.publish("customer_levels.ordered")

    await work.write(apply)


async def _all(transaction: Transaction) -> list[Record]:
    return await transaction.fetch(
        "SELECT id, key FROM customer_level WHERE company_id = $1 ORDER BY ordinal, id", transaction.company_id
    )


async def levels_by_id(snapshot: Snapshot, ids: Sequence[int]) -> list[Record]:
    """The levels with these ids."""
    return await snapshot.fetch(
        "SELECT id, key, name, ordinal, version FROM customer_level WHERE company_id = $1 AND id = ANY ($2::bigint[])",
        snapshot.company_id,
        list(ids),
    )


async def all_levels(snapshot: Snapshot) -> list[Record]:
    """Every level, the highest first."""
    return await snapshot.fetch(
        "SELECT id, key, name, ordinal, version FROM customer_level WHERE company_id = $1 ORDER BY ordinal, id",
        snapshot.company_id,
    )
