"""The calendar and the metrics are read once for many requests, and are never those of another moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date

import asyncpg
import pytest

from quotaloom.calendars.commands import SpecialDay, remove_holidays, set_holidays
from quotaloom.metrics.commands import NewMetric, define_metric, update_metric
from quotaloom.metrics.product_commands import NewProduct, define_product
from quotaloom.metrics.product_metrics import NewProductMetric, define_product_metric
from quotaloom.organizations.commands.companies import update_company
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database, credentials
from quotaloom.platform.tokens import Identity
from quotaloom.platform.work import NO_COMPANY
from quotaloom.targets.attainment_feed import AttainmentFeed
from quotaloom_graphql.context import RequestContext, Services
from quotaloom_graphql.references import MOST_COMPANIES, KeptReferences
from tests.founding import found
from tests.integration.targets.planning import POLICIES, Planning, plan_for

MAY_DAY = date(2017, 5, 1)


def serving(planning: Planning) -> Services:
    """A process that serves."""
    now = planning.work.now
    return Services(planning.work.database, POLICIES, lambda: now, AttainmentFeed(planning.work.database))


def asking(services: Services, planning: Planning) -> RequestContext:
    """A request of the admin."""
    identity = Identity(planning.work.company.id, "tests", Role.ADMIN, planning.founded.admin_id)
    return RequestContext(services, identity)


async def seen(context: RequestContext) -> tuple[bool, str, int]:
    """Whether May Day is worked, what revenue is called, and how many products service has, as a request sees it."""
    metrics = {metric["key"]: metric for metric in (await context.metrics()).values()}
    counted = metrics["service"]["product_ids"] if "service" in metrics else ()
    return (await context.calendar()).working.is_working(MAY_DAY), metrics["revenue"]["name"], len(counted)


async def test_only_the_first_request_reads_them(database: Database) -> None:
    """Two statements more than the one that tells who asks, and none for the next request."""
    planning = await plan_for(database, {"Acme": ["East"]})
    services = serving(planning)
    taken = []
    for _ in range(3):
        async with asking(services, planning) as context:
            await seen(context)
            await seen(context)
            taken.append(context.snapshot.statements)
    assert taken == [3, 0, 0]


async def test_every_change_is_seen_at_once_and_by_nobody_before(database: Database) -> None:
    """Each kind of change, by a request that comes after it, while one that began before still sees what it saw."""
    planning = await plan_for(database, {"Acme": ["East"]})
    work, services, revenue = planning.work, serving(planning), await planning.revenue()
    service = NewProductMetric("service", "Service", "revenue", product_group="service")
    steps: list[tuple[Callable[[], Awaitable[object]], tuple[bool, str, int]]] = [
        (lambda: set_holidays(work, [SpecialDay(MAY_DAY, "May Day")]), (False, "Revenue", 0)),
        (lambda: set_holidays(work, [SpecialDay(MAY_DAY, "May Day", working=True)]), (True, "Revenue", 0)),
        (lambda: set_holidays(work, [SpecialDay(MAY_DAY, "May Day")]), (False, "Revenue", 0)),
        (lambda: remove_holidays(work, [MAY_DAY]), (True, "Revenue", 0)),
        (lambda: update_metric(work, revenue, name="Sales"), (True, "Sales", 0)),
        (lambda: define_product(work, NewProduct("care", "Care", "service")), (True, "Sales", 0)),
        (lambda: define_product_metric(work, service), (True, "Sales", 1)),
        (lambda: define_product(work, NewProduct("fix", "Fix", "service")), (True, "Sales", 2)),
        (lambda: update_company(work, {"working_weekdays": [2, 3]}), (False, "Sales", 2)),
    ]
    before = (True, "Revenue", 0)
    for change, after in steps:
        async with asking(services, planning) as earlier:
            await earlier.work()
            await change()
            async with asking(services, planning) as later:
                assert await seen(later) == after
            assert await seen(earlier) == before
        async with asking(services, planning) as latest:
            assert await seen(latest) == after
        before = after


@pytest.mark.parametrize("table", ["holiday", "metric", "product"])
async def test_the_database_counts_every_change(database: Database, admin_url: str, table: str) -> None:
    """Whoever makes it, in whatever way: rows changed, taken away or all gone; a statement that changes none is none.

    A change that is rolled back is none, either, and other companies have nothing to do with it.
    """
    acme, other = await found(database, key="acme"), await found(database, key="other")
    for work in (acme, other):
        await set_holidays(work, [SpecialDay(MAY_DAY, "May Day")])
        await define_product(work, NewProduct("care", "Care"))
        await define_metric(work, NewMetric("churn", "Churn", "money"))
    administrator = await asyncpg.connect(**credentials(admin_url))

    async def versions() -> tuple[int, int]:
        rows = await administrator.fetch("SELECT reference_version FROM company ORDER BY id")
        return rows[0][0], rows[1][0]

    async def grown(*statements: str) -> list[bool]:
        before = await versions()
        for statement in statements:
            await administrator.execute(statement)
        return [new > old for old, new in zip(before, await versions(), strict=True)]

    mine = f"WHERE company_id = {acme.company.id}"
    assert await grown(f"UPDATE {table} SET name = name {mine}") == [True, False]
    nothing = f"UPDATE {table} SET name = name {mine} AND false"
    assert await grown(nothing, f"BEGIN; UPDATE {table} SET name = name {mine}; ROLLBACK") == [False, False]
    if table == "holiday":  # metrics and products stay for good
        assert await grown(f"DELETE FROM holiday {mine}") == [True, False]
        assert await grown("TRUNCATE holiday") == [True, True]
    await administrator.close()


def test_few_companies_are_kept() -> None:
    """Those that asked last; whoever is not among them reads again."""
    kept = KeptReferences()
    companies = [replace(NO_COMPANY, id=number) for number in range(MOST_COMPANIES + 1)]
    slots = [kept.of(company) for company in companies]
    assert kept.of(companies[-1]) is slots[-1]
    assert kept.of(companies[0]) is not slots[0]
    assert kept.of(replace(companies[-1], reference_version=1)) is not slots[-1]
