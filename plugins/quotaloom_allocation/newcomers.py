"""What counts of an achievement, and what counts where there is none.

An achievement counts as it is, and as 0 where refunds outweigh. Who has none is a newcomer, and counts as a share of
the median of those who have some.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from statistics import median
from typing import Any

from pydantic import Field

from quotaloom_allocation.explaining import fitting, in_words, plain
from quotaloom_sdk import AllocationRequest, Explanation, Parameters, UnitFact, Weight, ui

Row = tuple[Fraction, ...]


class NewcomerParameters(Parameters):
    """What an admin may set about units that have achieved nothing yet."""

    share_of_median_for_newcomers: Decimal = Field(
        default=Decimal("0.5"),
        ge=0,
        le=1,
        max_digits=7,
        decimal_places=6,
        description=(
            "What a unit without any counts as: this share, 0 to 1, of the median of those units beside it that have"
            " some."
        ),
        json_schema_extra=ui(widget="percent", group="Units", order=9),
    )


@dataclass(frozen=True, slots=True)
class Weighed:
    """What each child, or each month, weighs, None where all count alike; and why."""

    weights: tuple[Weight, ...] | None
    reasons: tuple[Explanation, ...]


def counted(figures: Sequence[int]) -> Row:
    """What counts of the figures."""
    return tuple(Fraction(max(figure, 0)) for figure in figures)


def share_of_median(figures: Sequence[Fraction], share: Decimal) -> Fraction | None:
    """That share of the median of the figures above 0; None where there are none."""
    some = [figure for figure in figures if figure > 0]
    return Fraction(share) * median(some) if some else None


def newcomer_row(rows: Sequence[Row], share: Decimal) -> Row | None:
    """What a newcomer counts as, month by month: beside those rows that have some, None where none has."""
    established = [row for row in rows if any(row)]
    if not established:
        return None
    return tuple(Fraction(share) * median(month) for month in zip(*established, strict=True))


def filled(months: Row, share: Decimal) -> Row | None:
    """The months; one without any at `share` of the median month; None where none has any."""
    usual = share_of_median(months, share)
    return None if usual is None else tuple(month or usual for month in months)


def by_achievement(request: AllocationRequest[Any], achieved: Sequence[int], share: Decimal, when: str) -> Weighed:
    """The children by what each achieved, with newcomers at `share`. `when` goes on after "achieved": `in 2017-Q1`."""
    figures = counted(achieved)
    newcomer = share_of_median(figures, share)
    if newcomer is None:
        alike = f"Nobody below {request.unit.name} achieved anything {when}, so all count alike."
        return Weighed(None, (Explanation(alike),) if figures else ())
    weights = tuple(figure or newcomer for figure in figures)
    reasons = [
        _reason(child, figure, weight, share, when)
        for child, figure, weight in zip(request.children, achieved, weights, strict=True)
    ]
    return Weighed(weights, fitting(reasons))


def _reason(child: UnitFact, achieved: int, weight: Fraction, share: Decimal, when: str) -> Explanation:
    text = f"{child.name} counts as what it achieved {when}."
    if achieved <= 0:
        why = "achieved nothing" if achieved == 0 else "had more refunds than sales"
        text = f"{child.name} {why} {when}: it counts as {in_words(share)} the median of the others."
    return Explanation(text, (("achieved", achieved), ("counted", plain(weight))))
