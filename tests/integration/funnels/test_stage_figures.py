"""Counts, amounts and weighted amounts of stages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from quotaloom.calendars.periods import date_range
from quotaloom.funnels.commands.stage_changes import move_opportunity, win_opportunity
from quotaloom.funnels.filtering import OpportunityFilter
from quotaloom.funnels.stage_figures import StageFigures, stage_figures
from quotaloom.funnels.worth import Unconverted
from quotaloom.metrics.commands import set_exchange_rate
from quotaloom.metrics.rates import RateKind
from quotaloom.platform.database import Database
from tests.integration.funnels.floors import HOST, TODAY, Floor, furnish

MAY = date(2026, 5, 20)


async def figures(
    floor: Floor, *stages: str, unit_ids: list[int] | None = None, **where: object
) -> dict[str, StageFigures]:
    async with floor.work.snapshot() as snapshot:
        found = await stage_figures(
            snapshot,
            floor.work.company,
            [floor.stages[stage] for stage in stages],
            TODAY,
            OpportunityFilter(**where),  # type: ignore[arg-type]  # any filter
            unit_ids,
        )
        assert snapshot.statements == 1
    return dict(zip(stages, found, strict=True))


def told(found: StageFigures) -> tuple[int, int, int]:
    return found.count, found.amount, found.weighted_amount


async def test_each_stage_counts_sums_and_weighs_its_deals(database: Database) -> None:
    """Leads of 1,000.00, 500.05 and unknown at 10% weigh 150.01; a won deal weighs its all; empty stages have zeros."""
    floor = await furnish(database)
    await floor.open("ann")
    await floor.open("ann", amount=500_05)
    await floor.open("bob", amount=None)
    await win_opportunity(floor.work, HOST, await floor.open("cem", amount=70_00))
    found = await figures(floor, "won", "lead", "offer")
    # 1,500.05 × 0.10 = 150.005, half up 150.01
    assert told(found["lead"]) == (3, 1_500_05, 150_01)
    assert found["lead"].without_amount == 1
    assert told(found["won"]) == (1, 70_00, 70_00)
    assert told(found["offer"]) == (0, 0, 0)


async def test_open_deals_are_converted_at_the_rate_of_today_and_closed_ones_at_that_of_their_close(
    database: Database,
) -> None:
    """100.00 USD are 720.00 when closed at 7.20 and 700.00 while open at 7.00; 1,001 yen at 0.0485 are 48.55."""
    floor = await furnish(database)
    await set_exchange_rate(floor.work, "USD", RateKind.BOOKING, MAY, Decimal("7.20"))
    await set_exchange_rate(floor.work, "USD", RateKind.BOOKING, TODAY, Decimal("7.00"))
    await set_exchange_rate(floor.work, "JPY", RateKind.BOOKING, TODAY, Decimal("0.0485"))
    await floor.open("ann", amount=100_00, currency="USD")
    await floor.open("ann", amount=1001, currency="JPY")
    await win_opportunity(floor.work, HOST, await floor.open("ann", amount=100_00, currency="USD"), on=MAY)
    found = await figures(floor, "lead", "won")
    assert found["lead"].amount == 748_55
    assert found["won"].amount == 720_00
    assert await floor.ledger() == {"ann": (720_00, 0)}


async def test_deals_without_a_rate_are_told_apart(database: Database) -> None:
    """30.00 EUR and 12.00 EUR without any rate are counted, but stand in no sum."""
    floor = await furnish(database)
    await floor.open("ann")
    await floor.open("ann", amount=30_00, currency="EUR")
    await floor.open("ann", amount=12_00, currency="EUR")
    await floor.open("ann", amount=5, currency="JPY")
    lead = (await figures(floor, "lead"))["lead"]
    assert told(lead) == (4, 1_000_00, 100_00)
    assert lead.unconverted == (Unconverted("EUR", 2, 42_00), Unconverted("JPY", 1, 5))
    assert lead.without_amount == 0


async def test_figures_of_a_unit_and_of_what_the_viewer_sees(database: Database) -> None:
    """East has Ann's 1,000.00 and Bob's 200.00; one who sees Bob's and Cem's positions sees 500.00 in all."""
    floor = await furnish(database)
    await floor.open("ann")
    await floor.open("bob", amount=200_00)
    await floor.open("cem", amount=300_00)
    assert told((await figures(floor, "lead", below_unit_id=floor.units["east"], on=TODAY))["lead"])[:2] == (
        2,
        1_200_00,
    )
    assert told((await figures(floor, "lead", below_unit_id=floor.units["acme"], on=TODAY))["lead"])[:2] == (
        3,
        1_500_00,
    )
    seen = [floor.units["bob"], floor.units["cem"]]
    assert told((await figures(floor, "lead", unit_ids=seen))["lead"])[:2] == (2, 500_00)
    assert told((await figures(floor, "lead", unit_ids=[]))["lead"])[:2] == (0, 0)


async def test_figures_of_a_period(database: Database) -> None:
    """A period has its first day and not its last; a deal without the date belongs to none."""
    floor = await furnish(database)
    may = date_range(date(2026, 5, 1), date(2026, 6, 1))
    for amount, opened_on in (
        (1, date(2026, 4, 30)),
        (2, date(2026, 5, 1)),
        (4, date(2026, 5, 31)),
        (8, TODAY),
        (16, None),
    ):
        deal = await floor.open("ann", amount=amount, opened_on=opened_on)
        if amount in (2, 8):
            await win_opportunity(floor.work, HOST, deal, on=TODAY if amount == 8 else MAY)
        if amount == 4:
            await move_opportunity(floor.work, HOST, deal, floor.stages["offer"])
    opened = await figures(floor, "lead", "offer", "won", opened_in=may)
    assert [found.amount for found in opened.values()] == [0, 4, 2]
    closed = await figures(floor, "lead", "offer", "won", closed_in=may)
    assert [found.amount for found in closed.values()] == [0, 0, 2]
