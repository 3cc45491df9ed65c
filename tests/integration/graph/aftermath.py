"""What a company's members were told, its jobs that failed, and the keys that it gave away."""

from __future__ import annotations

from typing import Any

from quotaloom.credentials.keys import create_key
from quotaloom.credentials.links import link_member
from quotaloom.notifications.telling import Note, notify
from quotaloom.platform.jobs.queue import COMPANY
from quotaloom.platform.work import Work
from tests.integration.funnels.floors import Floor
from tests.integration.graph.asking import gid

_FAILED = (
    "INSERT INTO quotaloom_jobs.job (priority, status, entrypoint, attempts, payload, headers)"
    " VALUES (0, 'failed', $1, 7, '{}', jsonb_build_object($2::text, $3::bigint)) RETURNING id"
)


def assigned(member_id: int, record: str = "Globex", **values: Any) -> Note:
    """That a record was handed to a member by Hal."""
    return Note(member_id, "pool.assigned", {"record": record, "by": "Hal"}, **values)


async def tell(work: Work, *notes: Note) -> int:
    """Notify members; how many notes were new."""
    return await work.write(lambda transaction: notify(transaction, notes))


async def fail(work: Work, name: str) -> int:
    """A job of the company that failed eight times; its number."""

    async def apply(transaction: Any) -> int:
        row = await transaction.fetch_one(_FAILED, name, COMPANY, work.company.id)
        number: int = row["id"]
        return number

    return await work.write(apply)


async def aftermath(floor: Floor) -> dict[str, str]:
    """Ids of a notification of Ann's and of her link to a sign-in, of two failed jobs, and of a key."""
    ann = floor.members["ann"]
    await tell(floor.work, assigned(ann))
    async with floor.work.snapshot() as snapshot:
        row = await snapshot.fetch_one("SELECT id FROM notification WHERE member_id = $1", ann)
    assert row is not None
    key_id, _ = await create_key(floor.work, "Tests", ["graph:read"], None)
    link_id = await link_member(floor.work, ann, "https://login.example.com", "linked")
    return {
        "link": gid("MemberLink", link_id),
        "key": gid("ApiKey", key_id),
        "notification": gid("Notification", row["id"]),
        "failed job": gid("FailedJob", await fail(floor.work, "note")),
        "hopeless job": gid("FailedJob", await fail(floor.work, "note")),
    }
