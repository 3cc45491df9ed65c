"""What is due is asked for once, whoever looks, and made up for when nobody has looked for days."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from quotaloom.platform.database import Database, credentials
from quotaloom.platform.jobs.handlers import Handlers, Hourly, Job, Nightly
from quotaloom.platform.jobs.purging import PURGE
from quotaloom.platform.jobs.schedule import ask_for_what_is_due
from quotaloom.platform.jobs.worker import JobWorker
from quotaloom.platform.unit_of_work import Writer
from quotaloom.platform.work import Work
from tests.founding import found
from tests.graph_client import Moment
from tests.integration.jobs.doing import Doings, until

# 02:00 in Shanghai is 18:00 UTC of the day before; the companies are founded at 20:00 of the first of June there.
NIGHT = datetime(2026, 6, 1, 18, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def nightly(doings: Doings) -> Handlers:
    """One kind of work a night."""
    return Handlers([Nightly("note", doings.note)])


async def look(database: Database, handlers: Handlers, now: datetime) -> int:
    """How many jobs a worker that looks at this moment asks for."""
    return await database.write(
        0, Writer("tests", None, now), lambda transaction: ask_for_what_is_due(transaction, handlers)
    )


@pytest.fixture
async def work(database: Database) -> Work:
    """A company in Shanghai."""
    return await found(database)


async def test_a_night_is_asked_for_once(database: Database, work: Work) -> None:
    """Nothing before the first night, one job from 02:00 on, none again until the next night."""
    handlers = nightly(Doings())
    asked = [
        await look(database, handlers, moment)
        for moment in (NIGHT - MINUTE, NIGHT, NIGHT + MINUTE, NIGHT + DAY - MINUTE, NIGHT + DAY, NIGHT + DAY)
    ]
    assert asked == [0, 1, 0, 0, 1, 0]


async def test_missed_nights_are_made_up_for_together(database: Database, database_url: str, work: Work) -> None:
    """After five days without a worker one job is done at once, at the present moment, and the next night is due."""
    doings, clock = Doings(), Moment(NIGHT + 5 * DAY + 10 * MINUTE)
    async with JobWorker(database, database_url, nightly(doings), clock=clock, look_seconds=0.1):
        await until(lambda: doings.done)
        await asyncio.sleep(0.5)
        assert len(doings.done) == 1
        clock.now = NIGHT + 6 * DAY
        await until(lambda: len(doings.done) == 2)
    assert doings.done == [(work.company.id, None)] * 2


async def test_workers_that_look_at_once_ask_once(database: Database, work: Work) -> None:
    """Eight looks at the same moment make one job for each of three companies."""
    await found(database, key="second")
    await found(database, key="third")
    handlers = nightly(Doings())
    asked = await asyncio.gather(*(look(database, handlers, NIGHT) for _ in range(8)))
    assert sum(asked) == 3


async def test_each_company_goes_by_its_own_clock(database: Database, work: Work) -> None:
    """At 02:00 in Shanghai it is due there; twelve hours later, at 02:00 in New York, it is due there too."""
    await found(database, key="yankee", time_zone="America/New_York")
    handlers = nightly(Doings())
    hours = timedelta(hours=1)
    assert [await look(database, handlers, NIGHT + hour * hours) for hour in (0, 11, 12, 13)] == [1, 0, 1, 0]


async def test_what_is_due_hourly_is_asked_for_once_an_hour(database: Database) -> None:
    """Whatever the companies, there is one job an hour; hours that nobody looked are one."""
    handlers = Handlers([Hourly("note", Doings().note)])
    moments = (NIGHT, NIGHT + 59 * MINUTE, NIGHT + 60 * MINUTE, NIGHT + DAY, NIGHT + DAY + MINUTE)
    assert [await look(database, handlers, moment) for moment in moments] == [1, 0, 1, 1, 0]


async def test_what_a_wrong_clock_asked_for_stops_nothing(database: Database, work: Work) -> None:
    """A look 400 days ahead asks for a night that is far from due: the nights of today are asked for all the same, once
    each; and so are the hours."""
    handlers = Handlers([Nightly("note", Doings().note), Hourly("hour", Doings().note)])
    assert await look(database, handlers, NIGHT + 400 * DAY) == 2
    moments = (NIGHT + DAY, NIGHT + DAY + MINUTE, NIGHT + DAY + 60 * MINUTE, NIGHT + 2 * DAY)
    assert [await look(database, handlers, moment) for moment in moments] == [2, 0, 1, 2]


async def test_jobs_go_by_the_clock_of_the_database(database: Database, database_url: str, admin_url: str) -> None:
    """Where no clock is given, the moment of a job is when PostgreSQL says that it was taken, to the microsecond."""
    admin, moments = await asyncpg.connect(**credentials(admin_url)), list[tuple[datetime, datetime]]()

    async def compare(job: Job) -> None:
        taken = await admin.fetchval("SELECT updated FROM quotaloom_jobs.job WHERE status = 'picked'")
        moments.append((job.now, taken))

    async with JobWorker(database, database_url, Handlers([Hourly("note", compare)]), look_seconds=0.1):
        await until(lambda: moments)
    assert [now == taken for now, taken in moments] == [True]
    await admin.close()


async def test_old_lines_of_the_log_are_deleted(database: Database, database_url: str, admin_url: str) -> None:
    """What became of a job fifteen days ago goes, thirteen days ago stays, and so does why a failed job failed."""
    admin = await asyncpg.connect(**credentials(admin_url))
    now = await admin.fetchval("SELECT now()")
    failed = await admin.fetchval(
        "INSERT INTO quotaloom_jobs.job (priority, status, entrypoint) VALUES (0, 'failed', 'note') RETURNING id"
    )
    await admin.executemany(
        "INSERT INTO quotaloom_jobs.job_log (created, job_id, status, priority, entrypoint)"
        " VALUES ($1, $2, 'successful', 0, $3)",
        [(now - 15 * DAY, -1, "old"), (now - 13 * DAY, -2, "young"), (now - 15 * DAY, failed, "kept")],
    )
    async with JobWorker(database, database_url, Handlers([PURGE]), clock=lambda: now, look_seconds=0.1):
        await until(lambda: admin.fetchval("SELECT count(*) = 0 FROM quotaloom_jobs.job_log WHERE entrypoint = 'old'"))
    left = await admin.fetch("SELECT entrypoint FROM quotaloom_jobs.job_log WHERE job_id < 0 OR job_id = $1", failed)
    assert sorted(row["entrypoint"] for row in left) == ["kept", "young"]
    await admin.close()
