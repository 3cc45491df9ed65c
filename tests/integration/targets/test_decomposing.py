"""Decomposition on the database: two exact margins, locks and pins, policies, conflicts."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom.targets.cells import lock_target_cells
from quotaloom.targets.deciding import DecomposeRequest, YearPin
from quotaloom.targets.decomposing import decompose_target
from quotaloom.targets.plans import revise_plan
from tests.founding import at
from tests.integration.targets.planning import EIGHTY_PERCENT, POLICIES, plan_for

THREE = {"Acme": ["East", "North", "West"]}


async def test_both_margins_are_exact(database: Database) -> None:
    """1,000,000.00 over 12 equal months and 3 equal departments: 28 cells of 27,777.78 and 8 of 27,777.77."""
    planning = await plan_for(database, THREE)
    outcome = await planning.decompose("Acme", 100_000_000)
    company, *departments = [unit.target for unit in outcome.units]
    assert list(company) == [8_333_334] * 4 + [8_333_333] * 8
    assert [sum(value or 0 for value in row) for row in departments] == [33_333_334, 33_333_333, 33_333_333]
    assert Counter(value for row in departments for value in row) == {2_777_778: 28, 2_777_777: 8}
    assert [sum(column) for column in zip(*departments, strict=True)] == list(company)


async def test_a_dry_run_stores_nothing(database: Database) -> None:
    """The full matrix and the explanation are answered, no cell and no audit entry is written."""
    planning = await plan_for(database, THREE)
    outcome = await planning.decompose("Acme", 100_000_000, dry_run=True, shares=EIGHTY_PERCENT)
    assert not outcome.stored
    assert outcome.explanations[planning.units["Acme"]].text
    async with planning.work.snapshot() as snapshot:
        assert await snapshot.fetch("SELECT 1 FROM target_cell") == []
        assert await snapshot.fetch("SELECT 1 FROM decomposition") == []


async def test_locked_and_pinned_months_stay(database: Database) -> None:
    """January to March locked at 100,000 and May pinned at 200,000: the rest is spread over what remains."""
    planning = await plan_for(database, {"Acme": ["Seat"]})
    months = [f"2017-{month:02}" for month in range(1, 13)]
    await planning.set("Acme", dict.fromkeys(months, 10_000_000))
    await lock_target_cells(planning.work, planning.plan_id, [planning.units["Acme"]], "2017-Q1", True)
    outcome = await planning.decompose("Acme", 150_000_000, levels=0)
    assert outcome.units[0].target == (10_000_000,) * 3 + (13_333_334,) * 3 + (13_333_333,) * 6
    await planning.set("Acme", {"2017-05": 20_000_000}, pinned=True)
    outcome = await planning.decompose("Acme", 150_000_000, levels=0)
    open_months = [value for index, value in enumerate(outcome.units[0].target) if index not in (0, 1, 2, 4)]
    assert open_months == [12_500_000] * 8
    with pytest.raises(InputError, match=r"300000\.00|500000\.00") as caught:
        await planning.decompose("Acme", 25_000_000, levels=0)
    assert caught.value.code == "LOCKED_EXCEEDS_TOTAL"


async def test_a_locked_cell_is_closed_to_editing(database: Database) -> None:
    """Setting a locked cell is refused, and naming the cell says which."""
    planning = await plan_for(database, {"Acme": ["Seat"]})
    await planning.set("Seat", {"2017-01": 100})
    await lock_target_cells(planning.work, planning.plan_id, [planning.units["Seat"]], "2017", True)
    with pytest.raises(InputError) as caught:
        await planning.set("Seat", {"2017-01": 200})
    assert (caught.value.code, caught.value.path) == ("CELL_LOCKED", ("cells", 0))


async def test_last_year_weighs_children_and_months(database: Database) -> None:
    """A child without any counts as half the median of its siblings, a month without any as half that of the others."""
    planning = await plan_for(
        database,
        {"Acme": ["A", "B", "C"]},
        fiscal_year=2018,
        now=datetime(2018, 1, 2, tzinfo=UTC),
        holders={"A": "Ann", "B": "Bo", "C": "Cy"},
    )
    await planning.post(planning.work, "A", date(2017, 3, 10), 6000, "a")
    await planning.post(planning.work, "B", date(2017, 3, 11), 6000, "b")
    outcome = await planning.decompose("Acme", 1_800_000, policy="allocation.last_year")
    company, a, b, c = ([value or 0 for value in unit.target] for unit in outcome.units)
    # March weighs 12,000, each other month half of that: 2/13 of the year is 276,923.08, 1/13 is 138,461.54.
    assert company[2] == 276_923
    assert set(company) == {276_923, 138_461, 138_462}
    # In March 60 : 60 : 30, so C has a fifth, 55,384.6; in the other months nobody has any: thirds, 46,153.8.
    assert (a[2], b[2], c[2]) == (110_769, 110_769, 55_385)
    assert {*a[3:], *b[3:], *c[3:]} <= {46_153, 46_154}
    assert [sum(column) for column in zip(a, b, c, strict=True)] == company


async def test_a_pinned_year_is_a_margin(database: Database) -> None:
    """East's year is fixed at 500.00; the other two share the rest, and every month is exact."""
    planning = await plan_for(database, THREE)
    outcome = await planning.decompose("Acme", 120_000, year_pins=(YearPin(planning.units["East"], 50_000),))
    sums = {unit.name: sum(value or 0 for value in unit.target) for unit in outcome.units}
    assert sums == {"Acme": 120_000, "East": 50_000, "North": 35_000, "West": 35_000}


async def test_over_assignment_hands_out_more(database: Database) -> None:
    """With 110 percent the children sum to 1,100 of 1,000, month by month."""
    planning = await plan_for(database, THREE)
    outcome = await planning.decompose("Acme", 120_000, over_assignment=Decimal("1.1"))
    assert sum(sum(value or 0 for value in unit.target) for unit in outcome.units[1:]) == 132_000


async def test_a_switched_off_policy_is_refused(database: Database) -> None:
    """A policy that the company does not use, or that nobody installed, is named in the refusal."""
    planning = await plan_for(database, THREE)
    with pytest.raises(InputError, match="no such policy") as caught:
        await planning.decompose("Acme", 100, policy="allocation.nonsense")
    assert caught.value.path == ("policy",)


async def test_simultaneous_decompositions_leave_one_consistent_matrix(database: Database) -> None:
    """Two planners at once: both are answered, and what is stored adds up for one of them."""
    planning = await plan_for(database, THREE)
    await planning.decompose("Acme", 100)
    await asyncio.gather(*(planning.decompose("Acme", total) for total in (120_000, 240_000)))
    async with planning.work.snapshot() as snapshot:
        rows = await snapshot.fetch("SELECT unit_id, sum(target)::bigint AS total FROM target_cell GROUP BY 1")
    sums = {row["unit_id"]: row["total"] for row in rows}
    root = sums.pop(planning.units["Acme"])
    assert root in (120_000, 240_000)
    assert sum(sums.values()) == root


async def test_published_cells_change_by_a_revision_only(database: Database) -> None:
    """After publication setting a cell is refused; a revision opens a draft with the same cells and a reason."""
    planning = await plan_for(database, THREE)
    await planning.decompose("Acme", 120_000)
    await planning.publish()
    with pytest.raises(InputError) as caught:
        await planning.set("East", {"2017-01": 1})
    assert caught.value.code == "NO_DRAFT"
    await revise_plan(planning.work, planning.plan_id, "new product")
    await planning.set("East", {"2017-01": 1})
    attained = await planning.attained(at(planning.work, datetime(2017, 2, 1, tzinfo=UTC)), ["East"], "2017")
    assert attained["East"]["target"] == "400.00"


async def test_an_id_of_nothing_is_refused(database: Database) -> None:
    """An unknown unit or plan answers as not found and writes nothing."""
    planning = await plan_for(database, THREE)
    for request in (
        DecomposeRequest(planning.plan_id, 999_999, {"target": 1}),
        DecomposeRequest(999_999, planning.units["Acme"], {"target": 1}),
    ):
        with pytest.raises(InputError) as caught:
            await decompose_target(planning.work, POLICIES, request)
        assert caught.value.code == "NOT_FOUND"


async def test_a_pin_that_would_do_nothing_is_refused(database: Database) -> None:
    """A pinned year of the unit itself, or of one beyond the levels that are split, is told of with its place."""
    planning = await plan_for(database, {"Acme": ["East"], "East": ["E 1"]})
    for unit, levels in (("Acme", None), ("E 1", 1)):
        pins = (YearPin(planning.units[unit], 1),)
        with pytest.raises(InputError) as caught:
            await planning.decompose("Acme", 100, year_pins=pins, levels=levels)
        assert (caught.value.code, caught.value.path) == ("PIN_OUTSIDE", ("yearPins", 0, "orgUnitId"))
