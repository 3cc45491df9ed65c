"""From a draft to what was agreed on, and to its end."""

from __future__ import annotations

import orjson
import pytest

from quotaloom.action_plans.commands import update_plan
from quotaloom.action_plans.commenting import comment_on_plan
from quotaloom.action_plans.finishing import cancel_item, complete_item, reopen_item
from quotaloom.action_plans.items import add_items, remove_item, update_item
from quotaloom.action_plans.lifecycle import agree_to_plan, close_plan, return_plan, submit_plan
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, InputError
from tests.integration.action_plans.acting import CALL, agreed, figures, ids_of, plan_of, plan_row, todo, told
from tests.integration.funnels.floors import Floor, furnish


async def history(floor: Floor, plan_id: int) -> list[tuple[str, str, object]]:
    """Step, actor and what it says of each line of a plan's history."""
    rows = await floor.rows("SELECT * FROM action_plan_entry WHERE action_plan_id = $1 ORDER BY id", plan_id)
    return [(row["step"], row["actor"], row["reason"]) for row in rows]


async def test_a_head_above_agrees_and_both_are_told(database: Database) -> None:
    """Ann submits, Hal returns it with a reason, she submits it again, and he agrees."""
    floor = await furnish(database)
    plan = await plan_of(floor, items=[todo()])
    ann, hal = floor.as_member("ann"), floor.as_member("hal")
    await submit_plan(ann, plan)
    await return_plan(hal, plan, "More calls")
    assert (await plan_row(floor, plan))["state"] == "draft"
    await submit_plan(ann, plan)
    await agree_to_plan(hal, plan, "Go on")
    row = await plan_row(floor, plan)
    assert (row["state"], row["agreed_by"]) == ("agreed", "hal")
    assert await history(floor, plan) == [
        ("submitted", "ann", None),
        ("returned", "hal", "More calls"),
        ("submitted", "ann", None),
        ("agreed", "hal", "Go on"),
    ]
    assert [topic for topic, _ in await told(floor, "hal")] == ["action_plan.submitted"] * 2
    returned, agreement = await told(floor, "ann")
    assert (returned[0], agreement[0]) == ("action_plan.returned", "action_plan.agreed")
    assert orjson.loads(returned[1]) == {"by": "Hal", "member": "Ann", "period": "2026-W23", "reason": "More calls"}


async def test_nobody_agrees_to_his_own_or_outside_of_what_he_leads(database: Database) -> None:
    """Not Ann, not Bob beside her, not Wu of the West; Hal's own is for an admin."""
    floor = await furnish(database)
    plan = await plan_of(floor, items=[todo()])
    await submit_plan(floor.as_member("ann"), plan)
    with pytest.raises(AccessDenied):
        await agree_to_plan(floor.as_member("ann"), plan)
    for stranger in ("bob", "wu"):
        with pytest.raises(InputError) as unseen:
            await agree_to_plan(floor.as_member(stranger), plan)
        assert unseen.value.code == "UNKNOWN_ACTION_PLAN"
    with pytest.raises(AccessDenied):
        await agree_to_plan(floor.as_service("funnels:write", "graph:read"), plan)
    of_hal = await plan_of(floor, "hal", items=[todo()])
    await submit_plan(floor.as_member("hal"), of_hal)
    with pytest.raises(AccessDenied):
        await agree_to_plan(floor.as_member("hal"), of_hal)
    await agree_to_plan(floor.work, of_hal)
    assert (await plan_row(floor, of_hal))["state"] == "agreed"


async def test_what_is_submitted_stays_as_it_is_until_it_is_taken_back(database: Database) -> None:
    """Only what is done is said; Ann takes it back without a reason, Hal needs one."""
    floor = await furnish(database)
    plan = await plan_of(floor, items=[todo(), todo()])
    first, second = await ids_of(floor, plan)
    ann = floor.as_member("ann")
    with pytest.raises(InputError) as empty:
        await submit_plan(ann, await plan_of(floor, period="2026-W24"))
    assert empty.value.code == "NO_ITEMS"
    await submit_plan(ann, plan)
    for attempt in (
        update_plan(ann, plan, {"title": "x"}),
        add_items(ann, plan, [todo()]),
        update_item(ann, second, {"place": "x"}),
        cancel_item(ann, second, "No"),
        remove_item(ann, second),
    ):
        with pytest.raises(InputError) as refused:
            await attempt
        assert refused.value.code == "SUBMITTED"
    await complete_item(ann, first)
    with pytest.raises(InputError) as silent:
        await return_plan(floor.as_member("hal"), plan)
    assert silent.value.code == "NO_REASON"
    await return_plan(ann, plan)
    await update_plan(ann, plan, {"title": "x"})
    with pytest.raises(InputError) as draft:
        await agree_to_plan(floor.as_member("hal"), plan)
    assert draft.value.code == "NOT_SUBMITTED"


async def test_changes_of_what_was_agreed_on_are_kept(database: Database) -> None:
    """Who, and the fields that differ before and after; items go with a reason and not in silence."""
    floor = await furnish(database)
    plan = await plan_of(floor, items=[todo(budget=10_00), todo(CALL)])
    visit, call = await ids_of(floor, plan)
    ann = floor.as_member("ann")
    await update_item(ann, visit, {"budget": 20_00})
    await agreed(floor, plan)
    await update_item(ann, visit, {"budget": 30_00, "place": "Hall"})
    await update_item(ann, visit, {"budget": 30_00})
    await cancel_item(ann, call, "They moved away")
    (added,) = await add_items(ann, plan, [todo(CALL, matter="Call again")])
    await update_plan(ann, plan, {"title": "Pumps"})
    rows = await floor.rows(
        "SELECT * FROM action_plan_entry WHERE action_plan_id = $1 AND step LIKE '%\\_%' ORDER BY id", plan
    )
    assert [(row["step"], row["action_item_id"], row["author_id"]) for row in rows] == [
        ("item_changed", visit, floor.members["ann"]),
        ("item_cancelled", call, floor.members["ann"]),
        ("item_added", added, floor.members["ann"]),
        ("plan_changed", None, floor.members["ann"]),
    ]
    assert orjson.loads(rows[0]["before"]) == {"budget": 20_00, "place": None}
    assert orjson.loads(rows[0]["after"]) == {"budget": 30_00, "place": "Hall"}
    assert rows[1]["reason"] == "They moved away"
    with pytest.raises(InputError) as silent:
        await remove_item(ann, visit)
    assert silent.value.code == "AGREED"


async def test_what_is_said_of_how_an_agreed_item_was_done_is_kept(database: Database) -> None:
    """Done for 80.00 on the first, taken back: both are in the history, with what was said before and after."""
    floor = await furnish(database)
    plan = await plan_of(floor, items=[todo()])
    (visit,) = await ids_of(floor, plan)
    ann = floor.as_member("ann")
    await agreed(floor, plan)
    await complete_item(ann, visit, result="They want two", spent=80_00)
    await reopen_item(ann, visit)
    done, taken_back = await floor.rows("SELECT * FROM action_plan_entry WHERE action_item_id = $1 ORDER BY id", visit)
    said = {"done_on": "2026-06-01", "spent": 80_00, "result": "They want two"}
    nothing = dict.fromkeys(said)
    assert (done["step"], orjson.loads(done["before"]), orjson.loads(done["after"])) == ("item_done", nothing, said)
    assert (taken_back["step"], orjson.loads(taken_back["before"])) == ("item_reopened", said)
    assert orjson.loads(taken_back["after"]) == nothing


async def test_closing_says_what_came_of_it_and_ends_it(database: Database) -> None:
    """One of two was done: the other is missed, and nothing changes any more."""
    floor = await furnish(database)
    plan = await plan_of(floor, items=[todo(), todo()])
    first, second = await ids_of(floor, plan)
    ann = floor.as_member("ann")
    await complete_item(ann, first)
    with pytest.raises(InputError) as silent:
        await close_plan(ann, plan, " ")
    assert silent.value.code == "NO_RESULT"
    with pytest.raises(AccessDenied):
        await close_plan(floor.as_member("hal"), plan, "Half of it")
    await close_plan(ann, plan, "Half of it")
    assert (await plan_row(floor, plan))["result"] == "Half of it"
    found = await figures(floor, plan)
    assert (found.planned, found.done, found.open, found.missed) == (2, 1, 0, 1)
    assert str(found.on_time_rate) == "0.500000"
    for attempt in (complete_item(ann, second), close_plan(ann, plan, "Again"), submit_plan(ann, plan)):
        with pytest.raises(InputError) as closed:
            await attempt
        assert closed.value.code == "CLOSED"
    with pytest.raises(InputError) as longer:
        await plan_of(floor, period="2026-06-02", part_of_id=plan)
    assert (longer.value.code, longer.value.path) == ("CLOSED", ("partOfId",))


async def test_member_and_head_talk_about_a_plan(database: Database) -> None:
    """Each is told of what the other says; Bob, who does not see it, says nothing."""
    floor = await furnish(database)
    plan = await plan_of(floor)
    await comment_on_plan(floor.as_member("hal"), plan, "And the fair?")
    await comment_on_plan(floor.as_member("ann"), plan, "In July")
    assert [topic for topic, _ in await told(floor, "ann")] == ["action_plan.commented"]
    assert [topic for topic, _ in await told(floor, "hal")] == ["action_plan.commented"]
    with pytest.raises(InputError) as unseen:
        await comment_on_plan(floor.as_member("bob"), plan, "Hm")
    assert unseen.value.code == "UNKNOWN_ACTION_PLAN"
    with pytest.raises(InputError) as silent:
        await comment_on_plan(floor.work, plan, " ")
    assert silent.value.code == "TEXT_MISSING"
