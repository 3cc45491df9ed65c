from __future__ import annotations

from typing import Any

import pytest

from quotaloom_incentives.floor import FLOOR
from tests.unit.plugins.rewarding import amounts, before, rewarded, shown


def lifted(*earlier: int, corrected: int = 0, carried: int = 0, **parameters: Any) -> tuple[int, int]:
    """What the floor adds, and what it carries over."""
    result = rewarded(FLOOR, earlier=before(*earlier), corrected=corrected, carried=carried, **parameters)
    return amounts(result).get("floor", 0), result.carry


def test_a_refund_beyond_the_earnings_is_carried_over() -> None:
    """1,000 earned, 2,900 taken back for March: April pays 0 and carries -1,900 over to May."""
    result = rewarded(FLOOR, earlier=before(1_000_00), corrected=-2_900_00)
    assert (amounts(result), result.carry, result.advance) == ({"floor": 1_900_00}, -1_900_00, 0)
    assert shown(result.lines[0].explanation) == [
        "The statement is lifted to its floor; what is carried over, the next period starts with."
        " [total -190000, floor 0, lifted by 190000, carried over -190000]",
        "  The lines that count, and their sum. [sum 100000]",
        "    Line 0 [amount 100000]",
        "  Corrections of earlier periods. [amount -290000]",
    ]


def test_what_was_carried_in_counts() -> None:
    """With -1,900 carried in, 700 earned carry -1,200 on, 1,900 come to 0, and 2,500 leave 600."""
    assert lifted(700_00, carried=-1_900_00) == (1_200_00, -1_200_00)
    assert lifted(1_900_00, carried=-1_900_00) == (0, 0)
    assert lifted(2_500_00, carried=-1_900_00) == (0, 0)


def test_who_earned_nothing_carries_what_he_came_with() -> None:
    """No line and -1,900 carried in: the floor lifts them and carries them on."""
    assert lifted(carried=-1_900_00) == (1_900_00, -1_900_00)
    assert lifted() == (0, 0)


@pytest.mark.parametrize(
    ("carries", "guaranteed", "negative"),
    [
        ("below_zero", (600_00, 0), (2_900_00, -1_900_00)),
        ("everything", (600_00, -600_00), (2_900_00, -2_900_00)),
        ("nothing", (600_00, 0), (2_900_00, 0)),
    ],
)
def test_a_company_says_what_is_carried_over(
    carries: str, guaranteed: tuple[int, int], negative: tuple[int, int]
) -> None:
    """With a floor of 1,000: 400 are lifted by 600, -1,900 by 2,900."""
    assert lifted(400_00, amount=1_000_00, carries=carries) == guaranteed
    assert lifted(1_000_00, corrected=-2_900_00, amount=1_000_00, carries=carries) == negative


def test_a_floor_below_zero_leaves_a_part_to_be_paid_back() -> None:
    """With -500 as the floor, -1,900 are lifted by 1,400, which are carried over; -300 stay."""
    assert lifted(-1_900_00, amount=-500_00) == (1_400_00, -1_400_00)
    assert lifted(-300_00, amount=-500_00) == (0, 0)
