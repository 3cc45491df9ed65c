"""Reading the audit log: what was written, and what was refused, the latest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from quotaloom.platform.unit_of_work import Record, Snapshot

Place = tuple[datetime, int]
"""Where an entry stands: the log is ordered by moment and number, and nothing in it ever changes its place."""

MOST_COUNTED: Final = 10_000
"""How many entries are counted; years of them would take seconds."""

_COLUMNS: Final = (
    "id, at, actor, actor_member_id, credential, action, object_type, object_id, before::text, after::text, reason"
)

# Each condition is left out where nothing is asked for: only so does the order of the index serve.
_CONDITIONS: Final = {
    "actions": "action = ANY({}::text[])",
    "object_type": "object_type = {}",
    "object_id": "object_id = {}",
    "actor": "actor = {}",
    "member_id": "actor_member_id = {}",
    "credential": "credential = {}",
    "since": "at >= {}",
    "before": "at < {}",
}


@dataclass(frozen=True, slots=True)
class AuditQuestion:
    """Which entries are wanted: those that fit everything that is given. From `since` on, and before `before`."""

    actions: tuple[str, ...] | None = None
    object_type: str | None = None
    object_id: int | None = None
    actor: str | None = None
    member_id: int | None = None
    credential: str | None = None
    since: datetime | None = None
    before: datetime | None = None


async def audit_page(snapshot: Snapshot, asked: AuditQuestion, first: int, after: Place | None) -> list[Record]:
    """The entries that follow `after`, the latest first: one more than `first` where there are more."""
    where, arguments = _where(asked)
    if after is not None:
        where.append(f"(at, id) < (${len(arguments) + 1}::timestamptz, ${len(arguments) + 2}::bigint)")
        arguments += after
    return await snapshot.fetch(
        f"SELECT {_COLUMNS} FROM audit_entry WHERE {' AND '.join(where)}"  # noqa: S608 (constants)
        f" ORDER BY at DESC, id DESC LIMIT {first + 1}",
        *arguments,
    )


async def audit_count(snapshot: Snapshot, asked: AuditQuestion, most: int = MOST_COUNTED) -> int:
    """How many entries there are on all pages together, `most` where there are more: the log has no end."""
    where, arguments = _where(asked)
    found = f"SELECT FROM audit_entry WHERE {' AND '.join(where)} LIMIT {most}"
    sql = f"SELECT count(*) AS number FROM ({found}) AS found"  # noqa: S608 (constants)
    row = await snapshot.fetch_one(sql, *arguments)
    return 0 if row is None else row["number"]


def _where(asked: AuditQuestion) -> tuple[list[str], list[Any]]:
    where, arguments = ["true"], []
    for name, condition in _CONDITIONS.items():
        wanted = getattr(asked, name)
        if wanted is not None:
            arguments.append(wanted)
            where.append(condition.format(f"${len(arguments)}"))
    return where, arguments
