"""What the schema says of the cost of single fields: `@listSize`, how long a list is reckoned to be that has no pages,
and `@cost`, what a field costs besides its answer. Both are those of GraphQL's cost directives specification.
"""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry.schema_directive import Location
from strawberry.types.field import StrawberryField


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    description="How many items a list without pages is reckoned with, in the cost of what asks for it.",
)
class ListSize:
    """The directive."""

    assumed_size: int = strawberry.directive_field(name="assumedSize")


def sized(field: Any, items: int) -> Any:
    """The field, a list that is reckoned with so many items."""
    assert isinstance(field, StrawberryField)
    field.directives = [*field.directives, ListSize(assumed_size=items)]
    return field


def declared_size(field: StrawberryField) -> int | None:
    """What `sized` said of a field, if anything."""
    return next((one.assumed_size for one in field.directives if isinstance(one, ListSize)), None)


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="cost",
    description="What a field costs besides the values of its answer, a whole number.",
)
class FieldCost:
    """The directive."""

    weight: str = strawberry.directive_field(name="weight")


def weighing(field: Any, weight: int) -> Any:
    """The field, which costs so much besides its answer."""
    assert isinstance(field, StrawberryField)
    field.directives = [*field.directives, FieldCost(weight=str(weight))]
    return field


def declared_weight(field: StrawberryField) -> int:
    """What `weighing` said of a field; 0 where it said nothing."""
    return next((int(one.weight) for one in field.directives if isinstance(one, FieldCost)), 0)
