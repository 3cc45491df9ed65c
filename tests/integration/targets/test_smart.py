"""A plan is published only once every cell has a value, an owner and a source of measurement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.metrics.commands import NewMetric, define_metric, update_metric
from quotaloom.metrics.product_commands import NewProduct, define_product
from quotaloom.metrics.product_metrics import NewProductMetric, define_product_metric
from quotaloom.organizations.commands.companies import update_company
from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.commands.terms import appoint_head, appoint_holder
from quotaloom.organizations.commands.units import close_unit, create_unit
from quotaloom.organizations.membership import NewMember
from quotaloom.organizations.planting import NewUnit, insert_units
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom.platform.refusals import ManyRefused
from quotaloom.platform.work import load_company
from quotaloom.targets.cells import CellChange, set_target_cells
from quotaloom.targets.day_cells import plan_by_day
from quotaloom.targets.plans import create_plan, publish_plan, revise_plan
from quotaloom.targets.smart import FindingPage, smart_findings, versions_to_check
from tests.integration.targets.planning import Planning, plan_for

TREE = {"Acme": ["East"], "East": ["E 1", "E 2"]}
HELD = {"E 1": "Ann", "E 2": "Bob"}
Q1 = {"2017-01": 10, "2017-02": 10, "2017-03": 10}


async def owned(database: Database, holders: Mapping[str, str] = HELD, **facts: Any) -> Planning:
    """East with its head Hal; plans need owners."""
    planning = await plan_for(database, TREE, holders=holders, plans_need_owners=True, **facts)
    planning.members["Hal"] = await create_member(planning.work, NewMember("Hal"))
    await appoint_head(planning.work, planning.units["East"], planning.members["Hal"], None)
    return planning


async def found(planning: Planning, **facts: Any) -> FindingPage:
    """The findings of the plan."""
    async with planning.work.snapshot() as snapshot:
        versions = await versions_to_check(snapshot, [planning.plan_id])
        pages = await smart_findings(
            snapshot, fiscal_calendar(planning.work.company), list(versions.values()), **{"owners": True, **facts}
        )
    return pages.get(versions[planning.plan_id], FindingPage())


async def messages(planning: Planning) -> list[str]:
    """The findings as sentences."""
    return [one.message for one in (await found(planning)).findings]


async def test_a_plan_without_gaps_is_published(database: Database) -> None:
    """Quarter 1 alone, all three units with a target in each of its months, all of them led or held."""
    planning = await owned(database)
    for unit in ("Acme", "East", "E 1", "E 2"):
        await planning.set(unit, Q1)
    assert await messages(planning) == []
    await planning.publish()


async def test_a_unit_needs_a_target_in_every_month_that_the_plan_aims_for(database: Database) -> None:
    """E 2 has January and March, E 1 and East February too; the plan is refused, naming E 2 and February."""
    planning = await owned(database)
    for unit in ("East", "E 1"):
        await planning.set(unit, Q1)
    await planning.set("E 2", {"2017-01": 10, "2017-03": 10})
    with pytest.raises(InputError) as caught:
        await planning.publish()
    assert (caught.value.code, caught.value.path) == ("NOT_SMART", ("planId",))
    assert caught.value.message == "E 2 has no target in 2017-02, though it has some in other months of the plan"
    await planning.set("E 2", {"2017-02": 0})
    await planning.publish()


async def test_a_unit_without_any_target_is_no_part_of_the_plan(database: Database) -> None:
    """East alone has targets; a locked cell of E 1 that holds nothing makes it no part of the plan."""
    planning = await owned(database)
    await planning.set("East", Q1)
    await set_target_cells(planning.work, planning.plan_id, [CellChange(planning.units["E 1"], "2017-01", {})])
    assert await messages(planning) == []


async def test_months_in_which_a_unit_is_not_open_need_nothing(database: Database) -> None:
    """E 3 opens in March, and E 2 closes with the end of January."""
    planning = await owned(database)
    await close_unit(planning.work, planning.units["E 2"], date(2017, 2, 1))
    late = await create_unit(
        planning.work, NewUnit("E 3", "position", planning.units["East"], opened_on=date(2017, 3, 1))
    )
    planning.units["E 3"] = late
    await appoint_holder(planning.work, late, planning.members["Bob"], date(2017, 3, 1))
    await planning.set("E 1", Q1)
    await planning.set("E 2", {"2017-01": 10})
    await planning.set("E 3", {"2017-03": 10})
    assert await messages(planning) == []


async def test_whoever_is_assessed_is_assessed_in_every_month(database: Database) -> None:
    """E 1 has assessment values in January and March, but none in February; E 2 has none at all, which is fine."""
    planning = await owned(database)
    for unit in ("E 1", "E 2"):
        await planning.set(unit, Q1)
    assessed = [CellChange(planning.units["E 1"], month, {"assessment": 8}) for month in ("2017-01", "2017-03")]
    await set_target_cells(planning.work, planning.plan_id, assessed)
    assert await messages(planning) == [
        "E 1 has no assessment value in 2017-02, though it has some in other months of the plan"
    ]


async def test_an_assessment_value_without_a_target_stands_for_no_other(database: Database) -> None:
    """E 1 has three targets and three assessment values, one of them in April, where the plan aims for nothing."""
    planning = await owned(database)
    await planning.set("E 1", Q1)
    months = ("2017-01", "2017-03", "2017-04")
    assessed = [CellChange(planning.units["E 1"], month, {"assessment": 8}) for month in months]
    await set_target_cells(planning.work, planning.plan_id, assessed)
    assert await messages(planning) == [
        "E 1 has no assessment value in 2017-02, though it has some in other months of the plan"
    ]


async def test_a_day_of_the_month_makes_a_holder_an_owner(database: Database) -> None:
    """Bob takes E 2 on 28 February: nobody owns its January, somebody its February."""
    planning = await owned(database, {"E 1": "Ann"})
    bob = await create_member(planning.work, NewMember("Bob"))
    await appoint_holder(planning.work, planning.units["E 2"], bob, date(2017, 2, 28))
    for unit in ("E 1", "E 2"):
        await planning.set(unit, Q1)
    assert await messages(planning) == ["nobody holds E 2 in 2017-01: appoint somebody, or clear the targets"]


async def test_teams_need_heads_and_the_company_none(database: Database) -> None:
    """East is headed by nobody in three months; the company's own cells are the admins'."""
    planning = await plan_for(database, TREE, holders=HELD, plans_need_owners=True)
    for unit in ("Acme", "East"):
        await planning.set(unit, Q1)
    (one,) = (await found(planning)).findings
    assert (one.unit_id, one.lacks, one.months) == (planning.units["East"], "owner", ("2017-01", "2017-02", "2017-03"))
    assert one.message == "nobody heads East in 2017-01, 2017-02, 2017-03: appoint somebody, or clear the targets"


async def test_a_company_may_publish_with_vacancies(database: Database) -> None:
    """Once it says that plans need no owners, E 2 may be vacant."""
    planning = await owned(database, {"E 1": "Ann"})
    await planning.set("E 2", Q1)
    with pytest.raises(InputError) as caught:
        await planning.publish()
    assert caught.value.code == "NOT_SMART"
    await update_company(planning.work, {"plans_need_owners": False})
    async with planning.work.snapshot() as snapshot:
        company = await load_company(snapshot)
    assert company is not None
    await publish_plan(replace(planning.work, company=company), planning.plan_id)


async def test_a_metric_of_the_companys_own_says_what_it_is_measured_by(database: Database) -> None:
    """A plan of demos is published once the metric has a source, and not after it lost it again."""
    planning = await owned(database)
    work = planning.work
    metric = await define_metric(work, NewMetric("demos", "Demos", "count"))
    plan = await create_plan(work, "Demos", metric, 2017)
    await set_target_cells(work, plan, [CellChange(planning.units["E 1"], "2017-01", {"target": 5})])
    with pytest.raises(InputError) as caught:
        await publish_plan(work, plan)
    assert caught.value.message == "Demos has no source of measurement: say what it is measured by"
    await update_metric(work, metric, measured_by="  Bookings of the meeting room ")
    await publish_plan(work, plan)
    await update_metric(work, metric, name="Product demos")
    await revise_plan(work, plan, "More")
    await publish_plan(work, plan)
    await update_metric(work, metric, measured_by="")
    await revise_plan(work, plan, "Less")
    with pytest.raises(InputError) as caught:
        await publish_plan(work, plan)
    assert caught.value.code == "NOT_SMART"


async def test_a_month_that_is_planned_by_the_day_has_its_target(database: Database) -> None:
    """E 1 has January by the day, E 2 as a whole; February is missing for E 1, which has no day of it."""
    planning = await owned(database)
    for unit in ("E 1", "E 2"):
        await planning.set(unit, {"2017-01": 22})
    await plan_by_day(planning.work, planning.plan_id, [planning.units["E 1"]], "2017-01", by_day=True)
    assert await messages(planning) == []
    await planning.set("E 2", {"2017-02": 10})
    assert await messages(planning) == ["E 1 has no target in 2017-02, though it has some in other months of the plan"]


async def test_a_metric_of_a_product_is_measured_as_the_whole_is(database: Database) -> None:
    """Revenue of pumps comes from where revenue comes from."""
    planning = await owned(database)
    work = planning.work
    product = await define_product(work, NewProduct("pump", "Pump"))
    pumps = await define_product_metric(work, NewProductMetric("pumps", "Pumps", "revenue", product_id=product))
    plan = await create_plan(work, "Pumps", pumps, 2017)
    await set_target_cells(work, plan, [CellChange(planning.units["E 1"], "2017-01", {"target": 5})])
    await publish_plan(work, plan)


async def test_everything_is_told_at_once_the_gravest_first(database: Database) -> None:
    """No source, a missing target, a missing assessment value and a vacancy: four errors, and nothing is published."""
    planning = await owned(database, {"E 1": "Ann"})
    work, units = planning.work, planning.units
    metric = await define_metric(work, NewMetric("demos", "Demos", "count"))
    plan = await create_plan(work, "Demos", metric, 2017)
    cells = [
        CellChange(units["E 1"], "2017-01", {"target": 5, "assessment": 4}),
        CellChange(units["E 1"], "2017-02", {"target": 5}),
        CellChange(units["E 2"], "2017-02", {"target": 5}),
    ]
    await set_target_cells(work, plan, cells)
    with pytest.raises(ManyRefused) as caught:
        await publish_plan(work, plan)
    assert [(one.code, one.message.partition(":")[0].partition(",")[0]) for one in caught.value.errors] == [
        ("NOT_SMART", "Demos has no source of measurement"),
        ("NOT_SMART", "E 2 has no target in 2017-01"),
        ("NOT_SMART", "E 1 has no assessment value in 2017-02"),
        ("NOT_SMART", "nobody holds E 2 in 2017-02"),
    ]


async def test_of_many_findings_fifty_are_told_with_their_number(database: Database) -> None:
    """Sixty vacant positions: fifty sentences, and one that says how many there are."""
    planning = await owned(database)
    seats = [NewUnit(f"Seat {number:02}", "position", planning.units["East"]) for number in range(60)]
    ids = await planning.work.write(lambda transaction: insert_units(transaction, seats))
    changes = [CellChange(unit_id, "2017-01", {"target": 1}) for unit_id in ids]
    await set_target_cells(planning.work, planning.plan_id, changes)
    with pytest.raises(ManyRefused) as caught:
        await planning.publish()
    told = [one.message for one in caught.value.errors]
    assert len(told) == 51
    assert told[0] == "nobody holds Seat 00 in 2017-01: appoint somebody, or clear the targets"
    assert told[-1] == "10 more findings, 60 in all: `plan { smartFindings }` lists them"


async def test_findings_are_read_page_by_page(database: Database) -> None:
    """Five vacant positions by twos; a page beyond the last is empty and still knows the total."""
    planning = await owned(database)
    seats = [NewUnit(f"Seat {number}", "position", planning.units["East"]) for number in range(5)]
    ids = await planning.work.write(lambda transaction: insert_units(transaction, seats))
    changes = [CellChange(unit_id, "2017-01", {"target": 1}) for unit_id in ids]
    await set_target_cells(planning.work, planning.plan_id, changes)
    pages = [await found(planning, first=2, offset=offset) for offset in (0, 2, 4, 6)]
    assert [[ids.index(one.unit_id or 0) for one in page.findings] for page in pages] == [[0, 1], [2, 3], [4], []]
    assert [page.total for page in pages] == [5, 5, 5, 5]
    assert (await found(planning, unit_ids=[ids[3]])).total == 1
