"""The allocation policies that ship with the product, each asked by a decomposition with what it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from quotaloom.attributes.commands import define_attribute
from quotaloom.attributes.definitions import NewAttribute, Subject
from quotaloom.attributes.values import NewValue
from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.leads.attributes import set_attributes_of
from quotaloom.metrics.reads import metrics_by_key
from quotaloom.platform.database import Database
from quotaloom.platform.work import Work
from quotaloom.policies.errors import PolicyUndecided
from quotaloom.policies.settings import PolicyChange, switch_policy
from quotaloom.targets.deciding import DecomposeRequest, DecompositionOutcome
from quotaloom.targets.decomposing import decompose_target
from quotaloom.targets.plans import create_plan
from quotaloom_sdk import AttributeKind
from tests.integration.funnels.floors import furnish
from tests.integration.targets.planning import POLICIES, Planning, plan_for

NOVEMBER = datetime(2017, 11, 20, 12, tzinfo=UTC)
"""When 2018 is planned."""

HELD = {"East": "Ann", "West": "Bo", "South": "Cy"}


async def planned(database: Database, tree: Mapping[str, Sequence[str]] | None = None, **facts: Any) -> Planning:
    """A company with three positions, unless told otherwise, that plans 2018 in November 2017."""
    known: dict[str, Any] = {"fiscal_year": 2018, "now": NOVEMBER, "holders": HELD}
    return await plan_for(database, tree or {"Acme": ["East", "West", "South"]}, **{**known, **facts})


async def switch_on(work: Work, key: str, **parameters: Any) -> str:
    """Switch a policy on with these parameters; its full key."""
    policy = f"allocation.{key}"
    await switch_policy(work, POLICIES, PolicyChange(policy, active=True, parameters=parameters))
    return policy


async def split(
    planning: Planning, target: int, key: str, levels: int | None = 1, **parameters: Any
) -> DecompositionOutcome:
    """The company's year, split by a policy that is switched on with these parameters."""
    policy = await switch_on(planning.work, key, **parameters)
    return await planning.decompose("Acme", target, policy=policy, levels=levels)


def years(outcome: DecompositionOutcome) -> dict[str, int]:
    """What each unit below the first has in the year."""
    return {unit.name: sum(value or 0 for value in unit.target) for unit in outcome.units[1:]}


def company_months(outcome: DecompositionOutcome) -> list[int]:
    """What the unit that was split has month by month."""
    return [value or 0 for value in outcome.units[0].target]


def said(outcome: DecompositionOutcome) -> list[str]:
    """What the explanation of the first unit says of the others."""
    (explanation,) = outcome.explanations.values()
    return [item.text for item in explanation.items]


async def post(planning: Planning, *posted: tuple[str, date, int]) -> None:
    """Post orders of positions."""
    for number, (unit, day, amount) in enumerate(posted):
        await planning.post(planning.work, unit, day, amount, f"order {number}")


async def test_headcount_counts_who_holds_a_position_today(database: Database) -> None:
    """East has three members, West one and South, still empty, counts as one: 72,000, 24,000 and 24,000 of 120,000."""
    tree = {"Acme": ["East", "West", "South"], "East": ["E1", "E2", "E3"], "West": ["W1"], "South": ["S1"]}
    planning = await planned(database, tree, holders={"E1": "Ann", "E2": "Bo", "E3": "Cy", "W1": "Di"})
    outcome = await split(planning, 120_000, "headcount", members_of_empty_unit=1)
    assert years(outcome) == {"East": 72_000, "West": 24_000, "South": 24_000}
    assert company_months(outcome) == [10_000] * 12
    assert "Nobody holds a position in South today: it counts as 1." in said(outcome)


async def test_last_period_goes_by_the_last_quarter_that_is_over(database: Database) -> None:
    """In November that is the third: East 300, West 100, and South, new, 100; the months have their weekdays."""
    planning = await planned(database)
    await post(
        planning,
        ("East", date(2017, 6, 30), 70_00),
        ("East", date(2017, 7, 1), 300_00),
        ("West", date(2017, 9, 30), 100_00),
        ("West", date(2017, 10, 1), 999_00),
    )
    outcome = await split(planning, 261_00, "last_period", months="workdays")
    assert years(outcome) == {"East": 156_60, "West": 52_20, "South": 52_20}
    # The weekdays of 2018 are 261: a unit of money for each.
    assert company_months(outcome) == [
        23_00,
        20_00,
        22_00,
        21_00,
        23_00,
        21_00,
        22_00,
        23_00,
        20_00,
        23_00,
        22_00,
        21_00,
    ]
    assert "East counts as what it achieved in 2017-Q3." in said(outcome)


async def test_trailing_year_goes_by_the_last_twelve_months_that_are_over(database: Database) -> None:
    """November 2016 to October 2017: East 300 and West 100; the month before and the one under way do not count."""
    planning = await planned(database, {"Acme": ["East", "West"]}, holders={"East": "Ann", "West": "Bo"})
    await post(
        planning,
        ("West", date(2016, 10, 31), 5000_00),
        ("East", date(2016, 11, 1), 300_00),
        ("West", date(2017, 10, 31), 100_00),
        ("West", date(2017, 11, 1), 7000_00),
    )
    outcome = await split(planning, 1200_00, "trailing_year")
    assert years(outcome) == {"East": 900_00, "West": 300_00}
    assert "West counts as what it achieved from 2016-11 to 2017-10." in said(outcome)


async def test_growth_goes_by_last_year_and_what_is_noted_or_set(database: Database) -> None:
    """Both had 100 in each of twelve months; East is noted to grow by 20 percent, West set to shrink by 20."""
    planning = await planned(database, {"Acme": ["East", "West"]}, holders={"East": "Ann", "West": "Bo"})
    days = [date(2016, 11, 5), date(2016, 12, 5), *(date(2017, month, 5) for month in range(1, 11))]
    await post(planning, *((unit, day, 100_00) for unit in ("East", "West") for day in days))
    await define_attribute(planning.work, NewAttribute(Subject.UNIT, "growth", "Growth", AttributeKind.NUMBER))
    await set_attributes_of(planning.work, Subject.UNIT, planning.units["East"], [NewValue("growth", Decimal(20))])
    outcome = await split(planning, 1200_00, "growth", growth_by_unit={"west": -20}, growth_attribute="growth")
    assert years(outcome) == {"East": 720_00, "West": 480_00}
    assert company_months(outcome) == [100_00] * 12
    assert said(outcome)[1:] == [
        "East counts as what it achieved in each month of last year, with its growth, as noted.",
        "West counts as what it achieved in each month of last year, with its growth, as set for it.",
    ]


async def test_fixed_weights_go_by_the_keys_of_units(database: Database) -> None:
    """5 and 3 are written down, the other two weigh 1 each: 500, 300, 100 and 100 of 1,000."""
    planning = await planned(database, {"Acme": ["East", "West", "North", "South"]}, holders={})
    weights = {"east": 5, "west": 3, "elsewhere": 7}
    outcome = await split(planning, 1000_00, "fixed_weights", weights=weights, weight_of_others=1)
    assert years(outcome) == {"East": 500_00, "West": 300_00, "North": 100_00, "South": 100_00}


async def test_fixed_weights_say_where_none_is_written_down(database: Database) -> None:
    """The company's teams have weights, East's positions have not: split that far, it names East and stores nothing."""
    tree = {"Acme": ["East", "West"], "East": ["E1", "E2"], "West": ["W1"]}
    planning = await planned(database, tree, holders={})
    with pytest.raises(PolicyUndecided) as caught:
        await split(planning, 1000_00, "fixed_weights", levels=None, weights={"east": 1, "west": 1})
    assert str(caught.value) == (
        "policy 'allocation.fixed_weights' cannot decide: No unit below East has a weight. Write one down for at least"
        " one of them, by its key (e1, e2), or split East by another policy."
    )
    async with planning.work.snapshot() as snapshot:
        assert await snapshot.fetch("SELECT 1 FROM target_cell") == []


async def test_potential_goes_by_customers_and_what_is_noted(database: Database) -> None:
    """East has deals with two customers, West with one, which orders three times: 2 × 1 × 1,000 and 1 × 3 × 1,000."""
    floor = await furnish(database)
    first, second, third = [await create_customer(floor.work, NewCustomer(name)) for name in "ABC"]
    for position, customer in (("ann", first), ("bob", first), ("bob", second), ("cem", third)):
        await floor.open(position, customer_id=customer)
    await define_attribute(floor.work, NewAttribute(Subject.UNIT, "repurchase_rate", "Rate", AttributeKind.NUMBER))
    rate = [NewValue("repurchase_rate", Decimal(3))]
    await set_attributes_of(floor.work, Subject.UNIT, floor.units["west"], rate)
    async with floor.work.snapshot() as snapshot:
        (metric,) = await metrics_by_key(snapshot, ["revenue"])
    plan_id = await create_plan(floor.work, "Plan 2027", metric["id"], 2027)
    policy = await switch_on(floor.work, "potential")
    request = DecomposeRequest(plan_id, floor.units["acme"], {"target": 600_00}, policy=policy, levels=1)
    outcome = await decompose_target(floor.work, floor.host, request)
    assert years(outcome) == {"East": 240_00, "West": 360_00}
    assert outcome.explanations[floor.units["acme"]].items[2].values == (
        ("customers, as counted", Decimal(1)),
        ("orders of each in a year, as noted", Decimal(3)),
        ("worth of an order, as set for all", Decimal(1000)),
        ("counted", 3000),
    )


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ("even", {"East": 650_00, "West": 650_00}),
        ("headcount", {"East": 866_67, "West": 433_33}),
        ("last_year", {"East": 325_00, "West": 975_00}),
    ],
)
async def test_seasonal_follows_the_profile_on_every_level(
    database: Database, units: str, expected: dict[str, int]
) -> None:
    """Twelve months of 100 and one more in December, the ninth month of a year that begins in April.

    East has two members and sold 100, West one who sold 300.
    """
    planning = await planned(
        database,
        {"Acme": ["East", "West"], "East": ["E1", "E2"], "West": ["W1"]},
        holders={"E1": "Ann", "E2": "Bo", "W1": "Cy"},
        fiscal_start_month=4,
    )
    await post(planning, ("E1", date(2017, 5, 2), 100_00), ("W1", date(2017, 8, 2), 300_00))
    profile = [1] * 11 + [2]
    outcome = await split(planning, 1300_00, "seasonal", levels=None, profile=profile, units=units)
    assert company_months(outcome) == [100_00] * 8 + [200_00] + [100_00] * 3
    assert {name: year for name, year in years(outcome).items() if name in expected} == expected
    for unit in outcome.units:
        ordinary, december = unit.target[7] or 0, unit.target[8] or 0
        assert abs(december - 2 * ordinary) <= 2
