"""Documents that are kept: parsed, validated, and with the plans of their operations."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final

from graphql import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode, VariableNode
from graphql.language import Visitor, visit

from strawberry_breadth.plans import SelectionPlan

MOST_PLANS: Final = 16
"""How many plans one operation may have: one for each combination of what `@skip` and `@include` come to."""

MOST_FIELDS: Final = 50_000
"""How many fields the plans of all kept documents may have together; each takes a good kilobyte."""


class KeptOperation:
    """An operation of a kept document, with its plans."""

    __slots__ = ("_conditions", "_plans", "_room", "executor")

    def __init__(self, conditions: tuple[str, ...], room: PlanRoom) -> None:
        self._conditions = conditions
        self._room = room
        self.executor: Any = None
        """One of the operation that has executed nothing; see `BreadthFirstExecutor.blank`."""
        self._plans: OrderedDict[tuple[Any, ...], SelectionPlan] = OrderedDict()

    def plan(self, variables: Mapping[str, Any], build: Callable[[], SelectionPlan]) -> SelectionPlan:
        """The plan for these variables, of which those in conditions alone make a difference."""
        found = self.found(variables)
        if found is None:
            found = self._plans[self._values(variables)] = build()
            if len(self._plans) > MOST_PLANS:
                self._plans.popitem(last=False)
            self.grown(len(found.fields))
        return found

    def found(self, variables: Mapping[str, Any]) -> SelectionPlan | None:
        """The same, if it is there."""
        return self._plans.get(self._values(variables))

    def _values(self, variables: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple([variables.get(name) for name in self._conditions]) if self._conditions else ()

    def grown(self, fields: int) -> None:
        """A plan has so many fields more, at some place below its root."""
        self._room.take(self, fields)

    def forget(self) -> None:
        """Keep nothing any more; requests under way end with what they have."""
        self._plans.clear()
        self.executor = None


class PlanRoom:
    """Bounds the plans of all kept documents together: once they have too many fields, all begin anew.

    The length of a text says nothing of them: a fragment is planned again at each place where it is spread.
    """

    def __init__(self, most_fields: int = MOST_FIELDS) -> None:
        self._most = most_fields
        self._fields = 0
        self._operations: set[KeptOperation] = set()

    def take(self, operation: KeptOperation, fields: int) -> None:
        """Count fields of a plan of the operation; those of plans that are gone count until all begin anew."""
        self._operations.add(operation)
        self._fields += max(1, fields)
        if self._fields > self._most:
            for one in self._operations:
                one.forget()
            self._operations.clear()
            self._fields = 0


def kept_operation(operation: OperationDefinitionNode) -> KeptOperation | None:
    """What is kept with the operation; None where its document is not kept."""
    found: KeptOperation | None = operation.__dict__.get(_KEPT)
    return found


def keep_operations(document: DocumentNode, room: PlanRoom) -> None:
    """From now on the plans of its operations are kept with the document.

    Not where a fragment has variables of its own: what they come to is part of a plan.
    """
    fragments = [one for one in document.definitions if isinstance(one, FragmentDefinitionNode)]
    if any(fragment.variable_definitions for fragment in fragments):
        return
    finder = _ConditionFinder()
    visit(document, finder)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            definition.__dict__[_KEPT] = KeptOperation(tuple(sorted(finder.names)), room)


_KEPT: Final = "__kept__"


_CONDITIONS: Final = frozenset({"skip", "include", "defer", "stream"})
"""Directives that decide what is asked for; those of a schema's own have no say in that."""


class _ConditionFinder(Visitor):
    """Collects the variables that decide in directives what is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: Any, *_: Any) -> None:
        for argument in node.arguments or ():
            if node.name.value in _CONDITIONS and isinstance(argument.value, VariableNode):
                self.names.add(argument.value.name.value)


class Documents:
    """The documents that were asked for most recently, by their text.

    Bounded by their number and by the length of all texts together, as a stranger may send a new one each time.
    """

    def __init__(self, most: int, most_characters: int) -> None:
        self._most = most
        self._most_characters = most_characters
        self._characters = 0
        self._by_text: OrderedDict[str, DocumentNode] = OrderedDict()
        self._room = PlanRoom()

    def __len__(self) -> int:
        return len(self._by_text)

    def get(self, text: str) -> DocumentNode | None:
        """The valid document of this text, if it is kept."""
        found = self._by_text.get(text)
        if found is not None:
            self._by_text.move_to_end(text)
        return found

    def keep(self, text: str, document: DocumentNode) -> None:
        """Keep a valid document; those that were not asked for the longest make room."""
        if text in self._by_text or len(text) > self._most_characters:
            return
        keep_operations(document, self._room)
        self._by_text[text] = document
        self._characters += len(text)
        while len(self._by_text) > self._most or self._characters > self._most_characters:
            dropped, gone = self._by_text.popitem(last=False)
            self._characters -= len(dropped)
            for definition in gone.definitions:
                if isinstance(definition, OperationDefinitionNode) and (operation := kept_operation(definition)):
                    operation.forget()
