"""A win by its products, exact in both directions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from quotaloom.achievements.entries import Credit
from quotaloom.achievements.splits import CreditKind, credit_money
from quotaloom.funnels.deal_lines import DealLine
from quotaloom.funnels.product_parts import credits_of_parts, sold_products

DIRECT, OVERLAY = CreditKind.DIRECT, CreditKind.OVERLAY


def money(amount: int, credits: tuple[Credit, ...]) -> list[int]:
    """What the ledger gives to each credit of an amount."""
    return [part for _, part in credit_money(amount, [(credit.kind, credit.share) for credit in credits])]


def test_lines_of_one_product_are_one_sale() -> None:
    """Two lines of pumps, one of valves: pumps 300.00, valves 100.00, in the order in which they were named."""
    lines = [DealLine(7, Decimal(1), 100_00), DealLine(9, Decimal(2), 100_00), DealLine(7, Decimal(1), 200_00)]
    assert sold_products(lines, None, 400_00) == [(7, 300_00), (9, 100_00)]


def test_without_amounts_of_lines_it_is_of_the_deals_own_product() -> None:
    """Nobody knows what each of two products makes; a single product makes all of it."""
    assert sold_products([DealLine(7), DealLine(9)], 9, 400_00) == [(9, 400_00)]
    assert sold_products([DealLine(7), DealLine(7)], 9, 400_00) == [(7, 400_00)]
    assert sold_products([], 9, 400_00) == [(9, 400_00)]
    assert sold_products([], None, 400_00) == [(None, 400_00)]


def test_everybody_has_of_the_products_what_he_has_of_the_whole() -> None:
    """100.01 at 50/30/20 is 50.01, 30.00 and 20.00, also of two products of 0.01 and 100.00; 10% on top are 10.00.

    The cent of the first product is of the largest share.
    """
    shares = (("0.5", DIRECT), ("0.3", DIRECT), ("0.2", DIRECT), ("0.1", OVERLAY))
    credits = [Credit(place, Fraction(share), kind) for place, (share, kind) in enumerate(shares)]
    cent, rest = credits_of_parts([1, 100_00], credits)
    assert money(1, cent) == [1, 0, 0, 0]
    assert money(100_00, rest) == [50_00, 30_00, 20_00, 10_00]


@given(
    st.lists(st.integers(0, 10**12), min_size=1, max_size=6),
    st.lists(st.integers(1, 100), min_size=1, max_size=5),
    st.lists(st.fractions(0, 1, max_denominator=1000), max_size=3),
)
def test_both_margins_are_exact(parts: list[int], weights: list[int], overlays: list[Fraction]) -> None:
    """Whatever the products and shares: direct credits make each product, and everybody has his part of the whole."""
    credits = [Credit(place, Fraction(weight, sum(weights))) for place, weight in enumerate(weights)]
    credits += [Credit(100 + place, share, OVERLAY) for place, share in enumerate(overlays)]
    cells = [money(part, of_part) for part, of_part in zip(parts, credits_of_parts(parts, credits), strict=True)]
    assert all(cell >= 0 for row in cells for cell in row)
    assert [sum(row[: len(weights)]) for row in cells] == parts
    assert [sum(column) for column in zip(*cells, strict=True)] == money(sum(parts), tuple(credits))
