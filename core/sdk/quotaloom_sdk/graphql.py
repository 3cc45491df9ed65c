"""Fields and types that a plugin adds to the graph; only where they are used is Strawberry imported."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Protocol

from quotaloom_sdk.errors import InvalidDefinition
from quotaloom_sdk.facts import CustomerFact, DealFact, LineFact, MemberFact, UnitFact
from quotaloom_sdk.needs import Need
from quotaloom_sdk.policies import Parameters, PolicyDefinition
from quotaloom_sdk.texts import shown, text_fault

OBJECTS = ("OrgUnit", "Member", "Customer", "Opportunity")
"""The types of the core that a plugin may add fields to."""

_PREFIX = re.compile(r"[A-Z][A-Za-z0-9]{0,63}")
_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
_FIELD = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class BatchReader(Protocol):
    """What fields read through: one call for all objects of a level, within what the viewer may see.

    Every method answers with one entry per id, in the order of the ids; None where there is no such object or the
    viewer may not see it. All answers of one request come from the same snapshot. Ids are those of the facts.
    """

    @property
    def today(self) -> date:
        """The business date of the request."""
        ...

    async def units(self, ids: Sequence[str]) -> Sequence[UnitFact | None]:
        """Units with their attributes and load; their months are empty."""
        ...

    async def members(self, ids: Sequence[str]) -> Sequence[MemberFact | None]:
        """Members with their attributes and the positions that they hold today."""
        ...

    async def customers(self, ids: Sequence[str]) -> Sequence[CustomerFact | None]:
        """Customers with their attributes."""
        ...

    async def opportunities(self, ids: Sequence[str]) -> Sequence[DealFact | None]:
        """Opportunities with their attributes and customers."""
        ...

    async def unit_lines(
        self, ids: Sequence[str], metric_key: str, starts_on: date, ends_on: date
    ) -> Sequence[LineFact | None]:
        """What units achieved on the days [starts_on, ends_on), against their targets in the published plan."""
        ...

    async def member_lines(
        self, ids: Sequence[str], metric_key: str, starts_on: date, ends_on: date
    ) -> Sequence[LineFact | None]:
        """The same for members."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectField:
    """A field on a type of the core, such as `acmePotential` on OrgUnit.

    `on`: OrgUnit, Member, Customer or Opportunity. `name`: in snake_case, starting with the plugin's name. `type`:
    a scalar (`int`, `str`, `Decimal`, `date`, `bool`), one of the extension's `types`, or a list of these; the field
    is nullable, whatever it says. `read`: an async function of a `BatchReader` and the ids of all objects that
    are asked for, which returns one answer per id, in that order; None where there is nothing to say. What it takes
    besides, by keyword only, are the field's GraphQL arguments. Raises `InvalidDefinition`.
    """

    on: str
    name: str
    description: str
    type: Any
    read: Callable[..., Awaitable[Sequence[Any]]]

    def __post_init__(self) -> None:
        if self.on not in OBJECTS:
            raise InvalidDefinition(f"field {shown(self.name)} is on {shown(self.on)}; there are: {', '.join(OBJECTS)}")
        _require_field(self.name, self.description, self.read, given=("reader", "ids"))


@dataclass(frozen=True, slots=True, kw_only=True)
class RootField:
    """A field of the plugin's own root, such as `acme { bestRegion }`.

    `name`: in snake_case. `type`: as for `ObjectField`. `read`: an async function of a `BatchReader`, which
    returns the answer or None; what it takes besides, by keyword only, are the field's GraphQL arguments. Raises
    `InvalidDefinition`.
    """

    name: str
    description: str
    type: Any
    read: Callable[..., Awaitable[Any]]

    def __post_init__(self) -> None:
        _require_field(self.name, self.description, self.read, given=("reader",))


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLExtension(PolicyDefinition):
    """Types and fields of a plugin, seen by the companies that have it switched on.

    `prefix` is the plugin's name in PascalCase (`acme_rules`: `AcmeRules`). `types` are Strawberry types whose
    names start with the prefix and whose fields are all nullable. Names of `object_fields` start with the
    plugin's name and `_`. `root_fields` are found under one field of the query, named like the plugin. An
    extension has neither parameters nor needs. Raises `InvalidDefinition`.
    """

    kind: ClassVar[str] = "graphql"
    offers: ClassVar[frozenset[Need]] = frozenset()

    prefix: str
    types: tuple[type[Any], ...] = ()
    object_fields: tuple[ObjectField, ...] = ()
    root_fields: tuple[RootField, ...] = ()

    def __post_init__(self) -> None:
        PolicyDefinition.__post_init__(self)
        if self.parameters is not Parameters:
            raise InvalidDefinition(f"GraphQL extension {self.key!r} has parameters; give them to a policy")
        prefix: object = self.prefix
        if not isinstance(prefix, str) or not _PREFIX.fullmatch(prefix):
            raise InvalidDefinition(f"{shown(prefix)} is no prefix; write the plugin's name in PascalCase")
        _require_all("types", self.types, type)
        _require_all("object_fields", self.object_fields, ObjectField)
        _require_all("root_fields", self.root_fields, RootField)
        if not self.object_fields and not self.root_fields:
            raise InvalidDefinition(f"GraphQL extension {self.key!r} adds no field")
        self._require_names()
        for one in self.types:
            _require_type(one, self.prefix)

    def _require_names(self) -> None:
        start = self.prefix[0].lower() + self.prefix[1:]
        seen: set[tuple[str, str]] = set()
        named = [(one.on, one.name) for one in self.object_fields] + [("", one.name) for one in self.root_fields]
        for on, name in named:
            camel = _camel(name)
            if on and not (camel.startswith(start) and camel[len(start) : len(start) + 1].isupper()):
                raise InvalidDefinition(f"field {camel!r} on {on} must start with {start!r} and say what it is")
            if (on, camel) in seen:
                raise InvalidDefinition(f"field {camel!r} is there twice")
            seen.add((on, camel))


def prefix_of(plugin: str) -> str:
    """The prefix that types of the plugin of that name carry: `acme_rules` has `AcmeRules`."""
    return "".join(part[:1].upper() + part[1:] for part in plugin.split("_"))


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in others)


def _require_all(what: str, given: object, kind: type[object]) -> None:
    if not isinstance(given, tuple) or not all(isinstance(one, kind) for one in given):
        raise InvalidDefinition(f"{what} must be a tuple of {kind.__name__}, not {shown(given)}")


def _require_field(name: object, description: object, read: object, given: tuple[str, ...]) -> None:
    if not isinstance(name, str) or not _FIELD.fullmatch(name):
        raise InvalidDefinition(f"{shown(name)} is no field name; write it in snake_case")
    if not isinstance(description, str) or not description.strip():
        raise InvalidDefinition(f"field {name!r} has no description; write one for front-end teams")
    _require_words(f"description of field {name!r}", description)
    if not inspect.iscoroutinefunction(read):
        raise InvalidDefinition(f"read of field {name!r} must be an async function, not {shown(read)}")
    kinds = [one.kind for one in inspect.signature(read).parameters.values()]
    wanted = len(given)
    if len(kinds) < wanted or any(kind is not inspect.Parameter.KEYWORD_ONLY for kind in kinds[wanted:]):
        listed = ", ".join(given)
        raise InvalidDefinition(f"read of field {name!r} must take ({listed}), and GraphQL arguments by keyword only")


def _require_field_words(what: str, field: Any) -> None:
    if field.graphql_name is not None and not _NAME.fullmatch(field.graphql_name):
        raise InvalidDefinition(f"{what} has the name {shown(field.graphql_name)}, which is none in GraphQL")
    _require_words(f"description of {what}", field.description)
    _require_words(f"deprecation_reason of {what}", field.deprecation_reason)


def _require_words(what: str, text: str | None) -> None:
    fault = None if text is None else text_fault(text)
    if fault is not None:
        raise InvalidDefinition(f"{what} holds {fault}; write plain text")


def _require_type(one: type[Any], prefix: str) -> None:
    """Raise unless `one` is a Strawberry type with the prefix whose fields may all be null."""
    from strawberry.types.base import StrawberryOptional, has_object_definition

    if not has_object_definition(one):
        raise InvalidDefinition(f"{one.__name__} is no Strawberry type; put @strawberry.type above it")
    definition = one.__strawberry_definition__
    if not _NAME.fullmatch(definition.name):
        raise InvalidDefinition(f"{shown(definition.name)} is no name of a type in GraphQL")
    if definition.is_input or definition.is_interface:
        raise InvalidDefinition(f"type {definition.name!r} must be a plain object type, no input and no interface")
    if not definition.name.startswith(prefix) or definition.name == prefix:
        raise InvalidDefinition(f"type {definition.name!r} must have a name that starts with {prefix!r}")
    _require_words(f"description of type {definition.name!r}", definition.description)
    for field in definition.fields:
        _require_field_words(f"field {field.python_name!r} of type {definition.name!r}", field)
        if not isinstance(field.type, StrawberryOptional):
            raise InvalidDefinition(f"field {field.python_name!r} of type {definition.name!r} must be nullable")
        if field.base_resolver is not None or field.extensions or field.permission_classes:
            raise InvalidDefinition(
                f"field {field.python_name!r} of type {definition.name!r} must be a plain value; compute it in read,"
                " for all objects at once"
            )
