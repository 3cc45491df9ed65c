"""What a deal and its splits must be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from quotaloom.achievements.splits import CreditKind
from quotaloom.funnels.deals import NewOpportunity, OpportunityRow, PastMove, check_deal, check_row
from quotaloom.funnels.splits import Split, check_splits
from quotaloom.platform.errors import InputError

DEAL = NewOpportunity(funnel_id=1, position_id=1)
DAY = date(2026, 5, 1)


def shares(*texts: str) -> list[Split]:
    return [Split(number, Decimal(text)) for number, text in enumerate(texts)]


def test_direct_shares_sum_to_one_and_overlay_comes_on_top() -> None:
    """50/30/20 and a whole overlay are no fault; thirds with eight places are none either."""
    check_splits([*shares("0.5", "0.3", "0.2"), Split(9, Decimal(1), CreditKind.OVERLAY)])
    check_splits(shares("0.33333334", "0.33333333", "0.33333333"))
    check_splits([])


@pytest.mark.parametrize(
    ("splits", "code", "path"),
    [
        (shares("0.5", "0.3"), "BAD_SPLIT", ("splits",)),
        (shares("0.5", "0.50000001"), "BAD_SPLIT", ("splits",)),
        ([Split(1, Decimal(1), CreditKind.OVERLAY)], "BAD_SPLIT", ("splits",)),
        (shares("1.5"), "BAD_SHARE", ("splits", 0, "share")),
        (shares("1", "0"), "BAD_SHARE", ("splits", 1, "share")),
        (shares("NaN"), "BAD_SHARE", ("splits", 0, "share")),
        (shares("0.333333333", "0.666666667"), "BAD_SHARE", ("splits", 0, "share")),
        ([Split(1, Decimal("0.5")), Split(1, Decimal("0.5"))], "DUPLICATE_SPLIT", ("splits", 1, "positionId")),
        (
            shares("1") + [Split(number, Decimal(1), CreditKind.OVERLAY) for number in range(1, 51)],
            "TOO_MANY_SPLITS",
            ("splits",),
        ),
    ],
)
def test_shares_that_do_not_fit_are_refused(splits: list[Split], code: str, path: tuple[str | int, ...]) -> None:
    """Each fault is told with its code and its place."""
    with pytest.raises(InputError) as caught:
        check_splits(splits)
    assert (caught.value.code, caught.value.path) == (code, path)


@pytest.mark.parametrize(
    ("values", "code", "path"),
    [
        ({"key": ""}, "BAD_KEY", ("key",)),
        ({"key": " 7"}, "BAD_KEY", ("key",)),
        ({"name": "\0"}, "BAD_TEXT", ("name",)),
        ({"name": "n" * 201}, "BAD_NAME", ("name",)),
        ({"amount": -1}, "NEGATIVE_AMOUNT", ("amount",)),
        ({"amount": 2**63}, "TOO_LARGE", ("amount",)),
        ({"currency": "YUAN"}, "UNKNOWN_CURRENCY", ("currency",)),
        ({"amount_estimated": True}, "AMOUNT_NEEDED", ("amount",)),
        ({"opened_on": date(1066, 1, 1)}, "BAD_PERIOD", ("openedOn",)),
        ({"opened_on": DAY, "expected_close_on": date(2026, 4, 30)}, "CLOSED_BEFORE_OPENED", ("expectedCloseOn",)),
    ],
)
def test_values_that_no_deal_can_have_are_refused(values: dict[str, Any], code: str, path: tuple[str, ...]) -> None:
    """Each fault is told with its code and its place."""
    with pytest.raises(InputError) as caught:
        check_deal(replace(DEAL, **values))
    assert (caught.value.code, caught.value.path) == (code, path)


@pytest.mark.parametrize(
    ("row", "code", "path"),
    [
        (OpportunityRow(replace(DEAL, opened_on=DAY), date(2026, 4, 30)), "CLOSED_BEFORE_OPENED", ("closedOn",)),
        (OpportunityRow(DEAL, DAY, "r" * 2001), "TOO_LONG", ("lostReason",)),
        (OpportunityRow(DEAL, moves=[PastMove(1, DAY), PastMove(2, date(2026, 4, 30))]), "BAD_MOVES", ("moves",)),
    ],
)
def test_a_past_out_of_order_is_refused(row: OpportunityRow, code: str, path: tuple[str, ...]) -> None:
    """A deal closes after it was opened and moves forward in time."""
    with pytest.raises(InputError) as caught:
        check_row(row)
    assert (caught.value.code, caught.value.path) == (code, path)
