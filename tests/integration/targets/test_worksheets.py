"""The worksheet of a target is filled by whoever has the target, and seen by those above him."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from quotaloom.organizations.commands.companies import update_company
from quotaloom.organizations.sight import load_sight
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound
from quotaloom.platform.work import Work, load_company
from quotaloom.targets.cells import CellChange, set_target_cells
from quotaloom.targets.commitments import call_for_commitments
from quotaloom.targets.plans import create_plan, publish_plan
from quotaloom.targets.worksheets import may_see_worksheet, set_worksheet, worksheets_of
from tests.integration.funnels.floors import Floor, furnish
from tests.integration.organizations.trees import audit_of, refusal


async def planned(database: Database, *, published: bool = True) -> tuple[Floor, int]:
    """The floor with a plan of which Ann has a target."""
    floor = await furnish(database)
    metric = await floor.one("SELECT id FROM metric WHERE key = 'revenue'")
    plan = await create_plan(floor.work, "Plan", metric["id"], 2026)
    await set_target_cells(floor.work, plan, [CellChange(floor.units["ann"], "2026-07", {"target": 100})])
    if published:
        await publish_plan(floor.work, plan)
    return floor, plan


async def fill(floor: Floor, plan: int, unit: str, work: Work | None = None, **values: Any) -> None:
    """Note something in the worksheet of a unit."""
    expected = values.pop("expected_version", None)
    await set_worksheet(work or floor.work, plan, floor.units[unit], values, expected)


async def stored(floor: Floor, plan: int, unit: str) -> dict[str, Any]:
    """What stands in the worksheet of a unit."""
    async with floor.work.snapshot() as snapshot:
        (row,) = await worksheets_of(snapshot, plan, [floor.units[unit]])
    return {name: value for name, value in row.items() if value is not None and name not in {"unit_id", "updated_at"}}


async def test_a_member_fills_the_worksheet_of_his_position(database: Database) -> None:
    """Ann says what it takes; what she leaves out later stays, what is blank is cleared; history has both."""
    floor, plan = await planned(database)
    ann = floor.as_member("ann")
    first = {"obstacles": " A strong rival ", "customers_needed": 12, "repurchase_rate": Decimal("0.5"), "money": 5_00}
    await fill(floor, plan, "ann", ann, **first, expected_version=0)
    await fill(floor, plan, "ann", ann, people="Two engineers", obstacles="", expected_version=1)
    assert await stored(floor, plan, "ann") == {
        "people": "Two engineers",
        "customers_needed": 12,
        "repurchase_rate": Decimal("0.500000"),
        "money": 5_00,
        "updated_by": "ann",
        "version": 2,
    }
    second = (await audit_of(floor.work, "OrgUnit", floor.units["ann"]))[-1]
    assert second[0] == "worksheet.set"
    assert '"obstacles": "A strong rival"' in (second[1] or "")
    assert '"people": "Two engineers"' in (second[2] or "")


async def test_who_fills_which_worksheet(database: Database) -> None:
    """Hal that of East, which he heads, but not Ann's below it; Bob not Ann's; an admin any."""
    floor, plan = await planned(database)
    await fill(floor, plan, "east", floor.as_member("hal"), conditions="Three more people")
    await fill(floor, plan, "ann", conditions="Samples")
    with pytest.raises(AccessDenied):
        await fill(floor, plan, "ann", floor.as_member("hal"), conditions="Work harder")
    for who, unit in (("bob", "ann"), ("ann", "west")):
        with pytest.raises(NotFound) as caught:
            await fill(floor, plan, unit, floor.as_member(who), conditions="Nothing")
        assert refusal(caught) == ("NOT_FOUND", ("orgUnitId",))
    with pytest.raises(AccessDenied):
        await fill(floor, plan, "east", floor.as_member("ann"), conditions="A car")


async def test_a_member_who_sees_no_drafts_fills_none(database: Database) -> None:
    """Ann learns nothing of a plan that was never published; Hal, who plans, fills East's."""
    floor, plan = await planned(database, published=False)
    with pytest.raises(NotFound) as caught:
        await fill(floor, plan, "ann", floor.as_member("ann"), conditions="Samples")
    assert refusal(caught) == ("NOT_FOUND", ("planId",))
    await fill(floor, plan, "east", floor.as_member("hal"), conditions="Three more people")


async def test_a_member_fills_his_while_the_plan_calls_for_commitments(database: Database) -> None:
    """Ann knows of the draft then, and says what her figure takes."""
    floor, plan = await planned(database, published=False)
    await call_for_commitments(floor.work, plan, date(2026, 12, 31))
    await fill(floor, plan, "ann", floor.as_member("ann"), conditions="Samples")
    assert (await stored(floor, plan, "ann"))["conditions"] == "Samples"


async def test_what_somebody_else_changed_is_not_overwritten(database: Database) -> None:
    """Both saw an empty one; the second is told of version 1."""
    floor, plan = await planned(database)
    await fill(floor, plan, "ann", conditions="Samples", expected_version=0)
    with pytest.raises(Conflict) as caught:
        await fill(floor, plan, "ann", floor.as_member("ann"), conditions="A car", expected_version=0)
    assert refusal(caught) == ("STALE", ("expectedVersion",))


@pytest.mark.parametrize(
    ("values", "code", "place"),
    [
        ({}, "NOTHING_TO_CHANGE", ()),
        ({"product_mix": "x" * 2001}, "TOO_LONG", ("productMix",)),
        ({"money": -1}, "NEGATIVE_AMOUNT", ("money",)),
        ({"customers_needed": 10**9 + 1}, "BAD_COUNT", ("customersNeeded",)),
        ({"repurchase_rate": Decimal("NaN")}, "BAD_RATE", ("repurchaseRate",)),
        ({"repurchase_rate": Decimal("0.0000001")}, "BAD_RATE", ("repurchaseRate",)),
    ],
)
async def test_figures_and_texts_are_bounded(
    database: Database, values: dict[str, Any], code: str, place: tuple[str, ...]
) -> None:
    """Whatever is out of reach is refused at its own place."""
    floor, plan = await planned(database)
    with pytest.raises(InputError) as caught:
        await fill(floor, plan, "ann", **values)
    assert refusal(caught) == (code, place)


async def test_worksheets_are_seen_from_above_and_not_from_below(database: Database) -> None:
    """Ann sees hers, Hal hers and East's, Wu neither; that members see figures above them changes nothing of it."""
    floor, _ = await planned(database)
    await update_company(floor.work, {"members_see_ancestors": True})
    units = ("acme", "east", "ann", "bob", "west", "cem")
    seen = {}
    async with floor.work.snapshot() as snapshot:
        company = await load_company(snapshot)
        assert company is not None
        for who in ("ann", "hal", "wu"):
            viewer = floor.as_member(who).viewer
            sight = await load_sight(snapshot, viewer, company, floor.work.today)
            seen[who] = [unit for unit in units if may_see_worksheet(sight, floor.units[unit])]
    assert seen == {"ann": ["ann"], "hal": ["east", "ann", "bob"], "wu": ["west", "cem"]}


async def test_money_in_a_worksheet_keeps_the_currency(database: Database) -> None:
    """Before anything is planned or sold, what a target costs is an amount in the company's currency."""
    floor = await furnish(database)
    metric = await floor.one("SELECT id FROM metric WHERE key = 'revenue'")
    plan = await create_plan(floor.work, "Plan", metric["id"], 2026)
    await fill(floor, plan, "ann", money=1_000_00)
    with pytest.raises(InputError) as caught:
        await update_company(floor.work, {"currency": "EUR"})
    assert refusal(caught) == ("IN_USE", ("currency",))
    await fill(floor, plan, "ann", money=None)
    await update_company(floor.work, {"currency": "EUR"})
