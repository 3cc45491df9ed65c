"""Workers that are killed in the middle of what they do for a company: runs, simulations, nights, pools, events."""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg
import pytest

from tests.acceptance.crashes.busy_company import LABELS, MEMBERS, BusyCompany, busy_company
from tests.acceptance.crashes.ear import TOPICS, heard
from tests.acceptance.crashes.installation import Installation
from tests.acceptance.crashes.reckoning import (
    assert_done_once,
    assert_heard,
    assert_nothing_is_half_there,
    is_all_done,
)
from tests.acceptance.crashes.writers import Record
from tests.integration.jobs.doing import SECONDS, until
from tests.progress import Progress, stepwise


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a worker is killed that does a job of a `kind`: it waits for what `held` locks, or the number `seen` grows.

    So many, at the least, wait for what is locked.
    """

    kind: str
    held: str = ""
    seen: str = ""
    least: int = 1


def _table(kind: str, name: str, least: int = 1) -> Stop:
    return Stop(kind, held=f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE", least=least)


HEARD: Final = "how many events were heard"

STOPS: Final = (
    _table("incentives.compute", "statement_line"),  # statements are there, and none has lines
    Stop("incentives.compute", seen="SELECT count(*) FROM incentive_run_member WHERE computed"),
    Stop(
        "incentives.compute",
        held="SELECT FROM incentive_run_member WHERE (run_id, member_id) = (SELECT max(run_id), max(member_id)"
        " FROM incentive_run_member) FOR UPDATE",  # the last batch
    ),
    _table("incentives.compute", "audit_entry"),  # it is a draft, and nobody was told
    _table("incentives.simulate", "incentive_simulation"),
    Stop("incentives.simulate", seen="SELECT sum(done) FROM incentive_simulation"),
    _table("incentives.simulate", "audit_entry"),
    _table("pool.recycle", "quotaloom_jobs.job", least=2),  # who takes jobs waits, and who asks for the night
    _table("pool.recycle", "ownership_entry"),  # records have moved, and there is no entry of it
    Stop("pool.recycle", seen="SELECT count(*) FROM ownership_entry WHERE movement = 'recycle'"),
    _table("pool.recycle", "outbox_event"),
    _table("pool.hand_out", "ownership_entry"),
    _table("pool.hand_out", "pool_turn"),  # records are given, and turns are not counted
    _table("pool.hand_out", "outbox_event"),
    Stop("events.deliver", seen=HEARD),
)

KINDS: Final = frozenset(stop.kind for stop in STOPS)

WAITING: Final = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted AND locktype <> 'advisory'"

UNDER_WAY: Final = "SELECT entrypoint FROM quotaloom_jobs.job WHERE status = 'picked' AND updated >= $1"

LEFT: Final = """
SELECT EXISTS (SELECT FROM quotaloom_jobs.schedule WHERE company_id = $1 AND name = 'pool.recycle') AS asked,
    (SELECT count(*) FROM quotaloom_jobs.job WHERE (headers->>'company')::bigint = $1
        AND (status = 'picked' OR status = 'queued' AND execute_after <= now())) AS left,
    (SELECT max(id) FROM outbox_event WHERE company_id = $1 AND topic = ANY ($2::text[])) AS last
"""


@dataclass
class Killer:
    """Lets workers do what was asked for, and kills them in the middle; `killed_in` counts the jobs by their kind."""

    installation: Installation
    company: BusyCompany
    admin: asyncpg.Connection[Any]
    killed_in: Counter[str]

    async def kill_at(self, stop: Stop) -> None:
        """Ask for a job, start a worker, and kill it at the stop."""
        await self.company.ask(stop.kind)
        before = await self._seen(stop)
        async with self.admin.transaction():
            if stop.held:
                await self.admin.execute(stop.held)
            worker, since = await self._start()
            await until(lambda: self._is_reached(stop, before), pause=0.002)
            await self._kill(worker, since)

    async def kill_within(self, seconds: float) -> None:
        """Start a worker, and kill it after some time."""
        worker, since = await self._start()
        await asyncio.sleep(seconds)
        await self._kill(worker, since)

    async def _start(self) -> tuple[int, datetime]:
        since: datetime = await self.admin.fetchval("SELECT clock_timestamp()")
        return await asyncio.to_thread(self.installation.start, "worker"), since

    async def _kill(self, worker: int, since: datetime) -> None:
        self.killed_in.update([row["entrypoint"] for row in await self.admin.fetch(UNDER_WAY, since)])
        self.installation.send(worker, signal.SIGKILL)

    async def _seen(self, stop: Stop) -> int:
        if stop.seen == HEARD:
            return len(heard(self.installation.home))
        return await self.admin.fetchval(stop.seen) or 0 if stop.seen else 0

    async def _is_reached(self, stop: Stop, before: int) -> bool:
        if stop.seen:
            return await self._seen(stop) > before
        waiting: int = await self.admin.fetchval(WAITING)
        return waiting >= stop.least

    async def finish(self) -> None:
        """Let a worker do all that is left."""
        worker = await asyncio.to_thread(self.installation.start, "worker")
        await until(lambda: is_all_done(self.company), seconds=2 * SECONDS)
        await until(self._is_idle)
        self.installation.send(worker, signal.SIGKILL)

    async def _is_idle(self) -> bool:
        """Whether the night was asked for, no job is left that could begin, and the last event was heard."""
        (row,) = await self.admin.fetch(LEFT, self.company.work.company.id, list(TOPICS))
        if not row["asked"] or row["left"]:
            return False
        return any(one.event == row["last"] for one in heard(self.installation.home))


@pytest.mark.parametrize("rounds", [1, pytest.param(20, marks=pytest.mark.soak)])
async def test_jobs_are_done_whole_and_once_where_workers_are_killed(
    installation: Installation, rounds: int, record_property: Record, progress: Progress
) -> None:
    """In the middle of each write, and at any time: a run pays five percent of what was sold, of orders that came in
    between, too; a simulation gives eight; what is due goes back once, and what waits is handed out once and by turns;
    every event is told in its order, and the same when it is told again."""
    dice = random.Random(rounds)
    async with busy_company(installation, f"busy-{rounds}") as (company, admin):
        killer = Killer(installation, company, admin, Counter())
        for stop in stepwise(progress, STOPS * rounds, "a worker is killed in a job"):
            await killer.kill_at(stop)
            await assert_nothing_is_half_there(company)
            if stop.kind == "incentives.compute":
                await company.sell(LABELS[-1], dice.randrange(MEMBERS), 500)
            if stop is STOPS[-1]:
                for _ in range(5):
                    await killer.kill_within(dice.uniform(0.2, 0.6))
                    await assert_nothing_is_half_there(company)
                await killer.finish()
                await assert_done_once(company)
        await company.ask_for_night()
        await killer.finish()
        await assert_done_once(company)
        again = await assert_heard(company, heard(installation.home))
        assert again > 0
        assert killer.killed_in.keys() >= KINDS
    for kind in sorted(KINDS):
        record_property(f"killed in {kind}", killer.killed_in[kind])
    record_property("events told again", again)
