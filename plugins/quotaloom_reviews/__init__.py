"""The review scorers that ship with the product: attainment along a line, and by bands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from quotaloom_reviews.banded import BANDED
from quotaloom_reviews.weighted_score import WEIGHTED_SCORE
from quotaloom_sdk import ReviewScorer, hookimpl

QUOTALOOM_API = "1.0"


@hookimpl
def quotaloom_review_scorers() -> Iterable[ReviewScorer[Any]]:
    """All of them."""
    return (WEIGHTED_SCORE, BANDED)
