"""The schema as a document: checked in, described, and in the shape that the conventions ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_specified_scalar_type,
)

from quotaloom_graphql.schema import build_schema

SDL = Path(__file__).resolve().parents[3] / "schema" / "quotaloom_graphql" / "schema.graphql"
SCHEMA = build_schema()
TYPES = {name: kind for name, kind in SCHEMA._schema.type_map.items() if not name.startswith("__")}
FIELDED = (GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType)


def test_the_sdl_that_is_checked_in_is_the_schema() -> None:
    """After a change: `quotaloom schema > schema/quotaloom_graphql/schema.graphql`."""
    assert SDL.read_text(encoding="utf-8").strip() == SCHEMA.as_str().strip()


def undescribed() -> Iterator[str]:
    for name, kind in TYPES.items():
        if not kind.description and not is_specified_scalar_type(kind):
            yield name
        for field_name, field in kind.fields.items() if isinstance(kind, FIELDED) else ():
            if not field.description:
                yield f"{name}.{field_name}"
            for argument_name, argument in getattr(field, "args", {}).items():
                if not argument.description:
                    yield f"{name}.{field_name}({argument_name})"


def test_everything_is_described() -> None:
    """Every type, field, input field and argument: GraphiQL is the manual."""
    assert sorted(undescribed()) == []


def test_every_mutation_takes_one_input_and_answers_with_errors() -> None:
    """`input: <Name>Input!` and a payload whose other fields are null, or empty, where there are errors."""
    mutations = SCHEMA._schema.mutation_type
    assert mutations is not None
    for name, field in mutations.fields.items():
        assert list(field.args) == ["input"], name
        assert str(field.args["input"].type) == f"{name[0].upper()}{name[1:]}Input!"
        payload = get_named_type(field.type)
        assert isinstance(payload, GraphQLObjectType)
        assert str(payload.fields["errors"].type) == "[UserError!]!"
        certain = [str(one.type) for one in payload.fields.values() if str(one.type).endswith("!")]
        assert all(type_name.startswith("[") for type_name in certain), name


@pytest.mark.parametrize("kind", TYPES.values(), ids=str)
def test_names_follow_the_conventions(kind: GraphQLNamedType) -> None:
    """Types in PascalCase, fields in camelCase, enum values in capitals."""
    assert kind.name[0].isupper()
    if isinstance(kind, FIELDED):
        assert all(name[0].islower() and "_" not in name for name in kind.fields)
    if isinstance(kind, GraphQLEnumType):
        assert all(value == value.upper() for value in kind.values)


def test_there_is_no_resolve_hook() -> None:
    """An extension with a `resolve` hook would send every field down a slow path for each object."""
    hooks = [type(one).resolve for one in SCHEMA.get_extensions() if "resolve" in type(one).__dict__]
    assert hooks == []
