"""Rate, status and pace as pure functions."""

from __future__ import annotations

from decimal import Decimal

import pytest

from quotaloom.targets.attainment import AttainmentStatus, Lines, expected, gap, rate, status
from quotaloom.targets.rankings import RankedBy, ranked

LINES = Lines(target=100, assessment=80, stretch=120)


@pytest.mark.parametrize(
    ("achieved", "target", "wanted"),
    [(2, 3, "0.666667"), (1, 3, "0.333333"), (-1, 3, "-0.333333"), (105, 100, "1.050000"), (0, 7, "0.000000")],
)
def test_a_rate_has_six_places(achieved: int, target: int, wanted: str) -> None:
    """Half up, away from zero."""
    assert rate(achieved, target) == Decimal(wanted)
    assert str(rate(achieved, target)) == wanted


@pytest.mark.parametrize("target", [0, None])
def test_without_a_target_there_is_no_rate_and_no_status(target: int | None) -> None:
    """A target of 0 or none has neither."""
    assert rate(5, target) is None
    assert status(5, Lines(target=target, stretch=target)) is None


def test_a_gap_is_what_is_missing() -> None:
    """target − achieved, negative above the target."""
    assert (gap(90, 100), gap(130, 100), gap(1, None)) == (10, -30, None)


@pytest.mark.parametrize(
    ("achieved", "wanted"),
    [(79, "below_assessment"), (80, "below_target"), (99, "below_target"), (100, "at_target"), (120, "at_stretch")],
)
def test_the_status_names_the_line_that_is_reached(achieved: int, wanted: str) -> None:
    """Each line counts as reached when it is met exactly."""
    assert status(achieved, LINES) == AttainmentStatus(wanted)


def test_the_statuses_turn_round_where_lower_is_better() -> None:
    """Complaints: target 10, assessment 12, stretch 8."""
    lines = Lines(target=10, assessment=12, stretch=8)
    words = [status(value, lines, lower_is_better=True) for value in (13, 12, 11, 10, 8)]
    assert words == ["below_assessment", "below_target", "below_target", "at_target", "at_stretch"]


def test_the_target_is_prorated_over_working_days() -> None:
    """10 of 22 days of 2,200.00 are 1,000.00; a day of 3 of 100 is 33; nothing without days."""
    assert (expected(220_000, 10, 22), expected(100, 1, 3), expected(100, 0, 0), expected(None, 1, 2)) == (
        100_000,
        33,
        None,
        None,
    )


def test_equals_share_a_rank_and_nobody_is_left_out() -> None:
    """0.9, 0.9, 0 and no target: ranks 1, 1, 3, 4."""
    rows = [
        {"name": name, "rate": given and Decimal(given), "minor": (0, None)}
        for name, given in (("none", None), ("b", "0.9"), ("zero", "0.0"), ("a", "0.9"))
    ]
    assert [(row["rank"], row["name"]) for row in ranked(rows, RankedBy.RATE)] == [
        (1, "b"),
        (1, "a"),
        (3, "zero"),
        (4, "none"),
    ]
    assert [row["name"] for row in ranked(rows, RankedBy.RATE, lower_is_better=True)] == ["zero", "b", "a", "none"]
