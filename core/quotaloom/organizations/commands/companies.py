"""Founding a company and changing its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import asyncpg
from babel.numbers import get_currency_precision

from quotaloom.organizations.company_settings import check_settings
from quotaloom.organizations.naming import checked_name
from quotaloom.platform.access import Scope
from quotaloom.platform.database import Database
from quotaloom.platform.errors import Conflict, InputError
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
    plans_need_approval: bool = False
    plans_need_owners: bool = True
    reversal_date: str = "original"


_NOW = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
"""What the numbers begin with that count changes: none that this company, or another with its id, ever had."""


async def insert_company(transaction: Transaction, company: NewCompany) -> CompanyFacts:
    """Insert the row of the transaction's own company.

    Raises `InputError` for what it cannot be (see `check_settings`), KEY_TAKEN for the key of another company.
    """
    check_settings(asdict(company))
    values = {field.name: getattr(company, field.name) for field in fields(company)}
    values["name"] = checked_name(company.name)
    weekdays = list(values.pop("working_weekdays"))
    names = ", ".join(values)
    places = ", ".join(f"${number + 4}" for number in range(len(values)))
    try:
        await transaction.execute(
            f"INSERT INTO company (id, created_at, version, reference_version, organization_version,"  # noqa: S608 (field names)
            f" working_weekdays, {names}) VALUES ($1, $2, 1, {_NOW}, {_NOW}, to_jsonb($3::int[]), {places})",
            transaction.company_id,
            transaction.now,
            weekdays,
            *values.values(),
        )
    except asyncpg.UniqueViolationError:
        raise InputError(
            "KEY_TAKEN", f"another company has the key {company.key!r}: choose another one", ("key",)
        ) from None
    transaction.record("company.create", "Company", transaction.company_id, after=asdict(company))
    transaction.publish("company.created", id=transaction.company_id)
    return CompanyFacts(id=transaction.company_id, working_weekdays=tuple(weekdays), version=1, **values)


async def company_id_of(database: Database, key: str) -> int | None:
    """The id of the company with this key, or None."""
    async with database.client.acquire_connection() as connection:
        found: int | None = await connection.fetchval("SELECT company_id_of($1)", key)
        return found


async def update_company(work: Work, changes: Mapping[str, Any], expected_version: int | None = None) -> None:
    """Change settings of the viewer's company; `changes` holds fields of `NewCompany` except the key.

    Another fiscal start month regroups reports; stored cells stay as they are. Where fiscal months are made of
    weeks neither the pattern nor the start month can change once there are plans. The currency cannot
    change once there are amounts in it, nor to one of other minor units once there is a metric of
    money. Raises `InputError` IN_USE and what `check_settings` raises; `Conflict` STALE.
    """
    work.viewer.require(Scope.SETTINGS, "changing the company")
    changeable = {field.name for field in fields(NewCompany)} - {"key"}
    if unknown := set(changes) - changeable:
        raise ValueError(f"a company has no changeable {', '.join(sorted(unknown))}")

    async def apply(transaction: Transaction) -> None:
        await change_company(transaction, changes, expected_version)

    await work.write(apply, changes_settings=True)


async def change_company(
    transaction: Transaction, changes: Mapping[str, Any], expected_version: int | None = None
) -> None:
    """`update_company` inside a transaction of the caller."""
    stored = await _settings(transaction, expected_version)
    check_settings({**stored, **changes})
    changed = {name: _plain(value) for name, value in changes.items() if _plain(value) != stored[name]}
    if not changed:
        return
    await _refuse_what_is_in_use(transaction, stored, {**stored, **changed})
    for name, value in changed.items():
        place = "to_jsonb($1::int[])" if name == "working_weekdays" else "$1"
        await transaction.execute(f"UPDATE company SET {name} = {place}", value)  # noqa: S608 (field names)
    await transaction.execute("UPDATE company SET version = version + 1")
    before = {name: stored[name] for name in changed}
    transaction.record("company.update", "Company", transaction.company_id, before=before, after=changed)
    transaction.publish("company.updated", id=transaction.company_id)
    transaction.attainment_changed()


async def _settings(transaction: Transaction, expected_version: int | None) -> dict[str, Any]:
    row = await transaction.fetch_one(
        "SELECT key, name, currency, time_zone, fiscal_start_month, calendar_pattern, version,"
        " ARRAY(SELECT jsonb_array_elements_text(working_weekdays)::int) AS working_weekdays,"
        " members_see_ancestors, members_see_rankings, plans_need_approval, plans_need_owners, reversal_date"
        " FROM company FOR UPDATE"
    )
    assert row is not None, "a viewer's company exists"
    if expected_version not in (None, row["version"]):
        raise Conflict(
            "STALE",
            f"the company's settings were changed meanwhile: they are at version {row['version']}, you read version"
            f" {expected_version}; read them again and repeat the change",
            ("expectedVersion",),
        )
    return {name: value for name, value in row.items() if name != "version"}


async def _refuse_what_is_in_use(transaction: Transaction, before: dict[str, Any], after: dict[str, Any]) -> None:
    changed = {name for name in before if before[name] != after[name]}
    by_weeks = {before["calendar_pattern"], after["calendar_pattern"]} != {"calendar"}
    if not changed & {"calendar_pattern", "fiscal_start_month", "currency"}:
        return
    used = await transaction.fetch_one(
        "SELECT EXISTS (SELECT FROM plan) AS plans, EXISTS (SELECT FROM metric WHERE kind = 'money') AS money,"
        " EXISTS (SELECT FROM target_cell) OR EXISTS (SELECT FROM achievement_entry)"
        " OR EXISTS (SELECT FROM opportunity)"
        " OR EXISTS (SELECT FROM worksheet WHERE money IS NOT NULL)"
        " OR EXISTS (SELECT FROM exchange_rate) OR EXISTS (SELECT FROM product WHERE list_price IS NOT NULL)"
        " OR EXISTS (SELECT FROM incentive_statement) OR EXISTS (SELECT FROM incentive_budget) AS amounts"
    )
    assert used is not None
    if "calendar_pattern" in changed and used["plans"]:
        raise InputError("IN_USE", "the week pattern cannot change once there are plans", ("calendarPattern",))
    if "fiscal_start_month" in changed and by_weeks and used["plans"]:
        raise InputError(
            "IN_USE",
            "where months are made of weeks the start month cannot change once there are plans",
            ("fiscalStartMonth",),
        )
    if "currency" in changed and used["amounts"]:
        raise InputError(
            "IN_USE",
            "the currency cannot change once there are targets, achievements, deals, statements, budgets, prices or"
            " exchange rates",
            ("currency",),
        )
    places = {get_currency_precision(settings["currency"]) for settings in (before, after)}
    if used["money"] and len(places) > 1:
        raise InputError(
            "IN_USE",
            f"the metrics of money count in {before['currency']}, which has other minor units than"
            f" {after['currency']}: found a company of its own for that currency",
            ("currency",),
        )


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip()
    return list(value) if isinstance(value, tuple) else value
