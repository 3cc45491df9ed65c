"""What the schema says of the cost of single fields: `@listSize`, how long a list is reckoned to be that has no pages,
and `@cost`, what a field costs besides its answer. Both are those of GraphQL's cost directives specification;
`@costTogether` is ours.

A weight is 1,000 for each millisecond that the field takes in the demo company, on a core that is shared with others.
"""

from __future__ import annotations

from typing import Any, Final

import strawberry
from strawberry.schema_directive import Location
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from strawberry_breadth import BatchField

READING: Final = 1_000
"""What it costs to read something besides: whatever is not read with its owner takes a statement, of a millisecond."""

WHOLE_LIST: Final = 10_000
"""What a page of a list of the whole company costs: it is searched, ordered and counted, however short the page."""

WHOLE_PLAN: Final = 200_000
"""What a mutation costs, besides, that goes through a whole plan, run, cycle or pool."""

LOOKING_UP: Final = 50_000
"""What it costs to look for duplicates of what is to be entered, and to enter or change it where that may be refused or
shown as one: people do so some times a minute, and whoever tries numbers in turn to learn whose they are does nothing
else."""


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    description="How many items a list without pages is reckoned with, in the cost of what asks for it: so many, or as"
    " many as an argument has, which then holds for lists of the answer.",
)
class ListSize:
    """The directive."""

    assumed_size: int | None = strawberry.directive_field(name="assumedSize", default=strawberry.UNSET)
    slicing_arguments: list[str] | None = strawberry.directive_field(name="slicingArguments", default=strawberry.UNSET)
    sized_fields: list[str] | None = strawberry.directive_field(name="sizedFields", default=strawberry.UNSET)


def sized(field: Any, items: int) -> Any:
    """The field, a list that is reckoned with so many items."""
    assert isinstance(field, StrawberryField)
    field.directives = [ListSize(assumed_size=items), *field.directives]
    return field


def sizing(field: Any, *lists: str, by: str) -> Any:
    """The field, which has these lists in its answer, as long as the list that is given `by` an argument."""
    assert isinstance(field, StrawberryField)
    field.directives = [ListSize(slicing_arguments=[by], sized_fields=list(lists)), *field.directives]
    return field


def declared_size(field: StrawberryField) -> ListSize | None:
    """What `sized` or `sizing` said of a field, if anything."""
    return next((one for one in field.directives if isinstance(one, ListSize)), None)


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION, Location.OBJECT],
    name="cost",
    description="What a field, or each object of a type, costs besides the values of its answer, a whole number.",
)
class FieldCost:
    """The directive."""

    weight: str = strawberry.directive_field(name="weight")


def costing(weight: int) -> FieldCost:
    """Says that a field costs so much besides its answer, for each object that it is asked of."""
    return FieldCost(weight=str(weight))


def declared_weight(definition: StrawberryField | StrawberryObjectDefinition) -> int | None:
    """What `costing` said of a field, or `FIGURE` of a type, if anything."""
    return next((int(one.weight) for one in definition.directives or () if isinstance(one, FieldCost)), None)


FIGURE: Final = costing(20)
"""What each object costs that is computed, and not just read: some hundredths of a millisecond."""


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="costTogether",
    description="What a field costs besides the values of its answer, a whole number: once wherever it stands in a"
    " document, since it is worked out for all the objects there together.",
)
class CostTogether:
    """The directive."""

    weight: str = strawberry.directive_field(name="weight")


def together(weight: int) -> CostTogether:
    """Says that a field costs so much besides its answer, once for all the objects that it is asked of."""
    return CostTogether(weight=str(weight))


def weight_together(field: StrawberryField) -> int:
    """What a field costs for all the objects together: as `together` said, or else what it takes to read."""
    declared = next((int(one.weight) for one in field.directives if isinstance(one, CostTogether)), None)
    if declared is not None:
        return declared
    return READING if isinstance(field, BatchField) and declared_weight(field) is None else 0
