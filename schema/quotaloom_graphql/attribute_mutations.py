"""Mutations of attributes: what there is to note, and what is noted."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import strawberry

from quotaloom.attributes.commands import archive_attribute, define_attribute
from quotaloom.attributes.definitions import NewAttribute, NewChoice, Subject
from quotaloom.attributes.values import FIELDS, ChoiceKey, Given, NewValue
from quotaloom.leads.attributes import set_attributes_of
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.refusals import raise_all
from quotaloom.platform.work import Work
from quotaloom_graphql.attribute_loaders import OBJECTS, load_definitions, load_objects
from quotaloom_graphql.attributes import AttributeDefinition
from quotaloom_graphql.context import Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import Node, decode_id, split_id
from quotaloom_sdk import AttributeKind, Reference
from strawberry_breadth import batch

EXPECTED = "The version you saw; refused where it has changed meanwhile."


@strawberry.input(description="A choice of an attribute.")
class AttributeChoiceInput:
    """A choice."""

    key: str = strawberry.field(description="Its name for machines: lower-case letters, digits and _.")
    label: str = strawberry.field(description="Its name for people.")
    retired: bool = strawberry.field(
        default=False, description="It stays where it was chosen, and may not be chosen anew."
    )


@strawberry.input(description="An attribute, new or changed: `on` and `key` name it, the rest is what it shall be.")
class DefineAttributeInput:
    """An attribute."""

    on: Subject = strawberry.field(description="What it is on.")
    key: str = strawberry.field(description="Its name for machines: lower-case letters, digits and _.")
    title: str = strawberry.field(description="Its name for people.")
    kind: AttributeKind = strawberry.field(
        description="What its values are. Once there are any, the kind stays as it is."
    )
    description: str | None = strawberry.field(
        default=None, description="What to note in it; as before, or empty, if not given."
    )
    choices: list[AttributeChoiceInput] = strawberry.field(
        default_factory=list,
        description="For a choice: all of its choices, in order. What was chosen somewhere is retired, not left out.",
    )
    refers_to: Subject | None = strawberry.field(default=None, description="For a reference: what it names.")
    ordinal: int | None = strawberry.field(
        default=None, description="Its place among the attributes on that type; as before, or last, if not given."
    )
    expected_version: int | None = strawberry.field(
        default=None, description=f"{EXPECTED} 0 says that there was none with this key."
    )


@strawberry.input(description="An attribute to archive, or to restore.")
class ArchiveAttributeInput:
    """An archiving."""

    id: strawberry.ID = strawberry.field(description="The attribute.")
    archived: bool = strawberry.field(default=True, description="False restores it, with the values it had.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.type(description="The attribute that was defined or changed.")
class AttributeDefinitionPayload:
    """An attribute, or what was wrong."""

    attribute_definition: AttributeDefinition | None = batch(
        load_definitions, key="attribute_id", by="id", one=True, description="The attribute."
    )
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


@strawberry.input(
    description="A value: give the field of the attribute's kind, and leave out the others. Null in it clears the"
    " attribute."
)
class AttributeValueInput:
    """A value."""

    key: str = strawberry.field(description="The key of the attribute.")
    text: str | None = strawberry.field(default=strawberry.UNSET, description="A text, up to 2000 characters.")
    number: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="A number: up to 18 digits before the point, and 8 after it."
    )
    day: date | None = strawberry.field(default=strawberry.UNSET, description="A date.")
    choice: str | None = strawberry.field(default=strawberry.UNSET, description="The key of a choice.")
    reference: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The id of a unit, member, customer, deal or lead that you can see."
    )


@strawberry.input(description="What to note on one object; attributes that are not named stay as they are.")
class SetAttributesInput:
    """Values of one object."""

    id: strawberry.ID = strawberry.field(description="A unit, member, customer, deal or lead.")
    values: list[AttributeValueInput] = strawberry.field(description="The values, each attribute once.")


@strawberry.type(description="The object whose attributes were set.")
class SetAttributesPayload:
    """An object, or what was wrong."""

    node: Node | None = batch(
        load_objects, description="The object, with its `attributes`; null where you may not see it."
    )
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _define_attribute(work: Work, input: DefineAttributeInput, _: Services) -> dict[str, Any]:
    attribute = NewAttribute(
        on=input.on,
        key=input.key,
        title=input.title,
        kind=input.kind,
        description=input.description,
        choices=[NewChoice(choice.key, choice.label, choice.retired) for choice in input.choices],
        refers_to=input.refers_to,
        ordinal=input.ordinal,
    )
    return {"attribute_id": await define_attribute(work, attribute, input.expected_version)}


async def _archive_attribute(work: Work, input: ArchiveAttributeInput, _: Services) -> dict[str, Any]:
    attribute_id = decode_id(input.id, "AttributeDefinition", ("id",))
    await archive_attribute(work, attribute_id, archived=input.archived, expected_version=input.expected_version)
    return {"attribute_id": attribute_id}


async def _set_attributes(work: Work, input: SetAttributesInput, _: Services) -> dict[str, Any]:
    try:
        subject, object_id = _object(input.id)
    except NotFound as error:
        raise error.at("id") from None
    await set_attributes_of(work, subject, object_id, _values(input.values))
    return {"refers_to": subject.value, "reference_id": object_id}


def _object(global_id: str) -> tuple[Subject, int]:
    """What a global id names, if it is a type that has attributes; raises `NotFound`."""
    type_name, number = split_id(global_id)
    for subject, (known, _) in OBJECTS.items():
        if type_name == known:
            return subject, number
    raise NotFound("NOT_FOUND", f"{global_id[:60]!r} names nothing that you can see and that has attributes")


def _values(given: list[AttributeValueInput]) -> list[NewValue]:
    found: list[NewValue] = []
    problems: list[InputError] = []
    for number, value in enumerate(given):
        try:
            found.append(NewValue(value.key, _value(value)))
        except InputError as error:
            problems.append(error.at("values", number))
    raise_all(problems)
    return found


def _value(given: AttributeValueInput) -> Given | None:
    """The one value that is given, or None where nothing but null is."""
    fields = {field: getattr(given, field) for field in FIELDS.values()}
    named = {field: value for field, value in fields.items() if value is not strawberry.UNSET}
    values = {field: value for field, value in named.items() if value is not None}
    if not named:
        message = f"give a value for {given.key[:80]!r} in the field of its kind; null in it clears the attribute"
        raise InputError("VALUE_MISSING", message, ("key",))
    if len(values) > 1:
        message = f"an attribute has one value: give one of {', '.join(values)}"
        raise InputError("GIVEN_TWICE", message, (list(values)[1],))
    for field, value in values.items():
        return _typed(field, value)
    return None


def _typed(field: str, value: Any) -> Given:
    if field == FIELDS[AttributeKind.CHOICE]:
        return ChoiceKey(value)
    if field == FIELDS[AttributeKind.REFERENCE]:
        try:
            subject, number = _object(value)
        except NotFound as error:
            raise error.at(field) from None
        return Reference(subject.value, str(number))
    found: Given = value
    return found


@strawberry.type
class AttributeMutation:
    """Mutations of attributes."""

    define_attribute: AttributeDefinitionPayload = mutation(
        _define_attribute,
        description="Define what may be noted on units, members, customers, deals or leads, or change it.",
    )
    archive_attribute: AttributeDefinitionPayload = mutation(
        _archive_attribute, description="Put an attribute away, or restore it; its values stay."
    )
    set_attributes: SetAttributesPayload = mutation(
        _set_attributes,
        description="Note values on a unit, member, customer, deal or lead: all of them or, where one is wrong, none.",
    )
