"""What the plugin adds to the graph: the potential of units, how much of it is sold, and how long deals are open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import strawberry

from acme_rules.estimates import MOST, Estimate, EstimateParameters, Factor, estimate, rounded
from quotaloom_sdk import (
    BatchReader,
    DealFact,
    GraphQLExtension,
    InvalidRequest,
    LineFact,
    ObjectField,
    RootField,
    UnitFact,
)

PARAMETERS = EstimateParameters()
"""Fields have no parameters: attributes have the keys that these say, and arguments stand for the other values."""


@strawberry.type(description="What could be sold in a year: customers × orders of each × what an order is worth.")
class AcmeRulesPotential:
    """Each of the three factors, and their product."""

    customers: Decimal | None = strawberry.field(description="How many customers there are.")
    repurchase_rate: Decimal | None = strawberry.field(description="How many orders each gives in a year.")
    average_order: Decimal | None = strawberry.field(description="What an order is worth.")
    yearly: Decimal | None = strawberry.field(description="What they could buy in a year, two places.")


async def potential(
    reader: BatchReader,
    ids: Sequence[str],
    *,
    repurchase_rate: Decimal | None = None,
    average_order: Decimal | None = None,
) -> list[AcmeRulesPotential | None]:
    """Of all units at once; the arguments count where a unit says nothing."""
    parameters = _parameters(repurchase_rate, average_order)
    return [_shown(_estimate(unit, parameters)) for unit in await reader.units(ids)]


async def reached(
    reader: BatchReader, ids: Sequence[str], *, metric: str = "revenue", places: int = 2
) -> list[Decimal | None]:
    """What was sold since 1 January ÷ the potential of the whole year, four places; two calls for all units."""
    first = date(reader.today.year, 1, 1)
    units = await reader.units(ids)
    lines = await reader.unit_lines(ids, metric, first, reader.today + timedelta(days=1))
    return [_reached(_estimate(unit, PARAMETERS), line, 10**places) for unit, line in zip(units, lines, strict=True)]


async def days_open(reader: BatchReader, ids: Sequence[str]) -> list[int | None]:
    """Of all deals at once, to the day they were closed or, while they are open, to today."""
    return [_days_open(deal, reader.today) for deal in await reader.opportunities(ids)]


async def today(reader: BatchReader) -> date:
    """The business date of the request."""
    return reader.today


async def worth(
    reader: BatchReader,
    *,
    customers: Decimal,
    repurchase_rate: Decimal | None = None,
    average_order: Decimal | None = None,
) -> AcmeRulesPotential | None:
    """What so many customers could buy in a year: for a unit that is not there yet."""
    if not 0 <= customers <= MOST:
        raise InvalidRequest(f"customers is {customers}; it must be from 0 to {MOST}")
    values = _parameters(repurchase_rate, average_order)
    rate, order = Factor(values.repurchase_rate, "as asked"), Factor(values.average_order, "as asked")
    return _shown(Estimate(Factor(customers, "as asked"), rate, order))


def _parameters(repurchase_rate: Decimal | None, average_order: Decimal | None) -> EstimateParameters:
    """The arguments that were given, within the bounds of the parameters; raises for others."""
    given = {"repurchase_rate": repurchase_rate, "average_order": average_order}
    return EstimateParameters.model_validate({name: value for name, value in given.items() if value is not None})


def _estimate(unit: UnitFact | None, parameters: EstimateParameters) -> Estimate | None:
    """None for a unit that the viewer may not see, or whose attributes cannot be meant: the others stand."""
    if unit is None:
        return None
    try:
        return estimate(unit, None, parameters)
    except InvalidRequest:
        return None


def _shown(found: Estimate | None) -> AcmeRulesPotential | None:
    if found is None:
        return None
    return AcmeRulesPotential(
        customers=found.customers.value,
        repurchase_rate=found.repurchase_rate.value,
        average_order=found.average_order.value,
        yearly=rounded(found.yearly, 2),
    )


def _reached(found: Estimate | None, line: LineFact | None, minor_units: int) -> Decimal | None:
    """None where there is no potential to compare with, and where refunds outweigh."""
    if found is None or line is None or not found.yearly or line.achieved < 0:
        return None
    return rounded(Fraction(line.achieved, minor_units) / found.yearly, 4)


def _days_open(deal: DealFact | None, today: date) -> int | None:
    if deal is None or deal.opened_on is None:
        return None
    return ((deal.closed_on or today) - deal.opened_on).days


GRAPH = GraphQLExtension(
    key="graph",
    title="Potential in the graph",
    description="What units could sell, how much of it they have sold, and how long deals have been open.",
    prefix="AcmeRules",
    types=(AcmeRulesPotential,),
    object_fields=(
        ObjectField(
            on="OrgUnit",
            name="acme_rules_potential",
            description="What the unit could sell in a year; the arguments count where it says nothing of its own.",
            type=AcmeRulesPotential,
            read=potential,
        ),
        ObjectField(
            on="OrgUnit",
            name="acme_rules_reached",
            description="What it has sold since 1 January ÷ what it could sell in the whole year.",
            type=Decimal,
            read=reached,
        ),
        ObjectField(
            on="Opportunity",
            name="acme_rules_days_open",
            description="Days since it was opened, up to the day it was closed.",
            type=int,
            read=days_open,
        ),
    ),
    root_fields=(
        RootField(name="today", description="The day of the figures.", type=date, read=today),
        RootField(
            name="worth",
            description="What so many customers could buy in a year.",
            type=AcmeRulesPotential,
            read=worth,
        ),
    ),
)
