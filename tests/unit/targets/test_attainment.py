"""Rate, status and pace as pure functions."""

from __future__ import annotations

from decimal import Decimal

import pytest

from quotaloom.targets.attainment import (
    AttainmentStatus,
    Lines,
    Sums,
    expected,
    gap,
    growth,
    rate,
    run_rate,
    status,
)
from quotaloom.targets.mismatches import Mismatch
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


@pytest.mark.parametrize(
    ("achieved", "elapsed", "working_days", "wanted"),
    [
        (100_001, 10, 22, 220_002),  # 2,200.022 is nearer to 2,200.02
        (5, 2, 3, 8),  # 7.5, half up
        (-5, 2, 3, -8),
        (777, 22, 22, 777),
        (777, 0, 22, None),
        (0, 1, 22, 0),
    ],
)
def test_the_run_rate_goes_on_as_on_the_days_elapsed(
    achieved: int, elapsed: int, working_days: int, wanted: int | None
) -> None:
    """Achieved ÷ days elapsed × days of the period, rounded once; all of it at the end, none known at the start."""
    assert run_rate(achieved, elapsed, working_days) == wanted


@pytest.mark.parametrize(
    ("now", "before", "wanted"),
    [(150, 100, "0.500000"), (50, 100, "-0.500000"), (4, 3, "0.333333"), (0, 7, "-1.000000"), (50, -100, "1.500000")],
)
def test_growth_is_the_change_by_what_there_was(now: int, before: int, wanted: str) -> None:
    """Six places, half up; above 0 wherever there is more, also after a month of refunds."""
    assert str(growth(now, before)) == wanted


def test_growth_from_nothing_is_not_told() -> None:
    """Where there was nothing, no number says how much it grew."""
    assert (growth(5, 0), growth(0, 0)) == (None, None)


def test_sums_of_periods_take_the_lines_that_there_are() -> None:
    """30 of 100 and 20 without a target are 50 of 100; a stretch of one month stays the stretch."""
    january = Sums(30, 5, Lines(target=100, stretch=120))
    february = Sums(20, 1)
    both = january.plus(february)
    assert both == Sums(50, 6, Lines(target=100, stretch=120))
    assert both.plus(Sums(0, 0, Lines(target=50))).lines == Lines(target=150, stretch=120)


@pytest.mark.parametrize(
    ("own", "children", "difference", "percent"),
    [
        (100, 110, 10, "10.0000"),
        (300, 301, 1, "0.3333"),
        (200, 150, -50, "-25.0000"),
        (0, 10, 10, None),
        (None, 10, None, None),
        (10, None, None, None),
    ],
)
def test_over_assignment_is_what_the_children_have_more(
    own: int | None, children: int | None, difference: int | None, percent: str | None
) -> None:
    """children − own, and that in percent of the own; negative where the children have less."""
    found = Mismatch(own, children)
    assert found.over_assignment == difference
    assert (found.over_assignment_percent and str(found.over_assignment_percent)) == percent


def test_equals_share_a_rank_and_nobody_is_left_out() -> None:
    """0.9, 0.9, 0 and no target: ranks 1, 1, 3, 4."""
    rows = [
        {"name": name, "rate": given and Decimal(given)}
        for name, given in (("none", None), ("b", "0.9"), ("zero", "0.0"), ("a", "0.9"))
    ]
    assert [(rank, row["name"]) for rank, row in ranked(rows, RankedBy.RATE)] == [
        (1, "b"),
        (1, "a"),
        (3, "zero"),
        (4, "none"),
    ]
    assert [row["name"] for _, row in ranked(rows, RankedBy.RATE, lower_is_better=True)] == ["zero", "b", "a", "none"]


def test_a_ranking_by_amount_has_no_need_of_targets() -> None:
    """9.50, 100.00 and twice 0.00: ranks 1 to 3, the last one shared, though nobody has a target."""
    rows = [{"rate": None, "achieved": amount} for amount in ("9.50", "0.00", "100.00", "0.00")]
    assert [(rank, row["achieved"]) for rank, row in ranked(rows, RankedBy.ACHIEVED)] == [
        (1, "100.00"),
        (2, "9.50"),
        (3, "0.00"),
        (3, "0.00"),
    ]
