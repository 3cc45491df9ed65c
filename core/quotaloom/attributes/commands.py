"""Defining attributes, archiving them, and setting the values of an object."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final

from asyncpg import Record

from quotaloom.attributes import storing
from quotaloom.attributes.definitions import MOST_DEFINITIONS, OBJECT_TYPES, NewAttribute, Subject, check_attribute
from quotaloom.attributes.reads import definitions_by_id, value_in, values_of
from quotaloom.attributes.values import NewValue, as_json, read_values
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import Conflict, InputError, NotFound
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom_sdk.attributes import Reference

Guard = Callable[[Transaction], Awaitable[object]]
"""Raises `NotFound` or `AccessDenied` where the object is not the viewer's to change, and holds it where it is."""

LOCK: Final = "attributes"
"""Definitions change alone; values are set by many at once while they stand."""


async def define_attribute(work: Work, attribute: NewAttribute, expected_version: int | None = None) -> int:
    """Define the attribute, or make the one of that key on those objects what is given; returns its id.

    One that is archived stays so. `expected_version` is that which the caller read, 0 where there was none. Raises
    what `check_attribute` raises; `InputError` TOO_MANY for one more than a company may have, ATTRIBUTE_IN_USE for
    another kind, or something else to refer to, while there are values, CHOICE_IN_USE for leaving out a choice that
    was chosen; `Conflict` STALE.
    """
    work.viewer.require(Scope.SETTINGS, "defining an attribute")
    check_attribute(attribute)

    async def apply(transaction: Transaction) -> int:
        await transaction.lock(LOCK)
        before = await storing.definition(transaction, attribute.on, attribute.key)
        _refuse_stale(0 if before is None else before["version"], expected_version)
        if before is None:
            await _require_room(transaction, attribute.on, ("on",))
            stored_id = await storing.insert_definition(transaction, attribute)
        elif not await storing.update_definition(transaction, before, attribute):
            return int(before["id"])
        else:
            stored_id = before["id"]
        after = await storing.definition(transaction, attribute.on, attribute.key)
        transaction.record("attribute.define", "AttributeDefinition", stored_id, before=before, after=after)
        transaction.publish("attribute.defined", id=stored_id, on=attribute.on.value, key=attribute.key)
        return stored_id

    return await work.write(apply)


async def archive_attribute(
    work: Work, definition_id: int, *, archived: bool = True, expected_version: int | None = None
) -> None:
    """Archive an attribute, or restore it; its values stay, and are shown and given to policies while it is not.

    Raises `NotFound` UNKNOWN_ATTRIBUTE, `Conflict` STALE, `InputError` TOO_MANY for restoring one too many.
    """
    work.viewer.require(Scope.SETTINGS, "archiving an attribute")

    async def apply(transaction: Transaction) -> None:
        await transaction.lock(LOCK)
        before = await _definition(transaction, definition_id)
        _refuse_stale(before["version"], expected_version)
        if before["archived"] == archived:
            return
        if not archived:
            await _require_room(transaction, Subject(before["subject"]), ("id",))
        await transaction.execute(
            "UPDATE attribute_definition SET archived = $3, version = version + 1 WHERE company_id = $1 AND id = $2",
            transaction.company_id,
            definition_id,
            archived,
        )
        action = "archive" if archived else "restore"
        transaction.record(
            f"attribute.{action}",
            "AttributeDefinition",
            definition_id,
            before={"archived": not archived},
            after={"archived": archived},
        )
        transaction.publish(f"attribute.{action}d", id=definition_id, on=before["subject"], key=before["key"])

    await work.write(apply)


async def set_attributes(
    work: Work, on: Subject, id: int, values: Sequence[NewValue], guard: Guard, known: Collection[Reference] = ()
) -> None:
    """Set values of one object: all of them or, where one is wrong, none.

    Attributes that are not named stay. `guard` says whether the object is the viewer's to change,
    `known` which of the references among the values name something that he may see. Raises what they and
    `read_values` raise, and `InputError` NOTHING_TO_CHANGE or TOO_MANY at `("values",)`.
    """
    if not values:
        raise InputError("NOTHING_TO_CHANGE", "name at least one attribute", ("values",))
    if len(values) > MOST_DEFINITIONS:
        raise InputError("TOO_MANY", f"an object has at most {MOST_DEFINITIONS} attributes", ("values",))

    async def apply(transaction: Transaction) -> None:
        await transaction.lock(LOCK, shared=True)
        await transaction.lock(f"{LOCK} of {on} {id}")
        await guard(transaction)
        attributes = await storing.attributes(transaction, on, {new.key for new in values})
        before = {row["key"]: value_in(row) for row in await values_of(transaction, on, [id], list(attributes))}
        after = read_values(attributes, values, before, known)
        changed = [key for key in after if after[key] != before.get(key)]
        if not changed:
            return
        await storing.store_values(transaction, on, id, [(attributes[key], after[key]) for key in changed])
        told = [{key: as_json(state.get(key)) for key in changed} for state in (before, after)]
        transaction.record("attributes.set", OBJECT_TYPES[on], id, before=told[0], after=told[1])
        transaction.publish("attributes.set", on=on.value, id=id, keys=changed)

    await work.write(apply)


async def _definition(transaction: Transaction, definition_id: int) -> Record:
    found = await definitions_by_id(transaction, [definition_id]) if 0 < definition_id < 2**63 else []
    if not found:
        raise NotFound("UNKNOWN_ATTRIBUTE", "there is no such attribute", ("id",))
    return found[0]


async def _require_room(transaction: Transaction, on: Subject, path: tuple[str]) -> None:
    row = await transaction.fetch_one(
        "SELECT count(*) AS count FROM attribute_definition WHERE company_id = $1 AND subject = $2 AND NOT archived",
        transaction.company_id,
        on.value,
    )
    if row is not None and row["count"] >= MOST_DEFINITIONS:
        message = f"there are {MOST_DEFINITIONS} attributes on this kind of object already: archive one first"
        raise InputError("TOO_MANY", message, path)


def _refuse_stale(version: int, expected_version: int | None) -> None:
    if expected_version not in (None, version):
        raise Conflict(
            "STALE",
            f"this attribute was changed meanwhile: it is at version {version}, you read version {expected_version};"
            " read it again and repeat the change",
            ("expectedVersion",),
        )
