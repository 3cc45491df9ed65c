"""Whom a token made on the command line names, looked up in the database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import asyncpg

from quotaloom.organizations.commands.companies import company_id_of
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database, credentials
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.tokens import Identity
from quotaloom.platform.work import NO_COMPANY, CompanyFacts, load_company
from quotaloom_server.databases import DatabaseUrls


async def company_keys(urls: DatabaseUrls) -> list[str]:
    """The keys of all companies, the oldest first; read with the administrator's role, which sees them all."""
    connection = await asyncpg.connect(**credentials(urls.admin))
    try:
        return [row["key"] for row in await connection.fetch("SELECT key FROM company ORDER BY id")]
    finally:
        await connection.close()


async def company_named(database: Database, urls: DatabaseUrls, key: str) -> CompanyFacts:
    """A company; raises `NotFound` UNKNOWN_COMPANY, which lists those that there are."""
    found = await company_id_of(database, key)
    if found is None:
        known = ", ".join(await company_keys(urls)) or "none yet; `quotaloom demo` loads one"
        raise NotFound("UNKNOWN_COMPANY", f"There is no company {key!r}. There are: {known}.")
    async with database.snapshot(found) as snapshot:
        company = await load_company(snapshot)
    assert company is not None, "its key was just found"
    return company


async def member_named(database: Database, company: CompanyFacts, key: str, now: datetime) -> Identity:
    """A member who has not left; raises `NotFound` UNKNOWN_MEMBER."""
    found = await _member(database, company, now, "key = $2", key)
    if found is None:
        raise NotFound("UNKNOWN_MEMBER", f"{company.key} has no member {key!r} today.")
    return found


async def first_admin(database: Database, company: CompanyFacts, now: datetime) -> Identity:
    """The admin who has been there longest; raises `NotFound` NO_ADMIN."""
    found = await _member(database, company, now, "role = $2", Role.ADMIN.value)
    if found is None:
        raise NotFound("NO_ADMIN", f"{company.key} has no admin today. Name a --member or a --service.")
    return found


def service(company: CompanyFacts, name: str, scopes: Iterable[str]) -> Identity:
    """Another system, which may do what its scopes say; raises `InputError` SCOPES_MISSING without any."""
    named = frozenset(scopes)
    if not named:
        raise InputError("SCOPES_MISSING", "A service's token names what it may do: give --scope at least once.")
    return Identity(company.id, f"service:{name}", Role.SERVICE, scopes=named)


def operator() -> Identity:
    """Whoever runs the installation, who belongs to no company."""
    return Identity(NO_COMPANY.id, "operator", Role.OPERATOR)


async def _member(
    database: Database, company: CompanyFacts, now: datetime, condition: str, value: str
) -> Identity | None:
    async with database.snapshot(company.id) as snapshot:
        row = await snapshot.fetch_one(
            "SELECT id, key, role FROM member WHERE (left_on IS NULL OR left_on > $1)"  # noqa: S608 (constants of this module)
            f" AND {condition} ORDER BY id LIMIT 1",
            company.today(now),
            value,
        )
    return None if row is None else Identity(company.id, row["key"], Role(row["role"]), row["id"])
