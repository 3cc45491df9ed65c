from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from pydantic import ValidationError

from quotaloom_reviews.weighted_score import WEIGHTED_SCORE, WeightedScoreParameters
from tests.unit.plugins.reviewing import attained, given, score, scored


def test_parts_count_by_their_weights() -> None:
    """0.6 × 90% of the target and 0.4 × 8 of 10 are 0.86."""
    assert score(WEIGHTED_SCORE, attained(90, 100, "0.6"), given("8", weight="0.4")) == 86


def test_attainment_counts_in_proportion_between_two_rates() -> None:
    """From 60% to 120%: 90% is half way; 50% is nothing and 130% is all, so is 120%; refunds count as nothing."""
    ends = {"nothing_at": Decimal("0.6"), "full_at": Decimal("1.2")}
    for achieved, points in ((90, 50), (50, 0), (60, 0), (120, 100), (130, 100), (-10, 0)):
        assert score(WEIGHTED_SCORE, attained(achieved, 100), **ends) == points


def test_of_a_metric_that_is_better_when_lower_less_is_more() -> None:
    """80 complaints where 100 were allowed count in full, 150 as one half, 300 as nothing."""
    for achieved, points in ((80, 100), (150, 50), (300, 0)):
        assert score(WEIGHTED_SCORE, attained(achieved, 100, lower_is_better=True)) == points


def test_a_part_without_a_target_counts_as_the_company_says() -> None:
    """Left out, the other part's 8 of 10 is all; as nothing or in full it counts half."""
    parts = (attained(50, None, "0.5"), given("8", weight="0.5"))
    for how, points in (("left_out", 80), ("nothing", 40), ("full", 90)):
        assert score(WEIGHTED_SCORE, *parts, without_target=how) == points
    assert score(WEIGHTED_SCORE, attained(5, 0)) == 0


def test_the_members_own_score_may_count_too() -> None:
    """30% of his 10 and 70% of the manager's 6 are 7.2 of 10; his own alone counts for nothing."""
    assert score(WEIGHTED_SCORE, given("6", "10"), self_weight=Decimal("0.3")) == 72
    assert score(WEIGHTED_SCORE, given(None, "10"), self_weight=Decimal("0.3")) == 0


def test_scores_are_exact_and_explained_part_by_part() -> None:
    """A third of the target is 100/3 of 100; the explanation has one item for each part, with its rate."""
    result = scored(WEIGHTED_SCORE, attained(1, 3, key="sold"), attained(1, 3, key="new"))
    assert result.score == Fraction(100, 3)
    assert [part.score for part in result.parts] == [Fraction(100, 3)] * 2
    assert [dict(item.values)["rate"] for item in result.explanation.items] == [Decimal("0.333333")] * 2


def test_a_line_that_ends_before_it_begins_is_refused() -> None:
    """All points at 50% and none at 60% make no sense."""
    with pytest.raises(ValidationError, match="full_at must be more than nothing_at"):
        WeightedScoreParameters(nothing_at=Decimal("0.6"), full_at=Decimal("0.5"))
