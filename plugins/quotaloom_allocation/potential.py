"""The split by customer potential: what the customers of each unit could buy in a year."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from pydantic import Field

from quotaloom_allocation.explaining import fitting, in_words, plain
from quotaloom_allocation.month_spread import MonthParameters, spread_months
from quotaloom_allocation.newcomers import NewcomerParameters, Weighed, share_of_median
from quotaloom_allocation.noted import AttributeKey, Figure, noted
from quotaloom_sdk import AllocationRequest, AllocationResult, AllocationRule, Explanation, Need, UnitFact, ui

MOST = 10**12
"""No factor is larger: a larger one was mistyped."""

Factors = tuple[Figure, Figure, Figure]

_FACTORS = ("customers", "orders of each in a year", "worth of an order")


class PotentialParameters(NewcomerParameters, MonthParameters):
    """What an admin may set for the split by customer potential."""

    repurchase_rate: Decimal = Field(
        default=Decimal(1),
        ge=0,
        le=1000,
        max_digits=10,
        decimal_places=6,
        description="How many orders a customer gives in a year, where a unit has no rate of its own: 0.3 is 3 of 10.",
        json_schema_extra=ui(widget="number", group="Potential", order=1),
    )
    average_order: Decimal = Field(
        default=Decimal(1000),
        ge=0,
        le=MOST,
        max_digits=18,
        decimal_places=4,
        description="What an order is worth, where a unit has no figure of its own, in the company's currency.",
        json_schema_extra=ui(widget="money", group="Potential", order=2),
    )
    worksheets: bool = Field(
        default=False,
        description="Whether the customers needed and the repurchase rate of a unit's worksheet come first.",
        json_schema_extra=ui(widget="switch", group="Potential", order=3),
    )
    customers_attribute: AttributeKey | None = Field(
        default="customers",
        description="Key of the number attribute with a unit's customers; without one they are counted.",
        json_schema_extra=ui(widget="text", group="Attributes", order=1, advanced=True),
    )
    repurchase_rate_attribute: AttributeKey | None = Field(
        default="repurchase_rate",
        description="Key of the number attribute with a unit's own rate.",
        json_schema_extra=ui(widget="text", group="Attributes", order=2, advanced=True),
    )
    average_order_attribute: AttributeKey | None = Field(
        default="average_order",
        description="Key of the number attribute with what a unit's own orders are worth.",
        json_schema_extra=ui(widget="text", group="Attributes", order=3, advanced=True),
    )


def potential(request: AllocationRequest[PotentialParameters]) -> AllocationResult:
    """A weight per child: customers × orders of each in a year × what an order is worth."""
    months = spread_months(request, request.parameters.months)
    children = _children(request)
    text = "Split by potential: customers × orders of each in a year × what an order is worth."
    return AllocationResult(
        months=months.weights,
        children=children.weights,
        explanation=Explanation(text, items=(*months.reasons, *children.reasons)),
    )


def _children(request: AllocationRequest[PotentialParameters]) -> Weighed:
    parameters = request.parameters
    estimates = [_factors(child, parameters) for child in request.children]
    figures = [_product(factors) for factors in estimates]
    newcomer = share_of_median(figures, parameters.share_of_median_for_newcomers)
    if newcomer is None:
        alike = f"Nobody below {request.unit.name} has any potential, so all count alike."
        return Weighed(None, (Explanation(alike),) if figures else ())
    weights = tuple(figure or newcomer for figure in figures)
    share = in_words(parameters.share_of_median_for_newcomers)
    reasons = [
        _reason(child, factors, weight, share)
        for child, factors, weight in zip(request.children, estimates, weights, strict=True)
    ]
    return Weighed(weights, fitting(reasons))


def _factors(unit: UnitFact, parameters: PotentialParameters) -> Factors:
    carried = Figure(Decimal(unit.load.customers if unit.load else 0), "as counted")
    needed, rate = _worksheet(unit) if parameters.worksheets else (None, None)
    return (
        needed or noted(unit, parameters.customers_attribute, 0, MOST) or carried,
        rate
        or noted(unit, parameters.repurchase_rate_attribute, 0, MOST)
        or Figure(parameters.repurchase_rate, "as set for all"),
        noted(unit, parameters.average_order_attribute, 0, MOST) or Figure(parameters.average_order, "as set for all"),
    )


def _worksheet(unit: UnitFact) -> tuple[Figure | None, Figure | None]:
    """Customers needed and repurchase rate as the unit's worksheet has them; None where they are not noted."""
    sheet = unit.worksheet
    if sheet is None:
        return None, None
    origin = f"by the worksheet of {sheet.fiscal_year}"
    needed = None if sheet.customers_needed is None else Figure(Decimal(sheet.customers_needed), origin)
    return needed, None if sheet.repurchase_rate is None else Figure(sheet.repurchase_rate, origin)


def _product(factors: Factors) -> Fraction:
    customers, rate, order = (Fraction(factor.value) for factor in factors)
    return customers * rate * order


def _reason(child: UnitFact, factors: Factors, weight: Fraction, share: str) -> Explanation:
    text = f"{child.name} counts as what its customers could buy in a year."
    if not _product(factors):
        text = f"{child.name} has no potential yet: it counts as {share} the median of the others."
    values = [(f"{name}, {one.origin}", one.value) for name, one in zip(_FACTORS, factors, strict=True)]
    return Explanation(text, (*values, ("counted", plain(weight))))


POTENTIAL = AllocationRule(
    key="potential",
    title="By customer potential",
    description=(
        "Every unit weighs what its customers could buy in a year: customers, times the orders of each, times what an"
        " order is worth."
    ),
    parameters=PotentialParameters,
    needs=frozenset({Need.LOAD, Need.ATTRIBUTES, Need.RECENT, Need.CALENDAR, Need.WORKSHEET}),
    allocate=potential,
)
