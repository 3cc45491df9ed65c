from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal

import pytest
import strawberry

from acme_rules.graph import AcmeRulesPotential, days_open, potential, reached, today, worth
from quotaloom_sdk import Attribute, Attributes, LineFact, Load, UnitFact
from quotaloom_sdk.testing import MemoryReader, deal


def unit(name: str, customers: int, **noted: str) -> UnitFact:
    load = Load(members=3, customers=customers, leads=0, opportunities=0, open_amount=0)
    attributes = Attributes(tuple(Attribute(key, Decimal(value)) for key, value in noted.items()))
    return UnitFact(id=name, name=name, kind="team", attributes=attributes, load=load)


def shown(customers: str, repurchase_rate: str, average_order: str, yearly: str) -> AcmeRulesPotential:
    return AcmeRulesPotential(
        customers=Decimal(customers),
        repurchase_rate=Decimal(repurchase_rate),
        average_order=Decimal(average_order),
        yearly=Decimal(yearly),
    )


EAST = unit("east", 120, repurchase_rate="0.35", average_order="1500")
WEST = unit("west", 80)


def test_potential_is_read_for_all_units_at_once() -> None:
    """120 × 0.35 × 1,500 = 63,000 and 80 × 0.3 × 1,000 = 24,000, with one call; who cannot be seen has no answer."""
    reader = MemoryReader(unit_facts=[EAST, WEST])
    assert asyncio.run(potential(reader, ["west", "hidden", "east"])) == [
        shown("80", "0.3", "1000", "24000.00"),
        None,
        shown("120", "0.35", "1500", "63000.00"),
    ]
    assert reader.calls == {"units": 1}


def test_arguments_count_where_a_unit_says_nothing() -> None:
    """West: 80 × 0.5 × 100.25 = 4,010.00; East says both of itself."""
    reader = MemoryReader(unit_facts=[EAST, WEST])
    asked = potential(reader, ["east", "west"], repurchase_rate=Decimal("0.5"), average_order=Decimal("100.25"))
    assert [one and one.yearly for one in asyncio.run(asked)] == [63_000, Decimal("4010.00")]


@pytest.mark.parametrize(("rate", "counted"), [("-1", "0"), ("1e400000000", "1e12"), ("NaN", "0")])
def test_argument_that_cannot_be_meant_counts_as_the_nearest_that_can(rate: str, counted: str) -> None:
    """Whatever somebody sends, it costs the server nothing."""
    (west,) = asyncio.run(potential(MemoryReader(unit_facts=[WEST]), ["west"], repurchase_rate=Decimal(rate)))
    assert west is not None
    assert west.repurchase_rate == Decimal(counted)


def test_reached_compares_with_what_was_sold() -> None:
    """East sold 21,000.00 of 63,000: a third. West has sold nothing that can be seen, South could sell nothing."""
    lines = {("east", "revenue"): LineFact("revenue", 21_000_00), ("south", "revenue"): LineFact("revenue", 5)}
    reader = MemoryReader(unit_facts=[EAST, WEST, unit("south", 0)], lines=lines)
    assert asyncio.run(reached(reader, ["east", "west", "south"])) == [Decimal("0.3333"), None, None]
    assert reader.calls == {"units": 1, "unit_lines": 1}


def test_deals_are_open_until_they_are_closed() -> None:
    """On 15 March 2017: opened on 1 March, 14 days; closed on 10 March, 9 days; nobody knows since when, no answer."""
    march = date(2017, 3, 1)
    facts = [
        deal(id="open", opened_on=march, closed_on=None),
        deal(id="closed", opened_on=march, closed_on=date(2017, 3, 10)),
        deal(id="unknown", opened_on=None),
    ]
    reader = MemoryReader(deal_facts=facts)
    assert asyncio.run(days_open(reader, ["open", "closed", "unknown", "hidden"])) == [14, 9, None, None]
    assert reader.calls == {"opportunities": 1}


def test_root_tells_the_day_and_what_customers_are_worth() -> None:
    """10 customers × 0.3 × 1,000 = 3,000."""
    reader = MemoryReader(today=date(2017, 3, 15))
    assert asyncio.run(today(reader)) == date(2017, 3, 15)
    found = asyncio.run(worth(reader, customers=Decimal(10)))
    assert found is not None
    assert found.yearly == 3_000


def test_every_field_is_described() -> None:
    """Front-end teams read it in the schema."""
    fields = strawberry.Schema(query=AcmeRulesPotential)._schema.type_map["AcmeRulesPotential"].fields  # type: ignore[attr-defined] # an object type
    assert all(field.description for field in fields.values())
