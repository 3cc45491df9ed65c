"""What a funnel must be."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from quotaloom.funnels.stages import NewFunnel, NewStage, Outcome, check_funnel
from quotaloom.platform.errors import InputError

LEAD = NewStage("lead", "Lead", Outcome.OPEN, Decimal("0.1"))
WON = NewStage("won", "Won", Outcome.WON, Decimal(1))
LOST = NewStage("lost", "Lost", Outcome.LOST, Decimal(0))


def test_a_funnel_may_have_several_open_and_lost_stages() -> None:
    """Two ways to be open and two to be lost are no fault."""
    check_funnel(NewFunnel("sales", "Sales", [LEAD, replace(LEAD, key="talk"), WON, LOST, replace(LOST, key="gone")]))


@pytest.mark.parametrize(
    ("stages", "code", "path"),
    [
        ([WON, LOST], "NO_OPEN_STAGE", ("stages",)),
        ([LEAD, LOST], "ONE_WON_STAGE", ("stages",)),
        ([LEAD, WON, replace(WON, key="again"), LOST], "ONE_WON_STAGE", ("stages",)),
        ([LEAD, WON], "NO_LOST_STAGE", ("stages",)),
        ([LEAD, WON, LOST, LEAD], "DUPLICATE_KEY", ("stages", 3, "key")),
        ([replace(LEAD, key="Lead!"), WON, LOST], "BAD_KEY", ("stages", 0, "key")),
        ([replace(LEAD, name=" "), WON, LOST], "BAD_NAME", ("stages", 0, "name")),
        (
            [replace(LEAD, win_probability=Decimal("1.1")), WON, LOST],
            "BAD_PROBABILITY",
            ("stages", 0, "winProbability"),
        ),
        (
            [replace(LEAD, win_probability=Decimal("-0.1")), WON, LOST],
            "BAD_PROBABILITY",
            ("stages", 0, "winProbability"),
        ),
        (
            [replace(LEAD, win_probability=Decimal("NaN")), WON, LOST],
            "BAD_PROBABILITY",
            ("stages", 0, "winProbability"),
        ),
        (
            [replace(LEAD, win_probability=Decimal("0.12345")), WON, LOST],
            "BAD_PROBABILITY",
            ("stages", 0, "winProbability"),
        ),
        (
            [LEAD, replace(WON, win_probability=Decimal("0.9")), LOST],
            "BAD_PROBABILITY",
            ("stages", 1, "winProbability"),
        ),
        (
            [LEAD, WON, replace(LOST, win_probability=Decimal("0.1"))],
            "BAD_PROBABILITY",
            ("stages", 2, "winProbability"),
        ),
        ([LEAD, WON, LOST] * 20, "TOO_MANY_STAGES", ("stages",)),
    ],
)
def test_what_cannot_be_a_funnel_is_refused(stages: list[NewStage], code: str, path: tuple[str | int, ...]) -> None:
    """Each fault is told with its code and its place."""
    with pytest.raises(InputError) as caught:
        check_funnel(NewFunnel("sales", "Sales", stages))
    assert (caught.value.code, caught.value.path) == (code, path)
