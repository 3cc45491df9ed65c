"""Attributes that many change at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from decimal import Decimal

import orjson

from quotaloom.attributes.commands import archive_attribute, define_attribute
from quotaloom.attributes.definitions import NewChoice, Subject
from quotaloom.attributes.values import ChoiceKey
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom_sdk.attributes import AttributeKind, Choice
from tests.integration.attributes.noting import an_attribute, define, note, noted
from tests.integration.funnels.floors import furnish

CHOICE = AttributeKind.CHOICE


async def outcomes(*attempts: Awaitable[object]) -> list[str]:
    """What attempts at the same time come to, in order: the code of a refusal, or "done"."""
    found = await asyncio.gather(*attempts, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException) and not isinstance(one, InputError):
            raise one
    return [one.code if isinstance(one, InputError) else "done" for one in found]


async def test_ten_who_define_the_same_key_make_one_attribute(database: Database) -> None:
    """All succeed, each change counts; of those who say that it is new, one does."""
    floor = await furnish(database)
    attempts = [define_attribute(floor.work, an_attribute(title=f"Title {number}")) for number in range(10)]
    assert await outcomes(*attempts) == ["done"] * 10
    row = await floor.one("SELECT version FROM attribute_definition")
    assert row["version"] == 10
    new = [an_attribute(key="new", title=f"Title {number}") for number in range(10)]
    told = await outcomes(*(define_attribute(floor.work, one, expected_version=0) for one in new))
    assert sorted(told) == ["STALE"] * 9 + ["done"]


async def test_twenty_who_set_the_same_value_come_one_after_another(database: Database) -> None:
    """Each audit entry begins with what the one before has left, and the last is what is stored."""
    floor = await furnish(database)
    east = floor.units["east"]
    await define(floor, AttributeKind.NUMBER)
    attempts = [note(floor.work, Subject.UNIT, east, number=Decimal(number)) for number in range(20)]
    assert await outcomes(*attempts) == ["done"] * 20
    rows = await floor.rows("SELECT before, after FROM audit_entry WHERE action = 'attributes.set' ORDER BY id")
    steps = [(orjson.loads(row["before"])["number"], orjson.loads(row["after"])["number"]) for row in rows]
    assert len(steps) == 20
    assert [before for before, _ in steps] == [None, *(after for _, after in steps[:-1])]
    assert await noted(floor, Subject.UNIT, east) == {"number": Decimal(steps[-1][1])}


async def test_a_choice_that_is_dropped_while_it_is_chosen(database: Database) -> None:
    """Either it was chosen and stays, or it is gone and cannot be chosen; never half of it."""
    floor = await furnish(database)
    one = an_attribute(CHOICE, choices=[NewChoice("a", "Great")])
    for round in range(6):
        await define(floor, CHOICE)
        east = floor.units["east"]
        drop, choose = define_attribute(floor.work, one), note(floor.work, Subject.UNIT, east, choice=ChoiceKey("b"))
        told = await outcomes(*((drop, choose) if round % 2 else (choose, drop)))
        stayed = sorted(told) == ["CHOICE_IN_USE", "done"]
        assert stayed or sorted(told) == ["UNKNOWN_CHOICE", "done"]
        assert await noted(floor, Subject.UNIT, east) == ({"choice": Choice("b", "Good")} if stayed else {})
        await note(floor.work, Subject.UNIT, east, choice=None)


async def test_a_kind_that_changes_while_a_value_is_set(database: Database) -> None:
    """Either the value was there first and the kind stays, or the value is of another kind by then."""
    floor = await furnish(database)
    for round in range(6):
        key, east = f"key_{round}", floor.units["east"]
        await define(floor, key=key)
        change = define(floor, AttributeKind.NUMBER, key=key)
        write = note(floor.work, Subject.UNIT, east, **{key: "text"})
        told = sorted(await outcomes(*((change, write) if round % 2 else (write, change))))
        assert told in (["ATTRIBUTE_IN_USE", "done"], ["OTHER_KIND", "done"])
        assert (await noted(floor, Subject.UNIT, east)).get(key) == ("text" if told[0] == "ATTRIBUTE_IN_USE" else None)


async def test_room_for_one_is_taken_by_one(database: Database) -> None:
    """With 199 attributes, restoring one and defining another at once comes to 200."""
    floor = await furnish(database)
    archived = await define(floor, key="archived")
    await archive_attribute(floor.work, archived)
    await floor.work.write(
        lambda transaction: transaction.execute(
            "INSERT INTO attribute_definition (company_id, subject, key, title, description, kind, ordinal, archived,"
            " version) SELECT $1, 'unit', 'key_' || number, 'Title', '', 'text', 0, false, 1"
            " FROM generate_series(1, 199) AS number",
            transaction.company_id,
        )
    )
    restore = archive_attribute(floor.work, archived, archived=False)
    assert sorted(await outcomes(restore, define(floor, key="another"))) == ["TOO_MANY", "done"]
