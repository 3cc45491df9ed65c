"""Every job that there is leaves audit entries for what it writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

import asyncpg
import pytest

from quotaloom.incentives.running import COMPUTE
from quotaloom.incentives.simulations import SIMULATE
from quotaloom.ownership.arrivals import HAND_OUT
from quotaloom.platform.database import Database, credentials
from quotaloom.platform.jobs.handlers import Job
from quotaloom.platform.jobs.storage import LOG
from quotaloom_server.jobs import handlers_for
from tests.integration.funnels.floors import HOST
from tests.integration.graph.wholes import Wholes
from tests.integration.jobs.things_to_do import JOBS

BOOKS: Final = {
    LOG: "what became of jobs, which is no company's",
    "audit_entry": "the log itself",
    "outbox_event": "what was written, as it is told to plugins",
    "kept_answer": "what is answered to whoever asks again; what was done has an entry of its own",
    "listener_position": "how far a plugin's listener was told, which no command shows or sets",
}
"""Tables whose changes need no entry, and why."""

COVERED: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    "pool.recycle": dict.fromkeys(("ownership", "ownership_entry", "notification"), frozenset({"records.recycle"})),
    "pool.remind": {"notification": frozenset({"notification.remind"})},
    "action_plans.remind": {"notification": frozenset({"notification.remind"})},
    "review.deadlines": {
        "review": frozenset({"review.self_skipped"}),
        "review_step": frozenset({"review.self_skipped"}),
        "notification": frozenset({"notification.remind", "review.self_skipped"}),
    },
    "incentives.forget_simulations": {"incentive_simulation": frozenset({"incentive_simulation.forget"})},
    HAND_OUT: dict.fromkeys(
        ("ownership", "ownership_entry", "notification", "pool", "pool_turn", "pool_memory"),
        frozenset({"records.assign"}),
    ),
    COMPUTE: dict.fromkeys(
        ("incentive_run", "incentive_run_member", "incentive_statement", "statement_line"),
        frozenset({"incentive_run.compute", "incentive_run.fail"}),
    ),
    SIMULATE: {"incentive_simulation": frozenset({"incentive_simulation.finish", "incentive_simulation.fail"})},
}
"""The actions of which one tells of each table's change, by job."""


ALONGSIDE: Final = frozenset({"notification", "pool", "pool_turn", "pool_memory"})
"""What changes as a consequence; of the others an entry is on each row itself, or on what it is a part of."""

ENDED: Final = {"incentive_simulation"}
"""What a job may remove: what is no more is told of by its number, in the contents of one entry."""


async def contents(connection: asyncpg.Connection) -> dict[str, frozenset[str]]:
    """The rows of every table of companies, and of the log of jobs."""
    tables = await connection.fetch(
        "SELECT c.relname AS name FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
        " AND (c.relname = 'company' OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid"
        " AND a.attname = 'company_id'))"
    )
    found = {}
    for name in (LOG, *(table["name"] for table in tables)):
        rows = await connection.fetch(f"SELECT to_jsonb(one)::text FROM {name} AS one")
        found[name] = frozenset(row[0] for row in rows)
    return found


def test_something_is_to_be_done_for_each_job_that_there_is() -> None:
    """A new job needs a company on which it has something to do."""
    assert {handler.name for handler in handlers_for(HOST).all} == JOBS.keys()


@pytest.mark.parametrize(
    ("name", "place"), [(name, place) for name, companies in JOBS.items() for place in range(len(companies))]
)
async def test_what_a_job_writes_is_in_the_audit_log(name: str, place: int, database: Database, admin_url: str) -> None:
    """Whichever row of a company it changes, an entry of the same doing tells of it."""
    due = await JOBS[name][place](database)
    handler = next(one for one in handlers_for(due.host).all if one.name == name)
    admin = await asyncpg.connect(**credentials(admin_url))
    try:
        wholes = await Wholes.read(admin)
        before = await contents(admin)
        assert len(before) > 50
        for moment in due.moments:
            await handler.run(Job(name, due.work.company.id, due.payload, 1, database, moment))
            after = await contents(admin)
            changed = {table for table in after if after[table] != before[table]}
            assert changed - {"audit_entry", "outbox_event"}, f"there was nothing to be done at {moment}"
            entries = [json.loads(entry) for entry in after["audit_entry"] - before["audit_entry"]]
            both = {table: after[table] | before[table] for table in after}
            for table in changed - BOOKS.keys():
                actions = COVERED.get(name, {}).get(table, frozenset())
                told = {(one["object_type"], one["object_id"]) for one in entries if one["action"] in actions}
                assert told, f"no entry tells of {table}"
                gone = after[table] < before[table] and table in ENDED
                rows = frozenset() if gone or table in ALONGSIDE else after[table] ^ before[table]
                for text in rows:
                    assert wholes.told(table, json.loads(text), both) & told, f"no entry tells of {text} in {table}"
            before = after
    finally:
        await admin.close()
