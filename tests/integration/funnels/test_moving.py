"""Moving, losing and reopening: what is recorded and what is refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from quotaloom.funnels.commands.approvals import decide_stage
from quotaloom.funnels.commands.funnels import create_funnel
from quotaloom.funnels.commands.opportunities import transfer_opportunity, update_opportunity
from quotaloom.funnels.commands.stage_changes import (
    lose_opportunity,
    move_opportunity,
    reopen_opportunity,
    win_opportunity,
)
from quotaloom.platform.database import Database
from quotaloom.platform.errors import Conflict, InputError, NotFound
from tests.integration.funnels.floors import FUNNEL, HOST, NOON, TODAY, Floor, furnish
from tests.integration.funnels.stage_floors import APPROVAL, staged

APRIL, MAY = date(2026, 4, 10), date(2026, 5, 20)

MOVES = """
SELECT "from".key AS "from", "to".key AS "to", moved_on, moved_at, actor, actor_member_id, reason FROM stage_move
LEFT JOIN stage AS "from" ON "from".id = from_stage_id JOIN stage AS "to" ON "to".id = to_stage_id
ORDER BY stage_move.id
"""


async def test_every_move_is_recorded_with_time_and_person(database: Database) -> None:
    """Created on 10 April, offered on 20 May by Ann, lost and reopened into the stage it was lost from."""
    floor = await furnish(database)
    deal = await floor.open("ann", opened_on=APRIL)
    ann = floor.as_member("ann")
    await move_opportunity(ann, HOST, deal, floor.stages["offer"], on=MAY, reason="asked for it")
    await lose_opportunity(ann, deal, reason="no budget")
    await reopen_opportunity(ann, deal)
    rows = await floor.rows(MOVES)
    assert [(row["from"], row["to"], row["moved_on"], row["reason"]) for row in rows] == [
        (None, "lead", APRIL, None),
        ("lead", "offer", MAY, "asked for it"),
        ("offer", "lost", TODAY, "no budget"),
        ("lost", "offer", TODAY, None),
    ]
    assert [(row["actor"], row["actor_member_id"]) for row in rows[1:]] == [("ann", floor.members["ann"])] * 3
    assert {row["moved_at"] for row in rows} == {NOON}
    stored = await floor.one("SELECT closed_on, lost_reason, version FROM opportunity")
    assert tuple(stored) == (None, None, 4)


async def test_moving_to_a_lost_stage_is_losing(database: Database) -> None:
    """The reason of the move is why it was lost."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    await move_opportunity(floor.work, HOST, deal, floor.stages["cancelled"], on=MAY, reason="cancelled by them")
    assert tuple(await floor.one("SELECT closed_on, lost_reason FROM opportunity")) == (MAY, "cancelled by them")


async def test_a_deal_can_be_lost_into_a_stage_of_choice(database: Database) -> None:
    """Of two lost stages the first is taken unless the other is named."""
    floor = await furnish(database)
    await lose_opportunity(floor.work, await floor.open("ann"))
    await lose_opportunity(floor.work, await floor.open("ann"), stage_id=floor.stages["cancelled"])
    rows = await floor.rows("SELECT stage_id FROM opportunity ORDER BY id")
    assert [row["stage_id"] for row in rows] == [floor.stages["lost"], floor.stages["cancelled"]]


async def test_a_move_leaves_an_audit_entry_and_an_event(database: Database) -> None:
    """What happened is told with the deal's id, in the same transaction."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    await win_opportunity(floor.work, HOST, deal, reason="signed")
    audit = await floor.one("SELECT * FROM audit_entry WHERE action = 'opportunity.win'")
    assert (audit["object_id"], audit["reason"], audit["actor"]) == (deal, "signed", "tests")
    assert await floor.rows("SELECT FROM outbox_event WHERE topic = 'opportunity.won'")


@pytest.mark.parametrize("close", [lambda work, deal: win_opportunity(work, HOST, deal), lose_opportunity])
async def test_a_closed_deal_must_be_reopened_before_it_moves(
    database: Database, close: Callable[..., Awaitable[None]]
) -> None:
    """Neither moved nor won nor lost nor handed over, and nothing changes."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    await close(floor.work, deal)
    for attempt in (
        move_opportunity(floor.work, HOST, deal, floor.stages["offer"]),
        win_opportunity(floor.work, HOST, deal),
        lose_opportunity(floor.work, deal),
        transfer_opportunity(floor.work, deal, floor.units["bob"]),
    ):
        with pytest.raises(InputError) as caught:
            await attempt
        assert (caught.value.code, caught.value.path) == ("CLOSED", ("id",))
    assert (await floor.one("SELECT version FROM opportunity"))["version"] == 2


Attempt = Callable[[Floor, int], Awaitable[None]]


@pytest.mark.parametrize(
    ("attempt", "code", "path"),
    [
        (lambda floor, deal: move_opportunity(floor.work, HOST, deal, 999), "UNKNOWN_STAGE", ("stageId",)),
        (lambda floor, deal: move_opportunity(floor.work, HOST, deal, floor.stages["lead"]), "NO_CHANGE", ("stageId",)),
        (lambda floor, deal: win_opportunity(floor.work, HOST, deal, on=date(2026, 6, 2)), "IN_THE_FUTURE", ("on",)),
        (
            lambda floor, deal: win_opportunity(floor.work, HOST, deal, on=date(2026, 4, 9)),
            "CLOSED_BEFORE_OPENED",
            ("on",),
        ),
        (lambda floor, deal: win_opportunity(floor.work, HOST, deal, on=date(1066, 1, 1)), "BAD_PERIOD", ("on",)),
        (lambda floor, deal: win_opportunity(floor.work, HOST, deal, amount=-1), "NEGATIVE_AMOUNT", ("amount",)),
        (lambda floor, deal: win_opportunity(floor.work, HOST, deal, amount=2**63), "TOO_LARGE", ("amount",)),
        (lambda floor, deal: win_opportunity(floor.work, HOST, deal, currency="USD"), "AMOUNT_NEEDED", ("amount",)),
        (
            lambda floor, deal: win_opportunity(floor.work, HOST, deal, amount=1, currency="XYZ"),
            "UNKNOWN_CURRENCY",
            ("currency",),
        ),
        (
            lambda floor, deal: lose_opportunity(floor.work, deal, stage_id=floor.stages["won"]),
            "UNKNOWN_STAGE",
            ("stageId",),
        ),
        (lambda floor, deal: lose_opportunity(floor.work, deal, reason="r" * 2001), "TOO_LONG", ("reason",)),
        (lambda floor, deal: reopen_opportunity(floor.work, deal), "NOT_CLOSED", ("id",)),
        (lambda floor, deal: transfer_opportunity(floor.work, deal, floor.units["ann"]), "NO_CHANGE", ("positionId",)),
        (lambda floor, deal: transfer_opportunity(floor.work, deal, 999), "UNKNOWN_POSITION", ("positionId",)),
        (
            lambda floor, deal: transfer_opportunity(floor.work, deal, floor.units["east"]),
            "UNKNOWN_POSITION",
            ("positionId",),
        ),
    ],
)
async def test_what_cannot_be_done_with_an_open_deal_is_refused(
    database: Database, attempt: Attempt, code: str, path: tuple[str, ...]
) -> None:
    """Each fault is told with its code and its place, and the deal stays as it was."""
    floor = await furnish(database)
    deal = await floor.open("ann", opened_on=APRIL)
    with pytest.raises(InputError) as caught:
        await attempt(floor, deal)
    assert (caught.value.code, caught.value.path) == (code, path)
    assert (await floor.one("SELECT version FROM opportunity"))["version"] == 1


@pytest.mark.parametrize(
    ("attempt", "code", "path"),
    [
        (
            lambda floor, deal: reopen_opportunity(floor.work, deal, floor.stages["lost"]),
            "NOT_OPEN",
            ("stageId",),
        ),
        (lambda floor, deal: reopen_opportunity(floor.work, deal, 999), "UNKNOWN_STAGE", ("stageId",)),
        (
            lambda floor, deal: reopen_opportunity(floor.work, deal, on=date(2026, 5, 19)),
            "REOPENED_BEFORE_CLOSED",
            ("on",),
        ),
        (lambda floor, deal: update_opportunity(floor.work, deal, {"amount": 5}), "CLOSED", ("id",)),
        (
            lambda floor, deal: update_opportunity(floor.work, deal, {"opened_on": TODAY}),
            "CLOSED_BEFORE_OPENED",
            ("openedOn",),
        ),
    ],
)
async def test_what_cannot_be_done_with_a_won_deal_is_refused(
    database: Database, attempt: Attempt, code: str, path: tuple[str, ...]
) -> None:
    """Each fault is told with its code and its place, and the deal and the ledger stay as they were."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    await win_opportunity(floor.work, HOST, deal, on=MAY)
    with pytest.raises(InputError) as caught:
        await attempt(floor, deal)
    assert (caught.value.code, caught.value.path) == (code, path)
    assert await floor.ledger() == {"ann": (1_000_00, 0)}


async def test_an_unknown_deal_is_told_apart_from_a_changed_one(database: Database) -> None:
    """An id that names nothing or fits into no row is not found; another version than the one read is a conflict."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    for number in (999, 10**30):
        with pytest.raises(NotFound) as unknown:
            await win_opportunity(floor.work, HOST, number)
        assert (unknown.value.code, unknown.value.path) == ("UNKNOWN_OPPORTUNITY", ("id",))
    with pytest.raises(Conflict) as stale:
        await win_opportunity(floor.work, HOST, deal, expected_version=7)
    assert (stale.value.code, stale.value.path) == ("STALE", ("expectedVersion",))


async def test_a_stage_of_another_funnel_is_unknown(database: Database) -> None:
    """A deal moves within its funnel only."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    other = await create_funnel(floor.work, replace(FUNNEL, key="other"))
    stage = await floor.one("SELECT id FROM stage WHERE funnel_id = $1 AND key = 'offer'", other)
    with pytest.raises(NotFound) as caught:
        await move_opportunity(floor.work, HOST, deal, stage["id"])
    assert caught.value.path == ("stageId",)


async def test_a_transfer_keeps_the_stage_and_changes_who_gets_the_credit(database: Database) -> None:
    """Handed over from Ann to Bob in the offer stage and won there: the revenue is Bob's."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    await move_opportunity(floor.work, HOST, deal, floor.stages["offer"])
    await transfer_opportunity(floor.work, deal, floor.units["bob"], reason="Ann is on leave")
    stored = await floor.one("SELECT stage_id, position_id, member_id FROM opportunity")
    assert tuple(stored) == (floor.stages["offer"], floor.units["bob"], floor.members["bob"])
    await win_opportunity(floor.work, HOST, deal)
    assert await floor.ledger() == {"bob": (1_000_00, 0)}


async def test_handing_over_has_a_short_reason(database: Database) -> None:
    """A transfer's reason is kept up to 2,000 characters and refused beyond."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    with pytest.raises(InputError) as caught:
        await transfer_opportunity(floor.work, deal, floor.units["bob"], reason="x" * 2001)
    assert (caught.value.code, caught.value.path) == ("TOO_LONG", ("reason",))
    await transfer_opportunity(floor.work, deal, floor.units["bob"], reason="x" * 2000)


async def test_moves_stand_in_the_order_in_which_they_were_made(database: Database) -> None:
    """A request of noon that had to wait for one of 12:01 moves the deal last, and it is reopened where that led."""
    floor = await staged(database)
    stages, noon = await floor.stages(), floor.floor.work
    deal = await floor.open()
    await move_opportunity(replace(noon, now=NOON + timedelta(minutes=1)), HOST, deal, stages["talks"])
    for step in (move_opportunity(noon, HOST, deal, stages["offer"]), lose_opportunity(noon, deal)):
        await step
    await reopen_opportunity(noon, deal)
    assert await floor.at(deal) == "offer"
    moves = await floor.floor.rows(
        "SELECT key FROM stage_move JOIN stage ON stage.id = to_stage_id ORDER BY moved_at, stage_move.id"
    )
    assert [row["key"] for row in moves] == ["lead", "talks", "offer", "lost", "offer"]


async def test_an_approval_counts_for_the_stage_in_which_it_was_given(database: Database) -> None:
    """Asked for at noon, given after the deal came back at 12:01: it counts."""
    floor = await staged(database, [APPROVAL])
    stages, noon = await floor.stages(), floor.floor.work
    deal = await floor.open(stage_id=stages["offer"])
    await move_opportunity(replace(noon, now=NOON + timedelta(minutes=1)), HOST, deal, stages["lead"])
    await decide_stage(floor.floor.as_member("hal"), deal, approved=True)
    await move_opportunity(noon, HOST, deal, stages["offer"])
    assert await floor.at(deal) == "offer"
