from __future__ import annotations

from typing import Any

from quotaloom_incentives.draw import DRAW
from tests.unit.plugins.rewarding import before, rewarded, shown


def drawn(*earlier: int, advanced: int = 0, **others: Any) -> tuple[int, int]:
    """The draw's line, 0 without one, and by how much its balance changes; 2,000 are guaranteed."""
    result = rewarded(DRAW, earlier=before(*earlier), advanced=advanced, amount=2_000_00, **others)
    return sum(line.amount for line in result.lines), result.advance


def test_what_is_missing_is_paid_in_advance() -> None:
    """1,200 earned of 2,000 guaranteed: 800 in advance; nothing earned: all of it."""
    result = rewarded(DRAW, earlier=before(1_200_00), advanced=300_00, amount=2_000_00)
    (line,) = result.lines
    assert (line.key, line.title, line.amount, result.advance) == ("draw", "Draw in advance", 800_00, 800_00)
    assert shown(line.explanation) == [
        "The draw pays what is missing in advance. [total 120000, guaranteed 200000, advanced before 30000,"
        " missing 80000, paid in advance 80000, advanced after it 110000]",
        "  The lines that count, and their sum. [sum 120000]",
        "    Line 0 [amount 120000]",
    ]
    assert drawn() == (2_000_00, 2_000_00)


def test_what_is_earned_beyond_the_draw_pays_it_back() -> None:
    """2,500 earned, 800 standing out: 500 are got back; of 3,500 the 800, and no more."""
    assert drawn(2_500_00, advanced=800_00) == (-500_00, -500_00)
    assert drawn(3_500_00, advanced=800_00) == (-800_00, -800_00)
    (line,) = rewarded(DRAW, earlier=before(3_500_00), advanced=800_00, amount=2_000_00).lines
    assert line.explanation.values[-2:] == (("got back", 800_00), ("advanced after it", 0))


def test_over_time_exactly_what_was_advanced_is_got_back() -> None:
    """Earned 500, 1,000, 2,600, 5,000: 1,500 and 1,000 in advance, 600 and 1,900 back; each has 2,000 at least."""
    standing, paid = 0, []
    for earned in (500_00, 1_000_00, 2_600_00, 5_000_00):
        line, advance = drawn(earned, advanced=standing)
        standing += advance
        paid.append(earned + line)
    assert paid == [2_000_00, 2_000_00, 2_000_00, 3_100_00]
    assert standing == 0


def test_nothing_happens_at_the_guaranteed_amount() -> None:
    """Nor above it where nothing stands out."""
    assert drawn(2_000_00, advanced=800_00) == (0, 0)
    assert drawn(9_000_00) == (0, 0)


def test_no_more_may_stand_out_than_the_company_says() -> None:
    """With 1,000 at most and 700 standing out, 300 of the missing 800 are paid; with 1,000 or more none."""
    assert drawn(1_200_00, advanced=700_00, most_advanced=1_000_00) == (300_00, 300_00)
    assert drawn(1_200_00, advanced=1_000_00, most_advanced=1_000_00) == (0, 0)
    assert drawn(1_200_00, advanced=1_500_00, most_advanced=1_000_00) == (0, 0)


def test_a_draw_that_is_not_recoverable_is_never_got_back() -> None:
    """800 are paid and nothing stands out; what stands out from before is left alone."""
    assert drawn(1_200_00, recoverable=False) == (800_00, 0)
    assert drawn(9_000_00, advanced=800_00, recoverable=False) == (0, 0)


def test_corrections_and_what_was_carried_over_count() -> None:
    """1,000 earned, 2,900 taken back and 100 carried in are -2,000: 4,000 in advance."""
    assert drawn(1_000_00, corrected=-2_900_00, carried=-100_00) == (4_000_00, 4_000_00)
    assert drawn(1_900_00, corrected=600_00, advanced=800_00) == (-500_00, -500_00)
