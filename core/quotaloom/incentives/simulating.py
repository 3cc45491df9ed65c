"""Computing a simulation: batch by batch, so that memory does not grow with what a company has in its ledger."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import orjson

from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.periods import Grain, date_range
from quotaloom.incentives.restating import structure_of
from quotaloom.incentives.simulated_batches import (
    Failure,
    GatheredBatch,
    TooManyFailures,
    compute_batch,
    gather_batch,
)
from quotaloom.incentives.simulated_rules import SimulatedChange, SimulatedPeriod, simulated_periods
from quotaloom.incentives.simulation_results import Tally
from quotaloom.incentives.simulations import SIMULATE, fail_simulation
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.errors import InputError
from quotaloom.platform.jobs.handlers import Job, JobHandler, Patience
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.host import PolicyHost

PATIENCE: Final = Patience(attempts=4)
"""A simulation that breaks off begins anew, and takes its time."""

BATCH: Final = 250
"""How many members are read and computed together, with all periods."""

# Members, by number; with a unit those who ever held or headed something below it.
_CANDIDATES = """
FROM member WHERE id > $2 AND ($1::bigint IS NULL OR EXISTS (
    SELECT FROM (
        SELECT company_id, position_id AS unit_id, member_id FROM holding
        UNION ALL SELECT company_id, unit_id, member_id FROM headship
    ) AS term JOIN unit_path AS path ON path.company_id = term.company_id AND path.unit_id = term.unit_id
    WHERE term.company_id = member.company_id AND term.member_id = member.id AND path.ancestor_id = $1
))
"""

_log = logging.getLogger(__name__)


def simulating(host: PolicyHost) -> JobHandler:
    """Does the jobs that compute simulations; the plugins are those of `host`."""
    return JobHandler(SIMULATE, partial(simulate_as_job, host=host), PATIENCE)


async def simulate_as_job(job: Job, host: PolicyHost) -> None:
    """Compute the simulation of a job; one that breaks off in the last attempt, too, is failed, and makes room."""
    work, simulation_id = await job.work(), int(job.payload["simulation"])
    try:
        await simulate(work, host, simulation_id)
    except Exception:
        if job.attempt >= PATIENCE.attempts:
            reason = f"it broke off {job.attempt} times; the failed jobs tell why"
            await work.write(partial(fail_simulation, simulation_id=simulation_id, reason=reason))
        raise


@dataclass(frozen=True, slots=True)
class _Moment:
    """What the ledger and the structure were: whether they went on while a simulation was computed."""

    entries: int
    structure: int


@dataclass(frozen=True, slots=True)
class _Asked:
    """A simulation that is to be computed, by the rules as they are now."""

    id: int
    unit_id: int | None
    bounds: Sequence[int] | None
    periods: Sequence[SimulatedPeriod]
    moment: _Moment


async def simulate(work: Work, host: PolicyHost, simulation_id: int, *, batch: int = BATCH) -> None:
    """Compute a simulation, from the beginning, and store what it comes to; it ends where it is removed meanwhile.

    Each member is computed from one moment, all periods together. What cannot be computed at all is failed, with the
    reason. Raises whatever a job may be tried again for.
    """
    try:
        asked = await _begin(work, host, simulation_id)
        if asked is None:
            return
        tally, failures = Tally([one.period.label for one in asked.periods]), list[Failure]()
        last = done = 0
        while (gathered := await _gather(work, host, asked, last, batch)) is not None:
            months = await compute_batch(host, gathered, failures, company_id=work.company.id)
            for member_id in gathered.member_ids:
                tally.add(member_id, months.get(member_id, {}))
            last, done = gathered.member_ids[-1], done + len(gathered.member_ids)
            if not await work.write(partial(_progress, simulation_id=asked.id, done=done)):
                return
        await _finish(work, asked, tally, failures)
    except (InputError, TooManyFailures) as error:
        _log.warning("simulation %s of %s failed: %s", simulation_id, work.company.key, error)
        reason = error.message if isinstance(error, InputError) else str(error)
        await work.write(partial(fail_simulation, simulation_id=simulation_id, reason=reason))


async def _begin(work: Work, host: PolicyHost, simulation_id: int) -> _Asked | None:
    """What is to be computed; None where it is done, or was removed."""
    async with work.snapshot() as snapshot:
        row = await snapshot.fetch_one(_SIMULATION, simulation_id)
        if row is None:
            return None
        periods = fiscal_calendar(work.company).periods(
            date_range(row["starts_on"], row["ends_on"]), Grain(row["grain"])
        )
        changes = [SimulatedChange(**change) for change in orjson.loads(row["changes"])]
        bounds = None if row["bounds"] is None else orjson.loads(row["bounds"])
        asked = _Asked(
            simulation_id,
            row["unit_id"],
            bounds,
            await simulated_periods(snapshot, host.registry, periods, changes),
            await _moment(snapshot),
        )
        total = await snapshot.fetch_one(f"SELECT count(*) AS count {_CANDIDATES}", row["unit_id"], 0)
    assert total is not None
    return asked if await work.write(partial(_start, asked=asked, total=total["count"])) else None


_SIMULATION = (
    "SELECT grain, starts_on, ends_on, unit_id, changes, bounds FROM incentive_simulation"
    " WHERE id = $1 AND status IN ('waiting', 'computing')"
)


async def _gather(work: Work, host: PolicyHost, asked: _Asked, last: int, batch: int) -> GatheredBatch | None:
    """The members after a number, with all that their periods follow from; None where there are no more."""
    async with work.snapshot() as snapshot:
        rows = await snapshot.fetch(f"SELECT id {_CANDIDATES} ORDER BY id LIMIT $3", asked.unit_id, last, batch)
        if not rows:
            return None
        ids = [row["id"] for row in rows]
        return await gather_batch(snapshot, work.company, host, asked.periods, asked.unit_id, ids)


async def _moment(snapshot: Snapshot) -> _Moment:
    row = await snapshot.fetch_one("SELECT coalesce(max(id), 0) AS last FROM achievement_entry")
    assert row is not None
    return _Moment(row["last"], await structure_of(snapshot))


async def _start(transaction: Transaction, *, asked: _Asked, total: int) -> bool:
    tag = await transaction.execute(
        "UPDATE incentive_simulation SET status = 'computing', done = 0, total = $2 WHERE id = $1"
        " AND status IN ('waiting', 'computing')",
        asked.id,
        total,
    )
    return tag != "UPDATE 0"


async def _progress(transaction: Transaction, *, simulation_id: int, done: int) -> bool:
    """Tell how far it is; whether it is still wanted."""
    tag = await transaction.execute(
        "UPDATE incentive_simulation SET done = $2 WHERE id = $1 AND status = 'computing'", simulation_id, done
    )
    return tag != "UPDATE 0"


async def _finish(work: Work, asked: _Asked, tally: Tally, failures: Sequence[Failure]) -> None:
    async with work.snapshot() as snapshot:
        moved = await _moment(snapshot) != asked.moment
    currency = work.company.currency
    result = {
        "currency": currency,
        **tally.result(asked.bounds, 10 ** currency_scale(currency)),
        "failures": [failure.to_json() for failure in failures],
        "moved_on": moved,
    }
    await work.write(partial(_store, simulation_id=asked.id, result=result))


async def _store(transaction: Transaction, *, simulation_id: int, result: dict[str, Any]) -> None:
    tag = await transaction.execute(
        "UPDATE incentive_simulation SET status = 'done', result = $2::text::jsonb, done = total, finished_at = $3"
        " WHERE id = $1 AND status = 'computing'",
        simulation_id,
        json.dumps(result),  # sums may have more digits than 64 bits hold
        transaction.now,
    )
    if tag != "UPDATE 0":
        after = {"status": "done"}
        transaction.record("incentive_simulation.finish", "IncentiveSimulation", simulation_id, after=after)
        transaction.publish("incentive_simulation.finished", id=simulation_id)
