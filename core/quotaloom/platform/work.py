"""What a command is given: the database, who asks, and the moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from quotaloom.platform.access import Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.unit_of_work import Snapshot, Transaction, Writer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CompanyFacts:
    """What rules need to know of the tenant."""

    id: int
    key: str
    name: str
    currency: str
    time_zone: str
    fiscal_start_month: int
    calendar_pattern: str
    working_weekdays: tuple[int, ...]
    members_see_ancestors: bool
    members_see_rankings: bool
    reversal_date: str

    def today(self, now: datetime) -> date:
        """The business date of `now` in the company's time zone."""
        return now.astimezone(ZoneInfo(self.time_zone)).date()


NO_COMPANY = CompanyFacts(
    id=0,
    key="",
    name="",
    currency="XXX",
    time_zone="UTC",
    fiscal_start_month=1,
    calendar_pattern="calendar",
    working_weekdays=(),
    members_see_ancestors=False,
    members_see_rankings=False,
    reversal_date="original",
)
"""Where an operator works: nowhere."""


@dataclass(frozen=True, slots=True)
class Work:
    """One use case: everything it reads and writes is of `viewer`'s company, and of the moment `now`."""

    database: Database
    viewer: Viewer
    company: CompanyFacts
    now: datetime

    @property
    def today(self) -> date:
        """The business date of `now`."""
        return self.company.today(self.now)

    def snapshot(self) -> Snapshot:
        """A read-only unit of work of the viewer's company; use it as an async context."""
        return self.database.snapshot(self.viewer.company_id)

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `work` in one transaction of the viewer's company; see `Database.write`."""
        writer = Writer(self.viewer.subject, self.viewer.member_id, self.now)
        return await self.database.write(self.viewer.company_id, writer, work)


async def load_company(snapshot: Snapshot) -> CompanyFacts | None:
    """The facts of the snapshot's company, or None where it does not exist."""
    row = await snapshot.fetch_one(
        "SELECT id, key, name, currency, time_zone, fiscal_start_month, calendar_pattern,"
        " ARRAY(SELECT jsonb_array_elements_text(working_weekdays)::int) AS working_weekdays,"
        " members_see_ancestors, members_see_rankings, reversal_date FROM company"
    )
    if row is None:
        return None
    facts = dict(row)
    facts["working_weekdays"] = tuple(facts["working_weekdays"])
    return CompanyFacts(**facts)
