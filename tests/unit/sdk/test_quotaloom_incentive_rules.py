from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from quotaloom_sdk import (
    Attribute,
    Attributes,
    EntryFact,
    Explanation,
    IncentiveLine,
    IncentiveRequest,
    IncentiveResult,
    IncentiveRule,
    InvalidDefinition,
    InvalidResult,
    LineFact,
    Need,
    Parameters,
    ReviewFact,
    TeamFact,
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
        ({"policy": None}, "policy of line 'base' must be of type str"),
        ({"rule": 7}, "rule of line 'base' must be of type str"),
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
        (lambda: IncentiveResult(lines=(), advance=0.5, explanation=BECAUSE), "advance must be a whole number"),  # type: ignore[arg-type] # under test
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


GIVEN: dict[Need, Callable[[IncentiveRequest[Any]], object]] = {
    Need.HISTORY: lambda request: request.entries,
    Need.ATTRIBUTES: lambda request: request.member.attributes.entries,
    Need.PLAN: lambda request: tuple(line.target for line in request.lines if line.target is not None),
    Need.CALENDAR: lambda request: request.period.workdays,
    Need.TEAM: lambda request: request.team,
    Need.REVIEWS: lambda request: request.reviews,
}


@pytest.mark.parametrize("need", sorted(IncentiveRule.offers))
def test_each_rule_sees_only_what_it_has_declared(need: Need) -> None:
    """One input declared is one input given, and the targets of people below need PLAN beside TEAM."""
    full = incentive_request(
        LineFact("revenue", 90, target=100),
        parameters=Parameters(),
        entries=[ENTRY],
        team=[TeamFact("bob", "Bob", 1, (LineFact("revenue", 50, target=60),))],
        reviews=[ReviewFact("monthly", Decimal(80))],
    )
    full = replace(full, member=replace(full.member, attributes=Attributes((Attribute("region", "East"),))))
    seen = narrowed(full, frozenset({need}))
    assert [other for other, read in GIVEN.items() if read(seen)] == [need]
    assert all(line.target is None for one in seen.team for line in one.lines)
    assert narrowed(full, frozenset({Need.TEAM, Need.PLAN})).team == full.team


def test_no_more_is_got_back_than_was_advanced() -> None:
    """Of 300 that stand out, 300 may be got back and 301 not; what is paid in advance has no such bound."""
    request = incentive_request(parameters=Parameters(), advanced=300)
    for advance in (-300, 0, 5000):
        IncentiveResult(lines=(), advance=advance, explanation=BECAUSE).check(request)
    with pytest.raises(InvalidResult, match="advance gets back 301; 300 was advanced and not got back"):
        IncentiveResult(lines=(), advance=-301, explanation=BECAUSE).check(request)


def test_rate_is_exact_and_absent_without_a_target() -> None:
    """90 of 120 is three quarters; against no target, or one of 0, there is no rate."""
    assert LineFact("revenue", 90, target=120).rate == Fraction(3, 4)
    assert LineFact("revenue", 90).rate is None
    assert LineFact("revenue", 90, target=0).rate is None


def test_definition_checks_its_function() -> None:
    """What is to reward must be a plain function."""
    with pytest.raises(InvalidDefinition, match="reward of policy 'a' must be a function"):
        IncentiveRule(key="a", title="T", description="D.", parameters=Parameters, reward=None)  # type: ignore[arg-type] # under test
