"""What a quarter of an objective or of a plan is about."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from asyncpg import Record

from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.calendars.periods import Grain
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import Conflict, InputError, NotFound
from quotaloom.platform.texts import checked_text
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work


class Focused(StrEnum):
    """What may have a focus in each of its quarters."""

    PLAN = "plan"
    OBJECTIVE = "objective"


async def set_focus(
    work: Work, on: Focused, id: int, period: str, text: str | None, expected_version: int | None = None
) -> None:
    """Say what a quarter of a plan's, or an objective's, fiscal year is about; a blank text clears it.

    `period` is the quarter's label. `expected_version` is that of the focus which the caller read, 0 where there was
    none. Raises `NotFound`, `InputError` BAD_PERIOD for what is no quarter of that year, TOO_LONG, BAD_TEXT or
    ARCHIVED, `Conflict` STALE.
    """
    work.viewer.require(Scope.TARGETS, "setting the focus of a quarter")
    checked = checked_text(text, ("text",))

    async def apply(transaction: Transaction) -> None:
        await transaction.lock(f"focuses of {on} {id}")
        quarter = await _quarter(transaction, fiscal_calendar(work.company), on, id, period)
        before = await _stored(transaction, on, id, quarter)
        _refuse_stale(0 if before is None else before["version"], expected_version)
        if (before and before["text"]) == checked:
            return
        await _store(transaction, on, id, quarter, checked)
        told = {"period": period}
        transaction.record(
            "focus.set",
            on.value.title(),
            id,
            before={**told, "text": before and before["text"]},
            after={**told, "text": checked},
        )
        transaction.publish("focus.set", on=on.value, id=id, period=period)

    await work.write(apply)


async def focuses_of(snapshot: Snapshot, on: Focused, ids: Sequence[int]) -> list[Record]:
    """The focuses of plans, or of objectives, by `on_id` and quarter: `period` is the quarter's label."""
    return await snapshot.fetch(
        f"SELECT f.{on}_id AS on_id, o.fiscal_year || '-Q' || f.quarter AS period, f.text, f.version"  # noqa: S608
        f" FROM quarter_focus f JOIN {on} o ON o.company_id = f.company_id AND o.id = f.{on}_id"
        f" WHERE f.{on}_id = ANY($1::bigint[]) ORDER BY f.{on}_id, f.quarter",
        list(ids),
    )


async def _quarter(transaction: Transaction, calendar: FiscalCalendar, on: Focused, id: int, period: str) -> int:
    """The number, 1 to 4, of the quarter that `period` names in the fiscal year of what has the focus."""
    archived = "archived" if on is Focused.OBJECTIVE else "false AS archived"
    row = await transaction.fetch_one(
        f"SELECT name, fiscal_year, {archived} FROM {on} WHERE id = $1 FOR SHARE",  # noqa: S608 (constants)
        id,
    )
    if row is None:
        raise NotFound("NOT_FOUND", f"there is no such {on} that you can see", ("id",))
    if row["archived"]:
        raise InputError("ARCHIVED", f"{row['name']} is archived; restore it first", ("id",))
    try:
        named = calendar.period(period)
    except InputError as error:
        raise error.at("period") from None
    if named.grain is not Grain.QUARTER or calendar.year_of(named.starts_on) != row["fiscal_year"]:
        year = row["fiscal_year"]
        message = f"{period[:30]!r} is no quarter of {row['name']}, which has {year}-Q1 to {year}-Q4"
        raise InputError("BAD_PERIOD", message, ("period",))
    return (calendar.number_of(named.starts_on) + 2) // 3


async def _stored(transaction: Transaction, on: Focused, id: int, quarter: int) -> Record | None:
    return await transaction.fetch_one(
        f"SELECT text, version FROM quarter_focus WHERE {on}_id = $1 AND quarter = $2",  # noqa: S608 (constants)
        id,
        quarter,
    )


async def _store(transaction: Transaction, on: Focused, id: int, quarter: int, text: str | None) -> None:
    if text is None:
        await transaction.execute(
            f"DELETE FROM quarter_focus WHERE {on}_id = $1 AND quarter = $2",  # noqa: S608 (constants)
            id,
            quarter,
        )
        return
    await transaction.execute(
        f"INSERT INTO quarter_focus AS f (company_id, {on}_id, quarter, text, version)"  # noqa: S608 (constants)
        f" VALUES ($1, $2, $3, $4, 1) ON CONFLICT ({on}_id, quarter, company_id) WHERE {on}_id IS NOT NULL"
        " DO UPDATE SET text = excluded.text, version = f.version + 1",
        transaction.company_id,
        id,
        quarter,
        text,
    )


def _refuse_stale(version: int, expected_version: int | None) -> None:
    if expected_version not in (None, version):
        raise Conflict(
            "STALE",
            f"this focus was changed meanwhile: it is at version {version}, you read version {expected_version};"
            " read it again and repeat the change",
            ("expectedVersion",),
        )
