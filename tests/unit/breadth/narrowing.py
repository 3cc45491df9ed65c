"""The smallest document that still fails, to be read by whoever mends the fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphql import REMOVE, DocumentNode, SelectionNode, SelectionSetNode, Visitor, parse, print_ast, visit


def smallest(text: str, fails: Callable[[str], bool]) -> str:
    """The document without every selection that its failing does not need."""
    number = 0
    while True:
        shorter = _without(parse(text), number)
        if shorter is None:
            return text
        if fails(shorter):
            text = shorter
        else:
            number += 1


class _Without(Visitor):
    """Leaves out one selection, by its number among those that have siblings."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def enter(self, node: Any, _key: Any, _parent: Any, _path: Any, ancestors: list[Any]) -> Any:
        if isinstance(node, SelectionNode):
            siblings = next(one for one in reversed(ancestors) if isinstance(one, SelectionSetNode))
            if len(siblings.selections) > 1:
                self.number -= 1
                if self.number == -1:
                    return REMOVE
        return None


def _without(document: DocumentNode, number: int) -> str | None:
    visitor = _Without(number)
    shorter = visit(document, visitor)
    return print_ast(shorter) if visitor.number < 0 else None
