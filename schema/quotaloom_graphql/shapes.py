"""How large a document is, before anything else is done with it: depth, breadth, fields, aliases, directives.

Everything is counted as the executor meets it: what a fragment holds counts wherever it is spread. Yet each selection
of the document is looked at once, however often its fragment is spread, so that no document takes longer than its
length says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
)


@dataclass(slots=True)
class Shape:
    """What a selection comes to. `width` are the fields at its own level, `breadth` the most at any one level.

    `nesting` are the selections within each other, itself, inline fragments and fragments that are spread included.
    """

    depth: int = 0
    nesting: int = 0
    width: int = 0
    breadth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0

    def add(self, other: Shape) -> None:
        """Take in a selection of the same level: what a fragment holds."""
        self.depth = max(self.depth, other.depth)
        self.width += other.width
        self._add_counts(other)

    def add_below(self, other: Shape) -> None:
        """Take in the selection of a field."""
        self.depth = max(self.depth, other.depth + 1)
        self._add_counts(other)

    def _add_counts(self, other: Shape) -> None:
        self.breadth = max(self.breadth, other.breadth)
        self.fields += other.fields
        self.aliases += other.aliases
        self.directives += other.directives


_NOTHING = Shape()


class Shapes:
    """The shapes of a document's operations and fragments; `visited` counts the selections that were looked at.

    Raises `GraphQLError` (`FRAGMENT_CYCLE`) for a fragment that spreads itself. A fragment that is not there has no
    fields; validation tells of it.
    """

    def __init__(self, document: DocumentNode) -> None:
        self.visited = 0
        self.fragments = {
            one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
        }
        self.in_order = _in_order(self.fragments)
        self._shapes: dict[str, Shape] = {}
        for name in self.in_order:
            self._shapes[name] = self._of(self.fragments[name].selection_set)
        self.whole = Shape()
        for operation in document.definitions:
            if isinstance(operation, OperationDefinitionNode):
                self.whole.directives += len(operation.directives or ())
                shape = self._of(operation.selection_set)
                self.whole.add(shape)
                self.whole.nesting = max(self.whole.nesting, shape.nesting)
        for shape in self._shapes.values():  # those that nobody spreads are validated, too
            self.whole.depth = max(self.whole.depth, shape.depth)
            self.whole.breadth = max(self.whole.breadth, shape.breadth)
            self.whole.nesting = max(self.whole.nesting, shape.nesting)

    def _of(self, selections: SelectionSetNode) -> Shape:
        shape = Shape()
        for one in selections.selections:
            self.visited += 1
            shape.directives += len(one.directives or ())
            if isinstance(one, FieldNode):
                shape.width += 1
                shape.fields += 1
                shape.aliases += one.alias is not None
                below = _NOTHING if one.selection_set is None else self._of(one.selection_set)
                shape.add_below(below)
            elif isinstance(one, FragmentSpreadNode):
                below = self._shapes.get(one.name.value, _NOTHING)
                shape.add(below)
            else:
                below = self._of(one.selection_set)  # type: ignore[attr-defined]  # an inline fragment
                shape.add(below)
            shape.nesting = max(shape.nesting, below.nesting)
        shape.nesting += 1
        shape.breadth = max(shape.breadth, shape.width)
        return shape


def _in_order(fragments: Mapping[str, FragmentDefinitionNode]) -> list[str]:
    """The fragments, each after those that it spreads."""
    spreads = {name: _spreads(fragment.selection_set) & fragments.keys() for name, fragment in fragments.items()}
    try:
        return list(TopologicalSorter(spreads).static_order())
    except CycleError as error:
        cycle: list[str] = error.args[1]
        raise GraphQLError(
            f"the fragment {cycle[0]!r} spreads itself, by way of {len(cycle) - 1} fragments; take one of them out",
            fragments[cycle[0]],
            extensions={"code": "FRAGMENT_CYCLE"},
        ) from None


def _spreads(selections: SelectionSetNode) -> set[str]:
    found: set[str] = set()
    waiting = [selections]
    while waiting:
        for one in waiting.pop().selections:
            if isinstance(one, FragmentSpreadNode):
                found.add(one.name.value)
            elif one.selection_set is not None:  # type: ignore[attr-defined]  # a field or an inline fragment
                waiting.append(one.selection_set)  # type: ignore[attr-defined]
    return found
