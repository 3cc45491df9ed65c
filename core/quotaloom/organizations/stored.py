"""Units and members as the writes read them: by id, in the transaction, under the organization's lock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from quotaloom.organizations.spans import Span
from quotaloom.platform.errors import Conflict, InputError, NotFound, Path
from quotaloom.platform.unit_of_work import Transaction

LOCK = "organization"
"""Every write of the organization waits for the others of its company: its invariants span many rows."""


@dataclass(frozen=True, slots=True)
class StoredUnit:
    """A unit's own row."""

    id: int
    key: str
    name: str
    kind: str
    opened_on: date | None
    closed_on: date | None
    version: int

    @property
    def open(self) -> Span:
        """The days on which it exists."""
        return Span.of(self.opened_on, self.closed_on)


@dataclass(frozen=True, slots=True)
class StoredMember:
    """A member's own row; `left_on` is the first day without him."""

    id: int
    key: str
    name: str
    email: str | None
    role: str
    joined_on: date | None
    left_on: date | None
    version: int

    @property
    def there(self) -> Span:
        """The days on which he belongs to the company."""
        return Span.of(self.joined_on, self.left_on)


async def load_units(transaction: Transaction, ids: Iterable[int]) -> dict[int, StoredUnit]:
    """The units of these ids; an id that names none of this company is missing."""
    rows = await transaction.fetch(
        "SELECT id, key, name, kind, opened_on, closed_on, version FROM org_unit WHERE id = ANY($1::bigint[])",
        _storable(ids),
    )
    return {row["id"]: StoredUnit(**dict(row)) for row in rows}


async def load_members(transaction: Transaction, ids: Iterable[int]) -> dict[int, StoredMember]:
    """The members of these ids; an id that names none of this company is missing."""
    rows = await transaction.fetch(
        "SELECT id, key, name, email, role, joined_on, left_on, version FROM member WHERE id = ANY($1::bigint[])",
        _storable(ids),
    )
    return {row["id"]: StoredMember(**dict(row)) for row in rows}


async def load_unit(transaction: Transaction, unit_id: int, expected_version: int | None = None) -> StoredUnit:
    """One unit; raises `NotFound` NOT_FOUND, and `Conflict` where it is not of the version the caller read."""
    unit = the_unit(await load_units(transaction, [unit_id]), unit_id)
    refuse_stale(unit, expected_version)
    return unit


async def load_member(transaction: Transaction, member_id: int, expected_version: int | None = None) -> StoredMember:
    """One member; raises `NotFound` NOT_FOUND, and `Conflict` where he is not of the version the caller read."""
    member = the_member(await load_members(transaction, [member_id]), member_id)
    refuse_stale(member, expected_version)
    return member


def the_unit(units: dict[int, StoredUnit], unit_id: int, path: Path = ("id",)) -> StoredUnit:
    """The unit of this id, or `NotFound`: an id of another company answers like one that does not exist."""
    if unit_id not in units:
        raise NotFound("NOT_FOUND", "there is no org unit with this id", path)
    return units[unit_id]


def the_member(members: dict[int, StoredMember], member_id: int, path: Path = ("id",)) -> StoredMember:
    """The member of this id, or `NotFound`."""
    if member_id not in members:
        raise NotFound("NOT_FOUND", "there is no member with this id", path)
    return members[member_id]


def refuse_stale(row: StoredUnit | StoredMember, expected_version: int | None) -> None:
    """Raise `Conflict` STALE where the caller read another version than the stored one; None expects nothing."""
    if expected_version is not None and expected_version != row.version:
        raise Conflict(
            "STALE",
            f"{row.name} was changed meanwhile: it is at version {row.version}, you read version"
            f" {expected_version}; read it again and repeat the change",
            ("expectedVersion",),
        )


@contextmanager
def row_of_many(index: int) -> Iterator[None]:
    """Errors raised inside name the row of a batch."""
    try:
        yield
    except InputError as error:
        raise error.at(index) from None


@contextmanager
def only_row() -> Iterator[None]:
    """Errors of a batch of one are told as if there were no batch."""
    try:
        yield
    except InputError as error:
        path = error.path[1:] if error.path[:1] == (0,) else error.path
        raise type(error)(error.code, error.message, path) from None


def _storable(ids: Iterable[int]) -> list[int]:
    return [number for number in ids if 0 < number < 2**63]
