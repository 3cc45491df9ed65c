from __future__ import annotations

from typing import Any

import pytest

from quotaloom_incentives.cap import CAP
from tests.unit.plugins.rewarding import amounts, before, revenue, rewarded, shown


def test_what_was_earned_beyond_the_limit_is_cut_off() -> None:
    """9,000 and 2,500 with a limit of 10,000: 1,500 are cut off."""
    (line,) = rewarded(CAP, earlier=before(9_000_00, 2_500_00), amount=10_000_00).lines
    assert (line.key, line.amount) == ("cap", -1_500_00)
    assert shown(line.explanation) == [
        "No more is paid than the limit. [sum 1150000, limit 1000000]",
        "  The lines that count, and their sum. [sum 1150000]",
        "    Line 0 [amount 900000]",
        "    Line 1 [amount 250000]",
    ]


@pytest.mark.parametrize("earned", [(10_000_00,), (12_000_00, -2_000_00), (-5_00,), ()])
def test_what_is_within_the_limit_stays(earned: tuple[int, ...]) -> None:
    """The limit itself, lines below 0 that bring the sum down, and no line at all."""
    assert rewarded(CAP, earlier=before(*earned), amount=10_000_00).lines == ()


def test_only_chosen_rules_are_capped() -> None:
    """600 of the SPIF with a limit of 500, by the rule's own key or the policy's; the 9,000 of tiers do not count."""
    earlier = [*before(9_000_00), *before(600_00, policy="incentives.spiff", rule="routers")]
    for name in ("incentives.spiff", "routers"):
        assert amounts(rewarded(CAP, earlier=earlier, amount=500_00, rules=[name])) == {"cap": -100_00}
    assert rewarded(CAP, earlier=earlier, amount=500_00, rules=["incentives.draw"]).lines == ()


def test_corrections_and_what_was_carried_over_do_not_count() -> None:
    """11,000 earned now are cut to 10,000, whatever earlier periods bring."""
    for corrected in (-5_000_00, 5_000_00):
        result = rewarded(CAP, earlier=before(11_000_00), corrected=corrected, carried=-1_00, amount=10_000_00)
        assert amounts(result) == {"cap": -1_000_00}


def test_the_limit_may_be_a_part_of_the_target_or_of_what_was_achieved() -> None:
    """7 % of a target of 100,000 are 7,000, of 130,000 achieved 9,100; 9,500 were earned."""

    def cut(limit: str) -> dict[str, int]:
        line = revenue(130_000_00, 100_000_00)
        return amounts(rewarded(CAP, line, earlier=before(9_500_00), limit=limit, percent=7))

    assert cut("target") == {"cap": -2_500_00}
    assert cut("achieved") == {"cap": -400_00}


@pytest.mark.parametrize(
    ("given", "expected"),
    [({"target": None}, {}), ({"target": 0}, {}), ({"target": 1}, {"cap": -100_00})],
)
def test_without_a_target_nothing_is_cut_off(given: dict[str, Any], expected: dict[str, int]) -> None:
    """A part of no target, or of one of 0, is no limit; a part of one cent, rounded half up, is 0."""
    result = rewarded(CAP, revenue(50_00, **given), earlier=before(100_00), limit="target", percent=10)
    assert amounts(result) == expected


@pytest.mark.parametrize("lines", [(), (revenue(-100_00),)])
def test_a_part_of_nothing_achieved_is_nothing(lines: tuple[Any, ...]) -> None:
    """Where nothing was sold, or more refunded than sold, the limit is 0."""
    assert amounts(rewarded(CAP, *lines, earlier=before(80_00), limit="achieved")) == {"cap": -80_00}


def test_the_limit_is_rounded_half_up() -> None:
    """10 % of 1.05 are 10.5 cents: 11."""
    assert amounts(rewarded(CAP, revenue(1_05), earlier=before(20), limit="achieved", percent=10)) == {"cap": -9}
