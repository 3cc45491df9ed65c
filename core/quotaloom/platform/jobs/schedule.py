"""What is due: computed from the moment and from what was asked for before, never from a timer that can be missed.

The last time that was asked for is stored per company and name, in the transaction that stores the job: of several
workers that look at once, one asks. After days without a worker the last time alone is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from quotaloom.platform.jobs.handlers import Handlers, Hourly, Nightly
from quotaloom.platform.jobs.queue import NewJob, enqueue_all
from quotaloom.platform.jobs.storage import SCHEDULE
from quotaloom.platform.unit_of_work import Record, Transaction

BEYOND: Final = "2 days"
"""How much later than what is due now something may have been asked for: another time zone moves it by a day at most.

What is later was asked for by a clock that was wrong, and counts as not asked for.
"""

_DUE_FOR_COMPANIES = f"""
INSERT INTO {SCHEDULE} AS known (company_id, name, due_at)
SELECT clock.company_id, $1, zone.due_at
FROM company_clocks() AS clock JOIN unnest($2::text[], $3::timestamptz[]) AS zone (name, due_at)
    ON zone.name = clock.time_zone
WHERE zone.due_at > clock.founded_at AND NOT EXISTS (
    SELECT FROM {SCHEDULE} AS asked
    WHERE asked.company_id = clock.company_id AND asked.name = $1
        AND asked.due_at BETWEEN zone.due_at AND zone.due_at + interval '{BEYOND}')
ON CONFLICT (company_id, name) DO UPDATE SET due_at = EXCLUDED.due_at
    WHERE known.due_at NOT BETWEEN EXCLUDED.due_at AND EXCLUDED.due_at + interval '{BEYOND}'
RETURNING company_id, due_at
"""  # noqa: S608 (constants)

_DUE = f"""
INSERT INTO {SCHEDULE} AS known (company_id, name, due_at) VALUES (0, $1, $2)
ON CONFLICT (company_id, name) DO UPDATE SET due_at = EXCLUDED.due_at
    WHERE known.due_at NOT BETWEEN EXCLUDED.due_at AND EXCLUDED.due_at + interval '{BEYOND}'
RETURNING company_id, due_at
"""  # noqa: S608 (constants)


def latest_night(now: datetime, time_zone: str, at: time) -> datetime:
    """The last moment up to `now` at which the clock of a time zone showed `at`.

    Where the clock is put forward over `at`, it is the moment at which it would have shown it; where it shows `at`
    twice, the first of both.
    """
    zone = ZoneInfo(time_zone)
    day = now.astimezone(zone).date()
    night = _moment(day, at, zone)
    return night if night <= now else _moment(day - timedelta(days=1), at, zone)


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)


async def ask_for_what_is_due(transaction: Transaction, handlers: Handlers) -> int:
    """Store a job for everything that became due and was not asked for; how many they are."""
    jobs = [job for nightly in handlers.nightly for job in await _nights(transaction, nightly)]
    jobs += [job for hourly in handlers.hourly for job in await _hours(transaction, hourly)]
    await enqueue_all(transaction, jobs)
    return len(jobs)


async def _nights(transaction: Transaction, nightly: Nightly) -> list[NewJob]:
    zones = [row["time_zone"] for row in await transaction.fetch("SELECT DISTINCT time_zone FROM company_clocks()")]
    due = [latest_night(transaction.now, zone, nightly.at) for zone in zones]
    return _asked(nightly.name, await transaction.fetch(_DUE_FOR_COMPANIES, nightly.name, zones, due))


async def _hours(transaction: Transaction, hourly: Hourly) -> list[NewJob]:
    hour = transaction.now.replace(minute=0, second=0, microsecond=0)
    return _asked(hourly.name, await transaction.fetch(_DUE, hourly.name, hour))


def _asked(name: str, rows: Sequence[Record]) -> list[NewJob]:
    return [NewJob(name, row["company_id"], {"due_at": row["due_at"].isoformat()}) for row in rows]
