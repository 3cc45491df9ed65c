"""What a seller may name in a deal, and what he may take back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from quotaloom.achievements.splits import CreditKind
from quotaloom.funnels.commands.customers import NewCustomer, create_customer, update_customer
from quotaloom.funnels.commands.opportunities import create_opportunity, update_opportunity
from quotaloom.funnels.commands.stage_changes import lose_opportunity, reopen_opportunity, win_opportunity
from quotaloom.funnels.splits import Split
from quotaloom.organizations.commands.members import leave, update_member
from quotaloom.organizations.commands.terms import appoint_head, appoint_holder
from quotaloom.platform.access import Scope
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, InputError, NotFound
from tests.integration.funnels.floors import HOST, furnish


async def test_a_hidden_customer_cannot_be_named(database: Database) -> None:
    """The customer of another team's deal answers like one that does not exist, in new deals and in changed ones."""
    floor = await furnish(database)
    secret = await create_customer(floor.work, NewCustomer("SecretCo"))
    await create_opportunity(floor.work, floor.deal("cem", customer_id=secret))
    own = await floor.open("ann")
    ann = floor.as_member("ann")
    for customer_id in (secret, 987_654):
        with pytest.raises(NotFound) as created:
            await create_opportunity(ann, floor.deal("ann", customer_id=customer_id))
        with pytest.raises(NotFound) as changed:
            await update_opportunity(ann, own, {"customer_id": customer_id})
        for caught in (created, changed):
            assert (caught.value.code, caught.value.path) == ("UNKNOWN_CUSTOMER", ("customerId",))
    with pytest.raises(NotFound):
        await update_customer(ann, secret, {"name": "Mine"})


async def test_a_hidden_customer_is_no_parent(database: Database) -> None:
    """As a parent a hidden customer answers like a key that names nothing; a taken key says no more than that."""
    floor = await furnish(database)
    secret = await create_customer(floor.work, NewCustomer("SecretCo", key="secret"))
    await create_opportunity(floor.work, floor.deal("cem", customer_id=secret, key="D-9"))
    ann = floor.as_member("ann")
    own = await create_customer(ann, NewCustomer("Contoso", key="contoso"))
    for key in ("secret", "nothing"):
        with pytest.raises(NotFound, match=f"there is no customer '{key}'") as created:
            await create_customer(ann, NewCustomer("Branch", parent_key=key))
        with pytest.raises(NotFound, match=f"there is no customer '{key}'") as changed:
            await update_customer(ann, own, {"parent_key": key})
        assert created.value.path == changed.value.path == ("parentKey",)
    for attempt in (
        create_customer(ann, NewCustomer("Mine", key="secret")),
        create_opportunity(ann, floor.deal("ann", key="D-9")),
    ):
        with pytest.raises(InputError, match="is taken: choose another one") as taken:
            await attempt
        assert taken.value.code == "KEY_TAKEN"
    await create_customer(ann, NewCustomer("Branch", parent_key="contoso"))
    await update_customer(floor.work, own, {"parent_key": "secret"})
    await update_customer(ann, own, {"name": "Contoso Ltd"})
    assert len(await floor.rows("SELECT FROM customer WHERE name = 'Branch'")) == 1


async def test_a_share_out_of_reach_stays_as_it_is(database: Database) -> None:
    """Ann neither raises nor removes what Hal gave Bob in her deal, and cannot tell Bob's from a position of nobody."""
    floor = await furnish(database)
    shared = (floor.split("ann", "0.5"), floor.split("bob", "0.5"))
    deal = await create_opportunity(floor.as_member("hal"), floor.deal("ann", splits=shared))
    ann = floor.as_member("ann")
    for splits in ((), (floor.split("ann", "1"),), (floor.split("ann", "0.1"), floor.split("bob", "0.9"))):
        with pytest.raises(AccessDenied, match="head above all who share it"):
            await update_opportunity(ann, deal, {"splits": splits})
    await update_opportunity(floor.as_member("hal"), deal, {"splits": ()})
    await update_opportunity(ann, deal, {"splits": (floor.split("ann", "1"),)})
    answers = []
    for name in ("cem", "empty"):
        with pytest.raises(NotFound) as caught:
            await update_opportunity(ann, deal, {"splits": (floor.split("ann", "0.5"), floor.split(name, "0.5"))})
        answers.append((caught.value.code, caught.value.message.replace(str(floor.units[name]), "…")))
    assert answers == [("UNKNOWN_POSITION", "there is no position …")] * 2


async def test_a_deal_is_given_away_by_a_head_only(database: Database) -> None:
    """Ann holds two positions and still gives the deal's own position its part; Hal, above both, need not."""
    floor = await furnish(database)
    await appoint_holder(floor.work, floor.units["empty"], floor.members["ann"], None)
    for splits in (
        (floor.split("empty", "1"),),
        (floor.split("empty", "1"), floor.split("ann", "1", CreditKind.OVERLAY)),
    ):
        with pytest.raises(InputError) as caught:
            await create_opportunity(floor.as_member("ann"), floor.deal("ann", splits=splits))
        assert (caught.value.code, caught.value.path) == ("NO_OWN_SHARE", ("splits",))
    await create_opportunity(floor.as_member("hal"), floor.deal("ann", splits=(floor.split("bob", "1"),)))
    await create_opportunity(floor.work, floor.deal("ann", splits=(floor.split("cem", "1"),)))


async def test_a_lost_deal_is_reopened_by_its_holder(database: Database) -> None:
    """Only a win is guarded: a deal that was won once, reopened and lost long ago opens again for Ann."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    await win_opportunity(floor.work, HOST, deal, date(2026, 3, 1))
    await reopen_opportunity(floor.work, deal, on=date(2026, 3, 2))
    await lose_opportunity(floor.work, deal, date(2026, 3, 3))
    await reopen_opportunity(floor.as_member("ann"), deal)


async def test_a_holder_shares_with_nobody_out_of_reach(database: Database) -> None:
    """Ann names no colleague in her splits; Hal, who heads both, does; hidden and unknown positions answer alike."""
    floor = await furnish(database)
    for position_id in (floor.units["bob"], 987_654):
        splits = (
            Split(floor.units["ann"], Decimal("0.5")),
            Split(position_id, Decimal("0.5"), CreditKind.DIRECT),
        )
        with pytest.raises(NotFound) as caught:
            await create_opportunity(floor.as_member("ann"), floor.deal("ann", splits=splits))
        assert (caught.value.code, caught.value.path) == ("UNKNOWN_POSITION", ("splits", 1, "positionId"))
    shared = (Split(floor.units["ann"], Decimal("0.5")), Split(floor.units["bob"], Decimal("0.5")))
    deal = await create_opportunity(floor.as_member("hal"), floor.deal("ann", splits=shared))
    await update_opportunity(floor.as_member("ann"), deal, {"name": "Still shared"})


async def test_what_others_were_credited_with_is_taken_back_by_a_head(database: Database) -> None:
    """Ann reopens her own win of this month; one that was shared needs Hal, and so does one of an earlier month."""
    floor = await furnish(database)
    ann, hal = floor.as_member("ann"), floor.as_member("hal")
    own = await floor.open("ann")
    await win_opportunity(ann, HOST, own)
    await reopen_opportunity(ann, own)
    shared = (Split(floor.units["ann"], Decimal("0.5")), Split(floor.units["bob"], Decimal("0.5")))
    both = await create_opportunity(hal, floor.deal("ann", splits=shared))
    early = await floor.open("ann")
    for deal, on in ((both, None), (early, date(2026, 4, 30))):
        await win_opportunity(ann, HOST, deal, on)
        with pytest.raises(AccessDenied):
            await reopen_opportunity(ann, deal)
        await reopen_opportunity(hal, deal)


async def test_a_service_changes_no_admin_and_gives_nobody_the_company(database: Database) -> None:
    """organization:write does not let an admin leave, change his address, or make somebody head of the root."""
    floor = await furnish(database)
    await update_member(floor.work, floor.members["eve"], {"role": "admin"})
    await update_member(floor.work, floor.members["cem"], {"role": "admin"})
    service = floor.as_service(Scope.ORGANIZATION)
    for attempt in (
        leave(service, floor.members["eve"], date(2026, 7, 1)),
        update_member(service, floor.members["eve"], {"email": "x@example.com"}),
        appoint_head(service, floor.units["acme"], floor.members["ann"], None),
    ):
        with pytest.raises(AccessDenied):
            await attempt
    await update_member(service, floor.members["ann"], {"email": "ann@example.com"})
