"""Marking notifications as read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from quotaloom.platform.access import Viewer
from quotaloom.platform.errors import AccessDenied, InputError, NotFound
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

MOST_MARKED: Final = 500
"""How many notifications one request may name."""


def require_member(viewer: Viewer) -> int:
    """The number of the member who asks; raises `AccessDenied` for those who are none."""
    if viewer.member_id is None:
        raise AccessDenied("notifications are a member's own; a token of a member is needed")
    return viewer.member_id


async def mark_read(work: Work, ids: Sequence[int] | None) -> int:
    """Mark notifications of the viewer as read, or all that he has; returns how many are left unread.

    Raises `AccessDenied` for who is no member, `InputError` TOO_MANY_NOTIFICATIONS, and `NotFound` NOT_FOUND for what
    is no notification of his, and then none is marked. One entry of the audit log tells of all that were.
    """
    member_id = require_member(work.viewer)
    if ids is not None and len(ids) > MOST_MARKED:
        message = f"name at most {MOST_MARKED} notifications at a time, not {len(ids)}"
        raise InputError("TOO_MANY_NOTIFICATIONS", message, ("ids",))

    async def apply(transaction: Transaction) -> int:
        if ids is not None:
            await _require_own(transaction, member_id, ids)
        tag = await transaction.execute(
            "UPDATE notification SET read_at = $1 WHERE member_id = $2 AND read_at IS NULL"
            " AND ($3::bigint[] IS NULL OR id = ANY($3))",
            transaction.now,
            member_id,
            None if ids is None else list(ids),
        )
        marked = int(tag.removeprefix("UPDATE "))
        if marked:
            after = {"count": marked, "ids": None if ids is None else list(ids)}
            transaction.record("notification.read", "Member", member_id, after=after)
        return await _unread(transaction, member_id)

    return await work.write(apply)


async def _unread(transaction: Transaction, member_id: int) -> int:
    row = await transaction.fetch_one(
        "SELECT count(*) AS number FROM notification WHERE member_id = $1 AND read_at IS NULL", member_id
    )
    return row["number"] if row is not None else 0


async def _require_own(transaction: Transaction, member_id: int, ids: Sequence[int]) -> None:
    rows = await transaction.fetch(
        "SELECT id FROM notification WHERE member_id = $1 AND id = ANY($2::bigint[])", member_id, list(ids)
    )
    own = {row["id"] for row in rows}
    for index, number in enumerate(ids):
        if number not in own:
            raise NotFound("NOT_FOUND", "there is no such notification of yours", ("ids", index))
