"""Loading the demo company: again, after it was broken off, and where its key is taken."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from quotaloom.achievements.verification import verify_balances
from quotaloom.demo.generating import tell_story
from quotaloom.demo.loading import DemoCompany, load_demo
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom.policies.host import PolicyHost
from tests.founding import found
from tests.integration.demo.conftest import NOW, Loaded

TABLES = (
    *("audit_entry", "outbox_event", "org_unit", "placement", "unit_path", "member", "holding", "headship"),
    *("holiday", "customer", "product", "exchange_rate", "opportunity", "opportunity_split", "stage_move"),
    *("achievement_entry", "achievement_balance", "plan", "plan_version", "target_cell", "decomposition"),
)


class BrokenOff(Exception):
    pass


async def row_counts(database: Database, company_id: int) -> dict[str, int]:
    async with database.snapshot(company_id) as snapshot:
        return {table: (await snapshot.fetch(f"SELECT count(*) FROM {table}"))[0][0] for table in TABLES}


async def test_loading_again_changes_nothing(demo: DemoCompany, demo_database: Database, policies: PolicyHost) -> None:
    """A second load, a week later, writes no row and no audit entry."""
    before = await row_counts(demo_database, demo.company_id)
    again = await load_demo(demo_database, policies, now=NOW + timedelta(days=7))
    assert again == DemoCompany(demo.company_id, demo.admin_id, created=False)
    assert await row_counts(demo_database, demo.company_id) == before


@pytest.mark.parametrize("stopped_at", ["2025-12", "Revenue 2026 销售目标"])
async def test_what_was_broken_off_is_completed(
    demo: DemoCompany,
    demo_database: Database,
    database: Database,
    policies: PolicyHost,
    stopped_at: str,
) -> None:
    """Broken off before a step and loaded again days later, it has what an undisturbed load has."""

    def stop(what: str, _done: int, _total: int) -> None:
        if what == stopped_at:
            raise BrokenOff

    with pytest.raises(BrokenOff):
        await load_demo(database, policies, now=NOW, progress=stop)
    completed = await load_demo(database, policies, now=NOW + timedelta(days=3))
    assert not completed.created
    whole = await row_counts(demo_database, demo.company_id)
    assert await row_counts(database, completed.company_id) == whole
    async with database.snapshot(completed.company_id) as snapshot:
        assert await verify_balances(snapshot) == []


async def test_of_two_who_load_at_once_one_does(
    demo: DemoCompany, demo_database: Database, database: Database, database_url: str, policies: PolicyHost
) -> None:
    """Two servers on an empty database: one founds the company, both find it, and it has what one load alone has."""
    other = Database(database_url)
    await other.connect()
    both = await asyncio.gather(*(load_demo(each, policies, now=NOW) for each in (database, other)))
    await other.close()
    assert sorted(one.created for one in both) == [False, True]
    assert both[0].company_id == both[1].company_id
    assert await row_counts(database, both[0].company_id) == await row_counts(demo_database, demo.company_id)


def test_progress_tells_every_step(loaded: Loaded) -> None:
    """The steps are counted up to the last, and each of the twenty months is named."""
    steps = loaded.told[1:]
    assert [done for _, done, _ in steps] == list(range(len(steps)))
    assert steps[-1][1] == steps[-1][2]
    names = [what for what, _, _ in steps]
    assert [name for name in names if name[:2] == "20"] == [
        *(f"2025-{month:02}" for month in range(4, 13)),
        *(f"2026-{month:02}" for month in range(1, 12)),
    ]


async def test_the_first_day_of_a_year_will_do(database: Database, policies: PolicyHost) -> None:
    """At one in the morning of 1 April in Shanghai the last year is whole and the new plan is out."""
    now = datetime(2026, 3, 31, 17, tzinfo=UTC)
    demo = await load_demo(database, policies, now=now)
    story = tell_story(date(2026, 4, 1))
    async with database.snapshot(demo.company_id) as snapshot:
        deals = await snapshot.fetch("SELECT count(*) FROM opportunity")
        plans = await snapshot.fetch("SELECT published_at FROM plan_version WHERE status = 'published'")
    assert story.present_year.label == "2026"
    assert deals[0][0] == len(story.deals)
    assert len(plans) == 2
    assert max(row["published_at"] for row in plans) <= now


async def test_another_company_with_the_key_stays_as_it_is(database: Database, policies: PolicyHost) -> None:
    """A company `demo` that somebody founded is not touched."""
    work = await found(database, key="demo", name="My own")
    before = await row_counts(database, work.company.id)
    with pytest.raises(InputError, match="not the demo") as refused:
        await load_demo(database, policies, now=NOW)
    assert refused.value.code == "KEY_TAKEN"
    assert await row_counts(database, work.company.id) == before
