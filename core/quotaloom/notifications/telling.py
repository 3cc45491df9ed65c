"""Telling members something, in the transaction in which it happens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from quotaloom.notifications.topics import TOPICS
from quotaloom.platform.unit_of_work import Record, Transaction

CHANNEL: Final = "quotaloom_notifications"
"""The PostgreSQL channel on which every commit that told members something notifies all serving processes."""

LONGEST_ONCE: Final = 200
"""How many characters `Note.once` may have."""

_TOLD_TOGETHER = 180
"""Notes of one PostgreSQL notification, whose payload has fewer than 8000 bytes."""

_STORE = """
INSERT INTO notification (company_id, member_id, at, topic, subject_type, subject_id, details, once)
SELECT $1, note.member_id, $2, note.topic, note.subject_type, note.subject_id, note.details::jsonb, note.once
FROM unnest($3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[])
    AS note (member_id, topic, subject_type, subject_id, details, once)
ON CONFLICT (member_id, once, company_id) DO NOTHING
RETURNING id, member_id
"""


@dataclass(frozen=True, slots=True)
class Note:
    """What one member is told: a topic with its details, and what it is about.

    `subject_id` is the number of an object of the graph's type `subject_type`, such as `Opportunity`. What has been
    told under the same `once` to the same member is not told again.
    """

    member_id: int
    topic: str
    details: Mapping[str, Any]
    subject_type: str | None = None
    subject_id: int | None = None
    once: str | None = None

    def __post_init__(self) -> None:
        if set(self.details) != TOPICS[self.topic].details:
            raise ValueError(f"{self.topic} takes {', '.join(sorted(TOPICS[self.topic].details))}")
        if self.once is not None and len(self.once) > LONGEST_ONCE:
            raise ValueError(f"`once` has at most {LONGEST_ONCE} characters")


async def notify(transaction: Transaction, notes: Sequence[Note]) -> int:
    """Store notes with one statement, and tell those who listen after the commit; how many were new."""
    if not notes:
        return 0
    stored = await transaction.fetch(
        _STORE,
        transaction.company_id,
        transaction.now,
        [note.member_id for note in notes],
        [note.topic for note in notes],
        [note.subject_type for note in notes],
        [note.subject_id for note in notes],
        [orjson.dumps(dict(note.details)).decode() for note in notes],
        [note.once for note in notes],
    )
    if stored:
        payloads = list(_payloads(transaction.company_id, stored))
        await transaction.execute("SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload", CHANNEL, payloads)
    return len(stored)


def record_reminders(transaction: Transaction, topics: Iterable[str], told: int) -> None:
    """Tell the audit log of `told` notes that a job alone has brought about: there is no other entry of them."""
    if told:
        after = {"topics": sorted(set(topics)), "told": told}
        transaction.record("notification.remind", "Notification", None, after=after)


def read_payload(payload: str) -> tuple[int, list[tuple[int, int]]]:
    """The company of a notification, and member and number of each note; raises `ValueError` for what is none."""
    company_id, notes = orjson.loads(payload)
    return company_id, [(member_id, number) for member_id, number in notes]


def _payloads(company_id: int, stored: Sequence[Record]) -> Iterator[str]:
    for start in range(0, len(stored), _TOLD_TOGETHER):
        notes = [[row["member_id"], row["id"]] for row in stored[start : start + _TOLD_TOGETHER]]
        yield orjson.dumps([company_id, notes]).decode()
