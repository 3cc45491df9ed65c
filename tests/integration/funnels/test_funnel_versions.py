"""Funnels that are revised: deals under way stay on their version until they are moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from quotaloom.funnels.commands.funnels import create_funnel, move_deals_to_latest, revise_funnel
from quotaloom.funnels.commands.opportunities import create_opportunity, transfer_opportunity
from quotaloom.funnels.commands.stage_changes import (
    lose_opportunity,
    move_opportunity,
    reopen_opportunity,
    win_opportunity,
)
from quotaloom.funnels.deals import NewOpportunity
from quotaloom.funnels.reads import stages_of_funnels, versions_of_funnels
from quotaloom.funnels.stage_figures import stage_figures
from quotaloom.funnels.stages import NewFunnel
from quotaloom.organizations.commands.units import move_unit
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound
from quotaloom.platform.refusals import ManyRefused
from tests.integration.funnels.floors import HOST, TODAY, furnish
from tests.integration.funnels.stage_floors import CLOSED, LEAD, OFFER, TALKS, staged

PILOT = replace(LEAD, key="pilot", name="Pilot")


async def test_deals_under_way_stay_on_their_version(database: Database) -> None:
    """The old deal moves, is won and reopened among its own stages; a new one follows the new stages alone."""
    floor = await staged(database)
    work = floor.floor.work
    old = await floor.open(amount=1_00)
    assert await revise_funnel(work, floor.funnel, (LEAD, PILOT, *CLOSED), "pilots first") == 2
    first, second = await floor.stages(1), await floor.stages(2)
    new = await floor.open()
    rows = await floor.floor.rows("SELECT stage_id FROM opportunity ORDER BY id")
    assert [row["stage_id"] for row in rows] == [first["lead"], second["lead"]]
    await move_opportunity(work, HOST, old, first["talks"])
    for deal, stage in ((old, second["pilot"]), (new, first["offer"])):
        with pytest.raises(NotFound):
            await move_opportunity(work, HOST, deal, stage)
    await win_opportunity(work, HOST, old)
    await reopen_opportunity(work, old)
    stored = await floor.floor.one("SELECT stage_id FROM opportunity WHERE id = $1", old)
    assert stored["stage_id"] == first["talks"]
    with pytest.raises(NotFound):
        await floor.open(stage_id=first["offer"])


async def test_versions_are_told_with_who_made_them_and_why(database: Database) -> None:
    """The first by whoever created the funnel; the stages of each are its own, the latest are those of the funnel."""
    floor = await staged(database)
    work = floor.floor.work
    await revise_funnel(work, floor.funnel, (LEAD, *CLOSED), " shorter ", expected_version=1)
    with pytest.raises(Conflict):
        await revise_funnel(work, floor.funnel, (LEAD, *CLOSED), None, expected_version=1)
    with pytest.raises(AccessDenied):
        await revise_funnel(floor.floor.as_member("hal"), floor.funnel, (LEAD, *CLOSED), None)
    async with work.snapshot() as snapshot:
        versions = await versions_of_funnels(snapshot, [floor.funnel])
        latest = await stages_of_funnels(snapshot, [floor.funnel])
        before = await stages_of_funnels(snapshot, [floor.funnel], 1)
    assert [(row["number"], row["actor"], row["reason"]) for row in versions] == [
        (1, "tests", None),
        (2, "tests", "shorter"),
    ]
    assert [row["key"] for row in latest] == ["lead", "won", "lost", "odd"]
    assert [row["key"] for row in before] == ["lead", "offer", "talks", "won", "lost", "odd"]
    assert versions[1]["stage_ids"] == [row["id"] for row in latest]


async def test_deals_are_moved_to_the_latest_version_in_one_command(database: Database) -> None:
    """By key or as told, each move recorded as of today with its reason; a lost deal stays, and one of the latest."""
    floor = await staged(database)
    work = floor.floor.work
    first = await floor.stages(1)
    lead, offer, lost = await floor.open(), await floor.open(stage_id=first["offer"]), await floor.open()
    await lose_opportunity(work, lost)
    await revise_funnel(work, floor.funnel, (LEAD, PILOT, *CLOSED), None)
    newest = await floor.open()
    second = await floor.stages(2)
    with pytest.raises(InputError, match="there are deals in 'offer'") as caught:
        await move_deals_to_latest(work, floor.funnel, {})
    assert (caught.value.code, caught.value.path) == ("UNMAPPED_STAGE", ("stages",))
    assert await move_deals_to_latest(work, floor.funnel, {"offer": "pilot"}, "one way") == 2
    rows = await floor.floor.rows("SELECT id, stage_id FROM opportunity")
    assert {row["id"]: row["stage_id"] for row in rows} == {
        lead: second["lead"],
        offer: second["pilot"],
        lost: first["lost"],
        newest: second["lead"],
    }
    moves = await floor.floor.rows(
        "SELECT opportunity_id, from_stage_id, to_stage_id, moved_on, reason FROM stage_move WHERE reason IS NOT NULL"
        " ORDER BY id"
    )
    assert [tuple(row) for row in moves] == [
        (lead, first["lead"], second["lead"], TODAY, "one way"),
        (offer, first["offer"], second["pilot"], TODAY, "one way"),
    ]
    assert await move_deals_to_latest(work, floor.funnel, {}) == 0


async def test_stages_that_do_not_exist_lead_nowhere(database: Database) -> None:
    """Each wrong key is told with its place: neither a stage of before, nor an open one of now."""
    floor = await staged(database)
    await revise_funnel(floor.floor.work, floor.funnel, (LEAD, PILOT, *CLOSED), None)
    with pytest.raises(ManyRefused) as caught:
        await move_deals_to_latest(floor.floor.work, floor.funnel, {"ofer": "pilot", "talk": "pilot"})
    assert [error.path for error in caught.value.errors] == [("stages", 0, "of"), ("stages", 1, "of")]
    with pytest.raises(NotFound) as missing:
        await move_deals_to_latest(floor.floor.work, floor.funnel, {"offer": "won"})
    assert missing.value.path == ("stages", 0, "to")


async def test_the_figures_of_a_stage_are_of_its_own_version(database: Database) -> None:
    """A deal of 1.00 in the old lead, one of 2.00 in the new: neither is counted twice, none is lost."""
    floor = await staged(database)
    work = floor.floor.work
    await floor.open(amount=1_00)
    await revise_funnel(work, floor.funnel, (replace(LEAD, name="First talk"), OFFER, TALKS, *CLOSED), None)
    await floor.open(amount=2_00)
    leads = [(await floor.stages(number))["lead"] for number in (1, 2)]
    async with work.snapshot() as snapshot:
        figures = await stage_figures(snapshot, work.company, leads, work.today)
    assert [(one.count, one.amount) for one in figures] == [(1, 1_00), (1, 2_00)]


async def test_a_departments_funnel_is_for_its_positions(database: Database) -> None:
    """East's funnel takes deals of Ann's, not of Cem's, by the tree of the day on which the deal was opened."""
    floor = await furnish(database)
    work, ids = floor.work, floor.units
    funnel = await create_funnel(work, NewFunnel("east", "East", (LEAD, *CLOSED), ids["east"]))

    def deal(position: str, opened_on: date | None = None) -> NewOpportunity:
        return NewOpportunity(funnel, ids[position], opened_on=opened_on)

    hers = await create_opportunity(work, deal("ann"))
    with pytest.raises(InputError, match="the funnel 'East' is for the positions of another department") as caught:
        await create_opportunity(work, deal("cem"))
    assert (caught.value.code, caught.value.path) == ("OTHER_UNITS_FUNNEL", ("funnelId",))
    with pytest.raises(InputError) as caught:
        await transfer_opportunity(work, hers, ids["cem"])
    assert (caught.value.code, caught.value.path) == ("OTHER_UNITS_FUNNEL", ("positionId",))
    await transfer_opportunity(work, hers, ids["bob"])
    await move_unit(work, ids["eve"], ids["west"], TODAY)
    await create_opportunity(work, deal("eve", date(2026, 5, 31)))
    with pytest.raises(InputError):
        await create_opportunity(work, deal("eve", TODAY))


async def test_a_key_keeps_its_outcome(database: Database) -> None:
    """What was lost for being on hold is not open in a later version, nor what was open lost: win rates stay true."""
    floor = await staged(database)
    lost, won, odd = CLOSED[1], CLOSED[0], CLOSED[2]
    held = replace(lost, key="held", name="On hold")
    await revise_funnel(floor.floor.work, floor.funnel, (LEAD, won, lost, held, odd), None)
    reopened = replace(LEAD, key="held", name="On hold")
    closed = replace(lost, key="offer", name="Offer turned down")
    with pytest.raises(ManyRefused) as caught:
        await revise_funnel(floor.floor.work, floor.funnel, (LEAD, reopened, won, lost, closed), None)
    assert [(error.code, error.path) for error in caught.value.errors] == [
        ("OTHER_OUTCOME", ("stages", 1, "outcome")),
        ("OTHER_OUTCOME", ("stages", 4, "outcome")),
    ]
