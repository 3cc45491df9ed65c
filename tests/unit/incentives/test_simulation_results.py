"""Sums, winners and losers, percentiles and histograms of simulations."""

from __future__ import annotations

from typing import Any

from quotaloom.incentives.simulation_results import MemberMonth, Side, Tally, even_bounds, histogram, percentiles


def month(now: int, then: int, paid: int | None = None) -> MemberMonth:
    """A member's month, with what both sides give."""
    return MemberMonth(Side(now), Side(then), paid)


def test_percentiles_are_by_nearest_rank() -> None:
    """Of 15, 20, 35, 40 and 50 the 10th is the first, the 50th the third, the 90th the fifth; of one all are he."""
    assert percentiles([50, 15, 40, 20, 35]) == {"p10": 15, "p50": 35, "p90": 50}
    assert percentiles(list(range(1, 101))) == {"p10": 10, "p50": 50, "p90": 90}
    assert percentiles([7]) == {"p10": 7, "p50": 7, "p90": 7}
    assert percentiles([]) == {"p10": None, "p50": None, "p90": None}


def test_a_bound_belongs_to_the_range_above_it() -> None:
    """Below 0, from 0 to 10, and from 10 on, where 10 itself lies; outer ranges without anybody are left out."""
    assert bars(histogram([-5, 0, 9, 10, 99], [0, 10])) == [(None, 0, 1), (0, 10, 2), (10, None, 2)]
    assert bars(histogram([3], [0, 10, 20])) == [(0, 10, 1), (10, 20, 0)]
    assert bars(histogram([], [0])) == []


def bars(found: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """A histogram as tuples."""
    return [(bar["from"], bar["to"], bar["members"]) for bar in found]


def test_even_bounds_are_round_and_lie_around_all_values() -> None:
    """-7.00 to 48.00 in steps of 5.00, with 0 among them; all alike in one; a million in steps of 100,000."""
    assert even_bounds([-700, 4800], 100) == [-1000, -500, 0, 500, 1000, 1500, 2000, 2500, 3000, 3500, 4000, 4500, 5000]
    assert even_bounds([0, 0], 100) == [0, 100]
    assert even_bounds([], 100) == [0, 100]
    assert even_bounds([0, 1_000_000_00], 100) == [place * 100_000_00 for place in range(12)]


def test_a_member_wins_or_loses_by_the_sum_of_his_periods() -> None:
    """Of three one gets 5 more in March and 5 less in April: unchanged. Sums beyond 64 bits stay exact."""
    large = 2**62
    tally = Tally(["2026-03", "2026-04"])
    tally.add(1, {"2026-03": month(10, 15, 12), "2026-04": month(10, 5)})
    tally.add(2, {"2026-03": month(large, large + 3)})
    tally.add(3, {"2026-03": month(large, large - 4), "2026-04": month(large, large)})
    tally.add(4, {})
    result = tally.result([0], 1)
    assert (result["members"], result["winners"], result["losers"], result["unchanged"]) == (3, 1, 1, 1)
    assert result["biggest_winners"] == [{"member_id": 2, "now": large, "then": large + 3}]
    assert result["biggest_losers"] == [{"member_id": 3, "now": 2 * large, "then": 2 * large - 4}]
    march, april = result["months"]
    assert (march["now"], march["then"], march["paid"], march["members"]) == (2 * large + 10, 2 * large + 14, 12, 3)
    assert (april["now"], april["then"], april["paid"], april["members"]) == (large + 10, large + 5, None, 2)


def test_the_biggest_come_first_and_twenty_at_the_most() -> None:
    """Of 25 winners the five smallest are not named; those alike stand by their numbers."""
    tally = Tally(["2026-03"])
    for number in range(1, 26):
        tally.add(number, {"2026-03": month(0, 10 if number in (3, 2) else number + 100)})
    named = [row["member_id"] for row in tally.result(None, 1)["biggest_winners"]]
    assert named == [*range(25, 5, -1)]
