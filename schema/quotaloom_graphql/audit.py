"""The audit log of a company, for its admins."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import orjson
import strawberry
from strawberry.scalars import JSON

from quotaloom.calendars.periods import known_day
from quotaloom.platform.audit import MOST_COUNTED, AuditQuestion, Place, audit_count, audit_page
from quotaloom.platform.errors import InputError
from quotaloom_graphql.connections import After, Connection, First, window
from quotaloom_graphql.context import Info
from quotaloom_graphql.nodes import encode_id, optional_id, split_id
from quotaloom_graphql.organization_loaders import load_members
from quotaloom_graphql.organizations import Member
from quotaloom_graphql.roots import root_field
from strawberry_breadth import batch, column

TYPE: Final = "AuditEntry"

CALLED: Final = {"Submission": "TargetSubmission", "Job": "FailedJob"}
"""What the log calls differently from the graph."""

_IN_THE_LOG: Final = {graph: log for log, graph in CALLED.items()}

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@strawberry.type(description="Something that was written, or access that was refused. It never changes.")
class AuditEntry:
    """An entry."""

    id: strawberry.ID = column(lambda number: encode_id(TYPE, number), of="id", description="Its own, and for good.")
    at: datetime = strawberry.field(description="When.")
    actor: str = strawberry.field(description="Who: the subject of his token, or what wrote by itself.")
    member: Member | None = batch(
        load_members, key="actor_member_id", by="id", one=True, description="Who, where he is a member."
    )
    credential: str | None = strawberry.field(
        description="By which token or key he came: enough to tell it, and not to use it."
    )
    action: str = strawberry.field(
        description="What was done, such as `member.create`; `access.refused` where nothing."
    )
    object_type: str = strawberry.field(description="The type of what it was done to.")
    object_id: strawberry.ID | None = strawberry.field(
        description="Its id, which `node(id:)` takes where it is a type of the graph."
    )
    before: JSON | None = strawberry.field(description="The values before, as far as they changed.")
    after: JSON | None = strawberry.field(
        description="The values after. Of refused access: `at` which field or path, `as` what the client called it "
        "where that is another, the `code`, and how many `times`; of what was only counted how many in which `fields`."
    )
    reason: str | None = strawberry.field(description="Why, where a reason was given; or why access was refused.")


async def _audit_log(
    info: Info,
    first: First = 50,
    after: After = None,
    actions: Annotated[
        list[str] | None, strawberry.argument(description="Of these actions, such as `access.refused`.")
    ] = None,
    object_type: Annotated[str | None, strawberry.argument(description="On objects of this type.")] = None,
    object: Annotated[strawberry.ID | None, strawberry.argument(description="On this object.")] = None,
    actor: Annotated[str | None, strawberry.argument(description="By whoever is called exactly so.")] = None,
    member_id: Annotated[strawberry.ID | None, strawberry.argument(description="By this member.")] = None,
    credential: Annotated[str | None, strawberry.argument(description="By this token or key.")] = None,
    since: Annotated[date | None, strawberry.argument(description="On this day, or later.")] = None,
    through: Annotated[date | None, strawberry.argument(description="On this day, or earlier.")] = None,
) -> dict[str, Any]:
    work = await info.context.work()
    work.viewer.require_admin("reading the audit log")
    _, first = window(first, None)
    zone, start = ZoneInfo(work.company.time_zone), _place_after(after)
    on_type, on_number = _object_of(object, object_type)
    asked = AuditQuestion(
        actions=None if actions is None else tuple(actions),
        object_type=on_type,
        object_id=on_number,
        actor=actor,
        member_id=optional_id(member_id, "Member", ("memberId",)),
        credential=credential,
        since=_beginning(since, zone, "since"),
        before=_beginning(through, zone, "through", timedelta(days=1)),
    )
    rows = await audit_page(info.context.snapshot, asked, first, start)
    total = await audit_count(info.context.snapshot, asked)
    shown = [_shown(row) for row in rows[:first]]
    cursors = [_cursor(row["at"], row["id"]) for row in shown]
    return {
        "edges": [{"node": row, "cursor": cursor} for row, cursor in zip(shown, cursors, strict=True)],
        "nodes": shown,
        "page_info": {
            "has_next_page": len(rows) > first,
            "has_previous_page": start is not None,
            "start_cursor": cursors[0] if cursors else None,
            "end_cursor": cursors[-1] if cursors else None,
        },
        "total_count": total,
    }


def _shown(row: Any) -> dict[str, Any]:
    number, kind = row["object_id"], CALLED.get(row["object_type"], row["object_type"])
    found = {
        **row,
        "object_type": kind,
        "object_id": None if number is None else encode_id(kind, number),
    }
    for name in ("before", "after"):
        found[name] = None if row[name] is None else orjson.loads(row[name])
    return found


def _object_of(object: str | None, object_type: str | None) -> tuple[str | None, int | None]:
    """Type, as the log calls it, and number of the objects that are asked for; what contradicts itself is nothing."""
    if object is None:
        return (None if object_type is None else _IN_THE_LOG.get(object_type, object_type)), None
    try:
        named, number = split_id(object)
    except InputError as error:
        raise error.at("object") from None
    if object_type not in {None, named}:
        raise InputError("BAD_OBJECT", f"the object is of the type {named}, not {object_type}", ("objectType",))
    return _IN_THE_LOG.get(named, named), number


def _beginning(day: date | None, zone: ZoneInfo, place: str, later: timedelta = timedelta(0)) -> datetime | None:
    """The moment at which a day begins by the company's clock, or the day so much later."""
    if day is None:
        return None
    try:
        return datetime.combine(known_day(day) + later, time(), zone)
    except InputError as error:
        raise error.at(place) from None


def _cursor(at: datetime, number: int) -> str:
    return b64encode(f"audit:{(at - _EPOCH) // timedelta(microseconds=1)}:{number}".encode()).decode()


def _place_after(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    try:
        kind, moment, number = b64decode(cursor, validate=True).decode().split(":")
        if kind == "audit" and all(part.isascii() and part.isdigit() and len(part) < 19 for part in (moment, number)):
            return _EPOCH + timedelta(microseconds=int(moment)), int(number)
    except (NotBase64, ValueError, OverflowError):
        pass
    raise InputError("BAD_CURSOR", f"{cursor[:60]!r} is no cursor of this list; use pageInfo.endCursor", ("after",))


@strawberry.type
class AuditQuery:
    """Root fields."""

    audit_log: Connection[AuditEntry] = root_field(
        _audit_log,
        weight=20_000,
        description="Everything that was written in your company, and all access that was refused, the latest first;"
        f" admins only. `totalCount` counts {MOST_COUNTED:,} at the most.",
    )
