from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from quotaloom_sdk import (
    Credit,
    CreditingRequest,
    CreditingResult,
    CreditingRule,
    Explanation,
    InvalidDefinition,
    InvalidResult,
    Parameters,
)
from quotaloom_sdk.testing import crediting_request

BECAUSE = Explanation("Because.")
THIRD = Fraction(1, 3)


def to_all(request: CreditingRequest[Parameters]) -> CreditingResult:
    return CreditingResult(credits=request.named, explanation=BECAUSE)


def test_thirds_sum_to_one() -> None:
    """Three thirds are exactly one, and overlay comes on top of it."""
    named = (Credit("a", THIRD), Credit("b", THIRD), Credit("c", THIRD), Credit("d", Decimal(1), overlay=True))
    assert to_all(crediting_request(*named, parameters=Parameters())).credits == named


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Credit("a", 0.5), "must be a Decimal or a Fraction, not 0.5"),  # type: ignore[arg-type] # under test
        (lambda: Credit("a", 1), "must be a Decimal or a Fraction, not 1"),  # type: ignore[arg-type] # under test
        (lambda: Credit("a", Decimal("NaN")), "must be finite, not NaN"),
        (lambda: Credit("a", Decimal("Infinity")), "must be finite, not Infinity"),
        (lambda: Credit("a", Decimal("1E+999999")), "has too many digits"),
        (lambda: Credit("a", Fraction(1, 2**600)), "has too many digits"),
        (lambda: Credit("a", Decimal(0)), "above 0 and up to 1, not 0"),
        (lambda: Credit("a", Decimal("-0.1")), "above 0 and up to 1, not -0.1"),
        (lambda: Credit("a", Decimal("1.1")), "above 0 and up to 1, not 1.1"),
        (lambda: Credit(" ", Decimal(1)), "position_id of a credit must be text that is not empty"),
        (lambda: Credit("a", Decimal(1), member_id=""), "member_id of a credit must be text"),
    ],
)
def test_share_that_could_not_be_credited_is_refused(make: Callable[[], object], words: str) -> None:
    """A share is exact, finite, above 0 and up to 1, for somebody who is named."""
    with pytest.raises(InvalidResult) as refused:
        make()
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("credits", "words"),
    [
        ((Credit("a", Decimal("0.99")),), "direct shares sum to 99/100; they must sum to exactly 1"),
        ((), "direct shares sum to 0"),
        ((Credit("a", Decimal(1), overlay=True),), "direct shares sum to 0"),
        ((Credit("a", Decimal("0.5")), Credit("a", Decimal("0.5"))), "credits has 'a' twice"),
        ([Credit("a", Decimal(1))], "credits must be a tuple of Credit"),
        (("a",), "credits[0] must be of type Credit, not 'a'"),
    ],
)
def test_credits_that_do_not_divide_the_deal_are_refused(credits: Any, words: str) -> None:
    """Direct shares make exactly one, each position comes once, and the shape is a tuple of credits."""
    with pytest.raises(InvalidResult) as refused:
        CreditingResult(credits=credits, explanation=BECAUSE)
    assert words in str(refused.value)


def test_definition_checks_its_function() -> None:
    """What is to credit must be a plain function."""
    with pytest.raises(InvalidDefinition, match="credit of policy 'a' must be a function"):
        CreditingRule(key="a", title="T", description="D.", parameters=Parameters, credit=None)  # type: ignore[arg-type] # under test
