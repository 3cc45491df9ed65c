"""Bottom-up: heads and holders commit to figures for their units, and whoever is above gathers them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.periods import Period
from quotaloom.organizations.sight import Sight, load_sight
from quotaloom.platform.access import Scope
from quotaloom.platform.amounts import LARGEST
from quotaloom.platform.errors import AccessDenied, InputError, NotFound
from quotaloom.platform.texts import checked_text
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.targets.cells import unit_spans
from quotaloom.targets.gathering import open_in
from quotaloom.targets.permission import refuse_hidden
from quotaloom.targets.plan_months import month_of_plan
from quotaloom.targets.plans import PlanFacts, load_plan


@dataclass(frozen=True, slots=True)
class CommittedMonth:
    """What is committed to for a month, by its label, in minor units of the plan's metric; None takes it back."""

    month: str
    amount: int | None


async def call_for_commitments(work: Work, plan_id: int, until: date | None) -> None:
    """Let everybody who holds a position commit to figures in a plan until the end of a day; None ends the call.

    Admins only. Members then know of the plan, though of no draft target. Raises `NotFound`, `InputError` PLAN_CLOSED,
    BAD_DATE for a day that is over.
    """
    work.viewer.require(Scope.TARGETS, "calling for commitments")
    if until is not None and until < work.today:
        raise InputError("BAD_DATE", f"{until} is over; name today or a later day", ("until",))

    async def apply(transaction: Transaction) -> None:
        await transaction.lock("plans")
        plan = await load_plan(transaction, plan_id)
        _refuse_closed(plan)
        if plan.commitments_until == until:
            return
        await transaction.execute(
            "UPDATE plan SET commitments_until = $2, version = version + 1 WHERE id = $1", plan_id, until
        )
        before, after = {"until": plan.commitments_until}, {"until": until}
        transaction.record("commitments.call", "Plan", plan_id, before=before, after=after)
        transaction.publish("commitments.called", plan=plan_id)

    await work.write(apply)


async def commit_targets(
    work: Work, plan_id: int, unit_id: int, months: Sequence[CommittedMonth], comment: str | None = None
) -> None:
    """Commit to figures for months of a unit; what was committed to for them before is superseded and kept.

    Whoever leads the unit, and whoever holds the position while the plan calls for commitments. Raises `NotFound`,
    `AccessDenied`, `InputError` NO_MONTHS, BAD_MONTH, DUPLICATE_MONTH, NEGATIVE_AMOUNT, UNIT_NOT_OPEN, PLAN_CLOSED,
    NO_CALL where the plan does not call for commitments any more.
    """
    said = checked_text(comment, ("comment",), "a comment")
    if not months:
        raise InputError("NO_MONTHS", "name 1 month or more", ("months",))
    async with work.snapshot() as snapshot:
        sight = await load_sight(snapshot, work.viewer, work.company, work.today)
        plan = await load_plan(snapshot, plan_id)
        await _require_right(snapshot, sight, plan, unit_id, work.today)
    days = _placed(work, plan, months)

    async def apply(transaction: Transaction) -> None:
        await transaction.lock(f"commitments:{plan_id}:{unit_id}")
        _refuse_closed(await load_plan(transaction, plan_id))
        await _refuse_not_open(transaction, unit_id, days)
        await _supersede(transaction, plan_id, unit_id, days)
        kept = [(day, one.amount) for day, one in zip(days, months, strict=True) if one.amount is not None]
        await _store(transaction, plan_id, unit_id, kept, said)
        after = {"plan": plan_id, "months": {one.month: one.amount for one in months}}
        transaction.record("targets.commit", "OrgUnit", unit_id, after=after, reason=said)
        transaction.publish("targets.committed", plan=plan_id, unit=unit_id)

    await work.write(apply)


async def _require_right(snapshot: Snapshot, sight: Sight, plan: PlanFacts, unit_id: int, today: date) -> None:
    refuse_hidden(sight, plan)
    if not (sight.plans_everything or sight.sees_unit(unit_id)) or not await unit_spans(snapshot, [unit_id]):
        raise NotFound("NOT_FOUND", "there is no such unit that you can see", ("orgUnitId",))
    if sight.may_plan(unit_id):
        return
    if not sight.holds(unit_id):
        raise AccessDenied("commitments are made by those who head the unit or one above it, and by who holds it")
    if plan.commitments_until is None or plan.commitments_until < today:
        raise InputError(
            "NO_CALL", f"{plan.name} does not call for commitments now; ask whoever heads your unit", ("planId",)
        )


def _placed(work: Work, plan: PlanFacts, months: Sequence[CommittedMonth]) -> list[Period]:
    calendar = fiscal_calendar(work.company)
    found: list[Period] = []
    for index, one in enumerate(months):
        path = ("months", index)
        month = month_of_plan(calendar, plan, one.month, (*path, "month"))
        if month in found:
            raise InputError("DUPLICATE_MONTH", f"{one.month} is named twice", (*path, "month"))
        if one.amount is not None and not 0 <= one.amount <= LARGEST:
            raise InputError("NEGATIVE_AMOUNT", "a commitment is 0 or more", (*path, "amount"))
        found.append(month)
    return found


def _refuse_closed(plan: PlanFacts) -> None:
    if plan.closed:
        raise InputError("PLAN_CLOSED", f"{plan.name} is closed; reopen it first", ("planId",))


async def _refuse_not_open(transaction: Transaction, unit_id: int, days: Sequence[Period]) -> None:
    unit = (await unit_spans(transaction, [unit_id]))[unit_id]
    for index, month in enumerate(days):
        if not open_in(unit["opened_on"], unit["closed_on"], month.starts_on, month.ends_on):
            message = f"{unit['name']} is open on no day of {month.label}"
            raise InputError("UNIT_NOT_OPEN", message, ("months", index, "month"))


async def _supersede(transaction: Transaction, plan_id: int, unit_id: int, days: Sequence[Period]) -> None:
    await transaction.execute(
        "UPDATE commitment SET superseded_at = $4 WHERE plan_id = $1 AND unit_id = $2"
        " AND starts_on = ANY($3::date[]) AND superseded_at IS NULL",
        plan_id,
        unit_id,
        [day.starts_on for day in days],
        transaction.now,
    )


async def _store(
    transaction: Transaction, plan_id: int, unit_id: int, kept: Sequence[tuple[Period, int]], comment: str | None
) -> None:
    await transaction.execute(
        "INSERT INTO commitment (company_id, plan_id, unit_id, starts_on, ends_on, amount, comment, at, author,"
        " author_id) SELECT $1, $2, $3, n.*, $7, $8, $9, $10 FROM unnest($4::date[], $5::date[], $6::bigint[]) AS n",
        transaction.company_id,
        plan_id,
        unit_id,
        [day.starts_on for day, _ in kept],
        [day.ends_on for day, _ in kept],
        [amount for _, amount in kept],
        comment,
        transaction.now,
        transaction.writer.subject,
        transaction.writer.member_id,
    )
