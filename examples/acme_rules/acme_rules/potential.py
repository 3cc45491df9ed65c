"""By customer potential: who has the better customers carries more of the target."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from pydantic import Field

from acme_rules.estimates import Estimate, EstimateParameters, Factor, estimate, rounded
from quotaloom_sdk import (
    AllocationRequest,
    AllocationResult,
    AllocationRule,
    Explanation,
    MonthFact,
    Need,
    UnitFact,
    ui,
)


class PotentialParameters(EstimateParameters):
    """What an admin may set, company by company."""

    least_share: Decimal = Field(
        default=Decimal(0),
        ge=0,
        le=1,
        max_digits=5,
        decimal_places=4,
        description="What a unit counts as at least: this share, 0 to 1, of the mean potential of all units beside it.",
        json_schema_extra=ui(widget="percent", group="Split", order=1),
    )
    by_workdays: bool = Field(
        default=True,
        description="Whether a month carries more the more working days it has; otherwise all months count alike.",
        json_schema_extra=ui(widget="switch", group="Split", order=2),
    )


def by_potential(request: AllocationRequest[PotentialParameters]) -> AllocationResult:
    """A weight per child, its potential in a year; and one per month, its working days."""
    parameters = request.parameters
    estimates = [estimate(child, request.unit, parameters) for child in request.children]
    weights = _raised([one.yearly for one in estimates], Fraction(parameters.least_share))
    months = _workdays(request.months) if parameters.by_workdays else None
    items = [
        _child_explained(child, one, weight, sum(weights))
        for child, one, weight in zip(request.children, estimates, weights, strict=True)
    ]
    explanation = Explanation(
        "Split by potential: customers × orders of each in a year × what an order is worth.",
        (("least share of the mean", parameters.least_share),),
        (_months_explained(request.months, months), *items),
    )
    return AllocationResult(months=months, children=tuple(weights), explanation=explanation)


def _raised(potentials: Sequence[Fraction], least_share: Fraction) -> list[Fraction]:
    """The potentials, each at least that share of their mean."""
    if not potentials:
        return []
    least = sum(potentials, Fraction()) / len(potentials) * least_share
    return [max(potential, least) for potential in potentials]


def _workdays(months: Sequence[MonthFact]) -> tuple[int, ...] | None:
    """The working days of each month; None where they are not all known."""
    known = tuple(month.workdays for month in months if month.workdays is not None)
    return known if len(known) == len(months) else None


def _months_explained(months: Sequence[MonthFact], workdays: tuple[int, ...] | None) -> Explanation:
    if workdays is None:
        return Explanation("All months count alike.")
    values = tuple((month.label, days) for month, days in zip(months, workdays, strict=True))
    return Explanation("Each month counts as its working days.", values)


def _child_explained(child: UnitFact, one: Estimate, weight: Fraction, total: Fraction | int) -> Explanation:
    counted = "" if weight == one.yearly else f" It counts as {rounded(weight, 2)}, the least that a unit counts as."
    return Explanation(
        f"{child.name} could sell {rounded(one.yearly, 2)} a year.{counted}",
        (
            _shown("customers", one.customers),
            _shown("orders of each in a year", one.repurchase_rate),
            _shown("what an order is worth", one.average_order),
            ("share of the whole", rounded(weight / total, 4) if total else Decimal(0)),
        ),
    )


def _shown(name: str, factor: Factor) -> tuple[str, Decimal]:
    return f"{name}, {factor.origin}", factor.value


POTENTIAL = AllocationRule(
    key="potential",
    title="By customer potential",
    description=(
        "Every unit weighs what its customers could buy in a year: customers, times the orders of each, times what"
        " an order is worth."
    ),
    parameters=PotentialParameters,
    needs=frozenset({Need.LOAD, Need.ATTRIBUTES, Need.CALENDAR}),
    allocate=by_potential,
)
