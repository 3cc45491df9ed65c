"""The operations ask with every argument that the schema has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from graphql import ArgumentNode, GraphQLObjectType, TypeInfo, TypeInfoVisitor, Visitor, parse, visit

from tests.integration.graph.asking import SCHEMA
from tests.integration.walls.more_operations import mutation_operations, subscription_operations
from tests.integration.walls.operations import read_operations

SHAPE = SCHEMA._schema


class Asked(Visitor):
    """Notes the arguments that it comes by: type, field, argument."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self.found: set[tuple[str, str, str]] = set()
        self._info = info

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        """Note where an argument stands."""
        owner, field = self._info.get_parent_type(), self._info.get_field_def()
        assert isinstance(owner, GraphQLObjectType)
        (name,) = (name for name, one in owner.fields.items() if one is field)
        self.found.add((owner.name, name, node.name.value))


def asked_by(texts: Iterable[str]) -> set[tuple[str, str, str]]:
    """The arguments that these operations ask with."""
    info = TypeInfo(SHAPE)
    asked = Asked(info)
    for text in texts:
        visit(parse(text), TypeInfoVisitor(info, asked))
    return asked.found


def test_every_argument_is_asked_with() -> None:
    """Those of fields that a query reaches are in a query; those of mutations and subscriptions in theirs."""
    wanted = {
        (kind.name, name, argument)
        for kind in SHAPE.type_map.values()
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__")
        for name, field in kind.fields.items()
        for argument in field.args
    }
    read = asked_by(one.text for one in read_operations(SHAPE))
    changing = asked_by(one.text for one in mutation_operations(SHAPE).values())
    listening = asked_by(one.text for one in subscription_operations(SHAPE))
    assert read | changing | listening == wanted
    alone = {"Mutation", "Subscription", "ImportTargetsPayload"}  # no query leads there
    assert {one for one in wanted - read if one[0] not in alone} == set()
