"""Laying down the rules of pools: setting, changing, pausing and archiving them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from quotaloom.funnels.naming import check_name, may_be_id
from quotaloom.ownership.rules import RuleKind
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import Conflict, InputError, NotFound, Path
from quotaloom.platform.unit_of_work import Record, Transaction
from quotaloom.platform.work import Work
from quotaloom.pool.parameters import read_parameters
from quotaloom.pool.pools import check_slug

MOST_RULES: Final = 500
"""How many rules a company may have, archived ones not counted."""

CHANGEABLE: Final = frozenset({"name", "parameters"})
"""What of a rule may change; another pool, level or kind is another rule."""


@dataclass(frozen=True, slots=True)
class NewRule:
    """A rule of one pool, or of all (None), for customers of one level, or of all (None).

    `parameters` are the JSON of its kind: see `quotaloom.pool.parameters.KINDS`.
    """

    key: str
    name: str
    kind: RuleKind
    parameters: Mapping[str, Any]
    pool_id: int | None = None
    level_id: int | None = None


async def create_rule(work: Work, rule: NewRule) -> int:
    """Lay down a rule, which binds at once; returns its id.

    Admins do it, services with `pool:write`, and the admins of a pool for that pool. Raises `NotFound` for the pool
    and the level, `InputError` BAD_KEY, KEY_TAKEN, BAD_NAME, TOO_MANY, and BAD_PARAMETERS with the place in the JSON.
    """
    check_slug(rule.key)
    check_name(rule.name, ("name",))
    read_parameters(rule.kind, rule.parameters, ("parameters",))

    async def apply(transaction: Transaction) -> int:
        await transaction.lock("pool rules")
        await _require_right(transaction, work, rule.pool_id)
        await _require_named(transaction, "pool", rule.pool_id, "poolId")
        await _require_named(transaction, "customer_level", rule.level_id, "levelId")
        await _require_free(transaction, rule.key)
        row = await transaction.fetch_one(
            "INSERT INTO pool_rule (company_id, key, name, pool_id, level_id, kind, parameters, paused, archived,"
            " version) VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb, false, false, 1) RETURNING id",
            transaction.company_id,
            rule.key,
            rule.name.strip(),
            rule.pool_id,
            rule.level_id,
            rule.kind.value,
            orjson.dumps(rule.parameters).decode(),
        )
        assert row is not None
        rule_id: int = row["id"]
        transaction.record("pool_rule.create", "PoolRule", rule_id, after=_told(rule))
        transaction.publish("pool_rule.created", id=rule_id)
        return rule_id

    return await work.write(apply)


async def update_rule(
    work: Work, rule_id: int, changes: Mapping[str, Any], expected_version: int | None = None
) -> None:
    """Change name or parameters of a rule (`CHANGEABLE`); what it binds, it binds anew from now on.

    Raises as `create_rule` does, `NotFound` for the rule itself, `Conflict` STALE.
    """
    if unknown := set(changes) - CHANGEABLE:
        raise ValueError(f"a rule has no changeable {', '.join(sorted(unknown))}")
    if "name" in changes:
        check_name(changes["name"], ("name",))

    async def apply(transaction: Transaction) -> None:
        before = await _hold(transaction, work, rule_id, expected_version)
        parameters = changes.get("parameters", orjson.loads(before["parameters"]))
        read_parameters(RuleKind(before["kind"]), parameters, ("parameters",))
        name = changes.get("name", before["name"]).strip()
        await transaction.execute(
            "UPDATE pool_rule SET name = $3, parameters = $4::text::jsonb, version = version + 1"
            " WHERE company_id = $1 AND id = $2",
            transaction.company_id,
            rule_id,
            name,
            orjson.dumps(parameters).decode(),
        )
        told = {"name": before["name"], "parameters": orjson.loads(before["parameters"])}
        after = {"name": name, "parameters": parameters}
        transaction.record("pool_rule.update", "PoolRule", rule_id, before=told, after=after)
        transaction.publish("pool_rule.updated", id=rule_id)

    await work.write(apply)


async def pause_rule(work: Work, rule_id: int, *, paused: bool, expected_version: int | None = None) -> None:
    """Let a rule rest, or start it again: while it rests nothing is recycled by it, and its clocks go on.

    Raises `NotFound`, `Conflict` STALE.
    """
    await _switch(work, rule_id, "paused", paused, expected_version)


async def archive_rule(work: Work, rule_id: int, *, archived: bool, expected_version: int | None = None) -> None:
    """Put a rule away for good, or bring it back: an archived one binds nothing.

    Raises `NotFound`, `Conflict` STALE, `InputError` TOO_MANY.
    """
    await _switch(work, rule_id, "archived", archived, expected_version)


_ACTIONS: Final = {
    ("paused", True): "paused",
    ("paused", False): "started",
    ("archived", True): "archived",
    ("archived", False): "restored",
}


async def _switch(work: Work, rule_id: int, column: str, value: bool, expected_version: int | None) -> None:
    async def apply(transaction: Transaction) -> None:
        before = await _hold(transaction, work, rule_id, expected_version)
        if before[column] == value:
            return
        if column == "archived" and not value:
            await _require_room(transaction, ("id",))
        await transaction.execute(
            f"UPDATE pool_rule SET {column} = $3, version = version + 1"  # noqa: S608 (one of two names)
            " WHERE company_id = $1 AND id = $2",
            transaction.company_id,
            rule_id,
            value,
        )
        action = _ACTIONS[column, value]
        told = {column: not value}, {column: value}
        transaction.record(f"pool_rule.{action}", "PoolRule", rule_id, before=told[0], after=told[1])
        transaction.publish(f"pool_rule.{action}", id=rule_id)

    await work.write(apply)


async def _hold(transaction: Transaction, work: Work, rule_id: int, expected_version: int | None) -> Record:
    await transaction.lock("pool rules")
    row = await transaction.fetch_one(
        "SELECT * FROM pool_rule WHERE company_id = $1 AND id = $2",
        transaction.company_id,
        rule_id if may_be_id(rule_id) else 0,
    )
    if row is None:
        work.viewer.require(Scope.POOL, "changing a rule")
        raise NotFound("NOT_FOUND", "there is no such rule", ("id",))
    await _require_right(transaction, work, row["pool_id"])
    if expected_version not in (None, row["version"]):
        message = f"this rule has version {row['version']} by now, not {expected_version}: read it again"
        raise Conflict("STALE", message, ("expectedVersion",))
    return row


async def _require_right(transaction: Transaction, work: Work, pool_id: int | None) -> None:
    """Raise `AccessDenied` unless the viewer lays down rules everywhere, or looks after that pool."""
    if work.viewer.may(Scope.POOL):
        return
    row = await transaction.fetch_one(
        "SELECT FROM pool_admin WHERE company_id = $1 AND pool_id = $2 AND member_id = $3",
        transaction.company_id,
        pool_id,
        work.viewer.member_id,
    )
    if row is None:
        work.viewer.require(Scope.POOL, "laying down a rule of a pool that one does not look after")


async def _require_named(transaction: Transaction, table: str, number: int | None, field: str) -> None:
    if number is None:
        return
    row = await transaction.fetch_one(
        f"SELECT FROM {table} WHERE company_id = $1 AND id = $2",
        transaction.company_id,
        number if may_be_id(number) else 0,
    )
    if row is None:
        raise NotFound("NOT_FOUND", f"there is no such {table.replace('_', ' ')}", (field,))


async def _require_free(transaction: Transaction, key: str) -> None:
    taken = await transaction.fetch_one(
        "SELECT FROM pool_rule WHERE company_id = $1 AND key = $2", transaction.company_id, key
    )
    if taken is not None:
        raise InputError("KEY_TAKEN", f"the key {key!r} is taken: choose another one", ("key",))
    await _require_room(transaction, ("key",))


async def _require_room(transaction: Transaction, path: Path) -> None:
    row = await transaction.fetch_one(
        "SELECT count(*) AS count FROM pool_rule WHERE company_id = $1 AND NOT archived", transaction.company_id
    )
    if row is not None and row["count"] >= MOST_RULES:
        raise InputError("TOO_MANY", f"there are {MOST_RULES} rules already: archive one first", path)


def _told(rule: NewRule) -> dict[str, Any]:
    return {
        "key": rule.key,
        "name": rule.name,
        "kind": rule.kind.value,
        "parameters": dict(rule.parameters),
        "pool_id": rule.pool_id,
        "level_id": rule.level_id,
    }
