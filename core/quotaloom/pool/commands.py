"""Laying out pools: creating, changing, closing and opening them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any, Final

import orjson

from quotaloom.funnels.naming import may_be_id
from quotaloom.ownership.arrivals import ask_to_hand_out
from quotaloom.ownership.owners import RecordKind
from quotaloom.ownership.subjects import OPEN
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import Conflict, InputError, NotFound, Path
from quotaloom.platform.unit_of_work import Record, Transaction
from quotaloom.platform.work import Work
from quotaloom.pool.pools import HideableField, NewPool, check_pool, in_order

CHANGEABLE: Final = frozenset(field.name for field in fields(NewPool)) - {"key"}
"""The fields of `NewPool` that `update_pool` takes."""


async def create_pool(work: Work, pool: NewPool) -> int:
    """Lay out a pool; returns its id.

    Admins do it, and services with `pool:write`. Raises `NotFound` for units and members that do not exist, and
    `InputError` BAD_KEY, KEY_TAKEN, BAD_NAME, BAD_KINDS, BAD_PRIORITY, TOO_MANY.
    """
    work.viewer.require(Scope.POOL, "laying out a pool")
    check_pool(pool)

    return await work.write(partial(insert_pool, pool=pool))


async def insert_pool(transaction: Transaction, pool: NewPool) -> int:
    """Store a pool that `check_pool` has looked at; returns its id. Raises `NotFound`, and `InputError` KEY_TAKEN."""
    row = await transaction.fetch_one(
        "INSERT INTO pool (company_id, key, name, kinds, priority, hidden_fields, hands_out, closed, turns, version)"
        " VALUES ($1, $2, $3, $4::text::jsonb, $5, $6::text::jsonb, $7, false, 0, 1)"
        " ON CONFLICT (key, company_id) DO NOTHING RETURNING id",
        transaction.company_id,
        pool.key,
        pool.name.strip(),
        _json(pool.kinds),
        pool.priority,
        _json(pool.hidden_fields),
        pool.hands_out,
    )
    if row is None:
        raise InputError("KEY_TAKEN", f"the key {pool.key!r} is taken: choose another one", ("key",))
    pool_id: int = row["id"]
    await _store_people(transaction, pool_id, pool)
    transaction.record("pool.create", "Pool", pool_id, after=_told(pool))
    transaction.publish("pool.created", id=pool_id)
    return pool_id


async def update_pool(
    work: Work, pool_id: int, changes: Mapping[str, Any], expected_version: int | None = None
) -> None:
    """Change what `changes` names of a pool: any of `CHANGEABLE`; members and admins are replaced whole.

    Raises as `create_pool` does, `NotFound` for the pool itself, `Conflict` STALE, and `InputError` IN_USE for a kind
    of which records belong to the pool.
    """
    work.viewer.require(Scope.POOL, "changing a pool")
    if unknown := set(changes) - CHANGEABLE:
        raise ValueError(f"a pool has no changeable {', '.join(sorted(unknown))}")

    async def apply(transaction: Transaction) -> None:
        before = await _stored(transaction, await hold_pool(transaction, pool_id, expected_version))
        after = replace(before, **changes)
        check_pool(after)
        await _refuse_used_kinds(transaction, pool_id, set(before.kinds) - set(after.kinds))
        await transaction.execute(
            "UPDATE pool SET name = $3, kinds = $4::text::jsonb, priority = $5, hidden_fields = $6::text::jsonb,"
            " hands_out = $7, version = version + 1 WHERE company_id = $1 AND id = $2",
            transaction.company_id,
            pool_id,
            after.name.strip(),
            _json(after.kinds),
            after.priority,
            _json(after.hidden_fields),
            after.hands_out,
        )
        if changes.keys() & {"unit_ids", "member_ids", "admin_ids"}:
            await _store_people(transaction, pool_id, after)
        if after.hands_out and not before.hands_out:
            await ask_to_hand_out(transaction, [pool_id])
        transaction.record("pool.update", "Pool", pool_id, before=_told(before), after=_told(after))
        transaction.publish("pool.updated", id=pool_id)

    await work.write(apply)


async def close_pool(work: Work, pool_id: int, *, closed: bool = True, expected_version: int | None = None) -> None:
    """Close a pool in which nothing waits, or open it again.

    Records of a closed pool stay with their holders: nothing is claimed, given back or recycled. Raises `NotFound`,
    `Conflict` STALE, `InputError` NOT_EMPTY.
    """
    work.viewer.require(Scope.POOL, "closing a pool")

    async def apply(transaction: Transaction) -> None:
        before = await hold_pool(transaction, pool_id, expected_version)
        if before["closed"] == closed:
            return
        if closed:
            await _refuse_waiting(transaction, pool_id)
        await transaction.execute(
            "UPDATE pool SET closed = $3, version = version + 1 WHERE company_id = $1 AND id = $2",
            transaction.company_id,
            pool_id,
            closed,
        )
        told = {"closed": not closed}, {"closed": closed}
        transaction.record("pool.close" if closed else "pool.open", "Pool", pool_id, before=told[0], after=told[1])
        transaction.publish("pool.closed" if closed else "pool.opened", id=pool_id)

    await work.write(apply)


async def hold_pool(
    transaction: Transaction, pool_id: int, expected_version: int | None = None, path: Path = ("id",)
) -> Record:
    """The row of a pool, locked until the transaction ends; raises `NotFound`, `Conflict` STALE."""
    row = await transaction.fetch_one(
        "SELECT * FROM pool WHERE company_id = $1 AND id = $2 FOR UPDATE",
        transaction.company_id,
        pool_id if may_be_id(pool_id) else 0,
    )
    if row is None:
        raise NotFound("NOT_FOUND", "there is no such pool that you can see", path)
    if expected_version not in (None, row["version"]):
        message = f"this pool has version {row['version']} by now, not {expected_version}: read it again"
        raise Conflict("STALE", message, ("expectedVersion",))
    return row


async def _stored(transaction: Transaction, row: Record) -> NewPool:
    people = await transaction.fetch(
        "SELECT unit_id, member_id, NULL::bigint AS admin_id FROM pool_member WHERE company_id = $1 AND pool_id = $2"
        " UNION ALL SELECT NULL, NULL, member_id FROM pool_admin WHERE company_id = $1 AND pool_id = $2"
        " ORDER BY 1, 2, 3",
        transaction.company_id,
        row["id"],
    )
    return NewPool(
        key=row["key"],
        name=row["name"],
        kinds=tuple(map(RecordKind, orjson.loads(row["kinds"]))),
        priority=row["priority"],
        hidden_fields=tuple(map(HideableField, orjson.loads(row["hidden_fields"]))),
        hands_out=row["hands_out"],
        unit_ids=tuple(one["unit_id"] for one in people if one["unit_id"] is not None),
        member_ids=tuple(one["member_id"] for one in people if one["member_id"] is not None),
        admin_ids=tuple(one["admin_id"] for one in people if one["admin_id"] is not None),
    )


async def _store_people(transaction: Transaction, pool_id: int, pool: NewPool) -> None:
    """Replace members and admins by those of `pool`."""
    await _require_rows(transaction, "org_unit", pool.unit_ids, "orgUnitIds")
    await _require_rows(transaction, "member", pool.member_ids, "memberIds")
    await _require_rows(transaction, "member", pool.admin_ids, "adminIds")
    for table in ("pool_member", "pool_admin"):
        await transaction.execute(
            f"DELETE FROM {table} WHERE company_id = $1 AND pool_id = $2",  # noqa: S608 (constants)
            transaction.company_id,
            pool_id,
        )
    await transaction.execute(
        "INSERT INTO pool_member (company_id, pool_id, unit_id, member_id)"
        " SELECT $1::bigint, $2::bigint, id, NULL FROM unnest($3::bigint[]) AS id"
        " UNION ALL SELECT $1, $2, NULL, id FROM unnest($4::bigint[]) AS id",
        transaction.company_id,
        pool_id,
        sorted(set(pool.unit_ids)),
        sorted(set(pool.member_ids)),
    )
    await transaction.execute(
        "INSERT INTO pool_admin (company_id, pool_id, member_id) SELECT $1, $2, id FROM unnest($3::bigint[]) AS id",
        transaction.company_id,
        pool_id,
        sorted(set(pool.admin_ids)),
    )


async def _require_rows(transaction: Transaction, table: str, ids: Sequence[int], field: str) -> None:
    found = await transaction.fetch(
        f"SELECT id FROM {table} WHERE company_id = $1 AND id = ANY ($2::bigint[])",  # noqa: S608 (constants)
        transaction.company_id,
        [number for number in ids if may_be_id(number)],
    )
    known = {row["id"] for row in found}
    for place, number in enumerate(ids):
        if number not in known:
            what = "unit" if table == "org_unit" else "member"
            raise NotFound("NOT_FOUND", f"there is no such {what}", (field, place))


async def _refuse_used_kinds(transaction: Transaction, pool_id: int, kinds: set[RecordKind]) -> None:
    row = await transaction.fetch_one(
        "SELECT kind FROM ownership WHERE company_id = $1 AND pool_id = $2 AND kind = ANY ($3::text[]) LIMIT 1",
        transaction.company_id,
        pool_id,
        sorted(kinds),
    )
    if row is not None:
        raise InputError("IN_USE", f"this pool has records of the kind {row['kind'].upper()}", ("kinds",))


async def _refuse_waiting(transaction: Transaction, pool_id: int) -> None:
    row = await transaction.fetch_one(
        "SELECT count(*) AS count FROM ownership"  # noqa: S608 (constant)
        f" WHERE company_id = $1 AND pool_id = $2 AND member_id IS NULL AND position_id IS NULL AND {OPEN}",
        transaction.company_id,
        pool_id,
    )
    if row is not None and row["count"]:
        message = f"{row['count']} records wait in this pool: assign them first"
        raise InputError("NOT_EMPTY", message, ("id",))


def _json(words: Iterable[RecordKind | HideableField]) -> str:
    return orjson.dumps(in_order(words)).decode()


def _told(pool: NewPool) -> dict[str, Any]:
    told = {field.name: getattr(pool, field.name) for field in fields(NewPool)}
    return {**told, "kinds": in_order(pool.kinds), "hidden_fields": in_order(pool.hidden_fields)}
