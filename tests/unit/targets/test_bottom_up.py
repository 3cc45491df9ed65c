"""Sums from below, in which whoever has committed speaks for his branch."""

from __future__ import annotations

from datetime import date

from quotaloom.targets.bottom_up import gathered

JANUARY, FEBRUARY = date(2017, 1, 1), date(2017, 2, 1)
PARENTS = {2: 1, 3: 1, 4: 2, 5: 2, 6: 3}
"""Unit 1 has the teams 2 and 3; 2 has the seats 4 and 5, 3 has 6."""


def test_seats_are_summed_up_through_teams_that_have_not_committed() -> None:
    """10 and 20 below team 2, 5 below team 3: 35 for all, and nothing in February."""
    committed = {4: {JANUARY: 10}, 5: {JANUARY: 20}, 6: {JANUARY: 5}}
    assert gathered([1, 2, 6], PARENTS, committed) == {1: {JANUARY: 35}, 2: {JANUARY: 30}, 6: {}}


def test_a_team_that_has_committed_stands_for_its_seats_in_that_month_only() -> None:
    """Team 2 says 25 for January, where its seats say 30; February, of which it says nothing, is theirs."""
    committed = {2: {JANUARY: 25}, 4: {JANUARY: 10, FEBRUARY: 7}, 5: {JANUARY: 20}, 6: {JANUARY: 5}}
    assert gathered([1, 2], PARENTS, committed) == {
        1: {JANUARY: 30, FEBRUARY: 7},
        2: {JANUARY: 30, FEBRUARY: 7},
    }


def test_a_commitment_of_zero_is_one() -> None:
    """Team 2 commits to nothing at all, and so nothing is gathered from it."""
    assert gathered([1], PARENTS, {2: {JANUARY: 0}, 4: {JANUARY: 10}}) == {1: {JANUARY: 0}}
