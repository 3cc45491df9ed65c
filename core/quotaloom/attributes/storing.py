"""Attributes and values as the writes read and store them, in their transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from quotaloom.attributes.definitions import LARGEST_ORDINAL, NewAttribute, NewChoice, Subject
from quotaloom.attributes.reads import choices_of, definitions
from quotaloom.attributes.values import StoredAttribute, StoredChoice
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction
from quotaloom_sdk.attributes import AttributeKind, AttributeValue, Choice, Reference

_COLUMNS = {
    "text": "text",
    "number": "numeric",
    "day": "date",
    "choice_id": "bigint",
    **{f"to_{subject.value}_id": "bigint" for subject in Subject},
}
"""The columns of a value, with their types."""


async def definition(transaction: Transaction, on: Subject, key: str) -> dict[str, Any] | None:
    """The attribute of that key with all that it has, `choices` in their order; None where there is none."""
    row = await transaction.fetch_one(
        "SELECT id, subject, key, title, description, kind, refers_to, ordinal, archived, version"
        " FROM attribute_definition WHERE company_id = $1 AND subject = $2 AND key = $3",
        transaction.company_id,
        on.value,
        key,
    )
    if row is None:
        return None
    choices = await choices_of(transaction, [row["id"]])
    return {**row, "choices": [{name: choice[name] for name in ("key", "label", "retired")} for choice in choices]}


async def attributes(transaction: Transaction, on: Subject, keys: Collection[str]) -> dict[str, StoredAttribute]:
    """Those of the attributes that there are, by key; two statements."""
    rows = [row for row in await definitions(transaction, on) if row["key"] in keys]
    choices: dict[int, dict[str, StoredChoice]] = {row["id"]: {} for row in rows}
    for choice in await choices_of(transaction, list(choices)):
        stored = StoredChoice(choice["id"], choice["label"], choice["retired"])
        choices[choice["definition_id"]][choice["key"]] = stored
    return {
        row["key"]: StoredAttribute(
            row["id"],
            row["key"],
            AttributeKind(row["kind"]),
            None if row["refers_to"] is None else Subject(row["refers_to"]),
            row["archived"],
            choices[row["id"]],
        )
        for row in rows
    }


async def insert_definition(transaction: Transaction, attribute: NewAttribute) -> int:
    """Insert a checked attribute with its choices; returns its id."""
    row = await transaction.fetch_one(
        "WITH following AS (SELECT COALESCE(max(ordinal) + 1, 0) AS ordinal FROM attribute_definition"
        " WHERE company_id = $1 AND subject = $2) INSERT INTO attribute_definition (company_id, subject, key, title,"
        " description, kind, refers_to, ordinal, archived, version) SELECT $1, $2, $3, $4, $5, $6, $7,"
        " COALESCE($8, LEAST($9, ordinal)), false, 1 FROM following RETURNING id",
        transaction.company_id,
        attribute.on.value,
        attribute.key,
        *_facts(attribute),
        attribute.ordinal,
        LARGEST_ORDINAL,
    )
    assert row is not None
    await _store_choices(transaction, row["id"], attribute.choices)
    return int(row["id"])


async def update_definition(transaction: Transaction, before: Mapping[str, Any], attribute: NewAttribute) -> bool:
    """Make a stored attribute what is given; whether that changed anything.

    Raises `InputError` ATTRIBUTE_IN_USE or CHOICE_IN_USE.
    """
    ordinal = before["ordinal"] if attribute.ordinal is None else attribute.ordinal
    facts = (*_facts(attribute, before["description"]), ordinal)
    choices = [{"key": one.key, "label": one.label.strip(), "retired": one.retired} for one in attribute.choices]
    names = ("title", "description", "kind", "refers_to", "ordinal", "choices")
    if tuple(before[name] for name in names) == (*facts, choices):
        return False
    await _refuse_other_type(transaction, before, attribute)
    await _drop_choices(transaction, before["id"], [choice.key for choice in attribute.choices])
    await transaction.execute(
        "UPDATE attribute_definition SET title = $3, description = $4, kind = $5, refers_to = $6, ordinal = $7,"
        " version = version + 1 WHERE company_id = $1 AND id = $2",
        transaction.company_id,
        before["id"],
        *facts,
    )
    await _store_choices(transaction, before["id"], attribute.choices)
    return True


def _facts(attribute: NewAttribute, description: str = "") -> tuple[str, str, str, str | None]:
    """Title, description (that one, where none is given), kind, and what it refers to."""
    if attribute.description is not None:
        description = attribute.description.strip()
    refers_to = None if attribute.refers_to is None else attribute.refers_to.value
    return attribute.title.strip(), description, attribute.kind.value, refers_to


async def _refuse_other_type(transaction: Transaction, before: Mapping[str, Any], attribute: NewAttribute) -> None:
    if before["kind"] != attribute.kind:
        place = "kind"
    elif before["refers_to"] != attribute.refers_to:
        place = "refersTo"
    else:
        return
    used = await transaction.fetch_one(
        "SELECT FROM attribute_value WHERE company_id = $1 AND definition_id = $2 LIMIT 1",
        transaction.company_id,
        before["id"],
    )
    if used is not None:
        is_now = f"is a {before['kind']}" if place == "kind" else f"names one {before['refers_to']}"
        message = f"this attribute {is_now} and has values: archive it and define another one"
        raise InputError("ATTRIBUTE_IN_USE", message, (place,))


async def _drop_choices(transaction: Transaction, definition_id: int, kept: Collection[str]) -> None:
    used = await transaction.fetch(
        "SELECT key FROM attribute_choice AS choice WHERE company_id = $1 AND definition_id = $2"
        " AND key <> ALL ($3::text[]) AND EXISTS (SELECT FROM attribute_value AS value WHERE value.company_id = $1"
        " AND value.definition_id = $2 AND value.choice_id = choice.id) ORDER BY ordinal",
        transaction.company_id,
        definition_id,
        list(kept),
    )
    if used:
        named = ", ".join(row["key"] for row in used[:5]) + (" …" if len(used) > 5 else "")
        raise InputError("CHOICE_IN_USE", f"{named} was chosen somewhere: retire it instead", ("choices",))
    await transaction.execute(
        "DELETE FROM attribute_choice WHERE company_id = $1 AND definition_id = $2 AND key <> ALL ($3::text[])",
        transaction.company_id,
        definition_id,
        list(kept),
    )


async def _store_choices(transaction: Transaction, definition_id: int, choices: Sequence[NewChoice]) -> None:
    await transaction.execute(
        "INSERT INTO attribute_choice (company_id, definition_id, key, label, retired, ordinal)"
        " SELECT $1, $2, key, label, retired, ordinal FROM unnest($3::text[], $4::text[], $5::boolean[])"
        " WITH ORDINALITY AS given (key, label, retired, ordinal) ON CONFLICT (definition_id, key, company_id)"
        " DO UPDATE SET label = excluded.label, retired = excluded.retired, ordinal = excluded.ordinal",
        transaction.company_id,
        definition_id,
        [choice.key for choice in choices],
        [choice.label.strip() for choice in choices],
        [choice.retired for choice in choices],
    )


async def store_values(
    transaction: Transaction, on: Subject, id: int, values: Sequence[tuple[StoredAttribute, AttributeValue | None]]
) -> None:
    """Store the values of one object, of attributes named once each; None clears."""
    await transaction.execute(
        f"DELETE FROM attribute_value WHERE company_id = $1 AND {on.value}_id = $2"  # noqa: S608 (constants)
        " AND definition_id = ANY ($3::bigint[])",
        transaction.company_id,
        id,
        [attribute.id for attribute, _ in values],
    )
    rows = [(attribute.id, *_row(attribute, value)) for attribute, value in values if value is not None]
    if not rows:
        return
    arrays = ", ".join(f"${number}::{type}[]" for number, type in enumerate(("bigint", *_COLUMNS.values()), 3))
    await transaction.execute(
        f"INSERT INTO attribute_value (company_id, {on.value}_id, definition_id, {', '.join(_COLUMNS)})"  # noqa: S608
        f" SELECT $1, $2, given.* FROM unnest({arrays}) AS given",
        transaction.company_id,
        id,
        *zip(*rows, strict=True),
    )


def _row(attribute: StoredAttribute, value: AttributeValue) -> list[Any]:
    match value:
        case str():
            stored: tuple[str, Any] = ("text", value)
        case Decimal():
            stored = ("number", value)
        case date():
            stored = ("day", value)
        case Choice():
            stored = ("choice_id", attribute.choices[value.key].id)
        case Reference():
            stored = (f"to_{value.to}_id", int(value.id))
    return [stored[1] if column == stored[0] else None for column in _COLUMNS]
