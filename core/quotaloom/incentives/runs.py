"""The life of a run: started and computed, reviewed, approved, paid; nobody decides twice, and nobody his own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from asyncpg import Record

from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.periods import ONE_DAY, Grain, Period
from quotaloom.incentives.chains import load_rules
from quotaloom.incentives.days import LOCK
from quotaloom.incentives.duties import duties_of, require_person
from quotaloom.incentives.paying import tell_paid
from quotaloom.incentives.run_members import Scope as RunScope
from quotaloom.incentives.run_members import enter_members, members_of
from quotaloom.incentives.running import COMPUTE
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound
from quotaloom.platform.jobs.queue import NewJob, enqueue_all
from quotaloom.platform.texts import checked_reason
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.host import PolicyHost

COMPUTABLE: Final = ("computing", "failed", "draft")
RETURNABLE: Final = ("reviewed", "approved")
CANCELLABLE: Final = ("computing", "failed", "draft", "reviewed")
"""From which states a run may be computed again, returned to draft, and cancelled."""


async def start_run(work: Work, host: PolicyHost, label: str, unit_id: int | None = None) -> int:
    """Start the run of a period, named by its label, for all or for those who stand below a unit; returns its id.

    It is computed by a job. Who has been paid for the period stays out of it. Raises `NotFound` for the unit,
    `InputError` BAD_PERIOD, NOBODY, ALREADY_PAID, RUN_OPEN, POLICY_OFF, POLICY_UNAVAILABLE, NO_RULES where
    nothing was paid before either that could have to be corrected.
    """
    work.viewer.require(Scope.INCENTIVES, "starting a run")
    period = _period(work, label)

    async def apply(transaction: Transaction) -> int:
        await transaction.lock(LOCK)
        unit = "SELECT 1 FROM org_unit WHERE id = $1"
        if unit_id is not None and await transaction.fetch_one(unit, unit_id) is None:
            raise NotFound("NOT_FOUND", "there is no such org unit", ("orgUnitId",))
        await _require_rules(transaction, host, period)
        members = await members_of(transaction, RunScope(period, unit_id))
        row = await transaction.fetch_one(
            "INSERT INTO incentive_run (company_id, label, grain, starts_on, ends_on, unit_id, status, attempt, as_of,"
            " version) VALUES ($1, $2, $3, $4, $5, $6, 'computing', 1, $7, 1) RETURNING id",
            transaction.company_id,
            period.label,
            period.grain,
            period.starts_on,
            period.ends_on,
            unit_id,
            transaction.now,
        )
        assert row is not None
        run_id: int = row["id"]
        await enter_members(transaction, run_id, members)
        await _step(transaction, run_id, "start")
        await _ask_to_compute(transaction, run_id, 1, period.label)
        after = {"period": period.label, "unit_id": unit_id, "members": len(members)}
        transaction.record("incentive_run.start", "IncentiveRun", run_id, after=after)
        transaction.publish("incentive_run.started", id=run_id)
        return run_id

    return await work.write(apply)


def _period(work: Work, label: str) -> Period:
    try:
        period = fiscal_calendar(work.company).period(label)
    except InputError as error:
        raise error.at("period") from None
    if period.grain is None:
        message = "a run is of a period with a name, such as 2017-06 or 2017-Q2, not of a range of days"
        raise InputError("BAD_PERIOD", message, ("period",))
    if period.starts_on > work.today:
        message = f"{period.label} begins on {period.starts_on}: it can be run from then on"
        raise InputError("BAD_PERIOD", message, ("period",))
    return period


async def _require_rules(transaction: Transaction, host: PolicyHost, period: Period) -> None:
    try:
        rules = await load_rules(transaction, host.registry, period)
    except InputError as error:
        raise error.at("period") from None
    if not rules.rules and not await transaction.fetch(_SETTLED, period.grain, period.starts_on):
        day = period.ends_on - ONE_DAY
        grain = "" if period.grain is None else period.grain.value
        message = f"no rule for a {grain} is in force on {day}: set one first"
        raise InputError("NO_RULES", message, ("period",))


# What was paid may have to be corrected, also where no rule is left.
_SETTLED: Final = "SELECT FROM incentive_run WHERE status = 'paid' AND grain = $1 AND ends_on <= $2 LIMIT 1"


async def compute_again(work: Work, run_id: int, expected_version: int | None = None) -> None:
    """Compute a draft, a failed run or one under way anew, as of now, with whoever stands there now.

    Raises `NotFound`, `Conflict` STALE, `InputError` BAD_STATUS, RUN_OPEN, NOBODY, ALREADY_PAID.
    """
    work.viewer.require(Scope.INCENTIVES, "computing a run")

    async def apply(transaction: Transaction) -> None:
        run = await _hold(transaction, run_id, expected_version, COMPUTABLE, "computed again")
        period = Period(run["label"], Grain(run["grain"]), run["starts_on"], run["ends_on"])
        try:
            members = await members_of(transaction, RunScope(period, run["unit_id"]), run_id)
        except InputError as error:
            raise InputError(error.code, error.message, ("id",)) from None
        await enter_members(transaction, run_id, members)
        await transaction.execute(
            "UPDATE incentive_run SET status = 'computing', attempt = attempt + 1, failure = NULL, ledger_mark = NULL,"
            " version = version + 1 WHERE id = $1",
            run_id,
        )
        await _ask_to_compute(transaction, run_id, run["attempt"] + 1, run["label"])
        await _moved(transaction, run, "compute", "computing", None)

    await work.write(apply)


async def review_run(work: Work, run_id: int, expected_version: int | None = None) -> None:
    """Say that a draft was looked through; its members see their statements from now on.

    Raises `NotFound`, `Conflict` STALE, `InputError` BAD_STATUS.
    """
    work.viewer.require(Scope.INCENTIVES, "reviewing a run")

    async def apply(transaction: Transaction) -> None:
        run = await _hold(transaction, run_id, expected_version, ("draft",), "reviewed")
        await _set_status(transaction, run_id, "reviewed")
        await _moved(transaction, run, "review", "reviewed", None)

    await work.write(apply)


async def approve_run(work: Work, run_id: int, expected_version: int | None = None) -> None:
    """Approve a reviewed run. An admin does, who neither started nor reviewed it, and has no statement in it.

    Raises `AccessDenied`, `NotFound`, `Conflict` STALE, `InputError` BAD_STATUS.
    """
    require_person(work.viewer, "approving a run")

    async def apply(transaction: Transaction) -> None:
        run = await _hold(transaction, run_id, expected_version, ("reviewed",), "approved")
        reason = (await duties_of(transaction, work.viewer, [run_id]))[run_id].not_approve
        if reason is not None:
            raise AccessDenied(reason)
        await _set_status(transaction, run_id, "approved")
        await _moved(transaction, run, "approve", "approved", None)

    await work.write(apply)


async def pay_run(work: Work, run_id: int, expected_version: int | None = None) -> None:
    """Mark an approved run as paid; nothing of it changes any more, and its members are told.

    An admin does, who has not approved it, and has no statement in it. Raises `AccessDenied`, `NotFound`, `Conflict`
    STALE, `InputError` BAD_STATUS.
    """
    require_person(work.viewer, "paying a run")

    async def apply(transaction: Transaction) -> None:
        run = await _hold(transaction, run_id, expected_version, ("approved",), "paid")
        reason = (await duties_of(transaction, work.viewer, [run_id]))[run_id].not_pay
        if reason is not None:
            raise AccessDenied(reason)
        await _moved(transaction, run, "pay", "paid", None)
        await tell_paid(transaction, run)
        await transaction.execute(
            "UPDATE incentive_run SET status = 'paid', paid_at = $2, version = version + 1 WHERE id = $1",
            run_id,
            transaction.now,
        )

    await work.write(apply)


async def return_run(work: Work, run_id: int, reason: str, expected_version: int | None = None) -> None:
    """Make a reviewed or approved run a draft again, with a reason.

    Raises `NotFound`, `Conflict` STALE, `InputError` REASON_MISSING, BAD_STATUS.
    """
    work.viewer.require(Scope.INCENTIVES, "returning a run")
    text = checked_reason(reason)
    if text is None:
        raise InputError("REASON_MISSING", "say why the run is returned", ("reason",))

    async def apply(transaction: Transaction) -> None:
        run = await _hold(transaction, run_id, expected_version, RETURNABLE, "returned")
        await _set_status(transaction, run_id, "draft")
        await _moved(transaction, run, "return", "draft", text)

    await work.write(apply)


async def cancel_run(work: Work, run_id: int, reason: str | None = None, expected_version: int | None = None) -> None:
    """Give up a run that is not approved; its period can be run again.

    Raises `NotFound`, `Conflict` STALE, `InputError` BAD_STATUS.
    """
    work.viewer.require(Scope.INCENTIVES, "cancelling a run")
    text = checked_reason(reason)

    async def apply(transaction: Transaction) -> None:
        run = await _hold(transaction, run_id, expected_version, CANCELLABLE, "cancelled")
        await transaction.execute(
            "UPDATE incentive_run SET status = 'cancelled', failure = NULL, version = version + 1 WHERE id = $1", run_id
        )
        await _moved(transaction, run, "cancel", "cancelled", text)

    await work.write(apply)


async def _hold(
    transaction: Transaction, run_id: int, expected_version: int | None, wanted: Sequence[str], done: str
) -> Record:
    await transaction.lock(LOCK)
    row = await transaction.fetch_one("SELECT * FROM incentive_run WHERE id = $1 FOR UPDATE", run_id)
    if row is None:
        raise NotFound("NOT_FOUND", "there is no such run", ("id",))
    if expected_version not in (None, row["version"]):
        message = f"this run has version {row['version']} by now, not {expected_version}: read it again"
        raise Conflict("STALE", message, ("expectedVersion",))
    if row["status"] not in wanted:
        message = f"the run of {row['label']} is {row['status']}; it can be {done} when it is {' or '.join(wanted)}"
        raise InputError("BAD_STATUS", message, ("id",))
    return row


async def _set_status(transaction: Transaction, run_id: int, status: str) -> None:
    await transaction.execute(
        "UPDATE incentive_run SET status = $2, version = version + 1 WHERE id = $1", run_id, status
    )


_PUBLISHED: Final = {
    "compute": "incentive_run.started",
    "review": "incentive_run.reviewed",
    "approve": "incentive_run.approved",
    "pay": "incentive_run.paid",
    "return": "incentive_run.returned",
    "cancel": "incentive_run.cancelled",
}


async def _moved(transaction: Transaction, run: Record, step: str, status: str, reason: str | None) -> None:
    await _step(transaction, run["id"], step, reason)
    before, after = {"status": run["status"]}, {"status": status}
    transaction.record(f"incentive_run.{step}", "IncentiveRun", run["id"], before=before, after=after, reason=reason)
    transaction.publish(_PUBLISHED[step], id=run["id"])


async def _step(transaction: Transaction, run_id: int, step: str, reason: str | None = None) -> None:
    await transaction.execute(
        "INSERT INTO incentive_run_step (company_id, run_id, step, at, actor, actor_member_id, reason)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        transaction.company_id,
        run_id,
        step,
        transaction.now,
        transaction.writer.subject,
        transaction.writer.member_id,
        reason,
    )


async def _ask_to_compute(transaction: Transaction, run_id: int, attempt: int, label: str) -> None:
    key = f"{COMPUTE}:{transaction.company_id}:{run_id}:{attempt}"
    payload = {"run": run_id, "attempt": attempt}
    await enqueue_all(transaction, [NewJob(COMPUTE, transaction.company_id, payload, key, about=label)])
