"""Setting objectives, changing them, and putting them away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from asyncpg import Record

from quotaloom.calendars.periods import known_year
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import Conflict, InputError, NotFound, Path
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.strategy.objectives import (
    MOST_OBJECTIVES,
    NewObjective,
    ObjectiveLevel,
    check_parent,
    checked_texts,
)

LOCK: Final = "objectives"
"""Objectives change one at a time; whoever attaches something to one shares it."""

CHANGEABLE: Final = ("name", "description", "owner_id", "parent_id", "unit_id")
"""What of an objective may change; its level and its year stay."""


async def create_objective(work: Work, new: NewObjective) -> int:
    """Set an objective of a fiscal year; returns its id.

    Admins do it, and services that set targets. Raises `NotFound` for a parent, owner or unit that is none, and
    `InputError` BAD_NAME, TOO_LONG, BAD_TEXT, BAD_PERIOD, TOO_MANY, and what `check_parent` raises.
    """
    work.viewer.require(Scope.TARGETS, "setting an objective")
    name, description = checked_texts(new.name, new.description)
    try:
        known_year(new.fiscal_year)
    except InputError as error:
        raise error.at("fiscalYear") from None

    async def apply(transaction: Transaction) -> int:
        await transaction.lock(LOCK)
        parent = await _parent(transaction, new.parent_id)
        check_parent(new.level, new.fiscal_year, parent)
        await _require_named(transaction, new.owner_id, new.unit_id)
        await _require_room(transaction, new.fiscal_year, ("fiscalYear",))
        row = await transaction.fetch_one(
            "INSERT INTO objective (company_id, fiscal_year, level, parent_id, name, description, owner_id, unit_id,"
            " archived, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, false, 1) RETURNING *",
            transaction.company_id,
            new.fiscal_year,
            new.level.value,
            new.parent_id,
            name,
            description,
            new.owner_id,
            new.unit_id,
        )
        assert row is not None
        objective_id: int = row["id"]
        transaction.record("objective.create", "Objective", objective_id, after=dict(row))
        transaction.publish("objective.created", id=objective_id)
        return objective_id

    return await work.write(apply)


async def update_objective(
    work: Work, objective_id: int, changes: Mapping[str, Any], expected_version: int | None = None
) -> None:
    """Change what `changes` names of an objective: any of `CHANGEABLE`.

    Raises as `create_objective` does, `NotFound` for the objective itself, and `Conflict` STALE.
    """
    work.viewer.require(Scope.TARGETS, "changing an objective")
    if unknown := set(changes) - set(CHANGEABLE):
        raise ValueError(f"an objective has no changeable {', '.join(sorted(unknown))}")

    async def apply(transaction: Transaction) -> None:
        await transaction.lock(LOCK)
        before = await _held(transaction, objective_id, expected_version)
        after = {name: before[name] for name in CHANGEABLE} | dict(changes)
        after["name"], after["description"] = checked_texts(after["name"], after["description"])
        if all(after[name] == before[name] for name in CHANGEABLE):
            return
        if "parent_id" in changes:
            parent = await _parent(transaction, after["parent_id"])
            check_parent(ObjectiveLevel(before["level"]), before["fiscal_year"], parent)
        await _require_named(transaction, after["owner_id"], after["unit_id"])
        await transaction.execute(
            "UPDATE objective SET name = $2, description = $3, owner_id = $4, parent_id = $5, unit_id = $6,"
            " version = version + 1 WHERE id = $1",
            objective_id,
            *(after[name] for name in CHANGEABLE),
        )
        told = {name: before[name] for name in CHANGEABLE}
        transaction.record("objective.update", "Objective", objective_id, before=told, after=after)
        transaction.publish("objective.updated", id=objective_id)

    await work.write(apply)


async def archive_objective(
    work: Work, objective_id: int, *, archived: bool = True, expected_version: int | None = None
) -> None:
    """Put an objective away, or restore it. What is attached to an archived one stays; nothing new is.

    Raises `NotFound`, `Conflict` STALE, `InputError` IN_USE while others serve it, ARCHIVED for restoring one whose
    parent is archived, TOO_MANY for restoring one too many.
    """
    work.viewer.require(Scope.TARGETS, "archiving an objective")

    async def apply(transaction: Transaction) -> None:
        await transaction.lock(LOCK)
        before = await _held(transaction, objective_id, expected_version)
        if before["archived"] == archived:
            return
        if archived:
            await _refuse_served(transaction, before)
        else:
            await _require_room(transaction, before["fiscal_year"], ("id",))
            await _refuse_archived_parent(transaction, before)
        await transaction.execute(
            "UPDATE objective SET archived = $2, version = version + 1 WHERE id = $1", objective_id, archived
        )
        action = "archive" if archived else "restore"
        transaction.record(
            f"objective.{action}",
            "Objective",
            objective_id,
            before={"archived": not archived},
            after={"archived": archived},
        )
        transaction.publish(f"objective.{action}d", id=objective_id)

    await work.write(apply)


async def require_open(transaction: Transaction, objective_id: int, fiscal_year: int, path: Path) -> None:
    """Hold an objective of that year while something is attached to it.

    Raises `NotFound`, and `InputError` OTHER_YEAR or ARCHIVED.
    """
    await transaction.lock(LOCK, shared=True)
    found = await _objective(transaction, objective_id)
    if found is None:
        raise _unknown(path)
    if found["fiscal_year"] != fiscal_year:
        message = f"{found['name']} is an objective of {found['fiscal_year']}, not of {fiscal_year}"
        raise InputError("OTHER_YEAR", message, path)
    if found["archived"]:
        raise InputError("ARCHIVED", f"{found['name']} is archived; restore it first", path)


async def _objective(transaction: Transaction, objective_id: int) -> Record | None:
    return await transaction.fetch_one(
        "SELECT id, fiscal_year, level, parent_id, name, description, owner_id, unit_id, archived, version"
        " FROM objective WHERE id = $1",
        objective_id,
    )


async def _held(transaction: Transaction, objective_id: int, expected_version: int | None) -> Record:
    found = await _objective(transaction, objective_id)
    if found is None:
        raise _unknown(("id",))
    if expected_version not in (None, found["version"]):
        raise Conflict(
            "STALE",
            f"this objective was changed meanwhile: it is at version {found['version']}, you read version"
            f" {expected_version}; read it again and repeat the change",
            ("expectedVersion",),
        )
    return found


async def _parent(transaction: Transaction, parent_id: int | None) -> Record | None:
    if parent_id is None:
        return None
    found = await _objective(transaction, parent_id)
    if found is None:
        raise _unknown(("parentId",))
    return found


def _unknown(path: Path) -> NotFound:
    return NotFound("NOT_FOUND", "there is no such objective that you can see", path)


async def _require_named(transaction: Transaction, owner_id: int, unit_id: int | None) -> None:
    if await transaction.fetch_one("SELECT 1 FROM member WHERE id = $1", owner_id) is None:
        raise NotFound("NOT_FOUND", "there is no such member", ("ownerId",))
    if unit_id is not None and await transaction.fetch_one("SELECT 1 FROM org_unit WHERE id = $1", unit_id) is None:
        raise NotFound("NOT_FOUND", "there is no such unit", ("orgUnitId",))


async def _require_room(transaction: Transaction, fiscal_year: int, path: Path) -> None:
    row = await transaction.fetch_one(
        "SELECT count(*) AS count FROM objective WHERE fiscal_year = $1 AND NOT archived", fiscal_year
    )
    if row is not None and row["count"] >= MOST_OBJECTIVES:
        message = f"there are {MOST_OBJECTIVES} objectives of {fiscal_year} already: archive one first"
        raise InputError("TOO_MANY", message, path)


async def _refuse_served(transaction: Transaction, objective: Record) -> None:
    child = await transaction.fetch_one(
        "SELECT name FROM objective WHERE parent_id = $1 AND NOT archived ORDER BY name, id LIMIT 1", objective["id"]
    )
    if child is not None:
        message = f"{child['name']} serves {objective['name']}: archive that first, or let it serve another one"
        raise InputError("IN_USE", message, ("id",))


async def _refuse_archived_parent(transaction: Transaction, objective: Record) -> None:
    parent = await _parent(transaction, objective["parent_id"])
    if parent is not None and parent["archived"]:
        raise InputError("ARCHIVED", f"{parent['name']}, which it serves, is archived; restore that first", ("id",))
