from __future__ import annotations

import datetime as module_datetime
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from pydantic import Field

import quotaloom_sdk
from quotaloom_sdk import AllocationRule, Load, Parameters, UnitFact
from quotaloom_sdk.testing import months
from quotaloom_sdk.testing.conformance.requests import REQUESTS
from quotaloom_sdk.testing.conformance.spelling import spelled


class Steps(Parameters):
    steps: list[int] = Field(default=[], description="Steps.")


class Grade(Enum):
    A = "a"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("0.50"), "Decimal('0.50')"),
        ((1,), "(1,)"),
        ([1, 2.0], "[1, 2.0]"),
        ({"b": 1, "a": True}, "{'b': 1, 'a': True}"),
        (frozenset({"b", "a"}), "frozenset(['a', 'b'])"),
        (date(2017, 3, 15), "date(2017, 3, 15)"),
        (datetime(2017, 3, 15, 12, tzinfo=UTC), "datetime(2017, 3, 15, 12, 0, tzinfo=timezone.utc)"),
        (Grade.A, "Grade.A"),
        (Steps(steps=[1]), "Steps(steps=[1])"),
        (UnitFact("1", "East", "team"), "UnitFact(id='1', name='East', kind='team')"),
        (months(2017), "months(2017, 12, first=1)"),
        (months(2017, 3, first=11), "months(2017, 3, first=11)"),
        (
            months(2017)[:1],
            "(MonthFact(label='2017-01', starts_on=date(2017, 1, 1), ends_on=date(2017, 2, 1), fiscal_year=2017,"
            " number=1),)",
        ),
    ],
)
def test_values_are_written_as_python(value: object, text: str) -> None:
    """Defaults are left out, and sets are in order."""
    assert spelled(value) == text


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(REQUESTS[AllocationRule](()))
def test_request_can_be_copied_from_a_report(request: Any) -> None:
    """What is shown makes the same request again."""
    known = {**vars(quotaloom_sdk), **vars(module_datetime), "Decimal": Decimal, "Fraction": Fraction, "months": months}
    assert eval(spelled(request), known) == request  # it is what a partner does with it


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (1, 1.0),
        (Decimal(1), Decimal("1.0")),
        ((1,), [1]),
        (Load(1, 2, 3, 4, 5), Load(1, 2, 3, 4, 6)),
        (timezone(timedelta(hours=1)), UTC),
    ],
)
def test_what_differs_in_the_last_bit_is_spelled_differently(one: object, other: object) -> None:
    """Values that are equal to Python, and not the same, are told apart."""
    assert spelled(one) != spelled(other)


def test_what_is_no_number_equals_itself() -> None:
    """NaN is not a difference between two answers that both have it."""
    assert spelled(Decimal("NaN")) == spelled(Decimal("NaN"))


def test_things_of_a_plugins_own_are_spelled_without_their_address() -> None:
    """An object without any words of its own looks the same each time."""

    class Own:
        def __init__(self) -> None:
            self.inner = [self]

    assert spelled(Own()) == spelled(Own())
    assert spelled(Own()).startswith("Own(inner=[Own(inner=[")


def test_numbers_of_any_length_are_written() -> None:
    """Those that Python does not write in decimal digits come in hexadecimal ones."""
    assert eval(spelled((10**5000, Fraction(10**5000, 3)))) == (10**5000, Fraction(10**5000, 3))
