"""What a member was told: his own notifications, and nobody else's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from quotaloom.notifications.topics import TOPICS
from quotaloom.platform.unit_of_work import Record, Snapshot

_COLUMNS = "id, at, topic, subject_type, subject_id, details, read_at"

_PAGE = f"""
SELECT {_COLUMNS} FROM notification WHERE member_id = $1 AND (read_at IS NULL OR NOT $2)
ORDER BY at DESC, id DESC LIMIT $3 OFFSET $4
"""  # noqa: S608 (constants)

_COUNTS = """
SELECT count(*) AS told, count(*) FILTER (WHERE read_at IS NULL) AS unread FROM notification WHERE member_id = $1
"""

_NAMED = f"SELECT {_COLUMNS} FROM notification WHERE member_id = $1 AND id = ANY($2::bigint[]) ORDER BY at, id"  # noqa: S608 (constants)


async def page_of_notifications(
    snapshot: Snapshot, member_id: int, *, unread_only: bool, limit: int, offset: int = 0
) -> list[dict[str, Any]]:
    """Notifications of a member, the latest first, each with its `text` and `details` as a JSON object."""
    return [_told(row) for row in await snapshot.fetch(_PAGE, member_id, unread_only, limit, offset)]


async def notification_counts(snapshot: Snapshot, member_id: int) -> tuple[int, int]:
    """How many notifications a member has, and how many of them he has not read."""
    row = await snapshot.fetch_one(_COUNTS, member_id)
    return (row["told"], row["unread"]) if row is not None else (0, 0)


async def notifications_named(snapshot: Snapshot, member_id: int, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Those of the notifications that are the member's, the earliest first."""
    return [_told(row) for row in await snapshot.fetch(_NAMED, member_id, list(ids))]


def _told(row: Record) -> dict[str, Any]:
    details = orjson.loads(row["details"])
    return {**row, "details": details, "text": TOPICS[row["topic"]].told(details)}
