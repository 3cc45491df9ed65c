from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from quotaloom_sdk import (
    Explanation,
    InvalidDefinition,
    InvalidResult,
    Parameters,
    PartScore,
    ReviewPart,
    ReviewResult,
    ReviewScorer,
)
from quotaloom_sdk.testing import review_request

BECAUSE = Explanation("Because.")
TEAM = ReviewPart("team", "Teamwork", "qualitative", Decimal(1), Decimal(10), manager_score=Decimal(6))
REQUEST = review_request(TEAM, parameters=Parameters())


def scored(score: Any, **parts: Any) -> ReviewResult:
    return ReviewResult(
        score=score,
        parts=tuple(PartScore(key, value, BECAUSE) for key, value in parts.items()),
        explanation=BECAUSE,
    )


def test_score_up_to_the_most_is_fine() -> None:
    """100 of 100 with 10 of 10 is the best there is, and thirds stay exact."""
    scored(Decimal(100), team=Decimal(10)).check(REQUEST)
    scored(Fraction(100, 3), team=Fraction(10, 3)).check(REQUEST)


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (scored(Decimal("100.01"), team=Decimal(1)), "score is 100.01; the most is 100"),
        (scored(Decimal(1), team=Decimal(11)), "score of part 'team' is 11; the most is 10"),
        (scored(Decimal(1)), "parts must be those of the request"),
        (scored(Decimal(1), zeal=Decimal(1)), "parts must be those of the request"),
    ],
)
def test_score_that_does_not_fit_the_form_is_refused(result: ReviewResult, words: str) -> None:
    """Each part has its score, and none is above what the form gives."""
    with pytest.raises(InvalidResult, match=words):
        result.check(REQUEST)


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (80.5, "score must be a Decimal or a Fraction, not 80.5"),
        (Decimal(-1), "score must not be negative: -1"),
        (Decimal("NaN"), "score must be finite"),
    ],
)
def test_score_that_is_not_exact_is_refused(score: Any, words: str) -> None:
    """A score is exact, finite and not negative, of the whole and of a part."""
    with pytest.raises(InvalidResult, match=words):
        scored(score)
    with pytest.raises(InvalidResult, match=words.replace("score", "score of part 'team'")):
        scored(Decimal(1), team=score)


def test_definition_checks_its_function() -> None:
    """What is to score must be a plain function."""
    with pytest.raises(InvalidDefinition, match="score of policy 'a' must be a function"):
        ReviewScorer(key="a", title="T", description="D.", parameters=Parameters, score=None)  # type: ignore[arg-type] # under test
