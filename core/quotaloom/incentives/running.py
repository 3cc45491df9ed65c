"""Computing a run in batches, each stored in one transaction: a run that was killed goes on where it stood."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import orjson

from quotaloom.calendars.periods import Grain, Period
from quotaloom.incentives.batches import Computed, compute_members
from quotaloom.incentives.computing import RunFailed
from quotaloom.incentives.restating import structure_of
from quotaloom.incentives.statements import replace_statements
from quotaloom.platform.errors import InputError
from quotaloom.platform.jobs.handlers import Job, JobHandler
from quotaloom.platform.unit_of_work import Record, Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.host import PolicyHost

COMPUTE: Final = "incentives.compute"
"""The job that computes a run; its payload names the `run` and which `attempt` it is."""

BATCH: Final = 500
"""How many members are computed and stored together."""

MOST_ROUNDS: Final = 5
"""How often what changed meanwhile is computed again; what changes after that is corrected in the next run."""

_RUN = "SELECT id, label, grain, starts_on, ends_on, status, attempt, ledger_mark FROM incentive_run WHERE id = $1"

_WAITING = """
SELECT member_id FROM incentive_run_member WHERE run_id = $1 AND NOT computed ORDER BY member_id LIMIT $2
"""

# Whose statements do not have what came meanwhile: entries behind the mark, or a change of the structure.
_STALE = """
UPDATE incentive_run_member AS own SET computed = false WHERE own.run_id = $1 AND (
    own.member_id IN (
        SELECT entry.member_id FROM achievement_entry AS entry WHERE entry.id > $2 AND entry.business_date < $3
    ) OR own.structure <> $4 OR EXISTS (
        SELECT FROM incentive_statement AS statement WHERE statement.company_id = own.company_id
        AND statement.run_id = own.run_id AND statement.member_id = own.member_id AND statement.of_team
        AND EXISTS (SELECT FROM achievement_entry AS entry WHERE entry.id > $2 AND entry.business_date < $3)
    )
)
"""

_log = logging.getLogger(__name__)


def computing_runs(host: PolicyHost) -> JobHandler:
    """Does the jobs that compute runs; the plugins are those of `host`."""
    return JobHandler(COMPUTE, partial(_compute_as_job, host=host))


async def _compute_as_job(job: Job, host: PolicyHost) -> None:
    await compute_run(await job.work(), host, int(job.payload["run"]), int(job.payload["attempt"]))


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A computation under way: another attempt, or a run that is not being computed any more, ends it."""

    run_id: int
    number: int
    period: Period


async def compute_run(work: Work, host: PolicyHost, run_id: int, attempt: int, *, batch: int = BATCH) -> None:
    """Compute what is left of a run, and make it a draft; one whose policy fails is failed, with the reason.

    Nothing is done where the run is not being computed, or a later attempt is. Statements of a run are as of the same
    state of ledger and structure: what comes while it is computed is computed again in the end. Raises whatever a job
    may be tried again for.
    """
    row = await _one(work, _RUN, run_id)
    if row is None or row["status"] != "computing" or row["attempt"] != attempt:
        return
    period = Period(row["label"], Grain(row["grain"]), row["starts_on"], row["ends_on"])
    doing = _Attempt(run_id, attempt, period)
    try:
        for _ in range(MOST_ROUNDS):
            mark = await work.write(partial(_mark, attempt=doing))
            await _compute_waiting(work, host, doing, batch)
            if mark is None or not await work.write(partial(_reopen_stale, attempt=doing, mark=mark)):
                break
        await _compute_waiting(work, host, doing, batch)
        await work.write(partial(_finish, attempt=doing))
    except (RunFailed, InputError) as error:
        if isinstance(error, InputError) and error.code not in ("POLICY_OFF", "POLICY_UNAVAILABLE"):
            raise
        _log.warning("the run of %s of %s failed: %s", period.label, work.company.key, error)
        await work.write(partial(_fail, attempt=doing, reason=str(error)))


async def _one(work: Work, sql: str, *arguments: Any) -> Record | None:
    async with work.snapshot() as snapshot:
        return await snapshot.fetch_one(sql, *arguments)


async def _compute_waiting(work: Work, host: PolicyHost, doing: _Attempt, batch: int) -> None:
    while member_ids := await _waiting(work, doing.run_id, batch):
        computed = await compute_members(work, host, doing.period, member_ids)
        if not await work.write(partial(_store, attempt=doing, member_ids=member_ids, computed=computed)):
            return


async def _waiting(work: Work, run_id: int, batch: int) -> list[int]:
    async with work.snapshot() as snapshot:
        return [row["member_id"] for row in await snapshot.fetch(_WAITING, run_id, batch)]


async def _under_way(transaction: Transaction, attempt: _Attempt) -> bool:
    """Whether the attempt is the one that computes the run; it stays so until the transaction ends."""
    row = await transaction.fetch_one(f"{_RUN} FOR UPDATE", attempt.run_id)
    return row is not None and (row["status"], row["attempt"]) == ("computing", attempt.number)


async def _mark(transaction: Transaction, *, attempt: _Attempt) -> int | None:
    """The last entry of the ledger as the attempt began, or as it was last looked at; None where it is over."""
    if not await _under_way(transaction, attempt):
        return None
    row = await transaction.fetch_one(
        "UPDATE incentive_run SET ledger_mark = coalesce(ledger_mark,"
        " (SELECT coalesce(max(id), 0) FROM achievement_entry)) WHERE id = $1 RETURNING ledger_mark",
        attempt.run_id,
    )
    return None if row is None else int(row["ledger_mark"])


async def _store(transaction: Transaction, *, attempt: _Attempt, member_ids: Sequence[int], computed: Computed) -> bool:
    if not await _under_way(transaction, attempt):
        return False
    await replace_statements(
        transaction, attempt.run_id, member_ids, computed.statements, computed.structure, transaction.now
    )
    await transaction.execute(
        "UPDATE incentive_run_member AS own SET computed = true, structure = $4, warnings = told.warnings::jsonb"
        " FROM unnest($2::bigint[], $3::text[]) AS told (member_id, warnings)"
        " WHERE own.run_id = $1 AND own.member_id = told.member_id",
        attempt.run_id,
        list(member_ids),
        [orjson.dumps(list(computed.warnings.get(one, ()))).decode() for one in member_ids],
        computed.structure,
    )
    return True


async def _reopen_stale(transaction: Transaction, *, attempt: _Attempt, mark: int) -> bool:
    """Let those be computed again whose statements lack what came meanwhile; whether there are any."""
    if not await _under_way(transaction, attempt):
        return False
    last = await transaction.fetch_one("SELECT coalesce(max(id), 0) AS last FROM achievement_entry")
    assert last is not None
    structure = await structure_of(transaction)
    tag = await transaction.execute(_STALE, attempt.run_id, mark, attempt.period.ends_on, structure)
    await transaction.execute("UPDATE incentive_run SET ledger_mark = $2 WHERE id = $1", attempt.run_id, last["last"])
    return tag != "UPDATE 0"


async def _finish(transaction: Transaction, *, attempt: _Attempt) -> None:
    if not await _under_way(transaction, attempt):
        return
    await transaction.execute(
        "UPDATE incentive_run SET status = 'draft', as_of = $2, version = version + 1 WHERE id = $1",
        attempt.run_id,
        transaction.now,
    )
    row = await transaction.fetch_one(
        "SELECT count(*) AS count FROM incentive_statement WHERE run_id = $1", attempt.run_id
    )
    assert row is not None
    after = {"status": "draft", "attempt": attempt.number, "statements": row["count"]}
    transaction.record("incentive_run.compute", "IncentiveRun", attempt.run_id, after=after)
    transaction.publish("incentive_run.computed", id=attempt.run_id)


async def _fail(transaction: Transaction, *, attempt: _Attempt, reason: str) -> None:
    if not await _under_way(transaction, attempt):
        return
    await transaction.execute(
        "UPDATE incentive_run SET status = 'failed', failure = $2, version = version + 1 WHERE id = $1",
        attempt.run_id,
        reason,
    )
    transaction.record("incentive_run.fail", "IncentiveRun", attempt.run_id, after={"status": "failed"}, reason=reason)
    transaction.publish("incentive_run.failed", id=attempt.run_id)
