"""Telling event listeners what has happened: from the outbox, in its order, each listener from where it stands.

A listener that is switched on is told of events from then on, beginning with the switch. It stands behind the last
event that it took without raising. One that raises is told again, with growing pauses, and holds up nobody but itself;
after the last attempt it stands still until an admin has it tried again, or puts the failed job away: then it goes on
with the event after that one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from quotaloom.platform.jobs.handlers import SUBJECT, Job
from quotaloom.platform.jobs.queue import NewJob, enqueue_all
from quotaloom.platform.jobs.storage import QUEUE
from quotaloom.platform.unit_of_work import OUTBOX, Record, Transaction, Writer
from quotaloom.platform.work import Work
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.positions import begin, listeners_in_force
from quotaloom.policies.registry import PolicyRegistry
from quotaloom.policies.selected import SelectedPolicy
from quotaloom.policies.settings import selected_by, why_unavailable
from quotaloom_sdk import Event
from quotaloom_sdk.answers import judged

DELIVERY: Final = "events.deliver"
"""The job that tells one listener of a company; its payload names the `listener`."""

BATCH: Final = 50
"""How many events are read, and told, before it is stored that they were."""

# Where nothing concerns a listener, it stands at the end: the next time nobody looks through the same events again.
_ADVANCE = """
UPDATE listener_position SET last_event = coalesce((
    SELECT max(id) FROM outbox_event WHERE company_id = $1 AND id > last_event), last_event)
FROM unnest($2::text[], $3::text[]) AS wanted (listener, topics)
WHERE listener_position.company_id = $1 AND listener_position.listener = wanted.listener AND NOT EXISTS (
    SELECT FROM outbox_event WHERE company_id = $1 AND id > last_event
        AND topic = ANY (string_to_array(wanted.topics, ' ')))
RETURNING listener_position.listener
"""

_EVENTS = """
SELECT id, at, topic, payload FROM outbox_event WHERE company_id = $1 AND id > $2 AND topic = ANY ($3::text[])
ORDER BY id LIMIT $4
"""

_TOLD = """
UPDATE listener_position SET last_event = greatest(last_event, $3), stuck_event = $4
WHERE company_id = $1 AND listener = $2
"""


async def ask_for_deliveries(transaction: Transaction, registry: PolicyRegistry) -> bool:
    """Store a job for each listener of the company that has events before it; whether to look again soon.

    That is so where a listener is being told at this moment, which may have read its last events already. One that
    failed for good is left alone.
    """
    await transaction.lock(OUTBOX)
    rows = await listeners_in_force(transaction)
    await transaction.execute(
        "DELETE FROM listener_position WHERE company_id = $1 AND NOT (listener = ANY ($2::text[]))",
        transaction.company_id,
        [row["policy"] for row in rows],
    )
    usable = [row for row in rows if why_unavailable(registry, row["policy"], row["plugin_version"]) is None]
    if not usable:
        return False
    names = [row["policy"] for row in usable]
    await begin(transaction, usable)
    topics = [" ".join(registry.get(name).descriptor.topics) for name in names]
    done = await transaction.fetch(_ADVANCE, transaction.company_id, names, topics)
    return await _ask(transaction, sorted(set(names) - {row["listener"] for row in done}))


async def _ask(transaction: Transaction, listeners: Sequence[str]) -> bool:
    keys = {name: f"{DELIVERY}:{transaction.company_id}:{name}" for name in listeners}
    rows = await transaction.fetch(
        f"SELECT dedupe_key, status::text FROM {QUEUE} WHERE dedupe_key = ANY ($1::text[])",  # noqa: S608 (constant)
        list(keys.values()),
    )
    known = {row["dedupe_key"]: row["status"] for row in rows}
    jobs = [
        NewJob(DELIVERY, transaction.company_id, {"listener": name}, key, about=name)
        for name, key in keys.items()
        if key not in known
    ]
    await enqueue_all(transaction, jobs)
    return "picked" in known.values()


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a listener is told next; `end` is the last event up to which that is all."""

    selected: SelectedPolicy
    events: Sequence[Record]
    end: int


async def deliver(host: PolicyHost, job: Job) -> None:
    """Tell one listener of everything before it; raises what it raises, standing where it got to."""
    listener, work = job.payload["listener"], await job.work()
    while True:
        reading = await _as_job(work, partial(_read, registry=host.registry, listener=listener))
        if reading is None:
            return
        await _tell(host, work, listener, reading)
        if len(reading.events) < BATCH:
            return


async def _tell(host: PolicyHost, work: Work, listener: str, reading: _Reading) -> None:
    told, stuck = 0, None
    try:
        for row in reading.events:
            stuck = row["id"]
            event: Event[Any] = Event(str(row["id"]), row["topic"], row["at"], row["payload"], None)
            await host.ask(reading.selected, "listen", [event], _nothing, company_id=work.company.id)
            told, stuck = row["id"], None
        told = reading.end
    finally:
        await _as_job(work, partial(_store, listener=listener, told=told, stuck=stuck))


async def leave_out(transaction: Transaction, payload: Mapping[str, Any]) -> None:
    """Let a listener go on behind the event that it failed at."""
    await transaction.execute(
        "UPDATE listener_position SET last_event = greatest(last_event, stuck_event), stuck_event = NULL"
        " WHERE company_id = $1 AND listener = $2",
        transaction.company_id,
        payload["listener"],
    )


async def _read(transaction: Transaction, *, registry: PolicyRegistry, listener: str) -> _Reading | None:
    """The next events of a listener; None where it is switched off by now, or has none."""
    await transaction.lock(OUTBOX)
    rows = await listeners_in_force(transaction)
    setting = next((row for row in rows if row["policy"] == listener), None)
    if setting is None:
        return None
    await begin(transaction, [setting])
    position = await transaction.fetch_one(
        "SELECT last_event, (SELECT max(id) FROM outbox_event WHERE company_id = $1) AS end FROM listener_position"
        " WHERE company_id = $1 AND listener = $2",
        transaction.company_id,
        listener,
    )
    assert position is not None, "it has just begun, if it had not"
    selected = selected_by(registry, setting)
    topics = list(selected.policy.descriptor.topics)
    events = await transaction.fetch(_EVENTS, transaction.company_id, position["last_event"], topics, BATCH)
    end = events[-1]["id"] if len(events) == BATCH else position["end"] or 0
    return _Reading(selected, events, end)


async def _store(transaction: Transaction, *, listener: str, told: int, stuck: int | None) -> None:
    await transaction.execute(_TOLD, transaction.company_id, listener, told, stuck)


async def _as_job(work: Work, doing: Any) -> Any:
    return await work.database.write(work.company.id, Writer(SUBJECT, None, work.now), doing)


def _nothing(request: Event[Any], answer: object) -> None:
    judged(answer, type(None), request)
