from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from quotaloom_reviews.banded import BANDED, Band, BandedParameters
from tests.unit.plugins.reviewing import attained, given, score


def test_the_highest_band_that_is_reached_counts() -> None:
    """By default: 100% gives all, 90% four fifths, 80% three, 60% two, less nothing; a band begins at its very rate."""
    for achieved, points in ((140, 100), (100, 100), (99, 80), (90, 80), (89, 60), (80, 60), (60, 40), (59, 0)):
        assert score(BANDED, attained(achieved, 100)) == points


def test_bands_may_stand_in_any_order() -> None:
    """Half from 50% and all from 150%, named the wrong way round."""
    bands = (
        Band(from_rate=Decimal("0.5"), share=Decimal("0.5")),
        Band(from_rate=Decimal("1.5"), share=Decimal(1)),
    )
    assert [score(BANDED, attained(achieved, 100), bands=bands) for achieved in (49, 50, 150)] == [0, 50, 100]


def test_other_parts_count_as_they_were_given() -> None:
    """0.6 × the band of 95% and 0.4 × 8 of 10 are 0.8."""
    assert score(BANDED, attained(95, 100, "0.6"), given("8", weight="0.4")) == 80


def test_of_a_metric_that_is_better_when_lower_less_is_more() -> None:
    """115 where 100 were allowed is looked up as 85%."""
    assert score(BANDED, attained(115, 100, lower_is_better=True)) == 60


def test_two_bands_from_one_rate_are_refused() -> None:
    """Nobody could say which of them counts."""
    with pytest.raises(ValidationError, match="two bands begin at the same rate"):
        BandedParameters(bands=(Band(from_rate=Decimal(1), share=Decimal(1)),) * 2)
