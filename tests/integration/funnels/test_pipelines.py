"""Open deals by when they are expected to close."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from quotaloom.calendars.periods import Period, date_range
from quotaloom.funnels.commands.stage_changes import lose_opportunity, move_opportunity, win_opportunity
from quotaloom.funnels.pipelines import OpenDeals, Pipeline, member_pipelines, unit_pipelines
from quotaloom.funnels.worth import Unconverted
from quotaloom.metrics.commands import set_exchange_rate
from quotaloom.metrics.rates import RateKind
from quotaloom.organizations.commands.terms import end_holding
from quotaloom.organizations.commands.units import move_unit
from quotaloom.platform.database import Database
from tests.founding import at
from tests.integration.funnels.floors import HOST, NOON, TODAY, Floor, furnish

JUNE = date_range(TODAY, date(2026, 7, 1))
JULY = date_range(date(2026, 7, 1), date(2026, 8, 1))
MIDDLE = date(2026, 6, 15)


async def pipelines(
    floor: Floor,
    names: list[str],
    *periods: Period | None,
    read: Callable[..., Any] = unit_pipelines,
    today: date = TODAY,
    **options: Any,
) -> dict[str, Pipeline]:
    """The pipelines of units or members by name."""
    known = floor.units if read is unit_pipelines else floor.members
    async with floor.work.snapshot() as snapshot:
        ids = [known[name] for name in names]
        found = await read(snapshot, floor.work.company, ids, periods or [JUNE], today, **options)
        assert snapshot.statements == 1
    return {name: found[known[name]] for name in names}


async def test_a_deal_counts_in_the_period_in_which_it_is_expected_to_close(database: Database) -> None:
    """June: 1,000.00 and 500.05 at 10% are 150.01; July: 200.00 at 50%; undated and overdue ones stand apart."""
    floor = await furnish(database)
    await floor.open("ann", expected_close_on=MIDDLE)
    await floor.open("bob", amount=500_05, expected_close_on=date(2026, 6, 30))
    later = await floor.open("ann", amount=200_00, expected_close_on=date(2026, 7, 1))
    await move_opportunity(floor.work, HOST, later, floor.stages["offer"])
    await floor.open("bob", amount=30_00)
    await floor.open("ann", amount=40_00, expected_close_on=date(2026, 5, 31))
    await floor.open("ann", amount=None, expected_close_on=TODAY)
    east = (await pipelines(floor, ["east"], JUNE, None, JULY))["east"]
    # 1,500.05 × 0.10 = 150.005, half up
    assert east.expected == (OpenDeals(3, 1_500_05, 150_01, 1), OpenDeals(), OpenDeals(1, 200_00, 100_00))
    assert east.undated == OpenDeals(1, 30_00, 3_00)
    assert east.overdue == OpenDeals(1, 40_00, 4_00)


async def test_only_open_deals_count(database: Database) -> None:
    """A won one is achieved, a lost one is gone, whatever day they were expected on."""
    floor = await furnish(database)
    won, lost = [await floor.open("ann", expected_close_on=MIDDLE) for _ in range(2)]
    await win_opportunity(floor.work, HOST, won)
    await lose_opportunity(floor.work, lost)
    assert (await pipelines(floor, ["east"]))["east"] == Pipeline((OpenDeals(),))


async def test_a_unit_has_what_lies_below_it_today(database: Database) -> None:
    """Bob's 200.00 are East's and the company's; once his position has moved they are West's."""
    floor = await furnish(database)
    await floor.open("bob", amount=200_00, expected_close_on=MIDDLE)
    names = ["acme", "east", "west", "bob"]
    before = await pipelines(floor, names)
    assert [before[name].expected[0].amount for name in names] == [200_00, 200_00, 0, 200_00]
    await move_unit(floor.work, floor.units["bob"], floor.units["west"], date(2026, 6, 10))
    after = await pipelines(floor, names, today=date(2026, 6, 10))
    assert [after[name].expected[0].amount for name in names] == [200_00, 0, 200_00, 200_00]


async def test_a_member_has_the_deals_of_the_positions_held_today(database: Database) -> None:
    """Ann's 1,000.00 are hers until she leaves the seat; then they are nobody's, and still East's."""
    floor = await furnish(database)
    await floor.open("ann", expected_close_on=MIDDLE)
    await floor.open("empty", expected_close_on=MIDDLE)
    both = await pipelines(floor, ["ann", "bob"], read=member_pipelines)
    assert [both[name].expected[0].amount for name in ("ann", "bob")] == [1_000_00, 0]
    elsewhere = await pipelines(floor, ["ann"], read=member_pipelines, position_ids={floor.units["bob"]})
    assert elsewhere["ann"] == Pipeline((OpenDeals(),))
    holding = await floor.one("SELECT id FROM holding WHERE position_id = $1", floor.units["ann"])
    await end_holding(floor.work, holding["id"], date(2026, 6, 10))
    later = date(2026, 6, 10)
    gone = await pipelines(floor, ["ann"], read=member_pipelines, today=later)
    assert gone["ann"] == Pipeline((OpenDeals(),))
    assert (await pipelines(floor, ["east"], today=later))["east"].expected[0].amount == 1_000_00


async def test_deals_are_converted_at_the_rates_of_today(database: Database) -> None:
    """100.00 USD are 700.00 booked and 650.00 planned, at 10% 70.00 and 65.00; without a rate they stand apart."""
    floor = await furnish(database)
    await set_exchange_rate(floor.work, "USD", RateKind.BOOKING, date(2026, 1, 1), Decimal("7.20"))
    await set_exchange_rate(floor.work, "USD", RateKind.BOOKING, TODAY, Decimal("7.00"))
    await set_exchange_rate(floor.work, "USD", RateKind.BOOKING, date(2026, 6, 2), Decimal("9.00"))
    await set_exchange_rate(floor.work, "USD", RateKind.PLAN, date(2026, 1, 1), Decimal("6.50"))
    await floor.open("ann", amount=100_00, currency="USD", expected_close_on=MIDDLE)
    await floor.open("ann", amount=30_00, currency="EUR", expected_close_on=MIDDLE)
    apart = (Unconverted("EUR", 1, 30_00),)
    booked = (await pipelines(floor, ["ann"]))["ann"].expected
    assert booked == (OpenDeals(2, 700_00, 70_00, 0, apart),)
    planned = (await pipelines(floor, ["ann"], rates=RateKind.PLAN))["ann"].expected
    assert planned == (OpenDeals(2, 650_00, 65_00, 0, apart),)


async def test_a_shared_deal_counts_whole_where_it_stands(database: Database) -> None:
    """Half of Ann's 1,000.00 will be Cem's of West; as long as it is open it is East's whole."""
    floor = await furnish(database)
    shares = [floor.split("ann", "0.5"), floor.split("cem", "0.5")]
    await floor.open("ann", expected_close_on=MIDDLE, splits=shares)
    found = await pipelines(floor, ["east", "west"])
    assert [found[name].expected[0].amount for name in ("east", "west")] == [1_000_00, 0]


async def test_what_was_expected_today_is_overdue_tomorrow(database: Database) -> None:
    """On 1 June the deal of that day is in what is left of June; on 2 June it is overdue."""
    floor = await furnish(database)
    await floor.open("ann", expected_close_on=TODAY)
    assert (await pipelines(floor, ["ann"]))["ann"] == Pipeline((OpenDeals(1, 1_000_00, 100_00),))
    tomorrow = at(floor.work, datetime(2026, 6, 2, 12, tzinfo=NOON.tzinfo)).today
    rest = date_range(tomorrow, JUNE.ends_on)
    later = (await pipelines(floor, ["ann"], rest, today=tomorrow))["ann"]
    assert later == Pipeline((OpenDeals(),), overdue=OpenDeals(1, 1_000_00, 100_00))
