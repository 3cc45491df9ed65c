"""The same entries pay the same, however they were posted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quotaloom_incentives
from quotaloom_sdk import EntryFact, IncentiveLine, IncentiveRule, LineFact
from tests.unit.plugins.rewarding import entry, rewarded

FROM_ENTRIES: dict[str, dict[str, Any]] = {
    "tiers": {"bands": [{"from_percent": 0, "rate_percent": "4.5"}, {"from_percent": "99.9999", "rate_percent": 7}]},
    "flat_rate": {"sources": ["order"], "rate_percent": "3.3333"},
    "collected_commission": {"metric": "revenue", "rate_by_product": {"router": "7.7"}},
    "spiff": {"products": ["router"], "first_day": "2017-03-03", "last_day": "2017-03-20"},
    "threshold_bonus": {"measure": "achieved"},
    "assessment_penalty": {"mode": "of_gap", "percent": "0.7"},
}
"""Every rule that goes by what was achieved or by entries, and parameters that leave parts of a cent."""

RULES = {rule.key: rule for rule in quotaloom_incentives.quotaloom_incentive_rules()}


@st.composite
def postings(draw: st.DrawFn) -> tuple[list[EntryFact], list[EntryFact]]:
    """Entries in the order in which they were posted; and the same in another one, some in two parts, with new ids."""
    sold = [
        entry(str(number), draw(st.integers(1, 10**6)), draw(st.integers(1, 31)), product_key=draw(PRODUCTS))
        for number in range(1, draw(st.integers(2, 6)))
    ]
    back = [
        replace(one, id=str(100 + int(one.id)), amount=-draw(st.integers(1, one.amount)), reverses=one.id)
        for one in draw(st.lists(st.sampled_from(sold), max_size=2, unique_by=lambda one: one.id))
    ]
    entries = [*sold, *back]
    again: list[EntryFact] = []
    for one in draw(st.permutations(entries)):
        part = draw(st.integers(0, abs(one.amount)))
        parts = (part, abs(one.amount) - part) if one.reverses else (one.amount,)
        again += [replace(one, amount=-size if one.reverses else size) for size in parts]
    return entries, _renumbered(again)


PRODUCTS = st.sampled_from(("router", "switch", None))


def _renumbered(entries: list[EntryFact]) -> list[EntryFact]:
    """With ids in the order of posting, and as a request has them: by business date, then id."""
    ids = {one.id: str(number) for number, one in enumerate(entries, start=500) if one.reverses is None}
    numbered = [
        replace(one, id=str(number), reverses=one.reverses and ids[one.reverses])
        for number, one in enumerate(entries, start=500)
    ]
    return sorted(numbered, key=lambda one: (one.business_date, int(one.id)))


def lines(rule: IncentiveRule[Any], entries: list[EntryFact], parameters: dict[str, Any]) -> tuple[IncentiveLine, ...]:
    line = LineFact("revenue", sum(one.amount for one in entries), target=1_234_567, assessment=900_001)
    return rewarded(rule, line, entries=entries, **parameters).lines


def check_batches(key: str, of: tuple[list[EntryFact], list[EntryFact]]) -> None:
    """Amount, base and rate are the same; only the entries that are named have other ids."""
    rule, parameters = RULES[key], FROM_ENTRIES[key]
    once, again = (
        [(one.key, one.amount, one.base, one.rate, one.title) for one in lines(rule, entries, parameters)]
        for entries in of
    )
    assert once == again


@pytest.mark.parametrize("key", FROM_ENTRIES)
@settings(max_examples=8, deadline=None)
@given(postings())
def test_any_order_and_any_batching_pay_the_same(key: str, of: tuple[list[EntryFact], list[EntryFact]]) -> None:
    """A refund in two parts, entries posted the other way round: the same line."""
    check_batches(key, of)


@pytest.mark.soak
@pytest.mark.parametrize("key", FROM_ENTRIES)
@settings(max_examples=5000, deadline=None)
@given(postings())
def test_any_order_and_any_batching_pay_the_same_at_length(
    key: str, of: tuple[list[EntryFact], list[EntryFact]]
) -> None:
    """The same for a long time, for `make soak`."""
    check_batches(key, of)


@pytest.mark.parametrize("key", FROM_ENTRIES)
@settings(max_examples=8, deadline=None)
@given(st.data())
def test_the_order_of_a_request_changes_nothing(key: str, data: st.DataObject) -> None:
    """The same entries shuffled give the same lines to the byte, explanations and named entries too."""
    entries, _ = data.draw(postings())
    shuffled = data.draw(st.permutations(entries))
    rule, parameters = RULES[key], FROM_ENTRIES[key]
    assert lines(rule, shuffled, parameters) == lines(rule, entries, parameters)
