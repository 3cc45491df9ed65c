"""Who may enter and change which activities."""

from __future__ import annotations

from datetime import date

import pytest

from quotaloom.activities.commands import (
    cancel_activity,
    change_activity,
    complete_activity,
    log_activity,
    plan_activity,
)
from quotaloom.activities.facts import UNNAMED, Moment
from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.funnels.commands.opportunities import transfer_opportunity
from quotaloom.organizations.commands.members import leave
from quotaloom.platform.access import Scope
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, InputError, NotFound
from tests.integration.activities.working import something, stored
from tests.integration.funnels.floors import furnish
from tests.integration.leads.offices import lead_of

WEDNESDAY = date(2026, 6, 3)


async def test_holder_head_admin_and_service_enter_for_who_does_it(database: Database) -> None:
    """Ann for herself, and everybody else by naming her: it is hers, of her position."""
    floor = await furnish(database)
    deal, ann = await floor.open("ann"), floor.members["ann"]
    own = await log_activity(floor.as_member("ann"), something(deal=deal))
    others = (floor.as_member("hal"), floor.work, floor.as_service(Scope.FUNNELS))
    named = [await log_activity(work, something(deal=deal, member=ann)) for work in others]
    rows = [await stored(floor, one) for one in (own, *named)]
    assert {(row["member_id"], row["position_id"]) for row in rows} == {(ann, floor.units["ann"])}


@pytest.mark.parametrize("name", ["bob", "cem", "wu"])
async def test_a_record_of_others_is_as_if_it_did_not_exist(database: Database, name: str) -> None:
    """A colleague, another team's member and another team's head get the answer for an unknown id."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    with pytest.raises(NotFound) as caught:
        await log_activity(floor.as_member(name), something(deal=deal))
    assert (caught.value.code, caught.value.path) == ("UNKNOWN_OPPORTUNITY", ("opportunityId",))
    for lead in (await lead_of(floor, "ann"), 10**19):
        with pytest.raises(NotFound) as unknown:
            await log_activity(floor.as_member(name), something(lead=lead))
        assert (unknown.value.code, unknown.value.path) == ("UNKNOWN_LEAD", ("leadId",))


async def test_a_customer_is_worked_by_who_has_a_deal_with_it_and_by_all_while_nobody_has(database: Database) -> None:
    """Bob logs a call with Globex before anybody sells to it, and not once the only deal is Ann's."""
    floor = await furnish(database)
    customer = await create_customer(floor.work, NewCustomer("Globex"))
    await log_activity(floor.as_member("bob"), something(customer=customer))
    await floor.open("ann", customer_id=customer)
    await log_activity(floor.as_member("ann"), something(customer=customer))
    with pytest.raises(NotFound) as caught:
        await log_activity(floor.as_member("bob"), something(customer=customer))
    assert caught.value.code == "UNKNOWN_CUSTOMER"


async def test_a_member_names_himself_and_those_below_him(database: Database) -> None:
    """Ann names neither Bob nor Hal, Hal nobody of the west; a service must name somebody."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    for who, named in (("ann", "bob"), ("ann", "hal"), ("hal", "cem")):
        with pytest.raises(NotFound) as caught:
            await log_activity(floor.as_member(who), something(deal=deal, member=floor.members[named]))
        assert (caught.value.code, caught.value.path) == ("UNKNOWN_MEMBER", ("memberId",))
    with pytest.raises(InputError) as nobody:
        await log_activity(floor.as_service(Scope.FUNNELS), something(deal=deal))
    assert nobody.value.code == "MEMBER_NEEDED"


async def test_who_is_not_with_the_company_that_day_does_nothing(database: Database) -> None:
    """Eve leaves on 1 May: a visit of hers may be entered, or completed, for April, not for May."""
    floor = await furnish(database)
    deal, eve = await floor.open("ann"), floor.members["eve"]
    planned = await plan_activity(floor.work, something(deal=deal, member=eve, on=WEDNESDAY))
    await leave(floor.work, eve, date(2026, 5, 1))
    await log_activity(floor.work, something(deal=deal, member=eve, on=date(2026, 4, 30)))
    with pytest.raises(InputError) as gone:
        await log_activity(floor.work, something(deal=deal, member=eve, on=date(2026, 5, 1)))
    assert (gone.value.code, gone.value.path) == ("NOT_A_MEMBER", ("memberId",))
    with pytest.raises(InputError) as late:
        await complete_activity(floor.work, planned, Moment(on=date(2026, 5, 1)))
    assert (late.value.code, late.value.path) == ("NOT_A_MEMBER", ("doneOn",))
    await complete_activity(floor.work, planned, Moment(on=date(2026, 4, 30)))


async def test_services_without_the_scope_and_members_out_of_office_are_told_so(database: Database) -> None:
    """Reading does not include writing; the answer names the scope that is missing."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    planned = await plan_activity(floor.as_member("ann"), something(deal=deal, on=WEDNESDAY))
    reading = floor.as_service(Scope.READ)
    for attempt in (
        log_activity(reading, something(deal=deal)),
        plan_activity(reading, something(deal=deal, on=WEDNESDAY)),
        complete_activity(reading, planned, UNNAMED),
        change_activity(reading, planned, {"matter": "x"}),
        cancel_activity(reading, planned),
    ):
        with pytest.raises(AccessDenied, match="funnels:write"):
            await attempt


async def test_what_is_planned_goes_with_its_record_and_what_is_done_stays(database: Database) -> None:
    """Bob takes the deal over: he may take over Ann's plan, and not take back what she did; Cem may neither."""
    floor = await furnish(database)
    ann, bob, cem = (floor.as_member(name) for name in ("ann", "bob", "cem"))
    deal = await floor.open("ann")
    planned = await plan_activity(ann, something(deal=deal, on=WEDNESDAY))
    done = await log_activity(ann, something(deal=deal))
    await transfer_opportunity(floor.work, deal, floor.units["bob"])
    for work, activity in ((cem, planned), (cem, done), (bob, done)):
        with pytest.raises(NotFound) as caught:
            await cancel_activity(work, activity, "x")
        assert (caught.value.code, caught.value.path) == ("UNKNOWN_ACTIVITY", ("id",))
    await change_activity(bob, planned, {}, member_id=floor.members["bob"])
    await complete_activity(bob, planned, UNNAMED)
    row = await stored(floor, planned)
    assert (row["member_id"], row["position_id"]) == (floor.members["bob"], floor.units["bob"])
    await cancel_activity(floor.as_member("hal"), done, "Not there")


async def test_what_another_completes_still_counts_for_who_did_it(database: Database) -> None:
    """Bob, who has the deal now, says that Ann's visit took place: it is one of Ann's."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    planned = await plan_activity(floor.as_member("ann"), something(deal=deal, on=WEDNESDAY))
    await transfer_opportunity(floor.work, deal, floor.units["bob"])
    await complete_activity(floor.as_member("bob"), planned, UNNAMED)
    assert await floor.ledger("visits") == {"ann": (1, 0)}
