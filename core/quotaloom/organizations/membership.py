"""The members of a company: entering them, changing them, and their leaving."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from quotaloom.calendars.instants import business_date
from quotaloom.organizations.naming import checked_key, checked_name, free_key
from quotaloom.organizations.spans import refuse_unknown_day
from quotaloom.organizations.stored import LOCK, StoredMember, load_member, row_of_many
from quotaloom.organizations.terms import HEADSHIP, HOLDING, end_terms_of_member
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction

ROLES = ("admin", "member")

CHANGEABLE = ("name", "email", "role", "joined_on")


@dataclass(frozen=True, slots=True)
class NewMember:
    """A person to be entered; `key` is made from the name where None, `joined_on` is the first day."""

    name: str
    email: str | None = None
    role: str = "member"
    key: str | None = None
    joined_on: date | None = None


async def insert_members(transaction: Transaction, rows: Sequence[NewMember]) -> list[int]:
    """Insert members; returns their ids in order.

    Raises `InputError`, with the row's number first in the path: BAD_NAME, BAD_KEY, KEY_TAKEN, BAD_EMAIL, BAD_ROLE,
    BAD_PERIOD (a day out of reach).
    """
    await transaction.lock(LOCK)
    taken = {row["key"] for row in await transaction.fetch("SELECT key FROM member")}
    checked = []
    for index, row in enumerate(rows):
        with row_of_many(index):
            member = _checked(row, taken)
        taken.add(member.key or "")
        checked.append(member)
    ids = await _insert(transaction, checked)
    for member_id, member in zip(ids, checked, strict=True):
        transaction.record("member.create", "Member", member_id, after=asdict(member))
        transaction.publish("member.created", id=member_id)
    return ids


async def change_member(
    transaction: Transaction, member_id: int, changes: Mapping[str, Any], expected_version: int | None = None
) -> None:
    """Change some of `CHANGEABLE`; a name that is not given stays.

    Raises `InputError` BAD_NAME, BAD_EMAIL, BAD_ROLE, BAD_PERIOD, BAD_RANGE (joined after leaving), LAST_ADMIN;
    `NotFound`; `Conflict` STALE.
    """
    await transaction.lock(LOCK)
    member = await load_member(transaction, member_id, expected_version)
    wanted = {name: changes.get(name, getattr(member, name)) for name in CHANGEABLE}
    wanted["name"] = checked_name(wanted["name"])
    refuse_unknown_day(wanted["joined_on"], "joinedOn")
    _check_role_and_email(wanted["role"], wanted["email"])
    if member.left_on and wanted["joined_on"] and wanted["joined_on"] >= member.left_on:
        raise InputError(
            "BAD_RANGE", f"{member.name} left on {member.left_on}: joining comes before that day", ("joinedOn",)
        )
    if wanted["role"] != "admin":
        await _refuse_last_admin(transaction, member, ("role",))
    elif wanted["joined_on"] and wanted["joined_on"] > await _today(transaction):
        await _refuse_last_admin(transaction, member, ("joinedOn",))
    before = {name: getattr(member, name) for name in CHANGEABLE}
    if wanted == before:
        return
    await transaction.execute(
        "UPDATE member SET name = $2, email = $3, role = $4, joined_on = $5, version = version + 1 WHERE id = $1",
        member_id,
        *(wanted[name] for name in CHANGEABLE),
    )
    transaction.withdraw_access()
    transaction.record("member.update", "Member", member_id, before=before, after=wanted)
    transaction.publish("member.updated", id=member_id)


async def let_leave(transaction: Transaction, member_id: int, on: date, expected_version: int | None = None) -> None:
    """Let a member leave: `on` is the first day without him, on which his holdings and headships end.

    Quotas and credits stay with the positions. Leaving again corrects the day. Raises `InputError` LAST_ADMIN,
    BAD_PERIOD,
    BAD_RANGE (before joining); `NotFound`; `Conflict` STALE.
    """
    refuse_unknown_day(on, "on")
    await transaction.lock(LOCK)
    member = await load_member(transaction, member_id, expected_version)
    if member.joined_on and on <= member.joined_on:
        raise InputError("BAD_RANGE", f"{member.name} joins on {member.joined_on}: leaving comes later", ("on",))
    await _refuse_last_admin(transaction, member, ("id",))
    for kind in (HOLDING, HEADSHIP):
        await end_terms_of_member(transaction, kind, member_id, on)
    await _set_leaving(transaction, member, on)
    transaction.withdraw_access()
    transaction.publish("member.left", id=member_id, on=on)


async def let_return(transaction: Transaction, member_id: int, expected_version: int | None = None) -> None:
    """Take a member's leaving back; what he held and headed is to be given anew.

    Raises `InputError` NOT_LEFT; `NotFound`; `Conflict` STALE.
    """
    await transaction.lock(LOCK)
    member = await load_member(transaction, member_id, expected_version)
    if member.left_on is None:
        raise InputError("NOT_LEFT", f"{member.name} has not left: there is nothing to take back", ("id",))
    await _set_leaving(transaction, member, None)
    transaction.publish("member.returned", id=member_id)


def _checked(row: NewMember, taken: set[str]) -> NewMember:
    name = checked_name(row.name)
    refuse_unknown_day(row.joined_on, "joinedOn")
    _check_role_and_email(row.role, row.email)
    if row.key is not None and checked_key(row.key) in taken:
        raise InputError("KEY_TAKEN", f"another member has the key {row.key!r}: choose another one", ("key",))
    return replace(row, name=name, key=row.key or free_key(name, "member", taken))


def _check_role_and_email(role: str, email: str | None) -> None:
    if role not in ROLES:
        raise InputError("BAD_ROLE", f"{role[:60]!r} is no role: use one of {', '.join(ROLES)}", ("role",))
    if email is not None and (len(email) > 320 or not re.fullmatch(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+", email)):
        raise InputError("BAD_EMAIL", f"{email[:60]!r} is no e-mail address such as ann@example.com", ("email",))


async def _refuse_last_admin(transaction: Transaction, member: StoredMember, path: tuple[str]) -> None:
    """An admin who has yet to join keeps nobody's place: until that day he can do nothing."""
    if member.role != "admin" or member.left_on is not None:
        return
    today = await _today(transaction)
    if member.joined_on and member.joined_on > today:
        return
    other = await transaction.fetch_one(
        "SELECT 1 FROM member WHERE role = 'admin' AND left_on IS NULL AND id <> $1"
        " AND (joined_on IS NULL OR joined_on <= $2) LIMIT 1",
        member.id,
        today,
    )
    if other is None:
        raise InputError(
            "LAST_ADMIN",
            f"{member.name} is the last admin who stays: make another member an admin first, one who has joined",
            path,
        )


async def _today(transaction: Transaction) -> date:
    row = await transaction.fetch_one("SELECT time_zone FROM company WHERE id = $1", transaction.company_id)
    assert row is not None
    return business_date(transaction.now, row["time_zone"])


async def _set_leaving(transaction: Transaction, member: StoredMember, on: date | None) -> None:
    await transaction.execute("UPDATE member SET left_on = $2, version = version + 1 WHERE id = $1", member.id, on)
    transaction.record(
        "member.leave" if on else "member.return",
        "Member",
        member.id,
        before={"left_on": member.left_on},
        after={"left_on": on},
    )


async def _insert(transaction: Transaction, members: Sequence[NewMember]) -> list[int]:
    rows = await transaction.fetch(
        "INSERT INTO member (company_id, key, name, email, role, joined_on, version) SELECT $1, *, 1"
        " FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::date[]) RETURNING id, key",
        transaction.company_id,
        [member.key for member in members],
        [member.name for member in members],
        [member.email for member in members],
        [member.role for member in members],
        [member.joined_on for member in members],
    )
    id_of = {row["key"]: row["id"] for row in rows}
    return [id_of[member.key] for member in members]
