"""Each quarter of an objective or of a plan may have a focus, which one call sets, changes or clears."""

from __future__ import annotations

import pytest

from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, Conflict, InputError
from quotaloom.strategy.commands import archive_objective, create_objective
from quotaloom.strategy.focuses import Focused, focuses_of, set_focus
from quotaloom.strategy.objectives import NewObjective, ObjectiveLevel
from quotaloom.targets.plans import create_plan
from tests.integration.funnels.floors import Floor, furnish
from tests.integration.organizations.trees import audit_of, refusal, rows


async def told(floor: Floor, on: Focused, id: int) -> list[tuple[str, str, int]]:
    """The focuses of something: quarter, text and version."""
    async with floor.work.snapshot() as snapshot:
        return [(row["period"], row["text"], row["version"]) for row in await focuses_of(snapshot, on, [id])]


async def goal(floor: Floor) -> int:
    """A corporate objective of 2026."""
    return await create_objective(
        floor.work, NewObjective(2026, ObjectiveLevel.CORPORATE, "Grow", floor.members["hal"])
    )


async def test_quarters_of_an_objective_and_of_a_plan_have_focuses(database: Database) -> None:
    """The objective's third and first, told in order; the plan's own second; setting one again changes it."""
    floor = await furnish(database)
    objective = await goal(floor)
    (metric,) = await rows(floor.work, "SELECT id FROM metric WHERE key = 'revenue'")
    plan = await create_plan(floor.work, "Plan", metric["id"], 2026)
    await set_focus(floor.work, Focused.OBJECTIVE, objective, "2026-Q3", "Renewals")
    await set_focus(floor.work, Focused.OBJECTIVE, objective, "2026-Q1", "Hiring", 0)
    await set_focus(floor.work, Focused.PLAN, plan, "2026-Q2", "  New customers ")
    await set_focus(floor.work, Focused.OBJECTIVE, objective, "2026-Q3", "Renewals in the south", 1)
    assert await told(floor, Focused.OBJECTIVE, objective) == [
        ("2026-Q1", "Hiring", 1),
        ("2026-Q3", "Renewals in the south", 2),
    ]
    assert await told(floor, Focused.PLAN, plan) == [("2026-Q2", "New customers", 1)]


async def test_a_blank_text_clears_a_focus_and_history_keeps_it(database: Database) -> None:
    """What stood there is in the audit record."""
    floor = await furnish(database)
    objective = await goal(floor)
    await set_focus(floor.work, Focused.OBJECTIVE, objective, "2026-Q1", "Hiring")
    await set_focus(floor.work, Focused.OBJECTIVE, objective, "2026-Q1", " ", 1)
    assert await told(floor, Focused.OBJECTIVE, objective) == []
    action, before, after = (await audit_of(floor.work, "Objective", objective))[-1]
    assert (action, before, after) == (
        "focus.set",
        '{"text": "Hiring", "period": "2026-Q1"}',
        '{"text": null, "period": "2026-Q1"}',
    )


async def test_a_focus_that_changed_meanwhile_is_refused(database: Database) -> None:
    """Whoever saw none, and whoever saw version 1, is told of version 2."""
    floor = await furnish(database)
    objective = await goal(floor)
    for text in ("Hiring", "Training"):
        await set_focus(floor.work, Focused.OBJECTIVE, objective, "2026-Q1", text)
    for seen in (0, 1):
        with pytest.raises(Conflict) as caught:
            await set_focus(floor.work, Focused.OBJECTIVE, objective, "2026-Q1", "Selling", seen)
        assert refusal(caught) == ("STALE", ("expectedVersion",))


@pytest.mark.parametrize("period", ["2027-Q1", "2026", "2026-H1", "2026-02", "2026-01-01/2026-04-01", "soon"])
async def test_only_a_quarter_of_its_own_year_has_a_focus(database: Database, period: str) -> None:
    """No other year's, nothing longer or shorter, and no range of the same days."""
    floor = await furnish(database)
    with pytest.raises(InputError) as caught:
        await set_focus(floor.work, Focused.OBJECTIVE, await goal(floor), period, "Hiring")
    assert refusal(caught) == ("BAD_PERIOD", ("period",))


async def test_quarters_are_those_of_the_fiscal_year(database: Database) -> None:
    """Where years start in April, 2026-Q4 is January to March 2027, and its focus is told by that name."""
    floor = await furnish(database, fiscal_start_month=4)
    objective = await goal(floor)
    await set_focus(floor.work, Focused.OBJECTIVE, objective, "2026-Q4", "Renewals")
    assert await told(floor, Focused.OBJECTIVE, objective) == [("2026-Q4", "Renewals", 1)]


async def test_members_set_no_focus_and_archived_objectives_take_none(database: Database) -> None:
    """A head reads it; what is put away stays as it is."""
    floor = await furnish(database)
    objective = await goal(floor)
    with pytest.raises(AccessDenied):
        await set_focus(floor.as_member("hal"), Focused.OBJECTIVE, objective, "2026-Q1", "Hiring")
    await archive_objective(floor.work, objective)
    with pytest.raises(InputError) as caught:
        await set_focus(floor.work, Focused.OBJECTIVE, objective, "2026-Q1", "Hiring")
    assert refusal(caught) == ("ARCHIVED", ("id",))
