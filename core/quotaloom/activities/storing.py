"""Activities as they are stored: entered many at once, and held while one is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import orjson
from asyncpg import Record

from quotaloom.achievements.posting_facts import storable
from quotaloom.activities.facts import ActivityState, Particulars, Subjects
from quotaloom.activities.kinds import ActivityKind
from quotaloom.platform.input_keys import InputKey, key_columns
from quotaloom.platform.unit_of_work import Transaction

_INSERT = """
INSERT INTO activity (company_id, at, actor, version, kind, state, lead_id, customer_id, opportunity_id, deal_review_id,
    member_id, position_id, matter, due_at, due_on, done_at, done_on, place, materials, cost, currency, result,
    request_caller, request_key, request_fingerprint)
SELECT $1, $2, $3, 1, given.* FROM unnest($4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
    $9::bigint[], $10::bigint[], $11::bigint[], $12::text[], $13::timestamptz[], $14::date[], $15::timestamptz[],
    $16::date[], $17::text[], $18::text[]::jsonb[], $19::bigint[], $20::text[], $21::text[], $22::text[], $23::text[],
    $24::text[]) AS given
ON CONFLICT (request_caller, request_key, company_id) DO NOTHING RETURNING id
"""

_CASTS = {"materials": "::text::jsonb"}


@dataclass(frozen=True, slots=True)
class ReadyActivity:
    """An activity of which everything is known; the days are business dates, the instants where they are known."""

    kind: ActivityKind
    state: ActivityState
    subjects: Subjects
    member_id: int
    position_id: int | None
    particulars: Particulars
    due_at: datetime | None = None
    due_on: date | None = None
    done_at: datetime | None = None
    done_on: date | None = None
    review_id: int | None = None
    request_key: InputKey | None = None

    def row(self) -> tuple[Any, ...]:
        """What is stored of it, in the order of the columns."""
        subjects, told = self.subjects, self.particulars
        return (
            *(self.kind.value, self.state.value, subjects.lead_id, subjects.customer_id, subjects.opportunity_id),
            *(self.review_id, self.member_id, self.position_id, told.matter),
            *(self.due_at, self.due_on, self.done_at, self.done_on),
            *(told.place, _json(told.materials), told.cost, told.currency, told.result),
            *key_columns(self.request_key).values(),
        )


@dataclass(frozen=True, slots=True)
class StoredActivity:
    """An activity as it stands, locked until the transaction ends."""

    id: int
    kind: ActivityKind
    state: ActivityState
    subjects: Subjects
    member_id: int
    position_id: int | None
    particulars: Particulars
    due_at: datetime | None
    due_on: date | None
    version: int


async def insert_activities(transaction: Transaction, rows: Sequence[ReadyActivity]) -> list[int]:
    """Enter activities, in one statement; returns their ids, in order, without those whose request is known already."""
    if not rows:
        return []
    stored = await transaction.fetch(
        _INSERT,
        transaction.company_id,
        transaction.now,
        transaction.writer.subject,
        *zip(*(one.row() for one in rows), strict=True),
    )
    return [row["id"] for row in stored]


def tell_planned(transaction: Transaction, activity_id: int, planned: ReadyActivity) -> None:
    """Audit what was planned, and publish it."""
    transaction.record("activity.plan", "Activity", activity_id, after=asdict(planned))
    transaction.publish("activity.planned", id=activity_id)


async def hold_activity(transaction: Transaction, activity_id: int) -> StoredActivity | None:
    """The activity, locked; None where there is none."""
    row = await transaction.fetch_one(
        "SELECT * FROM activity WHERE company_id = $1 AND id = ANY ($2::bigint[]) FOR UPDATE",
        transaction.company_id,
        storable([activity_id]),
    )
    return None if row is None else _stored(row)


def _stored(row: Record) -> StoredActivity:
    materials = tuple(orjson.loads(row["materials"]))
    return StoredActivity(
        id=row["id"],
        kind=ActivityKind(row["kind"]),
        state=ActivityState(row["state"]),
        subjects=Subjects(row["lead_id"], row["customer_id"], row["opportunity_id"]),
        member_id=row["member_id"],
        position_id=row["position_id"],
        particulars=Particulars(row["matter"], row["place"], materials, row["cost"], row["currency"], row["result"]),
        due_at=row["due_at"],
        due_on=row["due_on"],
        version=row["version"],
    )


async def update_activity(transaction: Transaction, activity_id: int, changes: Mapping[str, Any]) -> None:
    """Write columns of an activity that is held."""
    names = ", ".join(f"{name} = ${number}{_CASTS.get(name, '')}" for number, name in enumerate(changes, 3))
    await transaction.execute(
        f"UPDATE activity SET {names}, version = version + 1"  # noqa: S608 (names of columns)
        " WHERE company_id = $1 AND id = $2",
        transaction.company_id,
        activity_id,
        *changes.values(),
    )


def particulars_columns(told: Particulars) -> dict[str, Any]:
    """What is told of an activity, by column."""
    return asdict(told) | {"materials": _json(told.materials)}


def _json(materials: Sequence[str]) -> str:
    return orjson.dumps(list(materials)).decode()
