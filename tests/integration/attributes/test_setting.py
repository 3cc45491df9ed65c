"""Setting attributes of units, members, customers, deals and leads."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import orjson
import pytest

from quotaloom.attributes.commands import define_attribute
from quotaloom.attributes.definitions import Subject
from quotaloom.attributes.values import ChoiceKey, Given, NewValue
from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.funnels.commands.stage_changes import lose_opportunity
from quotaloom.leads.attributes import set_attributes_of
from quotaloom.leads.commands import mark_lead_invalid
from quotaloom.leads.converting import Conversion, convert_lead
from quotaloom.organizations.commands.units import create_unit
from quotaloom.organizations.planting import NewUnit
from quotaloom.platform.database import Database
from quotaloom_sdk.attributes import AttributeKind, Choice, Reference
from tests.founding import found
from tests.integration.attributes.noting import an_attribute, define, note, noted, referring, refused
from tests.integration.funnels.floors import NOON, Floor, furnish
from tests.integration.leads.offices import lead_of, open_pool

TEXT, NUMBER, CHOICE, REFERENCE = (
    AttributeKind.TEXT,
    AttributeKind.NUMBER,
    AttributeKind.CHOICE,
    AttributeKind.REFERENCE,
)

TYPES = {
    Subject.UNIT: "OrgUnit",
    Subject.MEMBER: "Member",
    Subject.CUSTOMER: "Customer",
    Subject.OPPORTUNITY: "Opportunity",
    Subject.LEAD: "Lead",
}


async def an_object(floor: Floor, on: Subject) -> int:
    """The id of an object of that type."""
    match on:
        case Subject.UNIT:
            return floor.units["east"]
        case Subject.MEMBER:
            return floor.members["ann"]
        case Subject.CUSTOMER:
            return await create_customer(floor.work, NewCustomer("Globex"))
        case Subject.OPPORTUNITY:
            return await floor.open("ann")
        case Subject.LEAD:
            return await lead_of(floor)


async def audited(floor: Floor) -> list[tuple[str, object, object]]:
    """What the audit record has of values that were set: of what, before and after."""
    rows = await floor.rows(
        "SELECT object_type, before, after FROM audit_entry WHERE action = 'attributes.set' ORDER BY id"
    )
    return [(row["object_type"], orjson.loads(row["before"]), orjson.loads(row["after"])) for row in rows]


@pytest.mark.parametrize("on", list(Subject))
async def test_every_kind_of_value_is_kept_on_every_type(database: Database, on: Subject) -> None:
    """What is set is read back exactly, in the order of the definitions, and the audit record has it."""
    floor = await furnish(database)
    for kind in AttributeKind:
        await define(floor, kind, on)
    id = await an_object(floor, on)
    values: dict[str, Given] = {
        "reference": referring(floor, "wu"),
        "choice": ChoiceKey("a"),
        "date": date(2017, 6, 14),
        "number": Decimal("-123456789012345678.00000001"),
        "text": "四 stores",
    }
    await note(floor.work, on, id, **values)
    found = await noted(floor, on, id)
    assert list(found.items()) == [
        ("text", "四 stores"),
        ("number", Decimal("-123456789012345678.00000001")),
        ("date", date(2017, 6, 14)),
        ("choice", Choice("a", "Great")),
        ("reference", referring(floor, "wu")),
    ]
    assert await audited(floor) == [
        (
            TYPES[on],
            dict.fromkeys(values),
            {
                "text": "四 stores",
                "number": "-123456789012345678.00000001",
                "date": "2017-06-14",
                "choice": "a",
                "reference": {"to": "member", "id": str(floor.members["wu"])},
            },
        )
    ]
    event = await floor.one("SELECT payload FROM outbox_event WHERE topic = 'attributes.set'")
    assert orjson.loads(event["payload"]) == {"on": on.value, "id": id, "keys": list(values)}


async def test_what_is_not_named_stays_and_null_clears(database: Database) -> None:
    """The audit record has what changed and nothing else; setting what is so already leaves no trace."""
    floor = await furnish(database)
    ann = floor.members["ann"]
    for kind in (TEXT, NUMBER, CHOICE):
        await define(floor, kind, Subject.MEMBER)
    await note(floor.work, Subject.MEMBER, ann, text="fast", number=Decimal("1.50"))
    await note(floor.work, Subject.MEMBER, ann, text=None, number=Decimal("1.5"), choice=ChoiceKey("b"))
    await note(floor.work, Subject.MEMBER, ann, text=None, number=Decimal("1.500"))
    assert await noted(floor, Subject.MEMBER, ann) == {"number": Decimal("1.5"), "choice": Choice("b", "Good")}
    assert await audited(floor) == [
        ("Member", {"text": None, "number": None}, {"text": "fast", "number": "1.5"}),
        ("Member", {"text": "fast", "choice": None}, {"text": None, "choice": "b"}),
    ]


async def test_where_one_value_is_wrong_none_is_set(database: Database) -> None:
    """All faults are told together, and the good value is not stored either."""
    floor = await furnish(database)
    east = floor.units["east"]
    await define(floor)
    await define(floor, NUMBER)
    attempt = note(floor.work, Subject.UNIT, east, text="good", number=Decimal("NaN"), stores=None)
    assert await refused(attempt) == "NOT_A_NUMBER at values.1.number, UNKNOWN_ATTRIBUTE at values.2.key"
    assert await noted(floor, Subject.UNIT, east) == {}
    assert await audited(floor) == []


async def test_nothing_and_too_much_are_refused(database: Database) -> None:
    """An object has at most as many values as there are attributes."""
    floor = await furnish(database)
    east = floor.units["east"]
    assert await refused(note(floor.work, Subject.UNIT, east)) == "NOTHING_TO_CHANGE at values"
    many = [NewValue("text", None)] * 201
    assert await refused(set_attributes_of(floor.work, Subject.UNIT, east, many)) == "TOO_MANY at values"


async def test_attributes_of_one_type_are_not_on_another(database: Database) -> None:
    """An attribute on units says nothing of members."""
    floor = await furnish(database)
    await define(floor)
    attempt = note(floor.work, Subject.MEMBER, floor.members["ann"], text="x")
    assert await refused(attempt) == "UNKNOWN_ATTRIBUTE at values.0.key"


@pytest.mark.parametrize("to", list(Subject))
async def test_a_reference_names_what_there_is(database: Database, to: Subject) -> None:
    """Of each type; what does not exist, is of another type or of another company answers alike."""
    floor = await furnish(database)
    await define(floor, REFERENCE, refers_to=to)
    other = await found(database, NOON, key="other")
    theirs = await create_unit(other, NewUnit("Theirs", "company"))
    east, id = floor.units["east"], str(await an_object(floor, to))
    await note(floor.work, Subject.UNIT, east, reference=Reference(to.value, id))
    assert await noted(floor, Subject.UNIT, east) == {"reference": Reference(to.value, id)}
    another = next(subject for subject in Subject if subject is not to)
    for bad in (Reference(to.value, str(10**17)), Reference(another.value, id), Reference(to.value, f"0{id}")):
        assert await refused(note(floor.work, Subject.UNIT, east, reference=bad)) == "NOT_FOUND at values.0.reference"
    if to is Subject.UNIT:
        bad = Reference(to.value, str(theirs))
        assert await refused(note(floor.work, Subject.UNIT, east, reference=bad)) == "NOT_FOUND at values.0.reference"


async def test_an_attribute_of_another_company_is_not_set(database: Database) -> None:
    """Neither its key nor the id of one of its objects means anything here."""
    floor = await furnish(database)
    other = await found(database, NOON, key="other")
    await define_attribute(other, an_attribute())
    theirs = await create_unit(other, NewUnit("Theirs", "company"))
    attempt = note(floor.work, Subject.UNIT, floor.units["east"], text="x")
    assert await refused(attempt) == "UNKNOWN_ATTRIBUTE at values.0.key"
    for id in (theirs, 10**17, 0, 2**63):
        assert await refused(note(floor.work, Subject.UNIT, id, text="x")) == "NOT_FOUND at id"


async def test_a_closed_deal_keeps_taking_notes(database: Database) -> None:
    """What is noted of a lost deal may still be learnt from."""
    floor = await furnish(database)
    await define(floor, on=Subject.OPPORTUNITY)
    deal = await floor.open("ann")
    await lose_opportunity(floor.work, deal)
    await note(floor.work, Subject.OPPORTUNITY, deal, text="too dear")
    assert await noted(floor, Subject.OPPORTUNITY, deal) == {"text": "too dear"}


async def test_a_lead_that_is_put_aside_or_converted_keeps_its_notes_and_takes_more(database: Database) -> None:
    """They stay with the lead: the customer that it became has none of them."""
    floor = await furnish(database)
    for on in (Subject.LEAD, Subject.CUSTOMER):
        await define(floor, on=on)
    invalid, converted = await lead_of(floor), await lead_of(floor)
    for lead in (invalid, converted):
        await note(floor.work, Subject.LEAD, lead, text="asked twice")
    await mark_lead_invalid(floor.work, invalid, "a joke")
    became = await convert_lead(floor.work, converted, Conversion(customer=NewCustomer("Globex")))
    assert await noted(floor, Subject.LEAD, converted) == {"text": "asked twice"}
    assert became.customer_id is not None
    assert await noted(floor, Subject.CUSTOMER, became.customer_id) == {}
    for lead in (invalid, converted):
        await note(floor.work, Subject.LEAD, lead, text="learnt from")
        assert await noted(floor, Subject.LEAD, lead) == {"text": "learnt from"}


async def test_a_lead_that_waits_is_claimed_before_something_is_noted(database: Database) -> None:
    """Ann, who may claim from the pool, is told so; Hal looks after it and notes; Wu knows of no such lead."""
    floor = await furnish(database)
    await define(floor, on=Subject.LEAD)
    lead = await lead_of(floor, None, pool_id=await open_pool(floor))
    told = {who: await refused(note(floor.as_member(who), Subject.LEAD, lead, text="x")) for who in ("ann", "wu")}
    assert told == {"ann": "WAITS_IN_POOL at id", "wu": "UNKNOWN_LEAD at id"}
    await note(floor.as_member("hal"), Subject.LEAD, lead, text="big")
    assert await noted(floor, Subject.LEAD, lead) == {"text": "big"}
