"""What a command is given: the database, who asks, and the moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import orjson

from quotaloom.platform.access import Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.errors import Conflict
from quotaloom.platform.held import HeldTransaction
from quotaloom.platform.unit_of_work import Record, Snapshot, Transaction, Writer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CompanyFacts:
    """What rules need to know of the tenant.

    `version` counts the changes of its settings, `reference_version` grows with those of its holidays, metrics and
    products: where two of these are equal, so are all of those. `organization_version` grows with those of its
    placements, heads and holders, which belong to no fact here: two facts are equal whatever it is.
    """

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
    plans_need_approval: bool
    plans_need_owners: bool
    reversal_date: str
    version: int
    reference_version: int = 0
    organization_version: int = field(default=0, compare=False)

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
    plans_need_approval=False,
    plans_need_owners=True,
    reversal_date="original",
    version=0,
)
"""Where an operator works: nowhere."""


@dataclass(frozen=True, slots=True)
class Work:
    """One use case: everything it reads and writes is of `viewer`'s company, and of the moment `now`.

    With `held` all that it writes is written in that one transaction, which somebody else commits.
    """

    database: Database
    viewer: Viewer
    company: CompanyFacts
    now: datetime
    held: HeldTransaction | None = None

    @property
    def today(self) -> date:
        """The business date of `now`."""
        return self.company.today(self.now)

    @property
    def writer(self) -> Writer:
        """Who the audit says has written, and when."""
        return Writer(self.viewer.subject, self.viewer.member_id, self.now, self.viewer.credential)

    def snapshot(self) -> Snapshot:
        """A read-only unit of work of the viewer's company; use it as an async context.

        Raises `RuntimeError` while what was written is held open: others wait for its locks, perhaps with the last
        connection that there was.
        """
        if self.held is not None and self.held.is_open:
            raise RuntimeError("what a command reads comes before what it writes")
        return self.database.snapshot(self.viewer.company_id)

    async def write(self, work: Callable[[Transaction], Awaitable[T]], *, changes_settings: bool = False) -> T:
        """Run `work` in one transaction of the viewer's company; see `Database.write`.

        What was computed from the company's settings stands only while they do: raises `Conflict` COMPANY_CHANGED
        where they changed since this work began. `changes_settings` is for the work that changes them.
        """

        async def guarded(transaction: Transaction) -> T:
            await transaction.lock("settings", shared=not changes_settings)
            if not changes_settings:
                await _refuse_other_settings(transaction, self.company)
            return await work(transaction)

        if self.held is not None:
            return await self.held.run(guarded)
        return await self.database.write(self.viewer.company_id, self.writer, guarded)


_SETTINGS = ("currency", "time_zone", "fiscal_start_month", "calendar_pattern", "reversal_date")
"""What rules compute with."""


async def _refuse_other_settings(transaction: Transaction, company: CompanyFacts) -> None:
    row = await transaction.fetch_one(f"SELECT {', '.join(_SETTINGS)} FROM company")  # noqa: S608 (constants)
    if row is not None and any(row[name] != getattr(company, name) for name in _SETTINGS):
        raise Conflict("COMPANY_CHANGED", "the company's settings changed meanwhile; please send this again")


COMPANY_COLUMNS = (
    "company.id, company.key, company.name, company.currency, company.time_zone, company.fiscal_start_month,"
    " company.calendar_pattern, company.working_weekdays::text, company.members_see_ancestors,"
    " company.members_see_rankings, company.plans_need_approval, company.plans_need_owners, company.reversal_date,"
    " company.version, company.reference_version, company.organization_version"
)
"""What `company_facts` reads of a row."""

_NAMES = tuple(one.name for one in fields(CompanyFacts))


def company_facts(row: Record) -> CompanyFacts:
    """The facts of the company in a row with `COMPANY_COLUMNS`."""
    return _facts(*[row[name] for name in _NAMES])


@lru_cache(maxsize=256)
def _facts(*values: Any) -> CompanyFacts:
    facts = CompanyFacts(*values)
    weekdays: list[int] = orjson.loads(facts.working_weekdays)  # type: ignore[arg-type]  # as text until now
    return replace(facts, working_weekdays=tuple(weekdays))


async def load_company(snapshot: Snapshot) -> CompanyFacts | None:
    """The facts of the snapshot's company, or None where it does not exist."""
    row = await snapshot.fetch_one(f"SELECT {COMPANY_COLUMNS} FROM company")  # noqa: S608 (constants)
    return None if row is None else company_facts(row)
