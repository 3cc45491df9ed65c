"""A small organization for tests, and what they ask of the tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from asyncpg import Record

from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.commands.units import create_unit
from quotaloom.organizations.membership import NewMember
from quotaloom.organizations.planting import NewUnit
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom.platform.work import Work
from tests.founding import found


@dataclass(frozen=True)
class Acme:
    """Acme > East > Team 1 > Seat 1 and Acme > West; and the members Ann, Bo and the admin Ada."""

    work: Work
    root: int
    east: int
    west: int
    team: int
    seat: int
    ann: int
    bo: int
    ada: int


async def acme(database: Database, key: str = "acme") -> Acme:
    """Found the company of `Acme`, open from the beginning, without holders or heads."""
    work = await found(database, key=key)
    root = await create_unit(work, NewUnit("Acme", "company"))
    east = await create_unit(work, NewUnit("East", "department", root))
    west = await create_unit(work, NewUnit("West", "department", root))
    team = await create_unit(work, NewUnit("Team 1", "team", east))
    seat = await create_unit(work, NewUnit("Seat 1", "position", team))
    ann, bo, ada = [
        await create_member(work, NewMember(name, role=role))
        for name, role in (("Ann", "member"), ("Bo", "member"), ("Ada", "admin"))
    ]
    return Acme(work, root, east, west, team, seat, ann, bo, ada)


async def rows(work: Work, sql: str, *arguments: Any) -> list[Record]:
    """The rows of one statement in a snapshot of the company."""
    async with work.snapshot() as snapshot:
        return await snapshot.fetch(sql, *arguments)


async def parents_on(work: Work, unit_id: int, day: date) -> list[int]:
    """The ids of a unit's ancestors on a day, nearest first, as the derived paths tell them."""
    found = await rows(
        work,
        "SELECT ancestor_id FROM unit_path WHERE unit_id = $1 AND depth > 0"
        " AND valid_from <= $2 AND $2 < valid_to ORDER BY depth",
        unit_id,
        day,
    )
    return [row["ancestor_id"] for row in found]


async def audit_of(work: Work, object_type: str, object_id: int) -> list[tuple[str, str | None, str | None]]:
    """Action, before and after of what was written about an object, oldest first."""
    found = await rows(
        work,
        "SELECT action, before::text, after::text FROM audit_entry WHERE object_type = $1 AND object_id = $2"
        " ORDER BY id",
        object_type,
        object_id,
    )
    return [(row["action"], row["before"], row["after"]) for row in found]


def refusal(caught: pytest.ExceptionInfo[InputError]) -> tuple[str, tuple[str | int, ...]]:
    """Code and path of a refusal."""
    return caught.value.code, caught.value.path
