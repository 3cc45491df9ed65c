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
from statistics import median

from pydantic import Field

from quotaloom_sdk import (
    AllocationRequest,
    AllocationResult,
    AllocationRule,
    Explanation,
    Need,
    Parameters,
    UnitFact,
)

Row = tuple[Fraction, ...]


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
    share = Fraction(request.parameters.share_of_median_for_newcomers)
    rows = [_counted(child) for child in request.children]
    newcomer = _newcomer_row([row for row in rows if any(row)], share)
    months = _filled(_counted(request.unit), share)
    return AllocationResult(
        months=months,
        matrix=None if newcomer is None else tuple(row if any(row) else newcomer for row in rows),
        explanation=_explained(request, rows, newcomer, months),
    )


def _counted(unit: UnitFact) -> Row:
    return tuple(Fraction(max(achieved, 0)) for achieved in unit.achieved)


def _newcomer_row(established: Sequence[Row], share: Fraction) -> Row | None:
    """The weights of a child without any achievement, a month each; None where nobody has any."""
    if not established:
        return None
    return tuple(share * median(month) for month in zip(*established, strict=True))


def _filled(months: Row, share: Fraction) -> Row | None:
    """The months; one without any achievement at `share` of the median month; None where none has any."""
    achieved = [month for month in months if month]
    if not achieved:
        return None
    usual = share * median(achieved)
    return tuple(month or usual for month in months)


def _explained(
    request: AllocationRequest[LastYearParameters],
    rows: Sequence[Row],
    newcomer: Row | None,
    months: Row | None,
) -> Explanation:
    share = _in_words(request.parameters.share_of_median_for_newcomers)
    text = f"Split by last year's {request.metric_key} of the same months, in its smallest unit."
    items = [_months_explained(request, months, share)]
    if newcomer is None and rows:
        items.append(Explanation("Nobody below achieved anything last year, so all count alike."))
    elif newcomer is not None:
        pairs = zip(request.children, rows, strict=True)
        items += [_child_explained(child, row, newcomer, share) for child, row in pairs]
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
    return Explanation(text, values=tuple((month.label, _plain(weight)) for month, weight in pairs))


def _child_explained(child: UnitFact, row: Row, newcomer: Row, share: str) -> Explanation:
    if any(row):
        counted = row
        text = f"{child.name} counts as what it achieved in each month of last year."
    else:
        counted = newcomer
        text = f"{child.name} achieved nothing last year: each month counts as {share} the median of the others."
    year = _plain(sum(counted, Fraction()))
    return Explanation(text, values=(("last year", sum(child.achieved)), ("counted", year)))


def _plain(weight: Fraction) -> int | Fraction:
    return weight.numerator if weight.denominator == 1 else weight


def _in_words(share: Decimal) -> str:
    return "half" if share == Decimal("0.5") else f"{share.normalize():f} times"


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
