"""What a company notes of its own about units, members, customers, deals and leads."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from quotaloom.attributes.definitions import Subject
from quotaloom.attributes.reads import definitions
from quotaloom_graphql.attribute_loaders import load_choices, load_definitions, load_objects
from quotaloom_graphql.context import Info
from quotaloom_graphql.decimals import shortest
from quotaloom_graphql.field_costs import READING
from quotaloom_graphql.nodes import Node, NodeLoader, global_id
from quotaloom_graphql.rights import load_attribute_rights
from quotaloom_graphql.roots import root_field
from quotaloom_sdk import AttributeKind
from strawberry_breadth import batch, column


@strawberry.type(description="What you may do with an attribute; the server checks again.")
class ViewerCanOnAttribute:
    """Rights of the viewer on an attribute."""

    edit: bool = strawberry.field(description="Change it, archive it and restore it.")


@strawberry.type(description="One of the choices of an attribute.")
class AttributeChoice:
    """A choice as it is defined."""

    key: str = strawberry.field(description="Its name for machines, unique in the attribute.")
    label: str = strawberry.field(description="Its name for people.")
    retired: bool = strawberry.field(description="It stays where it was chosen, and may not be chosen anew.")


@strawberry.type(description="An attribute that the company defined: what may be noted on objects of one type.")
class AttributeDefinition(Node):
    """An attribute."""

    id: strawberry.ID = global_id("AttributeDefinition")
    key: str = strawberry.field(description="Its name for machines, unique among the attributes on that type.")
    on: Subject = column(Subject, of="subject", description="What it is on.")
    title: str = strawberry.field(description="Its name for people.")
    description: str = strawberry.field(description="What to note in it; may be empty.")
    kind: AttributeKind = strawberry.field(description="What its values are.")
    refers_to: Subject | None = strawberry.field(description="What a reference names; null for other kinds.")
    choices: list[AttributeChoice] = batch(
        load_choices, key="id", by="definition_id", description="Its choices, in order; empty for other kinds."
    )
    ordinal: int = strawberry.field(description="Its place among the attributes on that type.")
    archived: bool = strawberry.field(
        description="Whether it is put away: its values stay, and are shown and given to policies no more."
    )
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    viewer_can: ViewerCanOnAttribute = batch(load_attribute_rights, key="id", description="What you may do with it.")


@strawberry.type(
    description="What an object has for an attribute: `kind` says which of `text`, `number`, `day`, `choice` and"
    " `reference` to read; the others are null."
)
class AttributeValue:
    """A value."""

    key: str = strawberry.field(description="The key of the attribute.")
    title: str = strawberry.field(description="The attribute's name for people.")
    kind: AttributeKind = strawberry.field(description="What the value is.")
    text: str | None = strawberry.field(description="A text.")
    number: Decimal | None = column(shortest, of="number", description="A number, exact, without zeros at the end.")
    day: date | None = strawberry.field(description="A date.")
    choice: AttributeChoice | None = strawberry.field(description="One of the attribute's choices.")
    reference: Node | None = batch(
        load_objects,
        description="The unit, member, customer, deal or lead that a reference names; null where you may not see it.",
    )


async def resolve_definitions(
    info: Info,
    on: Annotated[
        Subject | None, strawberry.argument(description="Only attributes on objects of this type; all if not given.")
    ] = None,
    include_archived: Annotated[bool, strawberry.argument(description="Those that are archived, too.")] = False,
) -> list[Any]:
    """The attributes that the company defined, in its order."""
    await info.context.work()
    rows = await definitions(info.context.snapshot, on)
    return [row for row in rows if include_archived or not row["archived"]]


NODE_LOADERS: dict[str, NodeLoader] = {"AttributeDefinition": load_definitions}
"""How `node(id:)` finds what these types name."""


@strawberry.type
class AttributeQuery:
    """Root fields of attributes."""

    attribute_definitions: list[AttributeDefinition] = root_field(
        resolve_definitions,
        weight=READING,
        description="What the company notes of its own, and of which type; for everybody.",
    )
