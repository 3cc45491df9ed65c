"""Planning, completing, changing and cancelling."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from quotaloom.activities.commands import (
    cancel_activity,
    change_activity,
    complete_activity,
    log_activity,
    plan_activity,
)
from quotaloom.activities.facts import UNNAMED, Moment
from quotaloom.activities.kinds import ActivityKind
from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.organizations.commands.terms import appoint_holder
from quotaloom.platform.database import Database
from quotaloom.platform.errors import Conflict, InputError
from tests.integration.activities.working import something, stored
from tests.integration.funnels.floors import TODAY, furnish

WEDNESDAY = date(2026, 6, 3)


async def test_what_is_planned_names_the_customer_of_its_deal_and_the_position(database: Database) -> None:
    """Ann plans a visit for her deal with Globex: it is Globex's too, and of her position."""
    floor = await furnish(database)
    customer = await create_customer(floor.work, NewCustomer("Globex"))
    deal = await floor.open("ann", customer_id=customer)
    planned = await plan_activity(floor.as_member("ann"), something(deal=deal, on=WEDNESDAY, cost=1_50, place=" Hall "))
    row = await stored(floor, planned)
    assert (row["state"], row["due_on"], row["done_on"]) == ("planned", WEDNESDAY, None)
    assert (row["opportunity_id"], row["customer_id"]) == (deal, customer)
    assert (row["member_id"], row["position_id"]) == (floor.members["ann"], floor.units["ann"])
    assert (row["place"], row["cost"], row["currency"]) == ("Hall", 1_50, "CNY")


async def test_a_moment_is_due_on_the_day_that_it_has_in_the_company(database: Database) -> None:
    """22:00 of Tuesday in UTC is Wednesday in Shanghai."""
    floor = await furnish(database, time_zone="Asia/Shanghai")
    moment = datetime(2026, 6, 2, 22, tzinfo=UTC)
    planned = await plan_activity(floor.as_member("ann"), something(deal=await floor.open("ann"), at=moment))
    row = await stored(floor, planned)
    assert (row["due_at"], row["due_on"]) == (moment, WEDNESDAY)


async def test_completing_keeps_what_was_told_and_adds_what_came_of_it(database: Database) -> None:
    """A visit due on Wednesday is done today: both days stand, and the result, and the matter."""
    floor = await furnish(database)
    ann = floor.as_member("ann")
    planned = await plan_activity(ann, something(deal=await floor.open("ann"), on=WEDNESDAY, materials=("Drawing",)))
    await complete_activity(ann, planned, UNNAMED, {"result": "They want two"})
    row = await stored(floor, planned)
    assert (row["state"], row["due_on"], row["done_on"], row["done_at"]) == ("done", WEDNESDAY, TODAY, floor.work.now)
    assert (row["matter"], row["materials"], row["result"]) == ("Show the pump", '["Drawing"]', "They want two")
    with pytest.raises(InputError) as again:
        await complete_activity(ann, planned, UNNAMED)
    assert again.value.code == "NOT_PLANNED"


async def test_what_is_done_does_not_lie_ahead(database: Database) -> None:
    """A company's today is the last day, and the present moment the last moment."""
    floor = await furnish(database)
    ann, deal = floor.as_member("ann"), await floor.open("ann")
    tomorrow = something(deal=deal, on=date(2026, 6, 2))
    in_a_second = something(deal=deal, at=datetime(2026, 6, 1, 12, 0, 1, tzinfo=UTC))
    for late, path in ((tomorrow, "doneOn"), (in_a_second, "doneAt")):
        with pytest.raises(InputError) as refused:
            await log_activity(ann, late)
        assert (refused.value.code, refused.value.path) == ("IN_THE_FUTURE", (path,))
    assert (await stored(floor, await log_activity(ann, something(deal=deal, on=TODAY))))["done_on"] == TODAY


async def test_what_is_planned_may_go_to_a_colleague_below(database: Database) -> None:
    """Hal hands Ann's visit to Bob, for another day; of his own position Bob does it then."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    planned = await plan_activity(floor.as_member("ann"), something(deal=deal, on=WEDNESDAY))
    due = Moment(on=date(2026, 6, 5))
    await change_activity(floor.as_member("hal"), planned, {"matter": "Repair"}, due, floor.members["bob"])
    row = await stored(floor, planned)
    assert (row["member_id"], row["position_id"]) == (floor.members["bob"], floor.units["bob"])
    assert (row["matter"], row["due_on"]) == ("Repair", date(2026, 6, 5))


async def test_what_is_done_changes_neither_its_day_nor_its_member(database: Database) -> None:
    """Its result may be told better; another day or member takes a cancellation."""
    floor = await furnish(database)
    ann = floor.as_member("ann")
    done = await log_activity(ann, something(deal=await floor.open("ann")))
    await change_activity(ann, done, {"result": "Signed"})
    assert (await stored(floor, done))["result"] == "Signed"
    for attempt in (
        change_activity(ann, done, {}, Moment(on=WEDNESDAY)),
        change_activity(ann, done, {}, member_id=floor.members["ann"]),
    ):
        with pytest.raises(InputError) as refused:
            await attempt
        assert refused.value.code == "NOT_PLANNED"


async def test_what_is_done_is_cancelled_with_a_reason_once(database: Database) -> None:
    """The day stays to be read; a second time there is nothing to cancel or change."""
    floor = await furnish(database)
    ann = floor.as_member("ann")
    done = await log_activity(ann, something(deal=await floor.open("ann")))
    with pytest.raises(InputError) as silent:
        await cancel_activity(ann, done)
    assert silent.value.code == "NO_REASON"
    await cancel_activity(ann, done, "Another customer")
    row = await stored(floor, done)
    assert (row["state"], row["done_on"]) == ("cancelled", TODAY)
    for attempt in (cancel_activity(ann, done, "Again"), change_activity(ann, done, {"result": "x"})):
        with pytest.raises(InputError) as refused:
            await attempt
        assert refused.value.code == "CANCELLED"
    audit = await floor.one("SELECT reason FROM audit_entry WHERE action = 'activity.cancel'")
    assert audit["reason"] == "Another customer"


async def test_the_same_request_is_answered_and_enters_nothing(database: Database) -> None:
    """The key of a request gives the first activity; for anything else it is refused; others may use it too."""
    floor = await furnish(database)
    ann, deal, other = floor.as_member("ann"), await floor.open("ann"), await floor.open("ann")
    first = await log_activity(ann, something(deal=deal, key="k-1"))
    assert await log_activity(ann, something(deal=deal, key="k-1")) == first
    assert await floor.ledger("visits") == {"ann": (1, 0)}
    for attempt in (
        log_activity(ann, something(deal=other, key="k-1")),
        log_activity(ann, something(deal=deal, key="k-1", matter="Something else")),
        plan_activity(ann, something(deal=deal, key="k-1", on=WEDNESDAY)),
    ):
        with pytest.raises(InputError) as reused:
            await attempt
        assert (reused.value.code, reused.value.path) == ("IDEMPOTENCY_KEY_REUSED", ("idempotencyKey",))
    bob = await log_activity(floor.as_member("bob"), something(deal=await floor.open("bob"), key="k-1"))
    assert bob != first


async def test_keys_of_an_api_have_keys_of_their_own(database: Database) -> None:
    """Two keys of one name, and the token of a service of that name, log a visit each under one key; Ann has hers
    whatever her tokens call her."""
    floor, key = await furnish(database), "evt-11"
    deal, service = await floor.open("ann"), floor.as_service("funnels:write")
    visits: dict[int | str | None, int] = {}
    for key_id in (1, 2, None):
        work = replace(service, viewer=replace(service.viewer, key_id=key_id))
        visit = something(deal=deal, key=key, matter=f"Visit of {key_id}", member=floor.members["ann"])
        visits[key_id] = await log_activity(work, visit)
        assert await log_activity(work, visit) == visits[key_id]
    ann = floor.as_member("ann")
    visits["ann"] = await log_activity(ann, something(deal=deal, key=key))
    elsewhere = replace(ann, viewer=replace(ann.viewer, subject="her telephone"))
    assert await log_activity(elsewhere, something(deal=deal, key=key)) == visits["ann"]
    assert len(set(visits.values())) == 4
    assert await floor.ledger("visits") == {"ann": (4, 0)}


async def test_the_same_request_at_once_enters_one_activity(database: Database) -> None:
    """Eight times the same key, at the same time: one visit, one count, one answer."""
    floor = await furnish(database)
    ann, deal = floor.as_member("ann"), await floor.open("ann")
    answers = await asyncio.gather(*(log_activity(ann, something(deal=deal, key="k-1")) for _ in range(8)))
    assert len(set(answers)) == 1
    assert len(await floor.rows("SELECT FROM activity")) == 1
    assert await floor.ledger("visits") == {"ann": (1, 0)}


async def test_a_stale_version_is_refused(database: Database) -> None:
    """Who saw version 1 does not overwrite version 2."""
    floor = await furnish(database)
    ann = floor.as_member("ann")
    planned = await plan_activity(ann, something(deal=await floor.open("ann"), on=WEDNESDAY))
    await change_activity(ann, planned, {"place": "Hall"}, expected_version=1)
    with pytest.raises(Conflict) as stale:
        await change_activity(ann, planned, {"place": "Yard"}, expected_version=1)
    assert stale.value.code == "STALE"


async def test_the_position_is_that_of_the_record_where_the_member_holds_several(database: Database) -> None:
    """Ann holds the empty position too: for its deal it is that one, for her own the other, and by name either.

    Hal, who heads the East, names no position of hers in the West.
    """
    floor = await furnish(database)
    await appoint_holder(floor.work, floor.units["empty"], floor.members["ann"], None)
    ann, kind = floor.as_member("ann"), ActivityKind.MAIL
    deals = {name: await floor.open(name) for name in ("ann", "empty")}
    found = {}
    for name, deal in deals.items():
        found[name] = (await stored(floor, await log_activity(ann, something(kind, deal=deal))))["position_id"]
    assert found == {"ann": floor.units["ann"], "empty": floor.units["empty"]}
    named = something(kind, deal=deals["ann"], position=floor.units["empty"])
    assert (await stored(floor, await log_activity(ann, named)))["position_id"] == floor.units["empty"]
    with pytest.raises(InputError) as wrong:
        await log_activity(ann, something(kind, deal=deals["ann"], position=floor.units["bob"]))
    assert (wrong.value.code, wrong.value.path) == ("NOT_HELD", ("positionId",))
    elsewhere = something(kind, deal=deals["ann"], member=floor.members["ann"], position=floor.units["empty"])
    with pytest.raises(InputError) as beyond:
        await log_activity(floor.as_member("hal"), elsewhere)
    assert (beyond.value.code, beyond.value.path) == ("NOT_HELD", ("positionId",))
