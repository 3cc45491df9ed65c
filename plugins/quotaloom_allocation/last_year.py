"""The split by last year: who sold more in a month then carries more of that month now.

A month's weight is what was achieved in it last year; where refunds outweigh, it counts as 0. A child without
any month above 0 is a newcomer and counts, month by month, as a share (half, unless the company says
otherwise) of the median of those siblings who have one. The unit's months without any count likewise against
its other months.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from pydantic import Field

from quotaloom_allocation.explaining import fitting, in_words, plain
from quotaloom_allocation.newcomers import Row, counted, filled, newcomer_row
from quotaloom_sdk import (
    AllocationRequest,
    AllocationResult,
    AllocationRule,
    Explanation,
    Need,
    Parameters,
    UnitFact,
)


class LastYearParameters(Parameters):
    """What an admin may set for the split by last year."""

    share_of_median_for_newcomers: Decimal = Field(
        default=Decimal("0.5"),
        ge=0,
        le=1,
        max_digits=7,
        decimal_places=6,
        description=(
            "What a unit without any achievement last year counts as: this share, 0 to 1, of the median of"
            " the units beside it in the same month. A month without any counts as this share of the median"
            " month."
        ),
    )


def last_year(request: AllocationRequest[LastYearParameters]) -> AllocationResult:
    """Weights for each child and month, and for the unit's own months, from last year's achievement."""
    share = request.parameters.share_of_median_for_newcomers
    rows = [counted(child.achieved) for child in request.children]
    newcomer = newcomer_row(rows, share)
    months = filled(counted(request.unit.achieved), share)
    return AllocationResult(
        months=months,
        matrix=None if newcomer is None else tuple(row if any(row) else newcomer for row in rows),
        explanation=_explained(request, rows, newcomer, months),
    )


def _explained(
    request: AllocationRequest[LastYearParameters],
    rows: Sequence[Row],
    newcomer: Row | None,
    months: Row | None,
) -> Explanation:
    share = in_words(request.parameters.share_of_median_for_newcomers)
    text = f"Split by last year's {request.metric_key} of the same months, in its smallest unit."
    items = [_months_explained(request, months, share)]
    if newcomer is None and rows:
        items.append(Explanation("Nobody below achieved anything last year, so all count alike."))
    elif newcomer is not None:
        pairs = zip(request.children, rows, strict=True)
        items += fitting([_child_explained(child, row, newcomer, share) for child, row in pairs])
    return Explanation(text, items=tuple(items))


def _months_explained(request: AllocationRequest[LastYearParameters], months: Row | None, share: str) -> Explanation:
    name = request.unit.name
    if months is None:
        return Explanation(f"{name} achieved nothing last year, so all months count alike.")
    empty = [
        month.label for month, achieved in zip(request.months, request.unit.achieved, strict=True) if achieved <= 0
    ]
    text = f"Each month of {name} counts as what {name} achieved in it last year."
    if empty:
        text += (
            f" A year before {', '.join(empty)} it achieved nothing: that counts as {share} the median of the others."
        )
    pairs = zip(request.months, months, strict=True)
    return Explanation(text, values=tuple((month.label, plain(weight)) for month, weight in pairs))


def _child_explained(child: UnitFact, row: Row, newcomer: Row, share: str) -> Explanation:
    if any(row):
        weights = row
        text = f"{child.name} counts as what it achieved in each month of last year."
    else:
        weights = newcomer
        text = f"{child.name} achieved nothing last year: each month counts as {share} the median of the others."
    year = plain(sum(weights, Fraction()))
    return Explanation(text, values=(("last year", sum(child.achieved)), ("counted", year)))


LAST_YEAR = AllocationRule(
    key="last_year",
    title="By last year",
    description=(
        "Every unit and month weighs what was achieved in the same month of last year; who achieved nothing"
        " counts as a share of the median of the others."
    ),
    parameters=LastYearParameters,
    needs=frozenset({Need.HISTORY}),
    allocate=last_year,
)
