"""What a split that cannot be met says."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from quotaloom.platform.amounts import Rational
from quotaloom.targets.decomposition import SplitRequest, split
from quotaloom.targets.refusals import DecompositionRefused


def even(children: int, months: int) -> tuple[tuple[Rational, ...], ...]:
    return ((1,) * months,) * children


def refusal(request: SplitRequest) -> DecompositionRefused:
    with pytest.raises(DecompositionRefused) as refused:
        split(request)
    return refused.value


def test_a_month_whose_locked_cells_exceed_it_is_named() -> None:
    """In the second month 6 + 5 are fixed and the parent has 10."""
    refused = refusal(SplitRequest((10, 10), even(3, 2), fixed={(0, 1): 6, (1, 1): 5}))
    assert (refused.code, refused.child, refused.month) == ("LOCKED_EXCEEDS_TOTAL", None, 1)
    assert (refused.required, refused.available) == (11, 10)


def test_a_month_with_nothing_left_open_is_named() -> None:
    """Both children's first month is fixed, at 9 together, and the parent has 10."""
    refused = refusal(SplitRequest((10, 10), even(2, 2), fixed={(0, 0): 4, (1, 0): 5}))
    assert (refused.code, refused.month) == ("LOCKED_BELOW_TOTAL", 0)
    assert (refused.required, refused.available) == (10, 9)


def test_a_child_whose_locked_cells_exceed_its_pinned_year_is_named() -> None:
    """7 is locked in a year pinned at 5."""
    refused = refusal(SplitRequest((10, 10), even(2, 2), fixed={(1, 0): 7}, year_totals={1: 5}))
    assert (refused.code, refused.child, refused.month) == ("LOCKED_EXCEEDS_TOTAL", 1, None)
    assert (refused.required, refused.available) == (7, 5)


def test_a_child_whose_year_is_pinned_above_all_its_fixed_cells_is_named() -> None:
    """Both months are fixed, at 3 together, and the year is pinned at 4."""
    refused = refusal(SplitRequest((10, 10), even(2, 2), fixed={(1, 0): 1, (1, 1): 2}, year_totals={1: 4}))
    assert (refused.code, refused.child, refused.required, refused.available) == ("LOCKED_BELOW_TOTAL", 1, 4, 3)


def test_a_pinned_year_that_does_not_fit_into_its_open_months_is_named() -> None:
    """The first child's first month is fixed at 0, the second month has 10, and its year is pinned at 12."""
    refused = refusal(SplitRequest((10, 10), even(2, 2), fixed={(0, 0): 0}, year_totals={0: 12}))
    assert (refused.code, refused.children, refused.months) == ("PINNED_EXCEEDS_MONTHS", (0,), (1,))
    assert (refused.required, refused.available) == (12, 10)


def test_pinned_years_that_exceed_the_parent_are_named_together() -> None:
    """11 and 10 are pinned of a parent's 20."""
    refused = refusal(SplitRequest((10, 10), even(3, 2), year_totals={0: 11, 2: 10}))
    assert (refused.code, refused.children, refused.months) == ("PINNED_EXCEEDS_MONTHS", (0, 2), (0, 1))
    assert (refused.required, refused.available) == (21, 20)


def test_pinned_years_that_crowd_one_month_are_named_together() -> None:
    """Two children are open in the second month alone, which has 10; 6 + 5 are pinned."""
    request = SplitRequest((10, 10), even(3, 2), fixed={(0, 0): 0, (1, 0): 0}, year_totals={0: 6, 1: 5})
    refused = refusal(request)
    assert (refused.code, refused.children, refused.months) == ("PINNED_EXCEEDS_MONTHS", (0, 1), (1,))
    assert (refused.required, refused.available) == (11, 10)


def test_a_month_that_no_unpinned_child_can_fill_is_named() -> None:
    """The second child's second month is fixed at 0; the first would have to take 10 and is pinned at 9."""
    refused = refusal(SplitRequest((10, 10), even(2, 2), fixed={(1, 1): 0}, year_totals={0: 9}))
    assert (refused.code, refused.children, refused.months) == ("MONTHS_EXCEED_PINNED", (0,), (1,))
    assert (refused.required, refused.available) == (10, 9)


def test_years_that_are_all_pinned_below_the_parent_are_named_together() -> None:
    """10 and 9 of a parent's 20 leave one unit for nobody."""
    refused = refusal(SplitRequest((10, 10), even(2, 2), year_totals={0: 10, 1: 9}))
    assert (refused.code, refused.children, refused.months) == ("MONTHS_EXCEED_PINNED", (0, 1), (0, 1))
    assert (refused.required, refused.available) == (20, 19)


def test_an_amount_without_children_is_refused() -> None:
    """Nobody can take 3."""
    assert refusal(SplitRequest((1, 2), ())).describe() == (
        "0 children cannot share 3; add a child or set the total to 0"
    )


@pytest.mark.parametrize("weight", [-1, Decimal("NaN"), Decimal("-Infinity"), Fraction(-1, 3)])
def test_a_weight_that_is_no_share_is_named_by_child_and_month(weight: Rational) -> None:
    """The second child's weight in the third month is wrong."""
    refused = refusal(SplitRequest((1, 1, 1), ((1, 1, 1), (1, 1, weight))))
    assert (refused.code, refused.child, refused.month) == ("WEIGHT_REFUSED", 1, 2)


@pytest.mark.parametrize(
    ("request_", "child", "month"),
    [
        (SplitRequest((1, -1), even(1, 2)), None, 1),
        (SplitRequest((1, 1), even(1, 2), fixed={(0, 1): -1}), 0, 1),
        (SplitRequest((1, 1), even(2, 2), year_totals={1: -1}), 1, None),
    ],
)
def test_a_negative_amount_is_named(request_: SplitRequest, child: int | None, month: int | None) -> None:
    """-1 as the parent's cell, as a fixed cell, as a pinned year."""
    refused = refusal(request_)
    assert (refused.code, refused.child, refused.month, refused.required) == ("NEGATIVE_AMOUNT", child, month, -1)


def test_a_refusal_is_told_with_names_and_formatted_amounts() -> None:
    """The caller knows what the indices stand for and how the metric is written."""
    refused = refusal(SplitRequest((1000, 1000), even(3, 2), year_totals={0: 1100, 2: 1000}))
    names = ["North", "East", "South"]
    told = refused.describe(
        lambda child: names[child], lambda month: f"2026-0{month + 1}", lambda minor: f"{minor / 100:.2f}"
    )
    assert told == (
        "North and South: the pinned years need 21.00 beyond the cells that are fixed, "
        "but 2026-01 and 2026-02 leave only 20.00; lower a pinned year or release cells"
    )


def test_a_long_list_of_names_is_cut_short() -> None:
    """Seven children of 1 pinned, a parent of 6: four are named."""
    refused = refusal(SplitRequest((6,), even(7, 1), year_totals=dict.fromkeys(range(7), 1)))
    assert str(refused).startswith("child 1, child 2, child 3, child 4 and 3 more: the pinned years need 7 ")


def test_a_refusal_keeps_its_figures_when_it_is_placed_or_said_of_a_child() -> None:
    """`at` changes the path alone; `of_child` the child alone."""
    refused = DecompositionRefused("LOCKED_EXCEEDS_TOTAL", required=3, available=2)
    placed = refused.of_child(4).at("input", "plan")
    assert isinstance(placed, DecompositionRefused)
    assert (placed.path, placed.child, placed.required, placed.available) == (("input", "plan"), 4, 3, 2)
    assert placed.message.startswith("child 5: 3 is locked or pinned, but the total is 2")
