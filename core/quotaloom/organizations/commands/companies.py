"""Founding a company and changing its settings."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from typing import Any

from babel.numbers import list_currencies

from quotaloom.calendars.fiscal import PATTERNS
from quotaloom.calendars.instants import time_zone
from quotaloom.platform.access import Scope
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import CompanyFacts, Work


@dataclass(frozen=True, slots=True)
class NewCompany:
    """What a company is founded with; `working_weekdays` are ISO weekdays, Monday is 1."""

    key: str
    name: str
    currency: str
    time_zone: str = "UTC"
    fiscal_start_month: int = 1
    calendar_pattern: str = "calendar"
    working_weekdays: tuple[int, ...] = (1, 2, 3, 4, 5)
    members_see_ancestors: bool = False
    members_see_rankings: bool = False
    reversal_date: str = "original"


async def insert_company(transaction: Transaction, company: NewCompany) -> CompanyFacts:
    """Insert the row of the transaction's own company; raises `InputError` for what it cannot be."""
    _check(asdict(company))
    values = {field.name: getattr(company, field.name) for field in fields(company)}
    weekdays = list(values.pop("working_weekdays"))
    names = ", ".join(values)
    places = ", ".join(f"${number + 4}" for number in range(len(values)))
    await transaction.execute(
        f"INSERT INTO company (id, created_at, version, working_weekdays, {names})"  # noqa: S608 (field names)
        f" VALUES ($1, $2, 1, to_jsonb($3::int[]), {places})",
        transaction.company_id,
        transaction.now,
        weekdays,
        *values.values(),
    )
    transaction.record("company.create", "Company", transaction.company_id, after=asdict(company))
    return CompanyFacts(id=transaction.company_id, working_weekdays=tuple(weekdays), **values)


async def company_id_of(database: Database, key: str) -> int | None:
    """The id of the company with this key, or None."""
    async with database.client.acquire_connection() as connection:
        found: int | None = await connection.fetchval("SELECT company_id_of($1)", key)
        return found


async def next_company_id(database: Database) -> int:
    """An id for a company about to be founded."""
    async with database.client.acquire_connection() as connection:
        found: int = await connection.fetchval("SELECT nextval(pg_get_serial_sequence('company', 'id'))")
        return found


async def update_company(work: Work, changes: dict[str, Any]) -> None:
    """Change settings of the viewer's company; `changes` holds fields of `NewCompany` except the key.

    Another fiscal start month regroups reports; stored cells stay as they are. The week pattern cannot change
    once there are target cells, nor the currency once something was posted.
    """
    work.viewer.require(Scope.SETTINGS, "changing the company")
    _check({**{field.name: getattr(work.company, field.name) for field in fields(NewCompany)}, **changes})

    async def apply(transaction: Transaction) -> None:
        before = await transaction.fetch_one("SELECT to_jsonb(company) AS row FROM company FOR UPDATE")
        await _refuse_what_is_in_use(transaction, work.company, changes)
        for name, value in changes.items():
            if name == "working_weekdays":
                await transaction.execute("UPDATE company SET working_weekdays = to_jsonb($1::int[])", list(value))
            else:
                await transaction.execute(f"UPDATE company SET {name} = $1", value)  # noqa: S608 (field names)
        await transaction.execute("UPDATE company SET version = version + 1")
        transaction.record("company.update", "Company", work.company.id, before=before and before["row"], after=changes)
        transaction.publish("company.updated", id=work.company.id)

    await work.write(apply)


async def _refuse_what_is_in_use(transaction: Transaction, company: CompanyFacts, changes: dict[str, Any]) -> None:
    if changes.get("calendar_pattern", company.calendar_pattern) != company.calendar_pattern and (
        await transaction.fetch_one("SELECT 1 FROM target_cell LIMIT 1")
    ):
        raise InputError(
            "IN_USE", "the week pattern cannot change in a year that has target cells", ("calendarPattern",)
        )
    if changes.get("currency", company.currency) != company.currency and (
        await transaction.fetch_one("SELECT 1 FROM achievement_entry LIMIT 1")
    ):
        raise InputError("IN_USE", "the currency cannot change once achievements are posted", ("currency",))


def _check(values: dict[str, Any]) -> None:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", values["key"]):
        raise InputError("BAD_KEY", f"{values['key']!r} is no key: use a-z, 0-9 and -, up to 63 characters", ("key",))
    if not values["name"].strip() or len(values["name"]) > 200:
        raise InputError("BAD_NAME", "a name has 1 to 200 characters", ("name",))
    if values["currency"] not in list_currencies():
        raise InputError(
            "UNKNOWN_CURRENCY", f"{values['currency']!r} is no ISO 4217 code such as CNY or USD", ("currency",)
        )
    time_zone(values["time_zone"])
    if not 1 <= values["fiscal_start_month"] <= 12:
        raise InputError("BAD_MONTH", "the fiscal year starts in a month from 1 to 12", ("fiscalStartMonth",))
    if values["calendar_pattern"] not in PATTERNS:
        raise InputError("BAD_PATTERN", f"the calendar is one of {', '.join(PATTERNS)}", ("calendarPattern",))
    days = values["working_weekdays"]
    if not days or len(set(days)) != len(days) or not set(days) <= set(range(1, 8)):
        raise InputError(
            "BAD_WEEKDAYS", "working days are one or more of 1 (Monday) to 7 (Sunday)", ("workingWeekdays",)
        )
    if values["reversal_date"] not in {"original", "own"}:
        raise InputError("BAD_REVERSAL_DATE", "reversals carry the `original` date or their `own`", ("reversalDate",))
