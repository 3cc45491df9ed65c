from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from quotaloom.platform.errors import InputError
from quotaloom.reviews.cycles import groups
from quotaloom.reviews.forms import Layout, NewPart, PartKind, Peers, check_form, layout_of
from quotaloom.reviews.grading import Grade
from quotaloom.reviews.steps import DEFAULT_RULES, Overdue, Step, StepRule, due_on, first_step, next_step

THIRD = NewPart("a", "A", PartKind.QUALITATIVE, Decimal("0.333333"))
LAYOUT = Layout(
    Decimal("10.5"),
    (Grade("A", Decimal("9.25"), Decimal("0.125")), Grade("B", Decimal(0))),
    Peers.UNIT,
    "reviews.banded",
    {**DEFAULT_RULES, Step.SELF: StepRule(0, Overdue.WAIT, 0)},
)


def test_a_layout_is_read_as_it_was_stored() -> None:
    """Decimals, grades, limits, peers, scorer and times come back as they were."""
    assert layout_of(LAYOUT.to_json()) == LAYOUT
    assert (LAYOUT.calibrated, Layout().calibrated) == (True, False)


def test_weights_sum_to_one_exactly() -> None:
    """Three times 0.333333 is not all; with 0.333334 it is."""
    parts = [THIRD, replace(THIRD, key="b"), replace(THIRD, key="c")]
    with pytest.raises(InputError, match=r"these sum to 0\.999999"):
        check_form(parts, Layout())
    check_form([*parts[:2], replace(THIRD, key="c", weight=Decimal("0.333334"))], LAYOUT)


def test_steps_without_days_are_left_out() -> None:
    """Without self score it begins with the manager, without confirmation and appeal it ends with him."""
    short = {**DEFAULT_RULES, **{step: StepRule(0) for step in (Step.SELF, Step.CONFIRMATION, Step.APPEAL)}}
    assert (first_step(DEFAULT_RULES), first_step(short)) == (Step.SELF, Step.MANAGER)
    order = [Step.SELF, Step.MANAGER, Step.CONFIRMATION, Step.APPEAL, Step.FILED]
    assert [next_step(step, DEFAULT_RULES, calibrated=False) for step in order[:-1]] == order[1:]
    assert next_step(Step.MANAGER, short, calibrated=False) is Step.FILED
    assert next_step(Step.DECISION, short, calibrated=True) is Step.CALIBRATION
    assert next_step(Step.CALIBRATION, short, calibrated=True) is Step.FILED


def test_the_day_on_which_a_step_begins_is_not_counted() -> None:
    """Seven days from the first are up with the eighth; calibration has no time."""
    assert due_on(Step.SELF, DEFAULT_RULES, date(2017, 2, 1)) == date(2017, 2, 8)
    assert due_on(Step.CALIBRATION, DEFAULT_RULES, date(2017, 2, 1)) is None


def test_peers_are_those_of_a_unit_or_of_the_whole_cycle() -> None:
    """Two of unit 7 and one of unit 8, by score; equal scores by member."""
    rows = [
        {"id": 1, "unit_id": 7, "member_id": 31, "score": Decimal(5), "grade": "B"},
        {"id": 2, "unit_id": 8, "member_id": 33, "score": Decimal(9), "grade": "B"},
        {"id": 3, "unit_id": 7, "member_id": 30, "score": Decimal(5), "grade": "B"},
    ]

    def numbers(layout: Layout) -> dict[int, list[int]]:
        return {unit: [one.id for one in peers] for unit, peers in groups(rows, layout).items()}

    assert numbers(LAYOUT) == {8: [2], 7: [3, 1]}
    assert numbers(replace(LAYOUT, peers=Peers.CYCLE)) == {0: [2, 3, 1]}
