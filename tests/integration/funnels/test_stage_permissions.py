"""Who moves deals on and back, what may be jumped over, and the reasons for closing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from quotaloom.funnels.commands.close_reasons import NewCloseReason, set_close_reasons
from quotaloom.funnels.commands.funnels import create_funnel
from quotaloom.funnels.commands.opportunities import create_opportunity
from quotaloom.funnels.commands.stage_changes import (
    invalidate_opportunity,
    lose_opportunity,
    move_opportunity,
    reopen_opportunity,
    win_opportunity,
)
from quotaloom.funnels.deals import NewOpportunity
from quotaloom.funnels.stages import Mover, NewFunnel, NewStage, Outcome
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, InputError
from quotaloom.platform.refusals import ManyRefused
from tests.integration.funnels.floors import HOST, TODAY, furnish
from tests.integration.funnels.stage_floors import APPROVAL, CLOSED, LEAD, TALKS, StageFloor, staged

PRICE, FIT = NewCloseReason("price", "Price"), NewCloseReason("fit", "Fit")


async def test_a_stage_that_takes_a_head_is_left_by_heads_and_admins(database: Database) -> None:
    """Ann may not move her deal on, Hal who heads her team may, and so may an admin and a service that sells."""
    floor = await staged(database, forward=Mover.HEAD)
    offer = (await floor.stages())["offer"]
    deal = await floor.open()
    with pytest.raises(AccessDenied, match="moving a deal on out of the stage 'Lead' needs a head above its position"):
        await move_opportunity(floor.floor.as_member("ann"), HOST, deal, offer)
    for work in (floor.floor.as_member("hal"), floor.floor.work, floor.floor.as_service("funnels:write")):
        await move_opportunity(work, HOST, await floor.open(), offer)
    await lose_opportunity(floor.floor.as_member("ann"), deal)


async def test_a_stage_that_nobody_leaves_forwards_can_be_lost_from(database: Database) -> None:
    """Not even an admin moves on or wins; losing stays open to the holder."""
    floor = await staged(database, forward=Mover.NOBODY)
    deal = await floor.open(amount=1_00)
    for attempt in (
        move_opportunity(floor.floor.work, HOST, deal, (await floor.stages())["offer"]),
        win_opportunity(floor.floor.work, HOST, deal),
    ):
        with pytest.raises(InputError) as caught:
            await attempt
        assert (caught.value.code, caught.value.path) == ("NOT_FORWARD", ("stageId",))
    await lose_opportunity(floor.floor.as_member("ann"), deal)


async def test_a_stage_says_whether_it_may_be_left_backwards(database: Database) -> None:
    """Where nobody may, an admin may not either."""
    floor = await _second_stage(database, backward=Mover.NOBODY)
    ids = await floor.stages()
    deal = await floor.open(stage_id=ids["middle"])
    with pytest.raises(InputError) as caught:
        await move_opportunity(floor.floor.work, HOST, deal, ids["lead"])
    assert caught.value.code == "NOT_BACKWARD"


async def test_a_head_brings_a_deal_back(database: Database) -> None:
    """Where going back takes a head, the holder is refused and the head not."""
    floor = await _second_stage(database, backward=Mover.HEAD)
    ids = await floor.stages()
    deal = await floor.open(stage_id=ids["middle"])
    with pytest.raises(AccessDenied, match="back out of the stage 'Middle'"):
        await move_opportunity(floor.floor.as_member("ann"), HOST, deal, ids["lead"])
    await move_opportunity(floor.floor.as_member("hal"), HOST, deal, ids["lead"])


async def test_jumping_over_a_stage_goes_around_no_permission(database: Database) -> None:
    """On and back over the middle, which takes a head, Ann is refused, winning too, and Hal not; nobody is nobody."""
    floor = await _second_stage(database, forward=Mover.HEAD, backward=Mover.HEAD, then=(TALKS,))
    ids, ann, hal = await floor.stages(), floor.floor.as_member("ann"), floor.floor.as_member("hal")
    deal, late = await floor.open(amount=1_00), await floor.open(stage_id=ids["talks"])
    for attempt in (
        move_opportunity(ann, HOST, deal, ids["talks"]),
        win_opportunity(ann, HOST, deal),
        move_opportunity(ann, HOST, late, ids["lead"]),
    ):
        with pytest.raises(AccessDenied, match="out of the stage 'Middle'"):
            await attempt
    await lose_opportunity(ann, late)
    with pytest.raises(AccessDenied, match="back out of the stage 'Middle'"):
        await reopen_opportunity(ann, late, ids["lead"])
    await move_opportunity(hal, HOST, deal, ids["talks"])
    await move_opportunity(hal, HOST, deal, ids["lead"])


async def test_a_stage_that_nobody_leaves_forwards_is_not_jumped_over(database: Database) -> None:
    """Where no deal goes on out of the middle, none is won from before it."""
    floor = await _second_stage(database, forward=Mover.NOBODY, then=(TALKS,))
    deal = await floor.open(amount=1_00)
    for stage in ("talks", "won"):
        with pytest.raises(InputError) as caught:
            await move_opportunity(floor.floor.work, HOST, deal, (await floor.stages())[stage])
        assert caught.value.code == "NOT_FORWARD"
    await move_opportunity(floor.floor.work, HOST, deal, (await floor.stages())["middle"])


async def test_opening_a_deal_further_on_goes_around_no_standard(database: Database) -> None:
    """Ann opens deals in the first stage, which takes an approval, and none behind it; Hal, who heads her team, may."""
    floor = await staged(database, [APPROVAL])
    ids, ann = await floor.stages(), floor.floor.as_member("ann")
    further = NewOpportunity(floor.funnel, floor.floor.units["ann"], stage_id=ids["talks"])
    with pytest.raises(InputError, match="'Lead' asks for something") as caught:
        await create_opportunity(ann, further)
    assert (caught.value.code, caught.value.path) == ("STAGE_SKIPPED", ("stageId",))
    await create_opportunity(ann, replace(further, stage_id=None))
    await create_opportunity(floor.floor.as_member("hal"), further)
    await create_opportunity(floor.floor.as_service("funnels:write"), further)
    free = NewOpportunity(floor.floor.funnel, floor.floor.units["ann"], stage_id=floor.floor.stages["offer"])
    await create_opportunity(ann, free)


async def _second_stage(database: Database, then: Sequence[NewStage] = (), **of_middle: Any) -> StageFloor:
    floor = await furnish(database)
    middle = replace(LEAD, key="middle", name="Middle", **of_middle)
    return StageFloor(
        floor, await create_funnel(floor.work, NewFunnel("strict", "Strict", (LEAD, middle, *then, *CLOSED)))
    )


async def test_reopening_goes_around_no_permission(database: Database) -> None:
    """A deal that was lost in the middle is reopened there, not further on, and further back only by a head."""
    floor = await _second_stage(database, backward=Mover.HEAD)
    ids, ann = await floor.stages(), floor.floor.as_member("ann")
    deal = await floor.open()
    await lose_opportunity(ann, deal)
    with pytest.raises(InputError, match="was closed in the stage 'Lead': reopen it there") as caught:
        await reopen_opportunity(ann, deal, ids["middle"])
    assert (caught.value.code, caught.value.path) == ("NOT_FORWARD", ("stageId",))
    await reopen_opportunity(ann, deal)
    await move_opportunity(ann, HOST, deal, ids["middle"])
    await lose_opportunity(ann, deal)
    with pytest.raises(AccessDenied):
        await reopen_opportunity(ann, deal, ids["lead"])
    await reopen_opportunity(floor.floor.as_member("hal"), deal, ids["lead"])
    assert await floor.at(deal) == "lead"


async def test_without_skipping_a_deal_climbs_step_by_step(database: Database) -> None:
    """From lead to offer, not to talks and not to won; the last open stage leads to won."""
    floor = await staged(database, skipping=False)
    ids = await floor.stages()
    deal = await floor.open(amount=1_00)
    for stage in ("talks", "won"):
        with pytest.raises(InputError, match="out of 'Lead' a deal comes into 'Offer', not at once") as caught:
            await move_opportunity(floor.floor.work, HOST, deal, ids[stage])
        assert (caught.value.code, caught.value.path) == ("STAGE_SKIPPED", ("stageId",))
    await move_opportunity(floor.floor.work, HOST, deal, ids["offer"])
    await win_opportunity(floor.floor.work, HOST, deal)


async def test_closing_needs_a_reason_where_the_funnel_has_any(database: Database) -> None:
    """One of those that are not archived, of the very outcome; it stays with the deal until it is reopened."""
    floor = await staged(database)
    work = floor.floor.work
    await set_close_reasons(work, floor.funnel, Outcome.LOST, [PRICE, FIT])
    await set_close_reasons(work, floor.funnel, Outcome.LOST, [FIT])
    deal = await floor.open()
    for key, code in ((None, "REASON_NEEDED"), ("price", "UNKNOWN_REASON")):
        with pytest.raises(InputError, match="fit") as caught:
            await lose_opportunity(work, deal, reason_key=key)
        assert (caught.value.code, caught.value.path) == (code, ("reasonKey",))
    await lose_opportunity(work, deal, reason="does not fit", reason_key="fit")
    lost = "SELECT close_reason.key, lost_reason, closed_on FROM opportunity LEFT JOIN close_reason"
    lost += " ON close_reason.id = close_reason_id"
    assert tuple(await floor.floor.one(lost)) == ("fit", "does not fit", TODAY)
    await reopen_opportunity(work, deal)
    assert tuple(await floor.floor.one(lost)) == (None, None, None)
    with pytest.raises(InputError) as caught:
        await invalidate_opportunity(work, deal, reason_key="fit")
    assert caught.value.code == "UNKNOWN_REASON"


async def test_a_win_without_its_reason_is_told_with_what_else_is_missing(database: Database) -> None:
    """The approval and the reason at once; with both the deal is won."""
    floor = await staged(database, [APPROVAL])
    work = floor.floor.work
    await set_close_reasons(work, floor.funnel, Outcome.WON, [PRICE])
    deal = await floor.open(amount=1_00)
    with pytest.raises(ManyRefused) as caught:
        await win_opportunity(work, HOST, deal)
    assert [error.code for error in caught.value.errors] == ["APPROVAL_MISSING", "REASON_NEEDED"]


async def test_an_invalid_deal_is_closed_and_posts_nothing(database: Database) -> None:
    """It has its day and its words, and the ledger is empty; a funnel without an invalid stage has no such deals."""
    floor = await staged(database)
    deal = await floor.open(amount=1_00)
    await invalidate_opportunity(floor.floor.as_member("ann"), deal, on=date(2026, 5, 20), reason="a test")
    assert tuple(await floor.floor.one("SELECT closed_on, lost_reason, wins FROM opportunity")) == (
        date(2026, 5, 20),
        "a test",
        0,
    )
    assert await floor.floor.ledger() == {}
    assert await floor.floor.rows("SELECT FROM outbox_event WHERE topic = 'opportunity.invalidated'")
    with pytest.raises(InputError) as caught:
        await invalidate_opportunity(floor.floor.work, await floor.floor.open("ann"))
    assert caught.value.code == "NO_INVALID_STAGE"


async def test_a_deal_that_waits_in_a_pool_does_not_move(database: Database) -> None:
    """Nobody holds it, so nobody works on it: it is to be claimed first."""
    floor = await staged(database)
    deal = await floor.open()
    await floor.floor.work.write(
        lambda transaction: transaction.execute(
            "UPDATE opportunity SET position_id = NULL, member_id = NULL WHERE company_id = $1", transaction.company_id
        )
    )
    with pytest.raises(InputError, match="claim it, or assign it") as caught:
        await move_opportunity(floor.floor.work, HOST, deal, (await floor.stages())["offer"])
    assert (caught.value.code, caught.value.path) == ("WAITING", ("id",))
