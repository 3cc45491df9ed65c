"""How many values stand in the lists of arguments: each is looked at anew wherever its list is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from graphql import ListValueNode, ObjectValueNode, OperationDefinitionNode, ValueNode, VariableNode

LISTED_COST: Final = 10
"""What each value in a list costs wherever the list is used: it is checked and converted, in some microseconds."""


def listed(value: object) -> int:
    """The values within the lists of a variable's value, those of objects in them included; 0 without a list."""
    found = 0
    waiting: list[tuple[object, bool]] = [(value, False)]
    while waiting:
        one, within = waiting.pop()
        if type(one) is list:
            below: Any = one
            inner = True
        elif type(one) is dict:
            below, inner = one.values(), within
        else:
            continue
        found += len(below) if inner else 0
        waiting += [(each, inner) for each in below if type(each) in _HOLDING]
    return found


def listed_by_name(operation: OperationDefinitionNode, given: Mapping[str, Any]) -> dict[str, int]:
    """How many values the lists of an operation's variables hold, by the name of each that holds any."""
    found: dict[str, int] = {}
    for one in operation.variable_definitions or ():
        name = one.variable.name.value
        if name not in given:
            count = 0 if one.default_value is None else listed_in(one.default_value, {})
        else:
            value = given[name]
            count = listed(value) if type(value) in _HOLDING else 0
        if count:
            found[name] = count
    return found


def listed_in(node: ValueNode, of_variables: Mapping[str, int], *, within: bool = False) -> int:
    """The same of a value in the document, with what its variables hold."""
    if isinstance(node, VariableNode):
        return of_variables.get(node.name.value, 0)
    if isinstance(node, ListValueNode):
        return len(node.values) + sum(listed_in(one, of_variables, within=True) for one in node.values)
    if isinstance(node, ObjectValueNode):
        below = sum(listed_in(one.value, of_variables, within=within) for one in node.fields)
        return below + (len(node.fields) if within else 0)
    return 0


_HOLDING: Final = frozenset({list, dict})
