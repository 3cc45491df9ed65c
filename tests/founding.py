"""Companies for tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from quotaloom.organizations.commands.companies import NewCompany, insert_company
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.unit_of_work import Writer
from quotaloom.platform.work import Work

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


async def found(database: Database, now: datetime = NOON, **facts: Any) -> Work:
    """A new company without anything in it, and the work of an admin of it at `now`."""
    company = NewCompany(**{"key": "acme", "name": "Acme", "currency": "CNY", "time_zone": "Asia/Shanghai", **facts})
    company_id = await database.next_company_id()
    stored = await database.write(
        company_id, Writer("tests", None, now), lambda transaction: insert_company(transaction, company)
    )
    return Work(database, Viewer(company_id, "tests", Role.ADMIN), stored, now)


def at(work: Work, now: datetime) -> Work:
    """The same viewer at another moment."""
    return replace(work, now=now)
