from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from quotaloom_sdk import (
    EntryFact,
    Explanation,
    IncentiveLine,
    IncentiveResult,
    IncentiveRule,
    InvalidDefinition,
    InvalidResult,
    LineFact,
    Need,
    Parameters,
    ReviewFact,
)
from quotaloom_sdk.testing import incentive_request, narrowed

BECAUSE = Explanation("Because.")
LINE = IncentiveLine("base", "Commission", 5_000_00, BECAUSE)
ENTRY = EntryFact("7", "revenue", 60_000_00, date(2017, 3, 2), "opportunity")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"amount": 50.5}, "amount of line 'base' must be a whole number of minor units (int), not 50.5"),
        ({"amount": True}, "amount of line 'base' must be a whole number"),
        ({"amount": 2**63}, "amount of line 'base' does not fit into 64 bits"),
        ({"rate": 0.05}, "rate of line 'base' must be a Decimal or a Fraction"),
        ({"base": Decimal(1)}, "base of line 'base' must be a whole number"),
        ({"key": ""}, "key of a line must be text"),
        ({"title": " "}, "title of a line must be text"),
        ({"explanation": "why"}, "explanation of line 'base' must be of type Explanation"),
        ({"entries": ["7"]}, "entries of line 'base' must be a tuple of str"),
        ({"entries": ("7", "7")}, "entries of line 'base' has '7' twice"),
    ],
)
def test_line_that_could_not_be_paid_is_refused(changes: dict[str, Any], words: str) -> None:
    """A line is whole minor units with a key, a title and an explanation."""
    with pytest.raises(InvalidResult) as refused:
        replace(LINE, **changes)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: IncentiveResult(lines=(LINE, LINE), explanation=BECAUSE), "lines has 'base' twice"),
        (lambda: IncentiveResult(lines=(), carry=1, explanation=BECAUSE), "carry must be 0 or below, not 1"),
        (lambda: IncentiveResult(lines=[LINE], explanation=BECAUSE), "lines must be a tuple of IncentiveLine"),  # type: ignore[arg-type] # under test
    ],
)
def test_result_that_contradicts_itself_is_refused(make: Callable[[], object], words: str) -> None:
    """Keys are unique, and a carry is what was cut off below zero."""
    with pytest.raises(InvalidResult, match=words):
        make()


def test_no_line_is_an_answer() -> None:
    """A rule that has nothing to pay says so with an explanation alone."""
    assert IncentiveResult(lines=(), explanation=BECAUSE).carry == 0


def test_line_rests_on_entries_of_the_request() -> None:
    """An entry that the rule was not given cannot be its evidence."""
    result = IncentiveResult(lines=(replace(LINE, entries=("7",)),), explanation=BECAUSE)
    result.check(incentive_request(parameters=Parameters(), entries=[ENTRY]))
    with pytest.raises(InvalidResult, match="line 'base' rests on entry '7', which the request does not have"):
        result.check(incentive_request(parameters=Parameters()))


def test_request_carries_what_the_rule_declared_and_nothing_else() -> None:
    """With PLAN alone there are targets, and neither entries nor reviews; achieved is always there."""
    full = incentive_request(
        LineFact("revenue", 90, target=100, assessment=80, stretch=120),
        parameters=Parameters(),
        entries=[ENTRY],
        reviews=[ReviewFact("monthly", Decimal(80))],
    )
    planned = narrowed(full, frozenset({Need.PLAN}))
    assert planned.lines == (LineFact("revenue", 90, target=100, assessment=80, stretch=120),)
    assert (planned.entries, planned.reviews, planned.period.workdays) == ((), (), None)
    assert narrowed(full, frozenset()).lines == (LineFact("revenue", 90),)
    assert narrowed(full, frozenset(Need)) is full


def test_rate_is_exact_and_absent_without_a_target() -> None:
    """90 of 120 is three quarters; against no target, or one of 0, there is no rate."""
    assert LineFact("revenue", 90, target=120).rate == Fraction(3, 4)
    assert LineFact("revenue", 90).rate is None
    assert LineFact("revenue", 90, target=0).rate is None


def test_definition_checks_its_function() -> None:
    """What is to reward must be a plain function."""
    with pytest.raises(InvalidDefinition, match="reward of policy 'a' must be a function"):
        IncentiveRule(key="a", title="T", description="D.", parameters=Parameters, reward=None)  # type: ignore[arg-type] # under test
