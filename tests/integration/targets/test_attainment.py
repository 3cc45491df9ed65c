"""Attainment on the database: rates, moves in mid-month, as was and as is, as of a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from quotaloom.organizations.commands.companies import update_company
from quotaloom.organizations.commands.terms import appoint_holder, end_holding
from quotaloom.organizations.commands.units import move_unit
from quotaloom.organizations.reads import holders
from quotaloom.platform.database import Database
from quotaloom.platform.work import load_company
from quotaloom.targets.attainment import AttainmentStatus
from tests.founding import at
from tests.integration.targets.planning import Planning, plan_for

LATE = datetime(2017, 12, 31, 12, tzinfo=UTC)
TREE = {"Acme": ["East", "West"], "East": ["East 1"], "West": ["West 1"]}
YEAR = [f"2017-{month:02}" for month in range(1, 13)]


async def two_positions(database: Database) -> Planning:
    """East 1, held by Ann, and West 1, of 100,000.00 a month each, and orders of March and 20 April for Ann."""
    planning = await plan_for(database, TREE, holders={"East 1": "Ann"})
    for position in ("East 1", "West 1"):
        await planning.set(position, dict.fromkeys(YEAR, 10_000_000))
    await planning.publish()
    return planning


async def order(planning: Planning, position: str, day: date, amount: int) -> None:
    work = at(planning.work, datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    await planning.post(work, position, day, amount, f"{position} {day}")


async def achieved(planning: Planning, names: list[str], **facts: object) -> list[str]:
    rows = await planning.attained(at(planning.work, LATE), names, "2017", **facts)
    return [rows[name]["achieved"] for name in names]


async def test_a_holder_who_moves_takes_half_a_month_of_each_target(database: Database) -> None:
    """From East to West on 16 April: 50,000 + 50,000 in April; both positions keep their own; orders stay put."""
    planning = await two_positions(database)
    work, units = planning.work, planning.units
    async with work.snapshot() as snapshot:
        (holding,) = await holders(snapshot, [units["East 1"]])
    await order(planning, "East 1", date(2017, 3, 10), 10_000_000)
    await end_holding(work, holding["id"], date(2017, 4, 16))
    await appoint_holder(work, units["West 1"], planning.members["Ann"], date(2017, 4, 16))
    await order(planning, "West 1", date(2017, 4, 20), 5_000_000)
    later = at(work, LATE)
    member = await planning.attained(later, ["Ann"], "2017-04")
    assert (member["Ann"]["target"], member["Ann"]["achieved"]) == ("100000.00", "50000.00")
    for position in ("East 1", "West 1"):
        own = await planning.attained(later, [position], "2017-04")
        assert own[position]["target"] == "100000.00"
    assert await achieved(planning, ["East", "West"]) == ["100000.00", "50000.00"]
    assert await achieved(planning, ["East", "West"], structure="as_is") == ["100000.00", "50000.00"]


async def test_the_days_held_decide_the_share(database: Database) -> None:
    """Held for 15 of 30 days of April only: 50,000 in April, nothing in May."""
    planning = await two_positions(database)
    async with planning.work.snapshot() as snapshot:
        (holding,) = await holders(snapshot, [planning.units["East 1"]])
    await end_holding(planning.work, holding["id"], date(2017, 4, 16))
    later = at(planning.work, LATE)
    assert (await planning.attained(later, ["Ann"], "2017-04"))["Ann"]["target"] == "50000.00"
    assert (await planning.attained(later, ["Ann"], "2017-05"))["Ann"]["target"] is None


async def test_a_position_that_moves_is_counted_as_it_was_or_as_it_is(database: Database) -> None:
    """From the East team to the West team on 16 April: as it was 100,000 and 50,000, as it is 0 and 150,000."""
    planning = await two_positions(database)
    await order(planning, "East 1", date(2017, 3, 10), 10_000_000)
    await order(planning, "East 1", date(2017, 4, 20), 5_000_000)
    await move_unit(planning.work, planning.units["East 1"], planning.units["West"], date(2017, 4, 16))
    both = ["East", "West"]
    assert await achieved(planning, both) == ["100000.00", "50000.00"]
    assert await achieved(planning, both, structure="as_is") == ["0.00", "150000.00"]
    march = date(2017, 3, 31)
    assert await achieved(planning, both, as_of=march) == ["100000.00", "0.00"]
    assert await achieved(planning, both, as_of=march, structure="as_is") == ["100000.00", "0.00"]


async def test_a_parent_is_rated_by_its_sums(database: Database) -> None:
    """East 90 of 100, West 10 of 50, the parent's own target 150: 0.666667, not the mean 0.55."""
    planning = await plan_for(database, TREE, holders={"East 1": "Ann", "West 1": "Bo"})
    for unit, target in (("East", 10_000), ("West", 5_000), ("Acme", 15_000)):
        await planning.set(unit, {"2017-01": target})
    await planning.publish()
    await order(planning, "East 1", date(2017, 1, 10), 9_000)
    await order(planning, "West 1", date(2017, 1, 11), 1_000)
    rows = await planning.attained(at(planning.work, LATE), ["Acme", "East", "West", "East 1"], "2017")
    rates = {name: row["rate"] and str(row["rate"]) for name, row in rows.items()}
    assert rates == {"Acme": "0.666667", "East": "0.900000", "West": "0.200000", "East 1": None}
    assert rows["East 1"]["target"] is None
    assert rows["Acme"]["gap"] == "50.00"


async def test_the_three_lines_decide_the_status(database: Database) -> None:
    """Own 1,000,000 with 1,050,000 achieved: 1.050000, at target; above the stretch of 1,040,000: at stretch."""
    planning = await plan_for(database, {"Acme": ["Seat"]}, holders={"Seat": "Ann"})
    await planning.decompose("Acme", 100_000_000, levels=0)
    await planning.publish()
    await order(planning, "Seat", date(2017, 6, 1), 105_000_000)
    row = (await planning.attained(at(planning.work, LATE), ["Acme"], "2017"))["Acme"]
    assert (str(row["rate"]), row["status"], row["gap"]) == ("1.050000", AttainmentStatus.AT_TARGET, "-50000.00")


async def test_pace_compares_with_the_working_days_elapsed(database: Database) -> None:
    """January 2017 has 22 working days, 10 through the 15th, so 1,000 of 2,200 is expected."""
    planning = await plan_for(database, {"Acme": ["Seat"]}, holders={"Seat": "Ann"})
    await planning.set("Acme", {"2017-01": 220_000})
    await planning.publish()
    await order(planning, "Seat", date(2017, 1, 3), 55_000)
    middle = at(planning.work, datetime(2017, 1, 15, 12, tzinfo=UTC))
    # 2 to 6 and 9 to 13 January are ten working days through Sunday the 15th.
    row = (await planning.attained(middle, ["Acme"], "2017-01"))["Acme"]
    assert (row["elapsed_days"], row["working_days"]) == (10, 22)
    assert (row["expected"], str(row["pace"])) == ("1000.00", "0.550000")


async def test_a_week_is_the_sum_of_its_days(database: Database) -> None:
    """January's 2,200 on 22 working days is 100 a day: five days of week 2 are 500, a lone Sunday is nothing."""
    planning = await plan_for(database, {"Acme": ["Seat"]})
    await planning.set("Acme", {"2017-01": 220_000})
    await planning.publish()
    later = at(planning.work, LATE)
    assert (await planning.attained(later, ["Acme"], "2017-W02"))["Acme"]["target"] == "500.00"
    assert (await planning.attained(later, ["Acme"], "2017-01-08"))["Acme"]["target"] == "0.00"


async def test_another_fiscal_start_month_regroups_and_keeps_cells(database: Database) -> None:
    """Fiscal years from April: a cell of June 2017 is of fiscal year 2017 and, from July on, of fiscal year 2016."""
    planning = await plan_for(database, {"Acme": ["Seat"]}, fiscal_start_month=4)
    await planning.set("Acme", {"2017-06": 60_000, "2017-07": 70_000})
    await planning.publish()
    later = at(planning.work, LATE)
    assert (await planning.attained(later, ["Acme"], "2017"))["Acme"]["target"] == "1300.00"
    await update_company(planning.work, {"fiscal_start_month": 7})
    async with later.snapshot() as snapshot:
        company = await load_company(snapshot)
    assert company is not None
    regrouped = replace(later, company=company)
    assert (await planning.attained(regrouped, ["Acme"], "2016"))["Acme"]["target"] == "600.00"
    assert (await planning.attained(regrouped, ["Acme"], "2017"))["Acme"]["target"] == "700.00"
