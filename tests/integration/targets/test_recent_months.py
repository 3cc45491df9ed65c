"""Which past months an allocation rule is told of, and what was achieved in them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.platform.database import Database
from quotaloom.platform.work import Work
from quotaloom.targets.allocation_requests import Inputs, read_inputs
from quotaloom.targets.gathering import gather
from quotaloom.targets.plans import draft_of, load_plan
from quotaloom_sdk import Need
from tests.founding import at
from tests.integration.targets.planning import Planning, plan_for

TREE = {"Acme": ["East", "West"]}


async def inputs_of(planning: Planning, work: Work, tree_day: date, *needs: Need) -> Inputs:
    """What is read for a rule with these needs and a decomposition of the whole company."""
    async with work.snapshot() as snapshot:
        plan = await load_plan(snapshot, planning.plan_id)
        calendar = fiscal_calendar(work.company)
        root = planning.units["Acme"]
        gathered = await gather(snapshot, calendar, plan, draft_of(plan), root, tree_day)
        return await read_inputs(snapshot, work, gathered, frozenset(needs))


@pytest.mark.parametrize(
    ("today", "first", "last"),
    [
        ((2017, 11, 20), "2015-11", "2017-10"),  # planning ahead
        ((2018, 1, 1), "2016-01", "2017-12"),  # on the first day of the plan
        ((2018, 3, 31), "2016-03", "2018-02"),  # while it runs, March not yet being over
        ((2018, 12, 31), "2016-12", "2018-11"),  # on its last day
        ((2019, 6, 1), "2016-01", "2017-12"),  # when it is over: what its planners knew
    ],
)
async def test_rules_look_back_on_24_months(
    database: Database, today: tuple[int, int, int], first: str, last: str
) -> None:
    """The last that are over today; of a plan that is over, those before it. Each follows the one before."""
    planning = await plan_for(database, TREE, fiscal_year=2018, now=datetime(2017, 1, 2, tzinfo=UTC))
    work = at(planning.work, datetime(*today, 12, tzinfo=UTC))
    inputs = await inputs_of(planning, work, date(2018, 1, 1), Need.RECENT)
    recent = inputs.recent_months
    assert (len(recent), recent[0].label, recent[-1].label) == (24, first, last)
    assert [month.ends_on for month in recent[:-1]] == [month.starts_on for month in recent[1:]]
    assert {len(figures) for figures in inputs.recent.values()} == {24}


async def test_months_are_told_with_their_place_in_the_fiscal_year(database: Database) -> None:
    """Where it begins in April, 2018 is numbered from April 2018 to March 2019, and the months before end with 12."""
    planning = await plan_for(
        database, TREE, fiscal_year=2018, now=datetime(2018, 4, 1, tzinfo=UTC), fiscal_start_month=4
    )
    inputs = await inputs_of(planning, planning.work, date(2018, 4, 1), Need.RECENT, Need.CALENDAR)
    planned = [(month.label, month.fiscal_year, month.number) for month in inputs.months]
    assert (planned[0], planned[-1]) == (("2018-04", 2018, 1), ("2019-03", 2018, 12))
    before = inputs.recent_months[-1]
    assert (before.label, before.fiscal_year, before.number, before.workdays) == ("2018-03", 2017, 12, 22)


async def test_months_of_weeks_are_told_like_others(database: Database) -> None:
    """The fiscal year 2018 of a 4-4-5 calendar begins on Monday 1 January 2018; 2017 ended with a month of 35 days."""
    planning = await plan_for(
        database, TREE, fiscal_year=2018, now=datetime(2018, 1, 10, tzinfo=UTC), calendar_pattern="4-4-5"
    )
    last = (await inputs_of(planning, planning.work, date(2018, 1, 10), Need.RECENT)).recent_months[-1]
    assert (last.label, last.starts_on, last.ends_on) == ("2017-M12", date(2017, 11, 27), date(2018, 1, 1))
    assert (last.fiscal_year, last.number) == (2017, 12)


async def test_units_have_what_was_achieved_below_them_in_each_month(database: Database) -> None:
    """East 5.00 in the first of the months and 2.00 in the last; what was before, or is of this month, is not told."""
    planning = await plan_for(
        database,
        TREE,
        fiscal_year=2018,
        now=datetime(2018, 1, 20, tzinfo=UTC),
        holders={"East": "Ann", "West": "Bo"},
    )
    posted: list[tuple[str, date, int]] = [
        ("East", date(2015, 12, 31), 900),
        ("East", date(2016, 1, 1), 500),
        ("East", date(2017, 12, 31), 200),
        ("West", date(2017, 12, 1), 70),
        ("West", date(2018, 1, 2), 9000),
    ]
    for number, (unit, day, amount) in enumerate(posted):
        await planning.post(planning.work, unit, day, amount, str(number))
    inputs: Any = await inputs_of(planning, planning.work, date(2018, 1, 20), Need.RECENT)
    told = {name: inputs.recent[planning.units[name]] for name in ("Acme", "East", "West")}
    assert told == {
        "Acme": [500, *[0] * 22, 270],
        "East": [500, *[0] * 22, 200],
        "West": [0, *[0] * 22, 70],
    }
