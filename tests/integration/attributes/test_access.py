"""Who may set attributes, and whom a reference may name."""

from __future__ import annotations

import pytest

from quotaloom.attributes.definitions import Subject
from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.platform.access import Scope
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, InputError
from quotaloom.platform.work import Work
from quotaloom_sdk.attributes import AttributeKind, Reference
from tests.integration.attributes.noting import define, note, noted, refused
from tests.integration.funnels.floors import Floor, furnish
from tests.integration.leads.offices import lead_of, open_pool

OTHERS = [scope for scope in Scope if scope not in {Scope.ORGANIZATION, Scope.FUNNELS}]


async def answer(work: Work, on: Subject, id: int) -> str:
    """What setting an attribute comes to: done, denied, or the code of the refusal."""
    try:
        await note(work, on, id, text=work.viewer.subject)
    except AccessDenied:
        return "denied"
    except InputError as error:
        return error.code
    return "done"


async def objects(floor: Floor) -> dict[Subject, int]:
    """Ann's position, Ann, a customer of Ann's deal, that deal and a lead of hers, with an attribute on each type."""
    for on in Subject:
        await define(floor, on=on)
    customer = await create_customer(floor.work, NewCustomer("Globex"))
    deal = await floor.open("ann", customer_id=customer)
    return {
        Subject.UNIT: floor.units["ann"],
        Subject.MEMBER: floor.members["ann"],
        Subject.CUSTOMER: customer,
        Subject.OPPORTUNITY: deal,
        Subject.LEAD: await lead_of(floor),
    }


async def test_each_viewer_sets_what_is_his_to_change(database: Database) -> None:
    """Units and members are for admins and organization:write, customers, deals and leads for whoever sells there."""
    floor = await furnish(database)
    ids = await objects(floor)
    viewers = {
        "an admin": floor.work,
        "the head above": floor.as_member("hal"),
        "the holder": floor.as_member("ann"),
        "his neighbour": floor.as_member("bob"),
        "another head": floor.as_member("wu"),
        "organization:write": floor.as_service(Scope.ORGANIZATION),
        "funnels:write": floor.as_service(Scope.FUNNELS),
        "all other scopes": floor.as_service(*OTHERS),
    }
    answers = {name: [await answer(work, on, id) for on, id in ids.items()] for name, work in viewers.items()}
    sells, stranger = (
        ["denied", "denied", "done", "done", "done"],
        ["UNKNOWN_CUSTOMER", "UNKNOWN_OPPORTUNITY", "UNKNOWN_LEAD"],
    )
    assert answers == {
        "an admin": ["done"] * 5,
        "the head above": sells,
        "the holder": sells,
        "his neighbour": ["denied", "denied", *stranger],
        "another head": ["denied", "denied", *stranger],
        "organization:write": ["done", "done", "denied", "denied", "denied"],
        "funnels:write": sells,
        "all other scopes": ["denied"] * 5,
    }


async def test_a_refusal_names_what_it_takes(database: Database) -> None:
    """A member who would set an attribute of a unit reads who may."""
    floor = await furnish(database)
    with pytest.raises(AccessDenied) as caught:
        await note(floor.as_member("ann"), Subject.UNIT, floor.units["ann"], text="x")
    assert caught.value.message == (
        "setting attributes of a unit needs an admin, or a service token with the scope organization:write"
    )


@pytest.mark.parametrize(
    ("to", "who", "seen", "hidden"),
    [
        (Subject.UNIT, "ann", ["ann", "east", "acme"], ["bob", "west"]),
        (Subject.UNIT, "hal", ["east", "ann", "bob", "acme"], ["west", "cem"]),
        (Subject.MEMBER, "ann", ["ann"], ["bob", "hal", "cem"]),
        (Subject.MEMBER, "hal", ["hal", "ann", "bob"], ["cem", "wu"]),
    ],
)
async def test_a_member_refers_to_those_whose_names_he_may_see(
    database: Database, to: Subject, who: str, seen: list[str], hidden: list[str]
) -> None:
    """His own deal may name what he sees; whom he does not see answers like nobody."""
    floor = await furnish(database)
    await define(floor, AttributeKind.REFERENCE, Subject.OPPORTUNITY, refers_to=to)
    deal, numbers = await floor.open("ann"), floor.units if to is Subject.UNIT else floor.members
    for name in seen:
        reference = Reference(to.value, str(numbers[name]))
        await note(floor.as_member(who), Subject.OPPORTUNITY, deal, reference=reference)
        assert await noted(floor, Subject.OPPORTUNITY, deal) == {"reference": reference}
    told = set()
    for number in [*(numbers[name] for name in hidden), 10**17]:
        attempt = note(floor.as_member(who), Subject.OPPORTUNITY, deal, reference=Reference(to.value, str(number)))
        told.add(await refused(attempt))
    assert told == {"NOT_FOUND at values.0.reference"}


async def test_a_seller_refers_to_deals_and_customers_that_he_may_see(database: Database) -> None:
    """Ann's own deal and its customer, and a customer that nobody has a deal with; not what is Cem's."""
    floor = await furnish(database)
    await define(floor, AttributeKind.REFERENCE, Subject.OPPORTUNITY, key="deal", refers_to=Subject.OPPORTUNITY)
    await define(floor, AttributeKind.REFERENCE, Subject.OPPORTUNITY, key="customer", refers_to=Subject.CUSTOMER)
    ours, theirs, free = [await create_customer(floor.work, NewCustomer(name)) for name in ("A", "B", "C")]
    deal = await floor.open("ann", customer_id=ours)
    cems = await floor.open("cem", customer_id=theirs)
    ann = floor.as_member("ann")
    for key, id in (("deal", deal), ("customer", ours), ("customer", free)):
        to = "opportunity" if key == "deal" else key
        await note(ann, Subject.OPPORTUNITY, deal, **{key: Reference(to, str(id))})
    for key, id in (("deal", cems), ("customer", theirs)):
        to = "opportunity" if key == "deal" else key
        attempt = note(ann, Subject.OPPORTUNITY, deal, **{key: Reference(to, str(id))})
        assert await refused(attempt) == "NOT_FOUND at values.0.reference"


async def test_a_seller_refers_to_leads_that_he_may_see(database: Database) -> None:
    """Ann's own lead, and one that waits in a pool that she claims from; neither Cem's nor one of another pool."""
    floor = await furnish(database)
    await define(floor, AttributeKind.REFERENCE, Subject.OPPORTUNITY, refers_to=Subject.LEAD)
    east, west = await open_pool(floor), await open_pool(floor, "west", joined="west")
    leads = [await lead_of(floor), *[await lead_of(floor, None, pool_id=pool) for pool in (east, west)]]
    deal, ann = await floor.open("ann"), floor.as_member("ann")
    for id in leads[:2]:
        reference = Reference("lead", str(id))
        await note(ann, Subject.OPPORTUNITY, deal, reference=reference)
        assert await noted(floor, Subject.OPPORTUNITY, deal) == {"reference": reference}
    for id in (leads[2], await lead_of(floor, "cem")):
        attempt = note(ann, Subject.OPPORTUNITY, deal, reference=Reference("lead", str(id)))
        assert await refused(attempt) == "NOT_FOUND at values.0.reference"


async def taken(work: Work, unit_id: int, key: str, reference: Reference) -> str:
    """What setting a reference of a unit comes to: done, or the code of the refusal."""
    try:
        await note(work, Subject.UNIT, unit_id, **{key: reference})
    except InputError as error:
        return error.code
    return "done"


async def test_a_service_refers_to_what_its_scopes_name(database: Database) -> None:
    """One that writes the organization knows its units and members, no customer; graph:read opens all."""
    floor = await furnish(database)
    for to in Subject:
        await define(floor, AttributeKind.REFERENCE, key=to.value, refers_to=to)
    free = await create_customer(floor.work, NewCustomer("Nobody's"))
    ids = {
        "unit": floor.units["west"],
        "member": floor.members["wu"],
        "customer": free,
        "opportunity": await floor.open("ann"),
        "lead": await lead_of(floor),
    }
    told = {}
    for scopes in ([Scope.ORGANIZATION], [Scope.ORGANIZATION, Scope.FUNNELS], [Scope.ORGANIZATION, Scope.READ]):
        work = floor.as_service(*scopes)
        given = {key: Reference(key, str(id)) for key, id in ids.items()}
        told[scopes[-1]] = [await taken(work, floor.units["east"], key, value) for key, value in given.items()]
    done = ["done"] * 5
    assert told == {
        Scope.ORGANIZATION: ["done", "done", "NOT_FOUND", "NOT_FOUND", "NOT_FOUND"],
        Scope.FUNNELS: done,
        Scope.READ: done,
    }
