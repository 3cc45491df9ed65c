"""Simulations: asked for, kept for a while, and taken away. A job computes them and writes nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

import orjson
from asyncpg import Record

from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.periods import Grain, Period, date_range
from quotaloom.incentives.simulated_rules import SimulatedChange, checked_changes, checked_title
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.access import Scope
from quotaloom.platform.amounts import parse_amount
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.jobs.handlers import Job, Nightly
from quotaloom.platform.jobs.queue import enqueue
from quotaloom.platform.jobs.storage import QUEUE
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.host import PolicyHost

SIMULATE: Final = "incentives.simulate"
"""The job that computes a simulation; its payload names the `simulation`."""

USUAL_PERIODS: Final = 12
MOST_PERIODS: Final = 24
"""How many periods a simulation is of where none are named, and at the most."""

MOST_AT_ONCE: Final = 3
"""How many simulations of a company may be waiting or under way."""

MOST_KEPT: Final = 200
"""How many simulations of a company are kept."""

KEPT: Final = timedelta(days=90)
"""How long a simulation is kept."""

MOST_BOUNDS: Final = 50

_COLUMNS = (
    "id, title, grain, starts_on, ends_on, unit_id, changes, bounds, status, done, total, result::text AS result,"
    " failure, created_at, created_by, finished_at"
)


@dataclass(frozen=True, slots=True)
class SimulationRequest:
    """What is to be simulated: changes of rules, in the periods from `first` to `last`, for all or below a unit.

    Periods are named by labels, such as `2017-06`; the last twelve of the grain that are over where none are named.
    `bounds`, ascending amounts of the company's currency, are those of the histogram.
    """

    changes: Sequence[SimulatedChange]
    title: str | None = None
    grain: Grain = Grain.MONTH
    first: str | None = None
    last: str | None = None
    unit_id: int | None = None
    bounds: Sequence[Decimal] | None = None


async def start_simulation(work: Work, host: PolicyHost, request: SimulationRequest) -> int:
    """Let a job compute a simulation; returns its id. Nothing but the simulation itself is written, now or then.

    Raises what `checked_changes` raises, `InputError` BAD_PERIOD, TOO_MANY_PERIODS, BAD_BOUNDS, BAD_NAME, TOO_MANY
    where others are under way or too many are kept; `NotFound` for the unit.
    """
    work.viewer.require(Scope.INCENTIVES, "simulating rules")
    periods = periods_of(work, request)
    bounds = _bounds(request.bounds, currency_scale(work.company.currency))
    title = checked_title(request.title) or f"{periods[0].label} to {periods[-1].label}"
    await _require_unit(work, request.unit_id)
    changes = await checked_changes(work, host, request.changes, periods)

    async def apply(transaction: Transaction) -> int:
        await _require_room(transaction)
        row = await transaction.fetch_one(
            "INSERT INTO incentive_simulation (company_id, title, grain, starts_on, ends_on, unit_id, changes, bounds,"
            " status, done, total, created_at, created_by)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8::text::jsonb, 'waiting', 0, 0, $9, $10) RETURNING id",
            transaction.company_id,
            title,
            request.grain.value,
            periods[0].starts_on,
            periods[-1].ends_on,
            request.unit_id,
            orjson.dumps([change.to_json() for change in changes]).decode(),
            None if bounds is None else orjson.dumps(bounds).decode(),
            transaction.now,
            transaction.writer.subject,
        )
        assert row is not None
        simulation_id: int = row["id"]
        await enqueue(transaction, SIMULATE, {"simulation": simulation_id}, key=_key(transaction, simulation_id))
        after = {"title": title, "changes": [change.to_json() for change in changes], "unit_id": request.unit_id}
        transaction.record("incentive_simulation.start", "IncentiveSimulation", simulation_id, after=after)
        transaction.publish("incentive_simulation.started", id=simulation_id)
        return simulation_id

    return await work.write(apply)


def _key(transaction: Transaction, simulation_id: int) -> str:
    return f"{SIMULATE}:{transaction.company_id}:{simulation_id}"


def periods_of(work: Work, request: SimulationRequest) -> tuple[Period, ...]:
    """The periods of a request, in order. Raises `InputError` BAD_PERIOD, TOO_MANY_PERIODS."""
    calendar, grain = fiscal_calendar(work.company), request.grain
    current = calendar.containing(work.today, grain)
    last = calendar.previous(current) if request.last is None else _named(work, request.last, grain, "last")
    if last.starts_on > work.today:
        message = f"{last.label} begins on {last.starts_on}: only what has happened is simulated"
        raise InputError("BAD_PERIOD", message, ("last",))
    first = last
    if request.first is not None:
        first = _named(work, request.first, grain, "first")
    else:
        for _ in range(USUAL_PERIODS - 1):
            first = calendar.previous(first)
    if first.starts_on > last.starts_on:
        raise InputError("BAD_PERIOD", f"{first.label} is after {last.label}", ("first",))
    if (last.ends_on - first.starts_on).days > 366 * MOST_PERIODS:
        raise _too_many(MOST_PERIODS)
    periods = calendar.periods(date_range(first.starts_on, last.ends_on), grain)
    if len(periods) > MOST_PERIODS:
        raise _too_many(len(periods))
    return periods


def _too_many(found: int) -> InputError:
    message = f"a simulation is of {MOST_PERIODS} periods at the most: these are {found} or more"
    return InputError("TOO_MANY_PERIODS", message, ("first",))


def _named(work: Work, label: str, grain: Grain, place: str) -> Period:
    try:
        period = fiscal_calendar(work.company).period(label)
    except InputError as error:
        raise error.at(place) from None
    if period.grain is not grain:
        raise InputError("BAD_PERIOD", f"{period.label} is no {grain.value}: name one of the grain", (place,))
    return period


def _bounds(given: Sequence[Decimal] | None, scale: int) -> list[int] | None:
    if given is None:
        return None
    bounds = [parse_amount(one, scale, ("bounds", place)) for place, one in enumerate(given)]
    if not 1 <= len(bounds) <= MOST_BOUNDS or bounds != sorted(set(bounds)):
        raise InputError("BAD_BOUNDS", f"name 1 to {MOST_BOUNDS} bounds, each above the one before", ("bounds",))
    return bounds


async def _require_unit(work: Work, unit_id: int | None) -> None:
    if unit_id is None:
        return
    async with work.snapshot() as snapshot:
        if await snapshot.fetch_one("SELECT 1 FROM org_unit WHERE id = $1", unit_id) is None:
            raise NotFound("NOT_FOUND", "there is no such org unit", ("orgUnitId",))


async def _require_room(transaction: Transaction) -> None:
    await transaction.lock("incentive simulations")
    await _fail_abandoned(transaction)
    row = await transaction.fetch_one(
        "SELECT count(*) AS kept, count(*) FILTER (WHERE status IN ('waiting', 'computing')) AS open"
        " FROM incentive_simulation"
    )
    assert row is not None
    if row["open"] >= MOST_AT_ONCE:
        message = f"{row['open']} simulations are under way: wait for one of them, or remove it"
        raise InputError("TOO_MANY", message, ("changes",))
    if row["kept"] >= MOST_KEPT:
        raise InputError("TOO_MANY", f"{row['kept']} simulations are kept: remove some first", ("changes",))


# A job whose worker was killed in the last attempt could fail nothing itself: nobody will compute what it was for.
_ABANDONED = f"""NOT EXISTS (
    SELECT FROM {QUEUE} AS job WHERE job.dedupe_key = '{SIMULATE}:' || own.company_id || ':' || own.id
        AND job.status IN ('queued', 'picked'))"""


async def _fail_abandoned(transaction: Transaction) -> None:
    await _fail(transaction, "its worker was lost each time; the failed jobs tell more", _ABANDONED)


async def fail_simulation(transaction: Transaction, *, simulation_id: int, reason: str) -> None:
    """Fail a simulation that waits or is under way, and tell of it; one that has ended stays as it is."""
    await _fail(transaction, reason, "own.id = $3", simulation_id)


async def _fail(transaction: Transaction, reason: str, which: str, *values: Any) -> None:
    rows = await transaction.fetch(
        "UPDATE incentive_simulation AS own SET status = 'failed', failure = $1, finished_at = $2"  # noqa: S608 (constants)
        f" WHERE status IN ('waiting', 'computing') AND {which} RETURNING id",
        reason,
        transaction.now,
        *values,
    )
    for row in rows:
        after = {"status": "failed"}
        transaction.record("incentive_simulation.fail", "IncentiveSimulation", row["id"], after=after, reason=reason)
        transaction.publish("incentive_simulation.finished", id=row["id"])


async def remove_simulation(work: Work, simulation_id: int) -> None:
    """Take a simulation away; one under way ends. Raises `NotFound`."""
    work.viewer.require(Scope.INCENTIVES, "removing a simulation")

    async def apply(transaction: Transaction) -> None:
        row = await transaction.fetch_one(
            "DELETE FROM incentive_simulation WHERE id = $1 RETURNING title, status", simulation_id
        )
        if row is None:
            raise NotFound("NOT_FOUND", "there is no such simulation", ("id",))
        transaction.record("incentive_simulation.remove", "IncentiveSimulation", simulation_id, before=dict(row))
        transaction.publish("incentive_simulation.removed", id=simulation_id)

    await work.write(apply)


async def forget_simulations(job: Job) -> None:
    """Delete the company's simulations that are older than `KEPT`, and fail those that no job is left for."""
    await (await job.work()).write(partial(_forget, before=job.now - KEPT))


async def _forget(transaction: Transaction, *, before: Any) -> None:
    await _fail_abandoned(transaction)
    gone = await transaction.fetch("DELETE FROM incentive_simulation WHERE created_at < $1 RETURNING id", before)
    if gone:
        ids = sorted(row["id"] for row in gone)
        transaction.record("incentive_simulation.forget", "IncentiveSimulation", None, before={"ids": ids})


FORGET: Final = Nightly("incentives.forget_simulations", forget_simulations)


async def simulations_page(snapshot: Snapshot, offset: int, limit: int) -> tuple[list[dict[str, Any]], int]:
    """Simulations, the latest first, and how many there are."""
    rows = await snapshot.fetch(
        f"SELECT {_COLUMNS} FROM incentive_simulation ORDER BY id DESC LIMIT $1 OFFSET $2",  # noqa: S608 (constants)
        limit,
        offset,
    )
    count = await snapshot.fetch_one("SELECT count(*) AS count FROM incentive_simulation")
    assert count is not None
    return [_read(row) for row in rows], count["count"]


async def simulations_by_id(snapshot: Snapshot, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Simulations by number, in no order."""
    sql = f"SELECT {_COLUMNS} FROM incentive_simulation WHERE id = ANY ($1::bigint[])"  # noqa: S608 (constants)
    rows = await snapshot.fetch(sql, list(ids))
    return [_read(row) for row in rows]


def _read(row: Record) -> dict[str, Any]:
    parsed = {name: None if row[name] is None else json.loads(row[name]) for name in ("changes", "bounds", "result")}
    return {**row, **parsed, "kept_until": row["created_at"] + KEPT}
