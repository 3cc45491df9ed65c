from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import strawberry

from quotaloom_sdk import InvalidDefinition, InvalidResult
from quotaloom_sdk.field_values import graph_type, shown_as


@strawberry.type(description="A region.")
class AcmeRegion:
    name: str | None
    regions: list[AcmeRegion | None] | None
    yearly: Decimal | None


OWN = (AcmeRegion,)


@pytest.mark.parametrize("kind", [bool, int, str, Decimal, date, datetime, list[int], AcmeRegion, list[AcmeRegion]])
def test_possible_type_is_nullable_whatever_it_says(kind: Any) -> None:
    """A scalar that is exact, a type of the extension, or a list of these."""
    assert graph_type(kind, OWN) == kind | None
    assert graph_type(kind | None, OWN) == kind | None
    assert shown_as(kind, OWN)(None) is None


def test_items_of_lists_are_nullable_where_they_say_so() -> None:
    """A list of numbers has no gap; one that may have some has them."""
    assert graph_type(list[int | None], OWN) == list[int | None] | None
    assert shown_as(list[int | None], OWN)([1, None]) == [1, None]


@pytest.mark.parametrize("kind", [float, dict[str, int], object, int | str, list[float], Exception])
def test_other_types_are_refused(kind: Any) -> None:
    """What is not exact, or has no type in the graph."""
    with pytest.raises(InvalidDefinition, match="is not possible: use bool, int, str, Decimal, date, datetime"):
        graph_type(kind, OWN)
    with pytest.raises(InvalidDefinition, match="is not possible"):
        shown_as(kind, OWN)


def test_own_types_are_shown_as_rows() -> None:
    """With every field of theirs, however deep."""
    north = AcmeRegion(name="North", regions=[None], yearly=Decimal("1.5"))
    shown = shown_as(list[AcmeRegion | None], OWN)([AcmeRegion(name=None, regions=[north], yearly=None), None])
    inner = {"name": "North", "regions": [None], "yearly": Decimal("1.5")}
    assert shown == [{"name": None, "regions": [inner], "yearly": None}, None]


@pytest.mark.parametrize(
    ("kind", "answer", "words"),
    [
        (int, "1", "it answered with '1' of type str, not with a whole number"),
        (int, True, "it answered with True of type bool, not with a whole number"),
        (int, 2**31, "2147483648 does not fit into an Int of GraphQL; make the field a Decimal"),
        (Decimal, 1, "not with a finite Decimal"),
        (Decimal, Decimal("NaN"), "not with a finite Decimal"),
        (Decimal, Decimal("1e999999999"), "its Decimal has too many digits"),
        (int, 1 << 3000, "<a whole number of 3001 bits> does not fit into an Int"),
        (str, "a\ud800", "its text holds U+D800, half of a surrogate pair, which cannot be stored"),
        (date, datetime(2017, 3, 15, tzinfo=UTC), "not with a date"),
        (datetime, datetime(2017, 3, 15), "not with a datetime with a time zone"),  # noqa: DTZ001 # under test
        (list[int], 1, "not with a list"),
        (list[int], [1, None], "it answered with a list that holds None, which its type does not allow"),
        (AcmeRegion, {"name": "North"}, "not with AcmeRegion"),
        (AcmeRegion, AcmeRegion(name=3, regions=None, yearly=None), "it answered with 3 of type int, not with a text"),  # type: ignore[arg-type] # under test
    ],
)
def test_answer_of_another_type_is_refused(kind: Any, answer: object, words: str) -> None:
    """Values are exactly of the type that the field declares."""
    with pytest.raises(InvalidResult) as refused:
        shown_as(kind, OWN)(answer)
    assert words in str(refused.value)
