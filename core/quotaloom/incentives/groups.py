"""Groups of members that rules name, and who is in them from when to when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from asyncpg import Record

from quotaloom.incentives.days import refuse_used_day
from quotaloom.metrics.commands import check_key, key_taken, refuse_stale
from quotaloom.organizations.naming import checked_name
from quotaloom.organizations.spans import refuse_unknown_day
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work

MOST_MEMBERS: Final = 1000
"""How many members one call may add to a group or take out of it."""


async def create_group(work: Work, key: str, name: str) -> int:
    """Make a group without anybody in it; returns its id. Raises `InputError` BAD_KEY, KEY_TAKEN, BAD_NAME."""
    work.viewer.require(Scope.INCENTIVES, "making a group of members")
    check_key(key)
    name = checked_name(name)

    async def apply(transaction: Transaction) -> int:
        row = await transaction.fetch_one(
            "INSERT INTO member_group (company_id, key, name, closed, version) VALUES ($1, $2, $3, false, 1)"
            " ON CONFLICT (key, company_id) DO NOTHING RETURNING id",
            transaction.company_id,
            key,
            name,
        )
        if row is None:
            raise key_taken("group", key)
        group_id: int = row["id"]
        transaction.record("member_group.create", "MemberGroup", group_id, after={"key": key, "name": name})
        transaction.publish("member_group.created", id=group_id)
        return group_id

    return await work.write(apply)


async def update_group(
    work: Work,
    group_id: int,
    *,
    name: str | None = None,
    closed: bool | None = None,
    expected_version: int | None = None,
) -> None:
    """Rename a group, close it or open it again; a closed one keeps whom it has and takes nobody in.

    Raises `NotFound`, `Conflict` STALE, `InputError` BAD_NAME.
    """
    work.viewer.require(Scope.INCENTIVES, "changing a group of members")
    name = None if name is None else checked_name(name)

    async def apply(transaction: Transaction) -> None:
        before = await _hold(transaction, group_id, "id")
        refuse_stale("group", before["version"], expected_version)
        after = {
            "name": before["name"] if name is None else name,
            "closed": before["closed"] if closed is None else closed,
        }
        if after == {"name": before["name"], "closed": before["closed"]}:
            return
        await transaction.execute(
            "UPDATE member_group SET name = $2, closed = $3, version = version + 1 WHERE id = $1",
            group_id,
            after["name"],
            after["closed"],
        )
        told = {"name": before["name"], "closed": before["closed"]}
        transaction.record("member_group.update", "MemberGroup", group_id, before=told, after=after)
        transaction.publish("member_group.updated", id=group_id)

    await work.write(apply)


async def add_to_group(
    work: Work, group_id: int, member_ids: Sequence[int], valid_from: date | None = None, valid_to: date | None = None
) -> None:
    """Take members into a group on [valid_from, valid_to), from today on where no day is named.

    Raises `NotFound` for the group and for a member, with his place; `InputError` GROUP_CLOSED, BAD_RANGE, BAD_PERIOD,
    TOO_MANY, OVERLAP for one who is in it on such a day already, PAST_DAY for days that a paid run has used.
    """
    work.viewer.require(Scope.INCENTIVES, "taking members into a group")
    _check_number(member_ids)
    refuse_unknown_day(valid_from, "validFrom")
    refuse_unknown_day(valid_to, "validTo")
    start = valid_from or work.today
    if valid_to is not None and valid_to <= start:
        raise InputError("BAD_RANGE", f"a range from {start} must end later than {valid_to}", ("validTo",))

    async def apply(transaction: Transaction) -> None:
        group = await _hold(transaction, group_id, "groupId")
        if group["closed"]:
            raise InputError("GROUP_CLOSED", f"{group['name']} is closed: open it again first", ("groupId",))
        await refuse_used_day(transaction, start, "validFrom")
        await _require_members(transaction, member_ids)
        await _refuse_overlap(transaction, group, member_ids, start, valid_to)
        await transaction.execute(
            "INSERT INTO group_membership (company_id, group_id, member_id, valid_from, valid_to)"
            " SELECT $1, $2, member_id, $4, $5 FROM unnest($3::bigint[]) AS member_id",
            transaction.company_id,
            group_id,
            list(member_ids),
            start,
            valid_to,
        )
        after = {"members": list(member_ids), "valid_from": start, "valid_to": valid_to}
        transaction.record("member_group.add", "MemberGroup", group_id, after=after)
        transaction.publish("member_group.members_changed", id=group_id)

    await work.write(apply)


async def remove_from_group(work: Work, group_id: int, member_ids: Sequence[int], on: date | None = None) -> None:
    """Let members be out of a group from `on` on (today where no day is named); who would join later does not.

    Raises `NotFound` for the group, `InputError` NOT_IN_GROUP with the place of the member, PAST_DAY, TOO_MANY.
    """
    work.viewer.require(Scope.INCENTIVES, "taking members out of a group")
    _check_number(member_ids)
    refuse_unknown_day(on, "on")
    day = on or work.today

    async def apply(transaction: Transaction) -> None:
        group = await _hold(transaction, group_id, "groupId")
        await refuse_used_day(transaction, day, "on")
        rows = await transaction.fetch(
            "SELECT id, member_id, valid_from, valid_to FROM group_membership WHERE group_id = $1"
            " AND member_id = ANY ($2::bigint[]) AND (valid_to IS NULL OR valid_to > $3)",
            group_id,
            list(member_ids),
            day,
        )
        there = {row["member_id"] for row in rows}
        for place, member_id in enumerate(member_ids):
            if member_id not in there:
                message = f"this member is not in {group['name']} on {day} or later"
                raise InputError("NOT_IN_GROUP", message, ("memberIds", place))
        later = [row["id"] for row in rows if row["valid_from"] >= day]
        await transaction.execute("DELETE FROM group_membership WHERE id = ANY ($1::bigint[])", later)
        ended = [row["id"] for row in rows if row["valid_from"] < day]
        await transaction.execute("UPDATE group_membership SET valid_to = $2 WHERE id = ANY ($1::bigint[])", ended, day)
        before = [dict(row) for row in rows]
        transaction.record("member_group.remove", "MemberGroup", group_id, before=before, after={"on": day})
        transaction.publish("member_group.members_changed", id=group_id)

    await work.write(apply)


async def groups_by_id(snapshot: Snapshot, ids: Sequence[int] | None = None) -> list[Record]:
    """Groups by number, or all of them, by key."""
    return await snapshot.fetch(
        "SELECT id, key, name, closed, version FROM member_group WHERE $1::bigint[] IS NULL OR id = ANY ($1)"
        " ORDER BY key",
        None if ids is None else list(ids),
    )


async def memberships_of(snapshot: Snapshot, group_ids: Sequence[int], on: date) -> list[Record]:
    """Who is in each group on a day, by name."""
    return await snapshot.fetch(
        "SELECT own.group_id, own.member_id, own.valid_from, own.valid_to FROM group_membership AS own"
        " JOIN member ON member.company_id = own.company_id AND member.id = own.member_id"
        " WHERE own.group_id = ANY ($1::bigint[]) AND daterange(own.valid_from, own.valid_to) @> $2::date"
        " ORDER BY own.group_id, member.name, member.id",
        list(group_ids),
        on,
    )


async def _hold(transaction: Transaction, group_id: int, place: str) -> Record:
    row = await transaction.fetch_one("SELECT * FROM member_group WHERE id = $1 FOR UPDATE", group_id)
    if row is None:
        raise NotFound("NOT_FOUND", "there is no such group", (place,))
    return row


def _check_number(member_ids: Sequence[int]) -> None:
    if not 1 <= len(set(member_ids)) == len(member_ids) <= MOST_MEMBERS:
        message = f"name 1 to {MOST_MEMBERS} members, each once"
        raise InputError("TOO_MANY" if len(member_ids) > MOST_MEMBERS else "BAD_MEMBERS", message, ("memberIds",))


async def _require_members(transaction: Transaction, member_ids: Sequence[int]) -> None:
    rows = await transaction.fetch("SELECT id FROM member WHERE id = ANY ($1::bigint[])", list(member_ids))
    known = {row["id"] for row in rows}
    for place, member_id in enumerate(member_ids):
        if member_id not in known:
            raise NotFound("NOT_FOUND", "there is no member with this id", ("memberIds", place))


async def _refuse_overlap(
    transaction: Transaction, group: Record, member_ids: Sequence[int], start: date, end: date | None
) -> None:
    row = await transaction.fetch_one(
        "SELECT member_id, valid_from FROM group_membership WHERE group_id = $1 AND member_id = ANY ($2::bigint[])"
        " AND daterange(valid_from, valid_to) && daterange($3, $4) ORDER BY array_position($2, member_id) LIMIT 1",
        group["id"],
        list(member_ids),
        start,
        end,
    )
    if row is not None:
        message = f"this member is in {group['name']} from {row['valid_from']} on already"
        raise InputError("OVERLAP", message, ("memberIds", list(member_ids).index(row["member_id"])))
