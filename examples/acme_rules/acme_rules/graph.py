"""What the plugin adds to the graph: the potential of units, how much of it is sold, and how long deals are open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import strawberry

from acme_rules.estimates import Estimate, EstimateParameters, estimate, factor, rounded
from quotaloom_sdk import (
    BatchReader,
    DealFact,
    GraphQLExtension,
    LineFact,
    ObjectField,
    RootField,
    UnitFact,
)

PARAMETERS = EstimateParameters()
"""Fields have no parameters: attributes have the keys that these say, and arguments stand for the other values."""

CENTS = 100
"""The metric `revenue` counts cents."""


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
    parameters = _with(repurchase_rate, average_order)
    return [_shown(estimate(unit, None, parameters)) if unit else None for unit in await reader.units(ids)]


async def reached(reader: BatchReader, ids: Sequence[str]) -> list[Decimal | None]:
    """What was sold since 1 January ÷ the potential of the whole year, four places; two calls for all units."""
    first = date(reader.today.year, 1, 1)
    units = await reader.units(ids)
    lines = await reader.unit_lines(ids, "revenue", first, reader.today + timedelta(days=1))
    return [_reached(unit, line) for unit, line in zip(units, lines, strict=True)]


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
    values = _with(repurchase_rate, average_order)
    rate, order = factor(values.repurchase_rate, "as asked"), factor(values.average_order, "as asked")
    return _shown(Estimate(factor(customers, "as asked"), rate, order))


def _with(repurchase_rate: Decimal | None, average_order: Decimal | None) -> EstimateParameters:
    """The parameters with the arguments that were given; `factor` sees to it that they can be meant."""
    given = {"repurchase_rate": repurchase_rate, "average_order": average_order}
    return PARAMETERS.model_copy(update={name: value for name, value in given.items() if value is not None})


def _shown(found: Estimate) -> AcmeRulesPotential:
    return AcmeRulesPotential(
        customers=found.customers.value,
        repurchase_rate=found.repurchase_rate.value,
        average_order=found.average_order.value,
        yearly=rounded(found.yearly, 2),
    )


def _reached(unit: UnitFact | None, line: LineFact | None) -> Decimal | None:
    """None where there is no potential to compare with, and where refunds outweigh."""
    if unit is None or line is None or line.achieved < 0:
        return None
    yearly = estimate(unit, None, PARAMETERS).yearly
    return rounded(Fraction(line.achieved, CENTS) / yearly, 4) if yearly else None


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
            description="What it could sell in a year; the arguments count where it says nothing of its own.",
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
