"""Doing something in a company on the command line, with an admin's rights."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.embedded import ending_on_signals
from quotaloom.platform.settings import Settings
from quotaloom.platform.work import Work
from quotaloom_server import bearers
from quotaloom_server.clock import utc_now
from quotaloom_server.databases import connected, database_urls
from quotaloom_server.signals import run

T = TypeVar("T")

SUBJECT: Final = "command line"
"""Who stands in the audit record."""


def at_work(settings: Settings, company_key: str, doing: Callable[[Work], Awaitable[T]]) -> T:
    """The result of what is done in a company; raises `NotFound` UNKNOWN_COMPANY, and what it raises."""
    with ending_on_signals(), database_urls(settings) as urls:

        async def work() -> T:
            async with connected(settings, urls) as database:
                company = await bearers.company_named(database, urls, company_key)
                return await doing(Work(database, Viewer(company.id, SUBJECT, Role.ADMIN), company, utc_now()))

        return run(work())
