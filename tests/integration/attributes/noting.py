"""Attributes of the sales floor, for the tests of what a company notes."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Final

import pytest

from quotaloom.attributes.commands import define_attribute
from quotaloom.attributes.definitions import NewAttribute, NewChoice, Subject
from quotaloom.attributes.reads import attributes_of
from quotaloom.attributes.values import Given, NewValue
from quotaloom.leads.attributes import set_attributes_of
from quotaloom.platform.errors import InputError
from quotaloom.platform.work import Work
from quotaloom_sdk.attributes import AttributeKind, AttributeValue, Reference
from tests.integration.funnels.floors import Floor

GRADES: Final = [NewChoice("a", "Great"), NewChoice("b", "Good")]


def an_attribute(kind: AttributeKind = AttributeKind.TEXT, on: Subject = Subject.UNIT, **facts: Any) -> NewAttribute:
    """An attribute with the key of its kind; grades to choose from, and members to refer to."""
    known: dict[str, Any] = {"key": kind.value, "title": kind.value.title()}
    if kind is AttributeKind.CHOICE:
        known["choices"] = GRADES
    if kind is AttributeKind.REFERENCE:
        known["refers_to"] = Subject.MEMBER
    return NewAttribute(**{"on": on, "kind": kind, **known, **facts})


async def define(
    floor: Floor, kind: AttributeKind = AttributeKind.TEXT, on: Subject = Subject.UNIT, **facts: Any
) -> int:
    """Define such an attribute."""
    return await define_attribute(floor.work, an_attribute(kind, on, **facts))


async def note(work: Work, on: Subject, id: int, **values: Given | None) -> None:
    """Set attributes by key."""
    await set_attributes_of(work, on, id, [NewValue(key, value) for key, value in values.items()])


async def noted(floor: Floor, on: Subject, id: int) -> dict[str, AttributeValue]:
    """What an object has, as policies are given it, in the company's order."""
    async with floor.work.snapshot() as snapshot:
        return {entry.key: entry.value for entry in (await attributes_of(snapshot, on, [id]))[id]}


def referring(floor: Floor, member: str) -> Reference:
    """A reference to a member."""
    return Reference("member", str(floor.members[member]))


async def refused(attempt: Awaitable[object]) -> str:
    """What is wrong with an attempt that is refused: "CODE at path", several by commas."""
    with pytest.raises(InputError) as caught:
        await attempt
    problems = getattr(caught.value, "errors", [caught.value])
    return ", ".join(f"{error.code} at {'.'.join(map(str, error.path))}" for error in problems)
