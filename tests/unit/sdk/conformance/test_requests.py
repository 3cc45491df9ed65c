"""What the kit asks is what the product may send."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from quotaloom_sdk import (
    AllocationRequest,
    AllocationRule,
    AttributeKind,
    CreditingRequest,
    CreditingRule,
    EventListener,
    GateRequest,
    GraphQLExtension,
    IncentiveRequest,
    IncentiveRule,
    Load,
    Need,
    PoolPolicy,
    ReviewRequest,
    ReviewScorer,
    StageGate,
    hooks,
)
from quotaloom_sdk.needs import narrowed
from quotaloom_sdk.testing.conformance import Options
from quotaloom_sdk.testing.conformance.exploring import sampled
from quotaloom_sdk.testing.conformance.requests import REQUESTS
from quotaloom_sdk.testing.conformance.values import LARGEST, attributes

few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_every_kind_of_policy_is_asked() -> None:
    """Whatever a hook returns is asked, but for listeners, which are told, and fields, which are read."""
    assert {*REQUESTS, EventListener, GraphQLExtension} == set(hooks.DEFINITIONS.values())


@few
@given(REQUESTS[AllocationRule](()))
def test_allocation_is_over_a_fiscal_year(request: AllocationRequest[Any]) -> None:
    """Twelve months that follow one another, and a figure of each for every unit, all of which differ in their ids."""
    assert len(request.months) == 12
    assert all(one.ends_on == other.starts_on for one, other in zip(request.months, request.months[1:], strict=False))
    units = (request.unit, *request.children)
    assert {len(unit.achieved) for unit in units} == {len(unit.planned) for unit in units} == {12}
    assert len({unit.id for unit in units}) == len(units)
    assert all(0 < int(unit.id) <= LARGEST for unit in units)


@few
@given(REQUESTS[CreditingRule](()))
def test_named_splits_divide_the_deal(request: CreditingRequest[Any]) -> None:
    """Where anybody is named, the direct shares sum to 1, each to eight places, and nobody comes twice."""
    assert request.deal.amount is not None
    assert request.deal.closed_on is not None
    assume(request.named)
    assert sum(Fraction(one.share) for one in request.named if not one.overlay) == 1
    assert all((Fraction(one.share) * 10**8).denominator == 1 for one in request.named)
    assert len({one.position_id for one in request.named}) == len(request.named)


@few
@given(REQUESTS[IncentiveRule](()))
def test_entries_are_in_order_and_in_the_period(request: IncentiveRequest[Any]) -> None:
    """Metrics come once; what is taken back names an earlier entry and is not more than that."""
    days = [entry.business_date for entry in request.entries]
    assert days == sorted(days)
    assert all(request.period.starts_on <= day < request.period.ends_on for day in days)
    assert len({line.metric_key for line in request.lines}) == len(request.lines)
    assert request.carried <= 0 <= request.advanced
    amounts: dict[str, int] = {}
    for entry in request.entries:
        amounts[entry.id] = entry.amount
        if entry.reverses is not None:
            assert -abs(amounts[entry.reverses]) <= entry.amount <= 0


@few
@given(REQUESTS[StageGate](()))
def test_deal_moves_between_two_stages(request: GateRequest[Any]) -> None:
    """It entered its stage before today, and its activities come the earliest first."""
    assert request.leaving.ordinal != request.entering.ordinal
    assert request.entered_on < request.today
    days = [activity.done_on for activity in request.activities]
    assert days == sorted(days)


@few
@given(REQUESTS[ReviewScorer](()))
def test_scores_are_within_the_form(request: ReviewRequest[Any]) -> None:
    """A part has a line, or scores from 0 to its most, or none yet."""
    for part in request.parts:
        scores = [score for score in (part.self_score, part.manager_score) if score is not None]
        assert (part.line is not None) == (part.kind == "quantitative")
        assert not scores or part.line is None
        assert all(0 <= score <= part.most for score in scores)


@few
@given(st.data())
def test_requests_may_go_to_another_process(data: st.DataObject) -> None:
    """With whatever needs, a request is narrowed, packed and unpacked again."""
    definition = data.draw(st.sampled_from(sorted(REQUESTS, key=lambda kind: kind.kind)))
    needs = data.draw(st.frozensets(st.sampled_from(sorted(definition.offers))))
    request = narrowed(data.draw(REQUESTS[definition](())), needs)
    assert pickle.loads(pickle.dumps(request)) == request


@cache
def asked(kind: Any) -> list[Any]:
    """The requests that a policy of the kind is asked."""
    return sampled(REQUESTS[kind](()), Options().examples)


NASTY: dict[str, tuple[Any, Callable[[Any], object]]] = {
    "no children": (AllocationRule, lambda request: not request.children),
    "thirty children": (AllocationRule, lambda request: len(request.children) == 30),
    "history below zero": (AllocationRule, lambda request: min(request.unit.achieved) < 0),
    "the largest history": (AllocationRule, lambda request: max(request.unit.achieved) == LARGEST),
    "nobody with any history": (
        AllocationRule,
        lambda request: request.children and not any(any(child.achieved) for child in request.children),
    ),
    "months without a target": (AllocationRule, lambda request: None in request.unit.planned),
    "two children of one name": (
        AllocationRule,
        lambda request: len(request.children) == 2 and request.children[0].name == request.children[1].name,
    ),
    "names of other scripts": (AllocationRule, lambda request: not request.unit.name.isascii()),
    "a deal worth nothing": (CreditingRule, lambda request: request.deal.amount == 0),
    "a deal of its position's holder alone": (CreditingRule, lambda request: not request.named),
    "a target of zero": (IncentiveRule, lambda request: any(line.target == 0 for line in request.lines)),
    "no line at all": (IncentiveRule, lambda request: not request.lines),
    "a metric of which less is better": (
        IncentiveRule,
        lambda request: any(line.lower_is_better and line.target for line in request.lines),
    ),
    "corrections that take more than was earned": (
        IncentiveRule,
        lambda request: request.corrected + sum(line.amount for line in request.earlier) < 0 < len(request.earlier),
    ),
    "a reversal": (IncentiveRule, lambda request: any(entry.reverses for entry in request.entries)),
    "nobody to hand out to": (PoolPolicy, lambda request: request.records and not request.candidates),
    "nothing to hand out": (PoolPolicy, lambda request: request.candidates and not request.records),
    "a candidate without room": (PoolPolicy, lambda request: any(one.room == 0 for one in request.candidates)),
    "a way back": (StageGate, lambda request: request.entering.ordinal < request.leaving.ordinal),
    "a deal of unknown amount": (StageGate, lambda request: request.deal.amount is None),
    "weights that are all zero": (
        ReviewScorer,
        lambda request: request.parts and not any(part.weight for part in request.parts),
    ),
    "a score that is not given yet": (
        ReviewScorer,
        lambda request: any(part.line is None and part.manager_score is None for part in request.parts),
    ),
}


@pytest.mark.parametrize(("kind", "condition"), NASTY.values(), ids=NASTY)
def test_what_breaks_careless_rules_is_asked(kind: Any, condition: Callable[[Any], object]) -> None:
    """Zeros, refunds, the largest amounts, empty lists and missing values all come up in every check."""
    assert any(condition(request) for request in asked(kind))


def test_attributes_that_are_read_are_given_in_their_type() -> None:
    """A policy that reads a number is given numbers, exact ones, and at times none at all."""
    found = [one.number("stores") for one in sampled(attributes((("stores", AttributeKind.NUMBER),)), 100)]
    assert None in found
    assert min(number for number in found if number is not None) < 0
    assert any(number for number in found)


def test_pool_remembers_nothing_at_first() -> None:
    """A memory is only ever what the policy itself gave back."""
    assert {request.memory for request in asked(PoolPolicy)} == {""}


def test_units_differ_beyond_their_names() -> None:
    """A unit carries attributes and a load, where its policy needs them."""
    unit = next(one.unit for one in asked(AllocationRule) if one.unit.attributes.entries)
    assert isinstance(unit.load, Load)
    assert narrowed(unit, frozenset({Need.ATTRIBUTES})).load is None
