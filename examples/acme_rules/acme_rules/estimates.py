"""What a unit could sell in a year: customers × repurchase rate × average order, as sales managers reason.

Each factor is an attribute that the company keeps of its units. The customers are counted where nobody noted them; a
rate or an order that a unit has not of its own is that of the unit above, and then what the rule's parameters say. A
number that cannot be meant counts as the nearest one that can, and the factor's origin says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Self

from pydantic import Field, model_validator

from quotaloom_sdk import Parameters, UnitFact, ui

MOST = Decimal(10**12)
"""No factor is larger; what is larger was mistyped."""

PLACES = 6
"""The decimal places of a factor; further ones are rounded."""


class EstimateParameters(Parameters):
    """Where the factors stand, and what counts where they stand nowhere."""

    repurchase_rate: Decimal = Field(
        default=Decimal("0.3"),
        ge=0,
        le=100,
        max_digits=9,
        decimal_places=6,
        description="How many orders a customer gives in a year, where no unit says so: 0.3 is three out of ten.",
        json_schema_extra=ui(widget="number", group="Where nothing is noted", order=1),
    )
    average_order: Decimal = Field(
        default=Decimal(1000),
        ge=0,
        le=10**12,
        max_digits=15,
        decimal_places=2,
        description="What an order is worth, where no unit says so, in the company's currency.",
        json_schema_extra=ui(widget="money", group="Where nothing is noted", order=2),
    )
    customers_attribute: str = Field(
        default="customers",
        pattern=r"^[a-z][a-z0-9_]{0,63}$",
        description="Key of the number attribute of units with their customers; where it is empty they are counted.",
        json_schema_extra=ui(widget="text", group="Attributes", order=1, advanced=True),
    )
    repurchase_rate_attribute: str = Field(
        default="repurchase_rate",
        pattern=r"^[a-z][a-z0-9_]{0,63}$",
        description="Key of the number attribute of units with the orders that a customer gives in a year.",
        json_schema_extra=ui(widget="text", group="Attributes", order=2, advanced=True),
    )
    average_order_attribute: str = Field(
        default="average_order",
        pattern=r"^[a-z][a-z0-9_]{0,63}$",
        description="Key of the number attribute of units with what an order is worth.",
        json_schema_extra=ui(widget="text", group="Attributes", order=3, advanced=True),
    )

    @model_validator(mode="after")
    def _three_attributes(self) -> Self:
        keys = {self.customers_attribute, self.repurchase_rate_attribute, self.average_order_attribute}
        if len(keys) < 3:
            raise ValueError("customers, repurchase rate and average order must be three attributes")
        return self


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor, from 0 to `MOST`, and where it is from: in words that go on after a comma."""

    value: Decimal
    origin: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """The three factors of a unit, and what follows from them."""

    customers: Factor
    repurchase_rate: Factor
    average_order: Factor

    @property
    def yearly(self) -> Fraction:
        """What it could sell in a year, exactly; in the currency that orders are given in."""
        factors = (self.customers, self.repurchase_rate, self.average_order)
        product = Fraction(1)
        for factor in factors:
            product *= Fraction(factor.value)
        return product


def estimate(unit: UnitFact, above: UnitFact | None, parameters: EstimateParameters) -> Estimate:
    """The estimate of a unit that lies below another, or of one whose place does not matter."""
    rate = (parameters.repurchase_rate_attribute, parameters.repurchase_rate)
    order = (parameters.average_order_attribute, parameters.average_order)
    return Estimate(
        customers=_customers(unit, parameters.customers_attribute),
        repurchase_rate=_noted(unit, above, *rate),
        average_order=_noted(unit, above, *order),
    )


def rounded(amount: Fraction, places: int) -> Decimal:
    """`amount`, which is not negative, with that many decimal places, half up."""
    whole, rest = divmod(floor(amount * 10**places + Fraction(1, 2)), 10**places)
    return Decimal(f"{whole}.{rest:0{places}}")


def factor(number: Decimal, origin: str) -> Factor:
    """The factor that a number stands for: 0 where it is negative, no more than `MOST`, six places."""
    value = round(min(max(number, Decimal(0)), MOST), PLACES) if number.is_finite() else Decimal(0)
    return Factor(number, origin) if value == number else Factor(value, f"{origin}, given as {number}")


def _customers(unit: UnitFact, key: str) -> Factor:
    noted = unit.attributes.number(key)
    if noted is not None:
        return factor(noted, "as noted")
    return factor(Decimal(unit.load.customers if unit.load else 0), "as counted")


def _noted(unit: UnitFact, above: UnitFact | None, key: str, otherwise: Decimal) -> Factor:
    own = unit.attributes.number(key)
    if own is not None:
        return factor(own, "its own")
    inherited = above.attributes.number(key) if above else None
    if above and inherited is not None:
        return factor(inherited, f"that of {above.name}")
    return factor(otherwise, "as set for all")
