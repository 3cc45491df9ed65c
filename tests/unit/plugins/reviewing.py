"""Parts of a review, for the tests of scorers."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from quotaloom_sdk import LineFact, ReviewPart, ReviewResult, ReviewScorer
from quotaloom_sdk.answers import judged
from quotaloom_sdk.testing import review_request


def attained(achieved: int, target: int | None, weight: str = "1", key: str = "sold", **facts: Any) -> ReviewPart:
    """A part of 100 points about a metric."""
    line = LineFact("revenue", achieved, target=target)
    return ReviewPart(key, key.title(), "quantitative", Decimal(weight), Decimal(100), line=line, **facts)


def given(managers: str | None, own: str | None = None, weight: str = "1", key: str = "team") -> ReviewPart:
    """A part of 10 points that the manager and the member score."""
    own_score, managers_score = (None if score is None else Decimal(score) for score in (own, managers))
    return ReviewPart(key, key.title(), "qualitative", Decimal(weight), Decimal(10), own_score, managers_score)


def scored(scorer: ReviewScorer[Any], *parts: ReviewPart, **parameters: Any) -> ReviewResult:
    """What a scorer answers, checked as the product checks it; the most is 100."""
    request = review_request(*parts, parameters=scorer.parameters(**parameters))
    return judged(scorer.score(request), ReviewResult, request)


def score(scorer: ReviewScorer[Any], *parts: ReviewPart, **parameters: Any) -> Fraction:
    """The score of the whole, of 100."""
    return Fraction(scored(scorer, *parts, **parameters).score)
