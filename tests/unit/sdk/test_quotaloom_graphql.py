from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import strawberry
from pydantic import Field

from quotaloom_sdk import BatchReader, GraphQLExtension, InvalidDefinition, ObjectField, Parameters, RootField
from quotaloom_sdk.graphql import prefix_of
from quotaloom_sdk.testing import MemoryReader


@strawberry.type
class AcmePotential:
    customers: int | None


@strawberry.type
class AcmeStrict:
    customers: int


@strawberry.type(description="A\x00")
class AcmeOdd:
    customers: int | None


@strawberry.type
class AcmeOddField:
    customers: int | None = strawberry.field(description="A\ud800")


@strawberry.type
class AcmeOddName:
    customers: int | None = strawberry.field(name="a\ud800")


@strawberry.type
class Foreign:
    customers: int | None


class Bare:
    customers: int | None


class Tuned(Parameters):
    many: int = Field(default=1, description="How many.")


async def read(reader: BatchReader, ids: Sequence[str], *, least: int = 0) -> list[int | None]:
    return [None for _ in ids]


async def read_root(reader: BatchReader) -> int:
    return 1


async def read_by_place(reader: BatchReader, ids: Sequence[str], least: int) -> list[int | None]:
    return []


def read_now(reader: BatchReader, ids: Sequence[str]) -> list[int | None]:
    return []


def on_unit(**changes: Any) -> ObjectField:
    good: dict[str, Any] = {"on": "OrgUnit", "name": "acme_rank", "description": "A rank.", "type": int, "read": read}
    return ObjectField(**{**good, **changes})


def root(**changes: Any) -> RootField:
    return RootField(**{"name": "best", "description": "The best.", "type": int, "read": read_root, **changes})


def extension(**changes: Any) -> GraphQLExtension:
    good: dict[str, Any] = {
        "key": "graph",
        "title": "Graph",
        "description": "Fields.",
        "prefix": "Acme",
        "types": (AcmePotential,),
        "object_fields": (on_unit(),),
        "root_fields": (root(),),
    }
    return GraphQLExtension(**{**good, **changes})


def test_extension_may_add_types_fields_and_a_root() -> None:
    """All parts together are fine, and so is a root field of a name that a unit's field has as well."""
    assert extension().prefix == "Acme"
    assert extension(types=(), root_fields=(root(name="acme_rank"),)).root_fields[0].name == "acme_rank"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"prefix": "acme"}, "'acme' is no prefix; write the plugin's name in PascalCase"),
        ({"types": [AcmePotential]}, "types must be a tuple of type"),
        ({"types": (Bare,)}, "Bare is no Strawberry type; put @strawberry.type above it"),
        ({"types": (Foreign,)}, "type 'Foreign' must have a name that starts with 'Acme'"),
        ({"types": (AcmeStrict,)}, "field 'customers' of type 'AcmeStrict' must be nullable"),
        ({"object_fields": (), "root_fields": ()}, "GraphQL extension 'graph' adds no field"),
        ({"object_fields": (root(),)}, "object_fields must be a tuple of ObjectField"),
        ({"object_fields": (on_unit(), on_unit())}, "field 'acmeRank' is there twice"),
        ({"object_fields": (on_unit(name="rank"),)}, "field 'rank' on OrgUnit must start with 'acme'"),
        ({"object_fields": (on_unit(name="acme"),)}, "field 'acme' on OrgUnit must start with 'acme' and say what"),
        ({"object_fields": (on_unit(name="acmerank"),)}, "field 'acmerank' on OrgUnit must start with 'acme'"),
        ({"types": (AcmeOdd,)}, "description of type 'AcmeOdd' holds the NUL character"),
        ({"types": (AcmeOddField,)}, "description of field 'customers' of type 'AcmeOddField' holds U+D800"),
        ({"types": (AcmeOddName,)}, "field 'customers' of type 'AcmeOddName' has the name 'a\\ud800', which is none"),
        ({"parameters": Tuned}, "GraphQL extension 'graph' has parameters"),
    ],
)
def test_extension_that_could_clash_or_fail_is_refused(changes: dict[str, Any], words: str) -> None:
    """Names carry the plugin's, everything may be null, and nothing comes twice."""
    with pytest.raises(InvalidDefinition) as refused:
        extension(**changes)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"on": "Company"}, "is on 'Company'; there are: OrgUnit, Member, Customer, Opportunity"),
        ({"name": "acmeRank"}, "'acmeRank' is no field name; write it in snake_case"),
        ({"description": "A\ud800"}, "description of field 'acme_rank' holds U+D800, half of a surrogate pair"),
        ({"description": ""}, "field 'acme_rank' has no description"),
        ({"read": read_now}, "read of field 'acme_rank' must be an async function"),
        ({"read": read_root}, "must take (reader, ids), and GraphQL arguments by keyword only"),
        ({"read": read_by_place}, "must take (reader, ids), and GraphQL arguments by keyword only"),
    ],
)
def test_field_that_could_not_be_read_is_refused(changes: dict[str, Any], words: str) -> None:
    """A field is on a known type, is described, and reads many at once."""
    with pytest.raises(InvalidDefinition) as refused:
        on_unit(**changes)
    assert words in str(refused.value)


def test_prefix_is_the_name_of_the_plugin() -> None:
    """Underscores part the words of a plugin's name."""
    assert [prefix_of(name) for name in ("acme", "acme_rules", "a2_b")] == ["Acme", "AcmeRules", "A2B"]


def test_reader_of_the_kit_is_a_batch_reader() -> None:
    """What tests read from memory has every method that fields may call."""
    reader: BatchReader = MemoryReader()
    assert reader.today.year == 2017
