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


class KeptOperation:
    """An operation of a kept document, with its plans."""

    __slots__ = ("_conditions", "_plans")

    def __init__(self, conditions: tuple[str, ...]) -> None:
        self._conditions = conditions
        self._plans: OrderedDict[tuple[Any, ...], SelectionPlan] = OrderedDict()

    def plan(self, variables: Mapping[str, Any], build: Callable[[], SelectionPlan]) -> SelectionPlan:
        """The plan for these variables, of which those in conditions alone make a difference."""
        values = tuple(variables.get(name) for name in self._conditions)
        found = self._plans.get(values)
        if found is None:
            found = self._plans[values] = build()
            if len(self._plans) > MOST_PLANS:
                self._plans.popitem(last=False)
        return found


def kept_operation(operation: OperationDefinitionNode) -> KeptOperation | None:
    """What is kept with the operation; None where its document is not kept."""
    found: KeptOperation | None = operation.__dict__.get(_KEPT)
    return found


def keep_operations(document: DocumentNode) -> None:
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
            definition.__dict__[_KEPT] = KeptOperation(tuple(sorted(finder.names)))


_KEPT: Final = "__kept__"


class _ConditionFinder(Visitor):
    """Collects the variables that decide in directives what is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: Any, *_: Any) -> None:
        for argument in node.arguments or ():
            if isinstance(argument.value, VariableNode):
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
        keep_operations(document)
        self._by_text[text] = document
        self._characters += len(text)
        while len(self._by_text) > self._most or self._characters > self._most_characters:
            dropped, _ = self._by_text.popitem(last=False)
            self._characters -= len(dropped)
