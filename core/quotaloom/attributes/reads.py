"""Attributes, their choices and the values of many objects at once, one statement each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from asyncpg import Record

from quotaloom.attributes.definitions import Subject, may_be_key
from quotaloom.attributes.values import plain
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom_sdk.attributes import Attribute, Attributes, AttributeValue, Choice, Reference

Source = Snapshot | Transaction

_DEFINITION = (
    "SELECT id, subject, key, title, description, kind, refers_to, ordinal, archived, version FROM attribute_definition"
)

_SUBJECTS = tuple(Subject)
"""In the order of the columns that hold references."""


async def definitions(source: Source, on: Subject | None = None) -> list[Record]:
    """The attributes on one kind of object, or on all, in the company's order; archived ones too.

    Columns: `id`, `subject` (what it is on), `key`, `title`, `description`, `kind`, `refers_to`, `ordinal`,
    `archived`, `version`.
    """
    return await source.fetch(
        f"{_DEFINITION} WHERE company_id = $1 AND ($2::text IS NULL OR subject = $2)"
        " ORDER BY array_position($3::text[], subject::text), ordinal, id",
        source.company_id,
        None if on is None else on.value,
        [subject.value for subject in _SUBJECTS],
    )


async def definitions_by_id(source: Source, ids: Sequence[int]) -> list[Record]:
    """The attributes of these ids, in no order; an id that names none is left out."""
    return await source.fetch(
        f"{_DEFINITION} WHERE company_id = $1 AND id = ANY ($2::bigint[])", source.company_id, list(ids)
    )


async def choices_of(source: Source, definition_ids: Sequence[int]) -> list[Record]:
    """The choices of these attributes, each attribute's in order, retired ones too; `definition_id` says whose."""
    return await source.fetch(
        "SELECT id, definition_id, key, label, retired FROM attribute_choice"
        " WHERE company_id = $1 AND definition_id = ANY ($2::bigint[]) ORDER BY definition_id, ordinal, id",
        source.company_id,
        list(definition_ids),
    )


async def values_of(source: Source, on: Subject, ids: Sequence[int], keys: Sequence[str] | None = None) -> list[Record]:
    """The values of these objects, each object's in the company's order; `keys` asks for some attributes only.

    `subject_id` says whose; `key`, `title` and `kind` are of the attribute, and of `text`, `number`, `day`,
    `choice_key` with `choice_label` and `choice_retired`, and `reference_id` with `refers_to`, those of its kind are
    set. Archived attributes are left out.
    """
    return await source.fetch(
        f"SELECT value.{on.value}_id AS subject_id, definition.key, definition.title, definition.kind,"  # noqa: S608
        " value.text, value.number, value.day, choice.key AS choice_key, choice.label AS choice_label,"
        " choice.retired AS choice_retired,"
        " definition.refers_to, COALESCE(value.to_unit_id, value.to_member_id, value.to_customer_id,"
        " value.to_opportunity_id, value.to_lead_id) AS reference_id FROM attribute_value AS value"
        " JOIN attribute_definition AS definition ON definition.company_id = $1 AND definition.id = value.definition_id"
        " LEFT JOIN attribute_choice AS choice ON choice.company_id = $1 AND choice.id = value.choice_id"
        f" WHERE value.company_id = $1 AND value.{on.value}_id = ANY ($2::bigint[]) AND NOT definition.archived"
        " AND ($3::text[] IS NULL OR definition.key = ANY ($3)) ORDER BY definition.ordinal, definition.id",
        source.company_id,
        list(ids),
        None if keys is None else [key for key in keys if may_be_key(key)],
    )


async def attributes_of(
    source: Source, on: Subject, ids: Iterable[int], keys: Sequence[str] | None = None
) -> dict[int, Attributes]:
    """The attributes of these objects as policies are given them, every id with its own, empty where it has none.

    In the company's order, without archived ones; `keys` asks for some attributes only. One statement.
    """
    found: dict[int, list[Attribute]] = {number: [] for number in ids}
    for row in await values_of(source, on, list(found), keys):
        found[row["subject_id"]].append(Attribute(row["key"], value_in(row)))
    return {number: Attributes(tuple(entries)) for number, entries in found.items()}


def value_in(row: Record) -> AttributeValue:
    """The value in a row of `values_of`."""
    if row["choice_key"] is not None:
        return Choice(row["choice_key"], row["choice_label"])
    if row["reference_id"] is not None:
        return Reference(row["refers_to"], str(row["reference_id"]))
    value: AttributeValue = next(row[column] for column in ("text", "number", "day") if row[column] is not None)
    return plain(value) if isinstance(value, Decimal) else value
