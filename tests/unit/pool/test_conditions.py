from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from quotaloom.ownership.owners import RecordKind
from quotaloom.platform.errors import InputError
from quotaloom.pool.conditions import RecordFacts, read_tree

CUSTOMER = RecordFacts(RecordKind.CUSTOMER, date(2026, 1, 1))
DEAL = RecordFacts(RecordKind.OPPORTUNITY, date(2026, 1, 1), stage_key="offer", stage_since=date(2026, 1, 11))


def comes_true(tree: dict[str, Any], facts: RecordFacts) -> str | None:
    """The day, and the name of what decides."""
    truth = read_tree(tree).comes_true(facts)
    return None if truth is None else f"{truth.on} {truth.because.circumstance}"


@pytest.mark.parametrize(
    ("tree", "facts", "day"),
    [
        ({"noFollowUp": {"days": 30}}, CUSTOMER, "2026-01-31"),
        ({"noFollowUp": {"days": 30}}, replace(CUSTOMER, last_activity_on=date(2026, 1, 20)), "2026-02-19"),
        ({"noOpportunity": {"days": 60}}, CUSTOMER, "2026-03-02"),
        ({"noOpportunity": {"days": 60}}, replace(CUSTOMER, has_opportunity=True), None),
        ({"noOpportunity": {"days": 60}}, DEAL, None),
        ({"notWon": {"days": 31}}, CUSTOMER, "2026-02-01"),
        ({"notWon": {"days": 31}}, replace(CUSTOMER, won=True), None),
        ({"stuckInStage": {"days": 10}}, DEAL, "2026-01-21"),
        ({"stuckInStage": {"days": 10, "stages": ["lead", "offer"]}}, DEAL, "2026-01-21"),
        ({"stuckInStage": {"days": 10, "stages": ["lead"]}}, DEAL, None),
        ({"stuckInStage": {"days": 10}}, CUSTOMER, None),
        ({"contractEnded": {"days": 0}}, replace(CUSTOMER, contract_ends_on=date(2026, 6, 1)), "2026-06-01"),
        ({"contractEnded": {"days": 5}}, CUSTOMER, None),
    ],
)
def test_a_condition_comes_true_on_a_day_or_never(tree: dict[str, Any], facts: RecordFacts, day: str | None) -> None:
    """So many days after what it waits for began, with the facts as they are."""
    found = comes_true(tree, facts)
    assert (found and found.split()[0]) == day


def test_no_clock_starts_before_the_holder_has_the_record() -> None:
    """A deal long in its stage, and a contract that is long over, count from the first day of a new holder."""
    late = date(2026, 5, 1)
    assert comes_true({"stuckInStage": {"days": 10}}, replace(DEAL, since_on=late)) == "2026-05-11 stuck_in_stage"
    ended = replace(CUSTOMER, since_on=late, contract_ends_on=date(2025, 1, 1))
    assert comes_true({"contractEnded": {"days": 10}}, ended) == "2026-05-11 contract_ended"


def test_any_is_the_earliest_and_all_the_latest() -> None:
    """Of 30 and 60 days; `all` never comes true where one part never does, `any` leaves that one out."""
    both = [{"noFollowUp": {"days": 30}}, {"noOpportunity": {"days": 60}}]
    bought = replace(CUSTOMER, has_opportunity=True)
    assert comes_true({"any": both}, CUSTOMER) == "2026-01-31 no_follow_up"
    assert comes_true({"all": both}, CUSTOMER) == "2026-03-02 no_opportunity"
    assert comes_true({"any": both}, bought) == "2026-01-31 no_follow_up"
    assert comes_true({"all": both}, bought) is None
    nested = {"any": [{"all": both}, {"notWon": {"days": 90}}]}
    assert comes_true(nested, bought) == "2026-04-01 not_won"


@pytest.mark.parametrize(
    ("tree", "path"),
    [
        (None, ()),
        ({}, ()),
        ({"noFollowUp": {"days": 1}, "notWon": {"days": 1}}, ()),
        ({"sleeping": {"days": 1}}, ("sleeping",)),
        ({"any": []}, ("any",)),
        ({"any": None}, ("any",)),
        ({"any": [{"notWon": {"days": 0}}]}, ("any", 0, "notWon", "days")),
        ({"notWon": {"days": 1, "stages": ["lead"]}}, ("notWon", "stages")),
        ({"stuckInStage": {"days": 1, "stages": [7]}}, ("stuckInStage", "stages")),
        ({"any": [{"any": [{"any": [{"any": [{"any": [{"notWon": {"days": 1}}]}]}]}]}]}, ("any", 0) * 4),
    ],
)
def test_trees_that_are_none(tree: Any, path: tuple[str | int, ...]) -> None:
    """Each is refused at its place in the tree."""
    with pytest.raises(InputError) as caught:
        read_tree(tree)
    assert (caught.value.code, caught.value.path) == ("BAD_PARAMETERS", path)
