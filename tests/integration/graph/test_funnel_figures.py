"""Figures of funnels through the graph: sums, win rate, cycle and velocity, broken down in every way."""

from __future__ import annotations

from datetime import date
from typing import Any

from quotaloom.funnels.commands.stage_changes import lose_opportunity, win_opportunity
from quotaloom.metrics.product_commands import NewProduct, define_product
from quotaloom.organizations.commands.units import move_unit
from quotaloom.platform.database import Database
from tests.integration.funnels.floors import HOST, TODAY, furnish
from tests.integration.graph.asking import gid, statements
from tests.integration.graph.figuring import lost, of_funnel, of_unit, won, write

APRIL, MAY = date(2026, 4, 10), date(2026, 5, 20)
SUMS = "{ count amount weightedAmount withoutAmount }"


def sums(count: int, amount: str = "0.00", weighted: str = "0.00", without: int = 0) -> dict[str, Any]:
    return {"count": count, "amount": amount, "weightedAmount": weighted, "withoutAmount": without}


async def test_deals_are_told_by_how_they_stand(database: Database) -> None:
    """Open ones are those of today, won and lost ones those of the period, expected ones of what is left of it."""
    floor = await furnish(database)
    await floor.open("ann", amount=1_000_00, opened_on=MAY, expected_close_on=date(2026, 6, 30))
    await floor.open("bob", amount=500_05, opened_on=date(2026, 6, 1), expected_close_on=date(2026, 7, 1))
    await floor.open("bob", amount=None)
    await won(floor, "cem", 70_00, APRIL, MAY)
    await lost(floor, "cem", date(2026, 3, 31), amount=9_00, opened_on=date(2026, 3, 1))
    fields = (
        f"period open {SUMS} opened {SUMS} expected {SUMS} won {SUMS} lost {SUMS} invalid {SUMS} winRate averageWon"
    )
    (quarter,) = await of_funnel(floor, 'period: "2026-Q2"', fields)
    # 1,500.05 × 0.10 = 150.005, half up. In April to June three deals were opened, of 1,000.00, 500.05 and 70.00.
    assert quarter == {
        "period": "2026-Q2",
        "open": sums(3, "1500.05", "150.01", 1),
        "opened": sums(3, "1570.05", "220.01"),
        "expected": sums(1, "1000.00", "100.00"),
        "won": sums(1, "70.00", "70.00"),
        "lost": sums(0),
        "invalid": sums(0),
        "winRate": "1.000000",
        "averageWon": "70.00",
    }
    (before,) = await of_funnel(floor, 'period: "2026-Q1"', fields)
    assert before["open"] == quarter["open"]
    assert (before["lost"], before["winRate"], before["averageWon"]) == (sums(1, "9.00"), "0.000000", None)
    (nothing,) = await of_funnel(floor, 'period: "2025"', "winRate averageWon velocity cycle { count median p90 mean }")
    assert nothing == {
        "winRate": None,
        "averageWon": None,
        "velocity": None,
        "cycle": {"count": 0, "median": None, "p90": None, "mean": None},
    }


async def test_the_win_rate_counts_deals_and_leaves_invalid_ones_out(database: Database) -> None:
    """One won, two lost and one that was no deal: a third, not a quarter."""
    floor = await furnish(database)
    deals = [await floor.open("ann", amount=10_00) for _ in range(4)]
    await win_opportunity(floor.work, HOST, deals[0])
    for deal in deals[1:]:
        await lose_opportunity(floor.work, deal)
    await write(
        floor,
        "WITH none AS (INSERT INTO stage (company_id, funnel_id, key, name, ordinal, outcome, win_probability)"
        " VALUES ($1, $2, 'none', 'None', 9, 'invalid', 0) RETURNING id)"
        " UPDATE opportunity SET stage_id = none.id FROM none WHERE opportunity.id = $3",
        floor.work.company.id,
        floor.funnel,
        deals[3],
    )
    (june,) = await of_funnel(floor, 'period: "2026-06"', f"won {SUMS} lost {SUMS} invalid {SUMS} winRate")
    assert june == {
        "won": sums(1, "10.00", "10.00"),
        "lost": sums(2, "20.00"),
        "invalid": sums(1, "10.00"),
        "winRate": "0.333333",
    }


async def test_cycle_and_velocity(database: Database) -> None:
    """Won after 10, 20, 30 and 40 days: half within 20, nine in ten within 40; 4 open × 4/5 × 100.00 ÷ 25 are 12.80."""
    floor = await furnish(database)
    for days in (10, 20, 30, 40):
        await won(floor, "ann", days * 4_00, date.fromordinal(MAY.toordinal() - days), MAY)
    await lost(floor, "ann", MAY)
    for _ in range(3):
        await floor.open("bob", amount=None)
    deal = await floor.open("ann", amount=100_00)
    (one,) = await of_funnel(floor, 'period: "2026-05"', "cycle { count median p90 mean unknown } velocity averageWon")
    assert one == {
        "cycle": {"count": 4, "median": 20, "p90": 40, "mean": "25.0", "unknown": 0},
        "velocity": "12.80",
        "averageWon": "100.00",
    }
    await win_opportunity(floor.work, HOST, deal, on=MAY)
    fields = "open { count } cycle { count median mean unknown } velocity winRate"
    (more,) = await of_funnel(floor, 'period: "2026-05"', fields)
    # Nobody knows when the fifth was opened: 3 × 5/6 × 100.00 ÷ 25.
    assert more == {
        "open": {"count": 3},
        "cycle": {"count": 4, "median": 20, "mean": "25.0", "unknown": 1},
        "velocity": "10.00",
        "winRate": "0.833333",
    }


async def test_a_grain_answers_for_each_period(database: Database) -> None:
    """Won on the first and on the last day of May, and on 1 June: two in May, one in June, none in April."""
    floor = await furnish(database)
    for day in (date(2026, 5, 1), date(2026, 5, 31), TODAY):
        await won(floor, "ann", 10_00, APRIL, day)
    months = await of_funnel(
        floor, 'period: "2026-Q2", grain: MONTH', "period startsOn endsOn won { count } open { count }"
    )
    assert [(one["period"], one["won"]["count"]) for one in months] == [("2026-04", 0), ("2026-05", 2), ("2026-06", 1)]
    assert (months[1]["startsOn"], months[1]["endsOn"]) == ("2026-05-01", "2026-06-01")
    weeks = await of_funnel(floor, 'period: "2026-06", grain: WEEK', "period won { count }")
    assert weeks[0] == {"period": "2026-W23", "won": {"count": 1}}


async def test_figures_are_broken_down_and_filtered_by_product_and_source(database: Database) -> None:
    """A row for each product or source that has a deal, those without one last; of a filter only what it names."""
    floor = await furnish(database)
    pump = await define_product(floor.work, NewProduct("pump", "Pump"))
    seal = await define_product(floor.work, NewProduct("seal", "Seal"))
    await floor.open("ann", amount=1_00, product_id=seal)
    await won(floor, "ann", 2_00, APRIL, MAY, product_id=pump)
    fair = await floor.open("bob", amount=4_00, product_id=pump)
    await floor.open("bob", amount=8_00)
    await write(floor, "UPDATE opportunity SET source = 'fair' WHERE id = $1", fair)
    fields = "product { key } source open { amount } won { amount }"
    by_product = await of_funnel(floor, 'period: "2026", by: PRODUCT', fields)
    assert [(one["product"], one["open"]["amount"], one["won"]["amount"]) for one in by_product] == [
        ({"key": "pump"}, "4.00", "2.00"),
        ({"key": "seal"}, "1.00", "0.00"),
        (None, "8.00", "0.00"),
    ]
    by_source = await of_funnel(floor, 'period: "2026", by: SOURCE', fields)
    assert [(one["source"], one["open"]["amount"], one["won"]["amount"]) for one in by_source] == [
        ("fair", "4.00", "0.00"),
        (None, "9.00", "2.00"),
    ]
    (pumps,) = await of_funnel(floor, 'period: "2026", products: ["pump"]', fields)
    assert (pumps["product"], pumps["open"]["amount"], pumps["won"]["amount"]) == (None, "4.00", "2.00")
    (fairs,) = await of_funnel(floor, 'period: "2026", sources: ["fair"]', fields)
    assert (fairs["open"]["amount"], fairs["won"]["amount"]) == ("4.00", "0.00")
    assert await of_funnel(floor, 'period: "2026", by: SOURCE, sources: ["web"]', fields) == []
    assert (await of_unit(floor, "east", 'period: "2026", by: PRODUCT', "product { key } open { amount }"))[1] == {
        "product": {"key": "seal"},
        "open": {"amount": "1.00"},
    }


async def test_deals_of_other_currencies_are_converted_or_told_apart(database: Database) -> None:
    """30.00 and 12.00 EUR without a rate are counted in every sum that they belong to, and in no amount."""
    floor = await furnish(database)
    await floor.open("ann", amount=100_00, opened_on=MAY)
    await floor.open("ann", amount=30_00, currency="EUR", opened_on=MAY)
    await floor.open("cem", amount=12_00, currency="EUR", opened_on=MAY)
    await lost(floor, "cem", MAY, amount=5, currency="JPY")
    apart = "{ count amount unconverted { currency count amount } }"
    (may,) = await of_funnel(floor, 'period: "2026-05"', f"open {apart} opened {apart} lost {apart}")
    euros = [{"currency": "EUR", "count": 2, "amount": "42.00"}]
    assert may["open"] == may["opened"] == {"count": 3, "amount": "100.00", "unconverted": euros}
    assert may["lost"]["unconverted"] == [{"currency": "JPY", "count": 1, "amount": "5"}]


async def test_a_unit_has_the_deals_of_the_positions_below_it_today(database: Database) -> None:
    """Bob's 2.00 are East's; once his position has moved they are West's, those won before it moved too."""
    floor = await furnish(database)
    await won(floor, "ann", 1_00, APRIL, MAY)
    await won(floor, "bob", 2_00, APRIL, MAY)
    await won(floor, "cem", 4_00, APRIL, MAY)

    async def amounts() -> list[str]:
        names = ("acme", "east", "west", "bob")
        rows = [await of_unit(floor, name, 'period: "2026"', "won { amount }") for name in names]
        return [row["won"]["amount"] for (row,) in rows]

    assert await amounts() == ["7.00", "3.00", "4.00", "2.00"]
    await move_unit(floor.work, floor.units["bob"], floor.units["west"], TODAY)
    assert await amounts() == ["7.00", "1.00", "6.00", "2.00"]


async def test_deals_in_a_pool_are_no_unit_s(database: Database) -> None:
    """A deal without a position is in the funnel's figures of whoever sees everything, and in nobody else's."""
    floor = await furnish(database)
    await floor.open("ann", amount=1_00)
    pooled = await floor.open("ann", amount=2_00)
    await write(floor, "UPDATE opportunity SET position_id = NULL, member_id = NULL WHERE id = $1", pooled)
    assert await of_funnel(floor, 'period: "2026"', "open { amount }") == [{"open": {"amount": "3.00"}}]
    assert await of_unit(floor, "acme", 'period: "2026"', "open { amount }") == [{"open": {"amount": "1.00"}}]
    assert await of_funnel(floor, 'period: "2026"', "open { amount }", "hal") == [{"open": {"amount": "1.00"}}]


async def test_a_viewer_sees_figures_of_the_deals_he_sees(database: Database) -> None:
    """A head his team's, a seller his own; of a unit that one may only name there are none."""
    floor = await furnish(database)
    for position, amount in (("ann", 1_00), ("bob", 2_00), ("cem", 4_00)):
        await floor.open(position, amount=amount)
    of = 'period: "2026"', "open { amount }"
    assert await of_funnel(floor, *of, "hal") == [{"open": {"amount": "3.00"}}]
    assert await of_funnel(floor, *of, "ann") == [{"open": {"amount": "1.00"}}]
    assert await of_unit(floor, "east", *of, "hal") == [{"open": {"amount": "3.00"}}]
    assert await of_unit(floor, "acme", *of, "hal") == []
    assert await of_unit(floor, "east", *of, "ann") == []
    assert await of_unit(floor, "ann", *of, "ann") == [{"open": {"amount": "1.00"}}]
    for position in ("ann", "cem"):
        await won(floor, position, 1_00, date(2026, 5, 1), date(2026, 5, 11))
    for who, count in (("hal", 1), (None, 2)):
        assert await of_funnel(floor, 'period: "2026"', "cycle { count }", who) == [{"cycle": {"count": count}}]


async def test_figures_of_a_tree_take_as_many_statements_as_those_of_one_unit(database: Database) -> None:
    """Every figure of three teams and twelve months takes the statements of one team's year."""
    floor = await furnish(database)
    await won(floor, "ann", 1_00, APRIL, MAY)
    funnel = gid("Funnel", floor.funnel)
    fields = f"won {SUMS} velocity cycle {{ median }}"
    asked = f'funnelFigures(funnel: "{funnel}", period: "2026"'
    one = f'{{ orgUnit(id: "{gid("OrgUnit", floor.units["east"])}") {{ name {asked}) {{ {fields} }} }} }}'
    many = f"{{ company {{ root {{ descendants {{ name {asked}, grain: MONTH) {{ {fields} }} }} }} }} }}"
    # Besides the viewer and the units: the funnel, its stages, positions, deals, and the cycles of those that were won.
    assert (await statements(floor, one), await statements(floor, many)) == (8, 9)
