"""Operations made from the schema: every field of every type, with every argument, along a way from the root.

Ids are variables named after their type (`$Member: ID!`), so that one operation asks for what is there, for what
belongs to others, and for what is nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_required_argument,
)

IDS: Final = {
    "under": "OrgUnit",
    "orgUnit": "OrgUnit",
    "orgUnits": "OrgUnit",
    "orgUnitIds": "OrgUnit",
    "position": "OrgUnit",
    "member": "Member",
    "members": "Member",
    "memberId": "Member",
    "funnel": "Funnel",
    "stage": "Stage",
    "toStage": "Stage",
    "customer": "Customer",
    "plan": "Plan",
    "level": "CustomerLevel",
    "pool": "Pool",
    "cycleId": "ReviewCycle",
    "formId": "ReviewForm",
    "recordId": "Customer",
    "object": "Opportunity",
}
"""What an argument that takes an id names; `id` names what its field answers."""

VALUES: Final[Mapping[str, str]] = {
    "first": "100",
    "after": '"cm93OjA="',
    "period": '"2026"',
    "openedIn": '"2026"',
    "closedIn": '"2026"',
    "expectedIn": '"2087"',
    "within": '"2026"',
    "metric": '"revenue"',
    "metrics": '["revenue", "tastings"]',
    "products": '["pump"]',
    "sources": '["fair"]',
    "source": '["fair"]',
    "parts": '["pumps"]',
    "keys": '["grade"]',
    "text": '"a"',
    "name": '"Globex"',
    "phone": '"123456"',
    "email": '"a@example.com"',
    "website": '"example.com"',
    "fiscalYear": "2026",
    "factor": '"2"',
    "version": "1",
    "planVersion": "1",
    "against": "1",
    "versions": "[1, 2]",
    "depth": "3",
    "level": "[1]",
    "skip": "0",
    "actions": '["plan.publish"]',
    "objectType": '"Plan"',
    "actor": '"tests"',
    "credential": '"key"',
    "since": '"2026-01-01"',
    "through": '"2026-12-31"',
    "on": '"2026-06-01"',
    "by": '"2026-07-01"',
    "dueBy": '"2026-07-01"',
    "asOf": '"2026-06-01"',
    "grain": "DAY",
}
"""Values of arguments by name; enums take all their values or their first, switches are switched on."""

PLANNED: Final = {
    "period": '"2027"',
    "within": '"2027"',
    "metric": '"tastings"',
    "fiscalYear": "2027",
    "grain": "MONTH",
}
"""Of the year and the metric that the world has a published plan of."""

CURSORS: Final = {
    "achievements": '"ZW50cnk6MjAyNi0wMS0wMToxMDAw"',
    "auditLog": '"YXVkaXQ6MTgwMDAwMDAwMDAwMDAwMDoxMDAw"',
}
"""Cursors of lists that count otherwise than by rows: `entry:2026-01-01:1000`, `audit:1800000000000000:1000`."""

NONE: Final[Mapping[str, str]] = MappingProxyType({})

NO_DAYS: Final = ("commitments", "comparison")
"""Fields that tell nothing by the day, and take no such grain."""

COMPANIONS: Final = {
    "plan": ("metric",),
    "planVersion": ("plan", "metric"),
    "directChildren": ("orgUnit",),
    "members": ("rows",),
    "on": ("under",),
}
"""Arguments that only go together with others, or tell the more then: what was below a unit on a day."""

APART: Final = {
    ("figures", "by"): ("PRODUCT", "SOURCE"),
    **dict.fromkeys((("attainmentReport", "rows"), ("activityReport", "rows")), ("UNITS", "MEMBERS")),
    ("rankings", "of"): ("null",),
    ("possibleDuplicates", "subject"): ("LEAD", "CUSTOMER"),
}
"""Arguments of fields that answer with rows of another kind by it: with these values they tell all that rows have."""

NEEDED: Final = {
    ("possibleDuplicates", "name"),
    ("ownGoals", "period"),
    ("targetCells", "metric"),
    ("productMismatch", "metric"),
}
"""Arguments of fields without which these answer nothing."""

BEST_OWNERS: Final = {
    "ReviewFollowUp": "Review",
    "AttributeValue": "Customer",
    "Headship": "Member",
    "Commitment": "OrgUnit",
    "Ownership": "Customer",
}
"""By which type a type is best reached: the first that leads to it often has none."""

CALLED: Final = ("name", "title", "text", "matter")
"""Fields that say what something is called."""

KEYS: Final = {"orgUnit": "east", "funnel": "sales", "pool": "sea", "score": "quiet", "scores": "loud"}
"""What is named by a key, by field."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A query for the fields of one type; `ids` are the types whose ids it takes, `covers` its fields."""

    name: str
    text: str
    ids: tuple[str, ...]
    begins_with: str | None = None
    """The type whose id it begins with, where it does."""

    def variables(self, ids: Mapping[str, str]) -> dict[str, str]:
        """The values of its variables."""
        return {name: ids[name] for name in self.ids}


def read_operations(
    schema: GraphQLSchema, more: Mapping[str, str] = NONE, more_planned: Mapping[str, str] = NONE
) -> list[Operation]:
    """One operation for each type that a query reaches, and one for each root field with each of its arguments.

    What depends on a metric or a period is asked twice: of what was achieved, and of what is planned. `more` are values
    of arguments that the product has not.
    """
    assert schema.query_type is not None
    found: dict[str, Operation] = {}
    for values in ({**VALUES, **more}, {**VALUES, **PLANNED, **more, **more_planned}):
        writer = Writer(schema, values)
        for name, field in schema.query_type.fields.items():
            if name != "node":
                operation = writer.root(name, field)
                found.setdefault(operation.text, operation)
        for kind, way in ways(schema).items():
            operation = writer.of_type(kind, way)
            found.setdefault(operation.text, operation)
    return list(found.values())


def ways(schema: GraphQLSchema) -> dict[str, tuple[tuple[str, str], ...]]:
    """For each object type a shortest way to it: (type, field) by (type, field), from the root; nodes by their id."""
    assert schema.query_type is not None
    node = schema.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    root = schema.query_type.name
    found: dict[str, tuple[tuple[str, str], ...]] = {
        one.name: ((root, f"node:{one.name}"),) for one in schema.get_possible_types(node)
    }
    for name, field in schema.query_type.fields.items():
        for one in objects_of(schema, field):
            found.setdefault(one.name, ((root, name),))
    waiting = list(found)
    for name in waiting:
        kind = schema.type_map[name]
        assert isinstance(kind, GraphQLObjectType)
        for field_name, field in kind.fields.items():
            for next_kind in objects_of(schema, field):
                if next_kind.name not in found and BEST_OWNERS.get(next_kind.name, name) == name:
                    found[next_kind.name] = (*found[name], (name, field_name))
                    waiting.append(next_kind.name)
    return found


def objects_of(schema: GraphQLSchema, field: GraphQLField) -> list[GraphQLObjectType]:
    kind = get_named_type(field.type)
    if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
        return list(schema.get_possible_types(kind))
    return [kind] if isinstance(kind, GraphQLObjectType) else []


_GIVEN: Final = r'\b{}: (?:"[^"]*"|\[[^\]]*\])'
"""An argument and its value, which is a text or a list."""


class Writer:
    """Writes the text of operations, and notes which ids they take."""

    def __init__(self, schema: GraphQLSchema, values: Mapping[str, str]) -> None:
        self._schema, self._values = schema, values
        self._ids: set[str] = set()
        self._read = ways(schema).keys()

    def root(self, name: str, field: GraphQLField) -> Operation:
        """A root field as it is, and once more with each of its arguments."""
        return self._operation(name, " ".join(self._variants(name, field, 1, vary=True)))

    def of_type(self, name: str, way: tuple[tuple[str, str], ...]) -> Operation:
        """All fields of a type, and of whatever they lead to the fields without parts."""
        kind = self._schema.type_map[name]
        assert isinstance(kind, GraphQLObjectType)
        text, following = self._selection(kind, 1), name
        for owner, field_name in reversed(way):
            if field_name.startswith("node:"):
                self._ids.add(type_name := field_name.partition(":")[2])
                text = f"node(id: ${type_name}) {{ __typename ... on {type_name} {{ {text} }} }}"
                continue
            owning = self._schema.type_map[owner]
            assert isinstance(owning, GraphQLObjectType)
            field = owning.fields[field_name]
            answered = get_named_type(field.type)
            if not isinstance(answered, GraphQLObjectType):
                text = f"... on {following} {{ {text} }}"
            text, following = f"{field_name}{self._arguments(field_name, field)} {{ {text} }}", owner
        first = way[0][1]
        return self._operation(name, text, first.partition(":")[2] if first.startswith("node:") else None)

    def changing(self, name: str, field: GraphQLField) -> Operation:
        """A mutation with its whole payload."""
        payload = get_named_type(field.type)
        assert isinstance(payload, GraphQLObjectType)
        body = f"{name}(input: $input) {{ {self._selection(payload, 1)} }}"
        return self._operation(name, body, kind="mutation", takes=(f"$input: {field.args['input'].type}",))

    def probing(self, name: str, field: GraphQLField, argument_name: str, texts: Sequence[str]) -> str:
        """A field once with each of these texts: how much is found, and nothing of what it is."""
        written = self._arguments(name, field, argument_name)
        found = get_named_type(field.type)
        shown = " { totalCount }" if found.name.endswith("Connection") else " { __typename }"
        given = '["{}"]' if isinstance(get_nullable_type(field.args[argument_name].type), GraphQLList) else '"{}"'
        asked = (
            re.sub(_GIVEN.format(argument_name), f"{argument_name}: {given.format(one)}", written) for one in texts
        )
        body = " ".join(f"a{number}: {name}{arguments}{shown}" for number, arguments in enumerate(asked))
        return self._operation(name, body).text

    def pairing(self, name: str, field: GraphQLField, first: str, second: str) -> Operation:
        """A field with two ids, the variables `one` and `two`: of two arguments, or of a list."""
        written = {**self._given(name, field, first), **self._given(name, field, second)}
        self._ids -= {IDS[first], IDS[second]}
        for argument, variable in ((first, "$one"), (second, "$two")):
            many = isinstance(get_nullable_type(field.args[argument].type), GraphQLList)
            written[argument] = f"[{variable}]" if many else variable
        if first == second:
            written[first] = "[$one, $two]"
        takes = ("$one: ID!", "$two: ID!")
        return self._operation(name, f"{name}{_joined(written)}{self._below(field, 1)}", takes=takes)

    def listening(self, name: str, field: GraphQLField, besides: str | None) -> Operation:
        """A subscription with its whole message."""
        message = get_named_type(field.type)
        assert isinstance(message, GraphQLObjectType)
        body = f"{name}{self._arguments(name, field, besides)} {{ {self._selection(message, 2)} }}"
        return self._operation(name, body, kind="subscription")

    def _operation(
        self,
        name: str,
        body: str,
        begins_with: str | None = None,
        *,
        kind: str = "query",
        takes: tuple[str, ...] = (),
    ) -> Operation:
        ids, self._ids = tuple(sorted(self._ids)), set()
        declared = ", ".join((*takes, *(f"${one}: ID!" for one in ids)))
        begins_with = begins_with or (ids[0] if len(ids) == 1 else None)
        return Operation(name, f"{kind} {name}{f'({declared})' if declared else ''} {{ {body} }}", ids, begins_with)

    def _selection(self, kind: GraphQLObjectType, depth: int) -> str:
        parts = ["__typename"]
        for name, field in kind.fields.items():
            leaf = is_leaf_type(get_named_type(field.type))
            if leaf or depth > 0:
                below = depth if leaf or self._is_part(field) else depth - 1
                parts += self._variants(name, field, below, vary=depth > 0)
        return " ".join(parts)

    def _is_part(self, field: GraphQLField) -> bool:
        """Whether a field leads to what is asked for with its owner: pages, and what no query leads to."""
        return _is_page(field) or get_named_type(field.type).name not in self._read

    def _variants(self, name: str, field: GraphQLField, depth: int, *, vary: bool) -> Iterator[str]:
        """The field as it is, and, where it may vary, once more with each argument that it need not have."""
        below = self._below(field, depth)
        yield f"{name}{self._arguments(name, field)}{below}"
        if not vary:
            return
        leaves = self._below(field, 0)
        for argument_name, argument in field.args.items():
            for value in APART.get((name, argument_name), ()):
                arguments = self._arguments(name, field, argument_name, value)
                yield f"{name}__{argument_name}_{value}: {name}{arguments}{self._below(field, 2)}"
            if not is_required_argument(argument) and argument_name != "id":
                yield f"{name}__{argument_name}: {name}{self._arguments(name, field, argument_name)}{leaves}"

    def _below(self, field: GraphQLField, depth: int) -> str:
        kind = get_named_type(field.type)
        if is_leaf_type(kind):
            return ""
        if isinstance(kind, GraphQLObjectType):
            return f" {{ {self._selection(kind, depth)} }}"
        kinds = objects_of(self._schema, field)
        parts = (f"... on {one.name} {{ {self._renamed(one, kinds)} }}" for one in kinds)
        return f" {{ __typename {' '.join(parts)} }}"

    def _renamed(self, kind: GraphQLObjectType, kinds: list[GraphQLObjectType]) -> str:
        """What one of several types is called; its other fields are asked for where it is alone.

        Where such a field is of another type in one of the others, it has a name of its own.
        """
        leaves = {
            name: field
            for name, field in kind.fields.items()
            if name in CALLED and is_leaf_type(get_named_type(field.type))
        }
        return "__typename " + " ".join(
            f"{name}__{kind.name}: {name}" if any(_differs(field, other.fields.get(name)) for other in kinds) else name
            for name, field in leaves.items()
        )

    def _arguments(
        self, field_name: str, field: GraphQLField, besides: str | None = None, value: str | None = None
    ) -> str:
        """What a field must have; and one argument `besides`, with a value that may be given."""
        written = self._given(field_name, field, besides, value)
        if not written and "id" in field.args and besides is None:
            written = {"id": self._value(field_name, field, "id", field.args["id"])}
        return _joined(written)

    def _given(
        self, field_name: str, field: GraphQLField, besides: str | None = None, value: str | None = None
    ) -> dict[str, str]:
        return {
            name: (name == besides and value) or self._value(field_name, field, name, argument, besides)
            for name, argument in field.args.items()
            if is_required_argument(argument)
            or name == besides
            or name in COMPANIONS.get(besides or "", ())
            or (field_name, name) in NEEDED
        }

    def _value(
        self, field_name: str, field: GraphQLField, name: str, argument: GraphQLArgument, besides: str | None = None
    ) -> str:
        kind: GraphQLInputType = argument.type
        named, many = get_named_type(kind), isinstance(get_nullable_type(kind), GraphQLList)
        if named.name == "ID":
            type_name = get_named_type(field.type).name if name == "id" else IDS[name]
            self._ids.add(type_name)
            return f"[${type_name}]" if many else f"${type_name}"
        if name == "after" and field_name in CURSORS:
            return CURSORS[field_name]
        if name == "rows" and besides == "members":
            return "MEMBERS"
        if name == "metric" and besides in ("plan", "planVersion"):
            return PLANNED[name]
        if name == "grain" and not many:
            return "MONTH" if field_name in NO_DAYS else self._values[name]
        if isinstance(named, GraphQLEnumType):
            return f"[{', '.join(named.values)}]" if many else next(iter(named.values))
        if named.name == "Boolean":
            return "true"
        if name == "key":
            return f'"{KEYS[field_name]}"'
        if named.name.endswith("Sort"):
            return "[]"
        return self._values[name]


def _joined(written: Mapping[str, str]) -> str:
    return f"({', '.join(f'{name}: {value}' for name, value in written.items())})" if written else ""


def _is_page(field: GraphQLField) -> bool:
    return get_named_type(field.type).name.endswith(("Connection", "Edge"))


def _differs(field: GraphQLField, other: GraphQLField | None) -> bool:
    return other is not None and str(other.type) != str(field.type)
