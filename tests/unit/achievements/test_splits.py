"""Who gets how much."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotaloom.achievements.splits import CreditKind, credit_count, credit_money, overlay_amount, split_amount
from quotaloom.platform.errors import InputError

DIRECT, OVERLAY = CreditKind.DIRECT, CreditKind.OVERLAY
FIFTY_THIRTY_TWENTY = [Decimal("0.5"), Decimal("0.3"), Decimal("0.2")]


def test_a_split_that_leaves_nothing_over() -> None:
    """100,001.00 at 50/30/20: 50,000.50, 30,000.30, 20,000.20."""
    assert split_amount(100_001_00, FIFTY_THIRTY_TWENTY) == [50_000_50, 30_000_30, 20_000_20]


def test_what_remains_goes_to_the_largest_share() -> None:
    """100.01 at 50/30/20 is 50.005, 30.003 and 20.002: the one cent over goes to the half."""
    assert split_amount(100_01, FIFTY_THIRTY_TWENTY) == [50_01, 30_00, 20_00]


def test_the_largest_share_gets_all_that_remains() -> None:
    """0.99 at 20/20/40/20 is 19.8, 19.8, 39.6, 19.8 cents: three cents over, all to the third, not one to each."""
    shares = [Decimal("0.2"), Decimal("0.2"), Decimal("0.4"), Decimal("0.2")]
    assert split_amount(99, shares) == [19, 19, 42, 19]


def test_among_equal_shares_the_first_named_gets_what_remains() -> None:
    """0.02 among three equals: both cents to the first."""
    assert split_amount(2, [Fraction(1, 3)] * 3) == [2, 0, 0]


def test_a_negative_amount_mirrors_the_positive() -> None:
    """-100.01 at 50/30/20: -50.01, -30.00, -20.00."""
    assert split_amount(-100_01, FIFTY_THIRTY_TWENTY) == [-50_01, -30_00, -20_00]


@pytest.mark.parametrize(
    ("shares", "sum_"),
    [(["0.5", "0.49"], "0.99"), (["0.5", "0.51"], "1.01"), (["0.333", "0.333", "0.333"], "0.999"), ([], "0")],
)
def test_shares_that_do_not_make_one_are_refused(shares: list[str], sum_: str) -> None:
    """Also by a thousandth; the message says what they make."""
    with pytest.raises(InputError, match=f"add up to {sum_};") as caught:
        split_amount(100, [Decimal(share) for share in shares])
    assert caught.value.code == "SHARES_DO_NOT_ADD_UP"


@pytest.mark.parametrize("share", ["-0.1", "1.1", "NaN", "Infinity"])
def test_a_share_outside_zero_to_one_is_refused(share: str) -> None:
    """Direct or overlay."""
    for attempt in (lambda: split_amount(1, [Decimal(share)]), lambda: overlay_amount(1, Decimal(share))):
        with pytest.raises(InputError, match="from 0 to 1") as caught:
            attempt()
        assert caught.value.code == "BAD_SHARE"


def test_overlay_comes_on_top_half_up() -> None:
    """A deal of 0.05 split 50/50 with an overlay of 50%: 3 and 2 cents, and 2.5 is 3 on top."""
    credits = [(DIRECT, Decimal("0.5")), (OVERLAY, Decimal("0.5")), (DIRECT, Decimal("0.5"))]
    assert credit_money(5, credits) == [(DIRECT, 3), (OVERLAY, 3), (DIRECT, 2)]


def test_a_count_is_whole_for_everybody_and_direct_for_one() -> None:
    """Two orders at 30/70 with an engineer: direct for the 70, overlay for the others; equals: the first named."""
    assert credit_count(2, [(DIRECT, Decimal("0.3")), (DIRECT, Decimal("0.7")), (OVERLAY, Decimal(1))]) == [
        (OVERLAY, 2),
        (DIRECT, 2),
        (OVERLAY, 2),
    ]
    halves = [(DIRECT, Decimal("0.5")), (DIRECT, Decimal("0.5"))]
    assert credit_count(1, halves) == [(DIRECT, 1), (OVERLAY, 1)]


def test_a_count_needs_shares_that_make_one_too() -> None:
    """Nobody direct, or shares that fall short, are refused as for money."""
    for credits in ([(OVERLAY, Decimal(1))], [(DIRECT, Decimal("0.9"))]):
        with pytest.raises(InputError) as caught:
            credit_count(1, credits)
        assert caught.value.code == "SHARES_DO_NOT_ADD_UP"


@given(st.integers(-(2**63), 2**63), st.lists(st.integers(1, 100), min_size=1, max_size=8))
def test_any_split_adds_up_and_the_others_are_rounded_down(amount: int, weights: list[int]) -> None:
    """All parts make the amount, and only the largest share's is more than a unit away from exact."""
    shares = [Fraction(weight, sum(weights)) for weight in weights]
    parts = split_amount(amount, shares)
    assert sum(parts) == amount
    winner = weights.index(max(weights))
    for place, (part, share) in enumerate(zip(parts, shares, strict=True)):
        over = abs(part) - abs(amount) * share
        assert 0 <= over < len(shares) if place == winner else -1 < over <= 0
