"""When members are away and when they work: what decides whether records are handed out to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Final

from asyncpg import Record

from quotaloom.calendars.periods import known_day
from quotaloom.ownership.permission import worked_positions
from quotaloom.platform.access import Role, Scope, Viewer
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.texts import checked_reason
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.pool.permission import require_mover

MOST_HOURS: Final = 50
"""How many spans of working hours a member may have in a week."""

_ABSENCE = "SELECT id, member_id, valid_from, valid_to, reason FROM absence WHERE company_id = $1 AND"


@dataclass(frozen=True, slots=True)
class WorkingSpan:
    """Working hours of an ISO weekday (1 is Monday), by the company's clock; `ends_at` None is midnight."""

    weekday: int
    starts_at: time
    ends_at: time | None

    @property
    def minutes(self) -> tuple[int, int]:
        """From which minute of the day to which."""
        start = self.starts_at.hour * 60 + self.starts_at.minute
        return start, 1440 if self.ends_at is None else self.ends_at.hour * 60 + self.ends_at.minute

    @staticmethod
    def of(weekday: int, from_minute: int, to_minute: int) -> WorkingSpan:
        """From what is stored."""
        end = None if to_minute == 1440 else time(to_minute // 60, to_minute % 60)
        return WorkingSpan(weekday, time(from_minute // 60, from_minute % 60), end)


async def note_absence(work: Work, member_id: int, valid_from: date, valid_to: date, reason: str | None) -> int:
    """Note that a member is away on the days [valid_from, valid_to); returns the absence's id.

    Himself, whoever heads a position that he holds, admins, services with `pool:write`. Raises `NotFound`, `InputError`
    BAD_PERIOD and OVERLAP.
    """
    for name, day in (("validFrom", valid_from), ("validTo", valid_to)):
        try:
            known_day(day)
        except InputError as error:
            raise error.at(name) from None
    if valid_from >= valid_to:
        raise InputError(
            "BAD_PERIOD", f"{valid_to} is not after {valid_from}: an absence has a day at least", ("validTo",)
        )
    reason = checked_reason(reason)

    async def apply(transaction: Transaction) -> int:
        await require_schedule_right(transaction, work, member_id)
        await transaction.lock(f"absences:{member_id}")
        other = await transaction.fetch_one(
            f"{_ABSENCE} member_id = $2 AND daterange(valid_from, valid_to) && daterange($3, $4) LIMIT 1",
            transaction.company_id,
            member_id,
            valid_from,
            valid_to,
        )
        if other is not None:
            message = f"away from {other['valid_from']} to {other['valid_to']} already: end that absence first"
            raise InputError("OVERLAP", message, ("validFrom",))
        row = await transaction.fetch_one(
            "INSERT INTO absence (company_id, member_id, valid_from, valid_to, reason) VALUES ($1, $2, $3, $4, $5)"
            " RETURNING id",
            transaction.company_id,
            member_id,
            valid_from,
            valid_to,
            reason,
        )
        assert row is not None
        after = {"from": valid_from, "to": valid_to}
        transaction.record("absence.note", "Member", member_id, after=after, reason=reason)
        transaction.publish("member.absence_noted", id=member_id)
        return int(row["id"])

    return await work.write(apply)


async def end_absence(work: Work, absence_id: int, on: date) -> int:
    """Let an absence end before `on`, the day on which the member is back; returns the member's id.

    One that had not begun by then is gone. Rights as for `note_absence`. Raises `NotFound`, `InputError` BAD_PERIOD
    where it ends before that day anyway.
    """

    require_mover(work.viewer, "changing a schedule")

    async def apply(transaction: Transaction) -> int:
        row = await transaction.fetch_one(f"{_ABSENCE} id = $2 FOR UPDATE", transaction.company_id, absence_id)
        # Of one that there is not as much is asked as of one that is somebody else's: neither is told from the other.
        whose = [] if row is None else [row["member_id"]]
        theirs = await scheduled_by(transaction, work.viewer, work.today, whose)
        if row is None or not theirs:
            raise NotFound("NOT_FOUND", "there is no such absence that you can change", ("absenceId",))
        if on >= row["valid_to"]:
            raise InputError("BAD_PERIOD", f"it ends before {row['valid_to']} anyway", ("on",))
        if on <= row["valid_from"]:
            await transaction.execute(
                "DELETE FROM absence WHERE company_id = $1 AND id = $2", transaction.company_id, absence_id
            )
        else:
            await transaction.execute(
                "UPDATE absence SET valid_to = $3 WHERE company_id = $1 AND id = $2",
                transaction.company_id,
                absence_id,
                on,
            )
        before = {"from": row["valid_from"], "to": row["valid_to"]}
        transaction.record("absence.end", "Member", row["member_id"], before=before, after={"to": on})
        transaction.publish("member.absence_ended", id=row["member_id"])
        return int(row["member_id"])

    return await work.write(apply)


async def set_working_hours(work: Work, member_id: int, hours: Sequence[WorkingSpan]) -> None:
    """Set when a member works in a week; none at all makes it the company's working days again.

    Rights as for `note_absence`. Raises `NotFound`, `InputError` BAD_WEEKDAY, BAD_HOURS, OVERLAP and TOO_MANY_HOURS.
    """
    _check_hours(hours)

    async def apply(transaction: Transaction) -> None:
        await require_schedule_right(transaction, work, member_id)
        await transaction.lock(f"hours:{member_id}")
        before = await working_hours_of(transaction, [member_id])
        await transaction.execute(
            "DELETE FROM working_hours WHERE company_id = $1 AND member_id = $2", transaction.company_id, member_id
        )
        rows = [(span.weekday, *span.minutes) for span in hours]
        if rows:
            await transaction.execute(
                "INSERT INTO working_hours (company_id, member_id, weekday, from_minute, to_minute)"
                " SELECT $1, $2, given.* FROM unnest($3::smallint[], $4::smallint[], $5::smallint[]) AS given",
                transaction.company_id,
                member_id,
                *map(list, zip(*rows, strict=True)),
            )
        was = [(row["weekday"], row["from_minute"], row["to_minute"]) for row in before]
        transaction.record("working_hours.set", "Member", member_id, before=was, after=rows)
        transaction.publish("member.hours_set", id=member_id)

    await work.write(apply)


def _check_hours(hours: Sequence[WorkingSpan]) -> None:
    if len(hours) > MOST_HOURS:
        raise InputError("TOO_MANY_HOURS", f"a week has at most {MOST_HOURS} spans of working hours", ("hours",))
    for number, span in enumerate(hours):
        start, end = span.minutes
        if not 1 <= span.weekday <= 7:
            raise InputError("BAD_WEEKDAY", "a weekday is 1 (Monday) to 7 (Sunday)", ("hours", number, "weekday"))
        for name, moment in (("startsAt", span.starts_at), ("endsAt", span.ends_at)):
            if moment is not None and (moment.second or moment.microsecond or moment.tzinfo is not None):
                message = "hours are whole minutes by the company's clock, without a time zone"
                raise InputError("BAD_HOURS", message, ("hours", number, name))
        if start >= end:
            raise InputError("BAD_HOURS", "working hours end after they start", ("hours", number, "endsAt"))
        for other in hours[:number]:
            first, last = other.minutes
            if other.weekday == span.weekday and first < end and start < last:
                raise InputError("OVERLAP", "two spans of that day overlap", ("hours", number, "startsAt"))


async def require_schedule_right(transaction: Transaction, work: Work, member_id: int) -> None:
    """Raise unless the viewer may say when a member is there: himself, who heads him, admins, `pool:write`."""
    require_mover(work.viewer, "changing a schedule")
    if member_id not in await scheduled_by(transaction, work.viewer, work.today, [member_id]):
        raise NotFound("NOT_FOUND", "there is no such member whose schedule is yours to change", ("memberId",))


async def scheduled_by(
    reader: Snapshot | Transaction, viewer: Viewer, today: date, member_ids: Sequence[int]
) -> set[int]:
    """Those of the members whose schedule the viewer may change, in two statements at most."""
    if viewer.may(Scope.POOL):
        rows = await reader.fetch(
            "SELECT id FROM member WHERE company_id = $1 AND id = ANY ($2::bigint[])",
            reader.company_id,
            list(member_ids),
        )
        return {row["id"] for row in rows}
    if viewer.member_id is None or viewer.role is Role.SERVICE:
        return set()
    rows = await reader.fetch(
        "SELECT DISTINCT member_id FROM holding WHERE company_id = $1 AND member_id = ANY ($2::bigint[])"
        " AND position_id = ANY ($3::bigint[]) AND daterange(valid_from, valid_to) @> $4::date",
        reader.company_id,
        list(member_ids),
        list(await worked_positions(reader, viewer, today) or ()),
        today,
    )
    return {row["member_id"] for row in rows} | ({viewer.member_id} & set(member_ids))


async def absences_of(source: Snapshot | Transaction, member_ids: Sequence[int], today: date) -> list[Record]:
    """Present and future absences of members, the earliest first."""
    return await source.fetch(
        f"{_ABSENCE} member_id = ANY ($2::bigint[]) AND valid_to > $3 ORDER BY member_id, valid_from",
        source.company_id,
        list(member_ids),
        today,
    )


async def working_hours_of(source: Snapshot | Transaction, member_ids: Sequence[int]) -> list[Record]:
    """The working hours that are noted of members, in the order of the week."""
    return await source.fetch(
        "SELECT member_id, weekday, from_minute, to_minute FROM working_hours"
        " WHERE company_id = $1 AND member_id = ANY ($2::bigint[]) ORDER BY member_id, weekday, from_minute",
        source.company_id,
        list(member_ids),
    )
