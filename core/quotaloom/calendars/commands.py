"""Entering holidays and made-up days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

from asyncpg import Record

from quotaloom.calendars.periods import known_day
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work

MOST_DAYS = 1000
"""How many days one call may set or remove."""


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day off, or, with `working`, a day that is made up for (调休); `name` is for people."""

    day: date
    name: str
    working: bool = False


async def set_holidays(work: Work, days: Sequence[SpecialDay]) -> None:
    """Enter days off and made-up days; a day that is entered already is replaced. All or none."""
    work.viewer.require(Scope.SETTINGS, "entering holidays")
    _check_count(days)
    _check(days)

    async def apply(transaction: Transaction) -> None:
        await insert_holidays(transaction, days)

    await work.write(apply)


async def insert_holidays(transaction: Transaction, days: Sequence[SpecialDay]) -> None:
    """`set_holidays` inside a transaction of the caller."""
    await transaction.execute(
        "INSERT INTO holiday (company_id, day, name, working) SELECT $1, n.*"
        " FROM unnest($2::date[], $3::text[], $4::bool[]) AS n"
        " ON CONFLICT (company_id, day) DO UPDATE SET name = excluded.name, working = excluded.working",
        transaction.company_id,
        [day.day for day in days],
        [day.name for day in days],
        [day.working for day in days],
    )
    transaction.record("holidays.set", "Company", transaction.company_id, after=[asdict(day) for day in days])
    transaction.publish("calendar.changed")
    transaction.attainment_changed()


async def remove_holidays(work: Work, days: Sequence[date]) -> None:
    """Make days ordinary again; days that are not entered are passed over."""
    work.viewer.require(Scope.SETTINGS, "removing holidays")
    _check_count(days)

    async def apply(transaction: Transaction) -> None:
        rows = await transaction.fetch(
            "DELETE FROM holiday WHERE day = ANY($1::date[]) RETURNING day, name, working", list(days)
        )
        transaction.record("holidays.remove", "Company", transaction.company_id, before=[dict(row) for row in rows])
        transaction.publish("calendar.changed")
        transaction.attainment_changed()

    await work.write(apply)


async def holidays(snapshot: Snapshot, start: date, end: date) -> list[Record]:
    """The days entered from `start` up to, not including, `end`."""
    return await snapshot.fetch(
        "SELECT day, name, working FROM holiday WHERE day >= $1 AND day < $2 ORDER BY day", start, end
    )


def _check_count(days: Sequence[object]) -> None:
    if not days:
        raise InputError("NO_DAYS", "there is nothing to do: send 1 day or more", ("days",))
    if len(days) > MOST_DAYS:
        raise InputError("TOO_MANY_DAYS", f"send 1 to {MOST_DAYS} days at a time, not {len(days)}", ("days",))


def _check(days: Sequence[SpecialDay]) -> None:
    seen: set[date] = set()
    for index, day in enumerate(days):
        try:
            known_day(day.day)
        except InputError as error:
            raise error.at("days", index, "day") from None
        if day.day in seen:
            raise InputError("DUPLICATE_DAY", f"{day.day} is named twice", ("days", index, "day"))
        if not day.name.strip() or len(day.name) > 200:
            raise InputError("BAD_NAME", "a name has 1 to 200 characters", ("days", index, "name"))
        seen.add(day.day)
