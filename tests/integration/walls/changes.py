"""Mutations made from the schema: all that a payload can show, and whatever an input may name by its id."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Final

from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_non_null_type,
)

from quotaloom.platform.errors import NotFound
from quotaloom_graphql.nodes import split_id
from tests.integration.graph.test_every_mutation import minimal
from tests.integration.graph.valid_calls import VALID
from tests.integration.graph.worlds import World
from tests.integration.walls.more_operations import mutation_operations
from tests.integration.walls.operations import Operation

Place = tuple[str | int, ...]
"""Where in an input: field names and list positions."""

HERE: Final[Mapping[str, Callable[[World], dict[str, Any]]]] = {
    "setOwnGoal": lambda w: {
        "planId": w["published"],
        "positionId": w.unit("ann"),
        "period": "2027-02",
        "goal": "1000",
    },
    "orderCustomerLevels": lambda w: {"ids": [w["hot level"], w["lower level"], w["level"]]},
    "endHolding": lambda w: {"id": w["holding"], "on": "2027-06-01"},
    "updateOpportunity": lambda w: {"id": w["vague deal"], "amount": "2000"},
    "moveOpportunity": lambda w: {"id": w["foreign deal"], "stageId": w.stage("cancelled"), "reasonKey": "price"},
    "decideDispute": lambda w: {"id": w["missing line"], "granted": True, "amount": "3.00", "reason": "You are right"},
    "askWhatIf": lambda w: {
        "memberId": w.member("ann"),
        "deals": [{"opportunityId": w["nobody's deal"]}],
        "amounts": [{"metric": "revenue", "amount": "5"}],
    },
    "loseOpportunity": lambda w: {"id": w["vague deal"], "reasonKey": "price"},
}
"""Inputs of the fuller company of these tests, where those of the small one are refused."""

NAMED: Final[Mapping[str, str]] = {
    "ownerId": "Member",
    "memberIds": "Member",
    "adminIds": "Member",
    "orgUnitIds": "OrgUnit",
    "positionId": "OrgUnit",
    "levelId": "CustomerLevel",
    "partOfId": "ActionPlan",
    "followsId": "ActionPlan",
    "refinesId": "ActionItem",
    "reference": "Customer",
    "recordIds": "Customer",
    "parentId": "OrgUnit",
}
"""What a field names that is called otherwise, where no valid input has it."""

PARENTS: Final = {"createObjective": "Objective", "updateObjective": "Objective"}


@dataclass(frozen=True, slots=True)
class Change:
    """A mutation with a valid input, as an operation that shows its payload."""

    name: str
    operation: Operation
    kind: GraphQLInputType

    def input(self, world: World) -> dict[str, Any]:
        """The valid input."""
        return HERE.get(self.name, VALID[self.name])(world)

    def naming(self, world: World) -> Iterator[Naming]:
        """Every place of the input that takes an id, whether the valid input has one there or not."""
        given = self.input(world)
        for place in _id_places(self.kind, given, ()):
            yield Naming(self, place, _named_type(self.name, place, given), given)


@dataclass(frozen=True, slots=True)
class Naming:
    """One place of an input that takes the id of something."""

    change: Change
    place: Place
    type_name: str
    given: dict[str, Any]

    @property
    def droppable(self) -> bool:
        """Whether the valid input has an id there which it need not have."""
        kind: Any = self.change.kind
        value: Any = self.given
        for part in self.place:
            kind = get_nullable_type(kind)
            if isinstance(kind, GraphQLList):
                return False
            kind = kind.fields[part].type
            value = value.get(part) if isinstance(value, Mapping) else None
        return value is not None and not is_non_null_type(kind)

    def input(self, id: str | None) -> dict[str, Any]:
        """The valid input with another id there, or with null."""
        return self.put_into(self.given, id)

    def put_into(self, given: dict[str, Any], id: str | None) -> dict[str, Any]:
        """An input of the same mutation with another id there, or with null."""
        changed = deepcopy(given)
        _put(changed, self.change.kind, self.place, id)
        return changed

    def spoiled(self) -> Naming | None:
        """The same with amounts that nothing counts so finely; None where the input has none."""
        given = deepcopy(self.given)
        return replace(self, given=given) if _spoil(given, self.change.kind) else None


def changes(schema: GraphQLSchema) -> list[Change]:
    """All mutations, in an order in which they can follow each other; raises `KeyError` for one without an input."""
    assert schema.mutation_type is not None
    fields, operations = schema.mutation_type.fields, mutation_operations(schema)
    missing = fields.keys() - VALID.keys()
    assert not missing, f"give them a valid input in tests/integration/graph/valid_calls.py: {missing}"
    return [Change(name, operations[name], fields[name].args["input"].type) for name in VALID]


def _id_places(kind: GraphQLInputType, given: Any, place: Place) -> Iterator[Place]:
    kind = get_nullable_type(kind)  # type: ignore[assignment]  # of an input type it is one
    if isinstance(kind, GraphQLList):
        items = given if isinstance(given, list) and given else [None]
        for index, item in enumerate(items[:1]):
            yield from _id_places(kind.of_type, item, (*place, index))
    elif isinstance(kind, GraphQLInputObjectType):
        for name, field in kind.fields.items():
            value = given.get(name) if isinstance(given, Mapping) else None
            yield from _id_places(field.type, value, (*place, name))
    elif str(kind) == "ID":
        yield place


def _named_type(mutation: str, place: Place, given: Any) -> str:
    for part in place:
        try:
            given = given[part]
        except (KeyError, IndexError, TypeError):
            given = None
            break
    if isinstance(given, str):
        with suppress(NotFound):
            return split_id(given)[0]
    field = next(part for part in reversed(place) if isinstance(part, str))
    if field == "parentId" and mutation in PARENTS:
        return PARENTS[mutation]
    return NAMED.get(field) or field.removesuffix("Id")[0].upper() + field.removesuffix("Id")[1:]


def _spoil(value: Any, kind: GraphQLInputType) -> bool:
    """Give every amount within a value too many decimal places; says whether there was any."""
    kind = get_nullable_type(kind)  # type: ignore[assignment]  # of an input type it is one
    if isinstance(kind, GraphQLList):
        spoiled = [_spoil(item, kind.of_type) for item in value]
        return any(spoiled)
    found = False
    for name, item in list(value.items()) if isinstance(kind, GraphQLInputObjectType) else ():
        inner = kind.fields[name].type  # type: ignore[union-attr]  # it is an object
        if item is not None and str(get_nullable_type(inner)) == "Decimal":
            value[name], found = f"1.{'23456789' * 4}", True
        elif isinstance(item, dict | list):
            found |= _spoil(item, inner)
    return found


def _put(value: Any, kind: GraphQLInputType, place: Sequence[str | int], id: str | None) -> None:
    """Set what stands at a place; what lies above it and is not there, is there with what it must have."""
    first, *rest = place
    kind = get_nullable_type(kind)  # type: ignore[assignment]  # of an input type it is one
    inner = kind.of_type if isinstance(kind, GraphQLList) else kind.fields[str(first)].type  # type: ignore[union-attr]
    if not rest:
        if isinstance(first, int) and first >= len(value):
            value.append(id)
        else:
            value[first] = id
        return
    missing = first >= len(value) if isinstance(first, int) else value.get(first) is None
    if missing:
        new = [] if isinstance(get_nullable_type(inner), GraphQLList) else minimal(get_named_type(inner))
        if isinstance(first, int):
            value.append(new)
        else:
            value[first] = new
    _put(value[first], inner, rest, id)
