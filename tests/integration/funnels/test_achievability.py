"""Targets are compared with the year before, the pipeline, and what customers could buy."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from quotaloom.achievements.ledger import Credit, CreditKind, EntrySource, Posting, append
from quotaloom.attributes.commands import define_attribute
from quotaloom.attributes.definitions import NewAttribute, Subject
from quotaloom.attributes.values import NewValue
from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.funnels.achievability import Beyond, TargetWarning, target_warnings
from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.funnels.commands.stage_changes import win_opportunity
from quotaloom.leads.attributes import set_attributes_of
from quotaloom.metrics.reads import metrics_by_key
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom.targets.cells import CellChange, set_target_cells
from quotaloom.targets.plans import create_plan, load_plan
from quotaloom_sdk import AttributeKind
from tests.integration.funnels.floors import TODAY, Floor, furnish
from tests.integration.organizations.trees import refusal

HISTORY, PIPELINE, POTENTIAL = Beyond


async def planned(floor: Floor, targets: dict[str, int], metric: str = "revenue") -> int:
    """A draft for 2026 with targets for July, in minor units."""
    row = await floor.one("SELECT id FROM metric WHERE key = $1", metric)
    plan = await create_plan(floor.work, "Plan", row["id"], 2026)
    cells = [CellChange(floor.units[unit], "2026-07", {"target": target}) for unit, target in targets.items()]
    await set_target_cells(floor.work, plan, cells)
    return plan


async def sold(floor: Floor, position: str, day: date, amount: int, metric: str = "revenue") -> None:
    """Post an order of a position."""
    row = await floor.one("SELECT id FROM metric WHERE key = $1", metric)
    key = f"{position} {day} {metric}"
    posting = Posting(
        row["id"],
        amount,
        None,
        day,
        EntrySource.ORDER,
        key,
        key,
        (Credit(floor.units[position], Fraction(1), CreditKind.DIRECT),),
    )
    await floor.work.write(lambda transaction: append(transaction, floor.work.company, [posting]))


async def warnings(floor: Floor, plan_id: int, factor: str = "1.2", **facts: Any) -> list[TargetWarning]:
    """The warnings of a plan's draft."""
    async with floor.work.snapshot() as snapshot:
        plan = await load_plan(snapshot, plan_id)
        (metric,) = await metrics_by_key(snapshot, [facts.pop("metric", "revenue")])
        assert plan.draft_id is not None
        calendar, company = fiscal_calendar(floor.work.company), floor.work.company
        found = await target_warnings(
            snapshot, company, calendar, plan, plan.draft_id, metric, Decimal(factor), TODAY, **facts
        )
        assert snapshot.statements <= 10  # two of them for the plan and the metric
    return found


async def test_a_target_may_pass_the_year_before_by_the_factor(database: Database) -> None:
    """Ann sold 100.00 in 2025: 120.00 is 1.2 times as much and passes, 120.01 is beyond; Bob sold nothing before."""
    floor = await furnish(database)
    await sold(floor, "ann", date(2025, 3, 1), 100_00)
    await floor.open("ann", amount=10_000_00, expected_close_on=date(2026, 9, 1))
    await floor.open("bob", amount=10_000_00, expected_close_on=date(2026, 9, 1))
    plan = await planned(floor, {"ann": 120_00, "bob": 500_00})
    assert await warnings(floor, plan) == []
    await set_target_cells(floor.work, plan, [CellChange(floor.units["ann"], "2026-07", {"target": 120_01})])
    (one,) = await warnings(floor, plan)
    # A deal in the first stage is worth a tenth.
    assert one == TargetWarning(floor.units["ann"], "Ann", 120_01, 100_00, 1_000_00, None, (HISTORY,))
    assert [found.target for found in await warnings(floor, plan, "1")] == [120_01]


async def test_the_pipeline_is_what_is_won_already_and_what_is_likely_to_be(database: Database) -> None:
    """Ann has 50.00 in May, and a tenth of 1,000.00 that is expected in August: 150.00; a deal of 2027 is not in it."""
    floor = await furnish(database)
    await sold(floor, "ann", date(2026, 5, 1), 50_00)
    await floor.open("ann", amount=1_000_00, expected_close_on=date(2026, 8, 1))
    await floor.open("ann", amount=9_000_00, expected_close_on=date(2027, 1, 1))
    plan = await planned(floor, {"ann": 180_01, "east": 180_00})
    (one,) = await warnings(floor, plan)
    assert (one.name, one.pipeline, one.beyond) == ("Ann", 150_00, (PIPELINE,))


async def test_the_potential_is_what_customers_bought_or_what_is_noted(database: Database) -> None:
    """Ann won 1,000.00 twice from one of her two customers: 2 × 2 × 1,000.00; noted, 5 × 0.5 × 600.00 is 1,500.00."""
    floor = await furnish(database)
    customers = [await create_customer(floor.work, NewCustomer(name, key=name)) for name in ("globex", "initech")]
    for customer in (customers[0], customers[0]):
        deal = await floor.open("ann", customer_id=customer)
        await win_opportunity(floor.work, floor.host, deal, on=date(2026, 5, 31))
    await floor.open("ann", customer_id=customers[1], amount=0, expected_close_on=date(2026, 8, 1))
    plan = await planned(floor, {"ann": 10_000_00})
    (one,) = await warnings(floor, plan)
    assert (one.pipeline, one.potential, one.beyond) == (2_000_00, 4_000_00, (PIPELINE, POTENTIAL))
    for key, value in (("customers", "5"), ("repurchase_rate", "0.5"), ("average_order", "600")):
        await define_attribute(floor.work, NewAttribute(Subject.UNIT, key, key.title(), AttributeKind.NUMBER))
        await set_attributes_of(floor.work, Subject.UNIT, floor.units["ann"], [NewValue(key, Decimal(value))])
    (one,) = await warnings(floor, plan)
    assert one.potential == 1_500_00


async def test_other_metrics_are_compared_with_the_year_before_alone(database: Database) -> None:
    """Of orders Ann had 10: 13 are too many, whatever deals she has."""
    floor = await furnish(database)
    await sold(floor, "ann", date(2025, 3, 1), 10, "orders")
    plan = await planned(floor, {"ann": 13, "bob": 99}, "orders")
    (one,) = await warnings(floor, plan, metric="orders")
    assert (one.history, one.pipeline, one.potential, one.beyond) == (10, None, None, (HISTORY,))


async def test_the_largest_targets_come_first_and_only_of_units_asked_for(database: Database) -> None:
    """Nobody has a pipeline: all three are beyond it, of whom Hal is told of two."""
    floor = await furnish(database)
    plan = await planned(floor, {"ann": 1_00, "bob": 3_00, "cem": 2_00})
    assert [one.name for one in await warnings(floor, plan)] == ["Bob", "Cem", "Ann"]
    east = [floor.units[unit] for unit in ("ann", "bob")]
    assert [one.name for one in await warnings(floor, plan, unit_ids=east)] == ["Bob", "Ann"]


@pytest.mark.parametrize("factor", ["0", "-1", "100.1", "NaN", "1.0000001"])
async def test_the_factor_is_bounded(database: Database, factor: str) -> None:
    """Above nothing, up to a hundred, with six places."""
    floor = await furnish(database)
    plan = await planned(floor, {"ann": 1_00})
    with pytest.raises(InputError) as caught:
        await warnings(floor, plan, factor)
    assert refusal(caught) == ("BAD_FACTOR", ("factor",))
