"""Defining attributes, changing, archiving and restoring them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from quotaloom.attributes import storing
from quotaloom.attributes.commands import archive_attribute, define_attribute
from quotaloom.attributes.definitions import NewAttribute, NewChoice, Subject
from quotaloom.attributes.reads import choices_of, definitions
from quotaloom.attributes.values import ChoiceKey
from quotaloom.platform.access import Scope
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied
from quotaloom.platform.unit_of_work import Transaction
from quotaloom_sdk.attributes import AttributeKind, Choice
from tests.founding import found
from tests.integration.attributes.noting import GRADES, an_attribute, define, note, noted, referring, refused
from tests.integration.funnels.floors import NOON, Floor, furnish

TEXT, NUMBER, CHOICE, REFERENCE = (
    AttributeKind.TEXT,
    AttributeKind.NUMBER,
    AttributeKind.CHOICE,
    AttributeKind.REFERENCE,
)


async def defined(floor: Floor, on: Subject = Subject.UNIT) -> list[dict[str, Any]]:
    """The attributes on units, in order, with the choices of each as "key label", a retired one in brackets."""
    async with floor.work.snapshot() as snapshot:
        rows = await definitions(snapshot, on)
        choices = await choices_of(snapshot, [row["id"] for row in rows])
    told = [
        (one["definition_id"], f"({one['key']})" if one["retired"] else f"{one['key']} {one['label']}")
        for one in choices
    ]
    return [{**row, "choices": [text for id, text in told if id == row["id"]]} for row in rows]


async def keys(floor: Floor) -> list[str]:
    """The keys of the attributes on units, in order."""
    return [row["key"] for row in await defined(floor)]


async def records(floor: Floor) -> list[tuple[str, Any, Any]]:
    """The audit entries of attributes: action, before and after."""
    rows = await floor.rows(
        "SELECT action, before, after FROM audit_entry WHERE object_type = 'AttributeDefinition' ORDER BY id"
    )
    return [(row["action"], *(orjson.loads(row[side] or "null") for side in ("before", "after"))) for row in rows]


async def test_an_attribute_is_what_was_defined(database: Database) -> None:
    """Titles and labels lose the space around them; the audit record has it whole, the event names it."""
    floor = await furnish(database)
    attribute = an_attribute(
        CHOICE, title=" Grade ", description=" How good? ", choices=[*GRADES, NewChoice("c", " So ")]
    )
    stored_id = await define_attribute(floor.work, attribute, expected_version=0)
    (row,) = await defined(floor)
    assert row == {
        "id": stored_id,
        "subject": "unit",
        "key": "choice",
        "title": "Grade",
        "description": "How good?",
        "kind": "choice",
        "refers_to": None,
        "ordinal": 0,
        "archived": False,
        "version": 1,
        "choices": ["a Great", "b Good", "c So"],
    }
    ((action, before, after),) = await records(floor)
    assert (action, before, after["title"], after["choices"][2]) == (
        "attribute.define",
        None,
        "Grade",
        {"key": "c", "label": "So", "retired": False},
    )
    event = await floor.one("SELECT topic, payload FROM outbox_event WHERE topic LIKE 'attribute%'")
    assert (event["topic"], orjson.loads(event["payload"])) == (
        "attribute.defined",
        {"id": stored_id, "on": "unit", "key": "choice"},
    )


async def test_attributes_stand_in_the_order_of_their_ordinals(database: Database) -> None:
    """A new one comes last, however many there are; a place can be given, and a change without one keeps it."""
    floor = await furnish(database)
    for key in ("first", "second", "third"):
        await define(floor, key=key)
    assert [(row["key"], row["ordinal"]) for row in await defined(floor)] == [("first", 0), ("second", 1), ("third", 2)]
    await define(floor, key="third", ordinal=0)
    await define(floor, key="first", title="Another title")
    assert await keys(floor) == ["first", "third", "second"]
    await define(floor, key="last", ordinal=9999)
    await define(floor, key="after_that")
    assert await keys(floor) == ["first", "third", "second", "last", "after_that"]


async def test_a_definition_is_changed_by_defining_it_again(database: Database) -> None:
    """Choices may be renamed, reordered and added; a description that is not given stays; each change counts one."""
    floor = await furnish(database)
    first = await define(floor, CHOICE, description="How good?")
    changed = an_attribute(CHOICE, title="Grade", choices=[NewChoice("b", "Good"), NewChoice("x", "New"), GRADES[0]])
    assert await define_attribute(floor.work, changed, expected_version=1) == first
    (row,) = await defined(floor)
    assert (row["title"], row["description"], row["version"]) == ("Grade", "How good?", 2)
    assert row["choices"] == ["b Good", "x New", "a Great"]
    await define_attribute(floor.work, replace(changed, description=""))
    assert [row["description"] for row in await defined(floor)] == [""]
    assert [action for action, _, _ in await records(floor)] == ["attribute.define"] * 3


async def test_defining_what_is_so_already_changes_nothing(database: Database) -> None:
    """No version, no audit entry and no event of it."""
    floor = await furnish(database)
    for _ in range(2):
        await define(floor, CHOICE, title=" Grade ")
    assert [row["version"] for row in await defined(floor)] == [1]
    assert len(await records(floor)) == 1


async def test_one_key_may_be_on_several_types_and_in_several_companies(database: Database) -> None:
    """`text` on units and on customers, and the same in another company, know nothing of each other."""
    floor = await furnish(database)
    other = await found(database, NOON, key="other")
    await define(floor)
    await define(floor, NUMBER, Subject.CUSTOMER, key="text")
    await define_attribute(other, an_attribute(NUMBER, key="text"))
    assert [row["kind"] for row in await defined(floor)] == ["text"]
    assert [row["kind"] for row in await defined(floor, Subject.CUSTOMER)] == ["number"]


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"key": ""}, "BAD_KEY at key"),
        ({"key": "Stores"}, "BAD_KEY at key"),
        ({"key": "x" * 65}, "BAD_KEY at key"),
        ({"key": "a\n"}, "BAD_KEY at key"),
        ({"title": " "}, "BAD_TITLE at title"),
        ({"title": "x" * 201}, "BAD_TITLE at title"),
        ({"title": "two\nlines"}, "BAD_TITLE at title"),
        ({"description": "x" * 2001}, "TOO_LONG at description"),
        ({"description": "\0"}, "BAD_TEXT at description"),
        ({"ordinal": -1}, "BAD_ORDINAL at ordinal"),
        ({"ordinal": 10_000}, "BAD_ORDINAL at ordinal"),
        ({"choices": GRADES}, "BAD_CHOICES at choices"),
        ({"kind": CHOICE}, "BAD_CHOICES at choices"),
        ({"kind": CHOICE, "choices": [NewChoice(f"c{n}", "x") for n in range(501)]}, "BAD_CHOICES at choices"),
        ({"kind": CHOICE, "choices": [GRADES[0], NewChoice("B", "x")]}, "BAD_KEY at choices.1.key"),
        ({"kind": CHOICE, "choices": [GRADES[0], NewChoice("b", "")]}, "BAD_LABEL at choices.1.label"),
        ({"kind": CHOICE, "choices": [GRADES[0], NewChoice("a", "x")]}, "DUPLICATE_KEY at choices.1.key"),
        ({"kind": REFERENCE}, "BAD_REFERENCE at refersTo"),
        ({"refers_to": Subject.UNIT}, "BAD_REFERENCE at refersTo"),
    ],
)
async def test_what_cannot_be_an_attribute_is_refused(database: Database, facts: dict[str, Any], told: str) -> None:
    """Each fault has its code and its place, and nothing is stored."""
    floor = await furnish(database)
    attribute = NewAttribute(**{"on": Subject.UNIT, "key": "stores", "title": "Stores", "kind": TEXT, **facts})
    assert await refused(define_attribute(floor.work, attribute)) == told
    assert await defined(floor) == []


async def test_the_kind_stays_while_there_are_values(database: Database) -> None:
    """A text with a value becomes no number, and a reference to members none to units; without values they may."""
    floor = await furnish(database)
    east = floor.units["east"]
    await define(floor)
    await define(floor, REFERENCE)
    await note(floor.work, Subject.UNIT, east, text="by the sea", reference=referring(floor, "hal"))
    to_units = an_attribute(REFERENCE, refers_to=Subject.UNIT)
    assert await refused(define(floor, NUMBER, key="text")) == "ATTRIBUTE_IN_USE at kind"
    assert await refused(define_attribute(floor.work, to_units)) == "ATTRIBUTE_IN_USE at refersTo"
    await define(floor, key="text", title="Remarks")
    await note(floor.work, Subject.UNIT, east, text=None, reference=None)
    await define(floor, NUMBER, key="text")
    await define_attribute(floor.work, to_units)
    assert [(row["kind"], row["refers_to"]) for row in await defined(floor)] == [
        ("number", None),
        ("reference", "unit"),
    ]


async def test_a_choice_that_was_chosen_is_retired_not_left_out(database: Database) -> None:
    """East is graded b: leaving out b is refused, naming it; leaving out a is not; retired, b stays East's."""
    floor = await furnish(database)
    await define(floor, CHOICE)
    await note(floor.work, Subject.UNIT, floor.units["east"], choice=ChoiceKey("b"))
    without = an_attribute(CHOICE, choices=[NewChoice("a", "Great")])
    assert await refused(define_attribute(floor.work, without)) == "CHOICE_IN_USE at choices"
    await define_attribute(floor.work, an_attribute(CHOICE, choices=[NewChoice("b", "Fair", retired=True)]))
    assert [row["choices"] for row in await defined(floor)] == [["(b)"]]
    assert await noted(floor, Subject.UNIT, floor.units["east"]) == {"choice": Choice("b", "Fair")}
    again = note(floor.work, Subject.UNIT, floor.units["west"], choice=ChoiceKey("b"))
    assert await refused(again) == "CHOICE_RETIRED at values.0.choice"


async def test_an_archived_attribute_rests_and_comes_back_with_its_values(database: Database) -> None:
    """Its values are neither shown nor set meanwhile; archiving it again does nothing."""
    floor = await furnish(database)
    east = floor.units["east"]
    stored_id = await define(floor)
    await note(floor.work, Subject.UNIT, east, text="by the sea")
    for _ in range(2):
        await archive_attribute(floor.work, stored_id)
    assert await noted(floor, Subject.UNIT, east) == {}
    assert await refused(note(floor.work, Subject.UNIT, east, text="x")) == "ATTRIBUTE_ARCHIVED at values.0.key"
    await define(floor, title="Remarks")
    assert [(row["title"], row["archived"], row["version"]) for row in await defined(floor)] == [("Remarks", True, 3)]
    await archive_attribute(floor.work, stored_id, archived=False, expected_version=3)
    assert await noted(floor, Subject.UNIT, east) == {"text": "by the sea"}
    assert [action for action, _, _ in await records(floor)][1:] == [
        "attribute.archive",
        "attribute.define",
        "attribute.restore",
    ]
    topics = await floor.rows("SELECT topic FROM outbox_event WHERE topic LIKE 'attribute.%' ORDER BY id")
    assert [row["topic"].partition(".")[2] for row in topics] == ["defined", "archived", "defined", "restored"]


async def test_there_are_at_most_two_hundred_on_a_type(database: Database) -> None:
    """The 201st is refused, on units alone; archiving one makes room, which restoring it then lacks."""
    floor = await furnish(database)

    async def fill(transaction: Transaction) -> list[int]:
        new = [an_attribute(key=f"key_{number}") for number in range(200)]
        return [await storing.insert_definition(transaction, one) for one in new]

    first, *_ = await floor.work.write(fill)
    assert await refused(define(floor, key="surplus")) == "TOO_MANY at on"
    await define(floor, on=Subject.MEMBER)
    await define(floor, key="key_1", title="Changed")
    await archive_attribute(floor.work, first)
    await define(floor, key="surplus")
    assert await refused(archive_attribute(floor.work, first, archived=False)) == "TOO_MANY at id"


async def test_what_somebody_else_changed_meanwhile_is_not_overwritten(database: Database) -> None:
    """The version that was read is checked, 0 standing for none; the refusal names both versions."""
    floor = await furnish(database)
    stored_id = await define(floor)
    stale = "STALE at expectedVersion"
    for version in (0, 2):
        attribute = an_attribute(title="Mine")
        assert await refused(define_attribute(floor.work, attribute, expected_version=version)) == stale
        assert await refused(archive_attribute(floor.work, stored_id, expected_version=version)) == stale
    assert await refused(define_attribute(floor.work, an_attribute(key="new"), expected_version=1)) == stale
    assert [(row["title"], row["version"]) for row in await defined(floor)] == [("Text", 1)]


async def test_an_attribute_of_another_company_is_none(database: Database) -> None:
    """Its id answers like one that no attribute has, and like one that no row could have."""
    floor = await furnish(database)
    other = await found(database, NOON, key="other")
    theirs = await define_attribute(other, an_attribute())
    for number in (theirs, 10**17, 0, -1, 2**63):
        assert await refused(archive_attribute(floor.work, number)) == "UNKNOWN_ATTRIBUTE at id"


async def test_defining_is_for_those_who_change_settings(database: Database) -> None:
    """Admins and services with settings:write; neither members, nor heads, nor services with other scopes."""
    floor = await furnish(database)
    stored_id = await define_attribute(floor.as_service(Scope.SETTINGS), an_attribute())
    everything_else = [scope for scope in Scope if scope is not Scope.SETTINGS]
    for work in (floor.as_member("ann"), floor.as_member("hal"), floor.as_service(*everything_else)):
        with pytest.raises(AccessDenied, match="defining an attribute needs an admin"):
            await define_attribute(work, an_attribute())
        with pytest.raises(AccessDenied, match="archiving an attribute needs an admin"):
            await archive_attribute(work, stored_id)
