"""Copying a plan into a later period: last week's into this one."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from quotaloom.action_plans.carrying import carry, copied_items
from quotaloom.action_plans.commands import enter_plan, made_before
from quotaloom.action_plans.facts import NewItem, PlanState, plan_period
from quotaloom.action_plans.placing import longer_plan, planned_unit, planner
from quotaloom.action_plans.serving import ServedTarget, target_of
from quotaloom.action_plans.storing import StoredPlan, hold_items, hold_own_plan, load_rights
from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.periods import Grain, Period
from quotaloom.ownership.permission import require_seller
from quotaloom.platform.errors import InputError
from quotaloom.platform.input_keys import InputKey, key_columns
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work


@dataclass(frozen=True, slots=True)
class PlanCopy:
    """Into which period a plan is copied; `part_of_id` is the longer plan that the copy belongs to.

    Without it that is the one of the source, where it reaches into the period. With `carry_over` what is open goes on
    in the copy and leaves the source, without it is planned there as well.
    """

    period: str
    part_of_id: int | None = None
    carry_over: bool = False
    request_key: str | None = None


async def copy_plan(work: Work, plan_id: int, copy: PlanCopy) -> int:
    """Copy a plan into a later period of the same grain, which follows it; returns the id of the draft.

    What is open is copied, with its days moved by whole periods; what is done or cancelled is not. Title and aim are
    the same; the target is that of the same metric over the period that corresponds. Needs the plan's member, an admin,
    or a service with `funnels:write`; keys as for `create_plan`. Raises `NotFound`, `AccessDenied`, `InputError`
    BAD_PERIOD, BAD_GRAIN, OTHER_GRAIN, NOT_LATER, NOT_A_MEMBER, SUBMITTED for carrying over out of a plan that is, and
    as for `longer_plan`.
    """
    require_seller(work.viewer, "copying an action plan")
    days, grain = plan_period(fiscal_calendar(work.company), copy.period)
    asked = {"copied": plan_id, **asdict(replace(copy, request_key=None))}
    key = InputKey.of(work.viewer, copy.request_key, asked)

    async def apply(transaction: Transaction) -> int:
        source = await hold_own_plan(transaction, work, plan_id)
        rights = await load_rights(transaction, work)
        placed: dict[str, Any] = {
            "member_id": source.member_id,
            "grain": grain.value,
            "starts_on": days.starts_on,
            "ends_on": days.ends_on,
        }
        if (earlier := await made_before(transaction, key)) is not None:
            return earlier
        _check_period(source, grain, days, carry_over=copy.carry_over)
        await planner(transaction, work, rights, source.member_id, days)
        part_of_id = await _longer(transaction, work, source, copy.part_of_id, grain, days)
        columns: dict[str, Any] = {
            **placed,
            "unit_id": await planned_unit(transaction, source.member_id, days, None, source.unit_id),
            **asdict(await _moved_target(transaction, work, source, days)),
            "part_of_id": part_of_id,
            "follows_id": source.id,
            "title": source.title,
            "aim": source.aim,
            **key_columns(key),
        }
        open_ = [(source, one) for one in await hold_items(transaction, source.id) if one.open]
        items: list[NewItem] = []
        if not copy.carry_over:
            items = await copied_items(transaction, work, open_, part_of_id, days)
        copy_id = await enter_plan(transaction, columns, items, key)
        if copy.carry_over:
            await carry(transaction, work, open_, copy_id, part_of_id, days)
        return copy_id

    return await work.write(apply)


def _check_period(source: StoredPlan, grain: Grain, days: Period, *, carry_over: bool) -> None:
    if grain is not source.grain:
        message = f"{days.label} is a {grain}, and the plan is of a {source.grain}"
        raise InputError("OTHER_GRAIN", message, ("period",))
    if days.starts_on <= source.starts_on:
        message = f"{days.label} is not later than the plan, which begins on {source.starts_on}"
        raise InputError("NOT_LATER", message, ("period",))
    if carry_over and source.state is PlanState.SUBMITTED:
        raise InputError(
            "SUBMITTED", "this action plan is submitted: take it back with returnActionPlan first", ("id",)
        )


async def _longer(
    transaction: Transaction, work: Work, source: StoredPlan, wanted_id: int | None, grain: Grain, days: Period
) -> int | None:
    rights = await load_rights(transaction, work)
    if wanted_id is not None:
        await longer_plan(transaction, rights, wanted_id, source.member_id, grain, days)
        return wanted_id
    try:
        await longer_plan(transaction, rights, source.part_of_id, source.member_id, grain, days)
    except InputError:
        return None  # it is closed, or ends before these days
    return source.part_of_id


async def _moved_target(transaction: Transaction, work: Work, source: StoredPlan, days: Period) -> ServedTarget:
    """The target of the same metric over the period that corresponds: the same one while the days lie in it."""
    served = target_of(source)
    period = _moved_period(work, source, served, days)
    calendar = fiscal_calendar(work.company)
    same_plan = await _covers(transaction, served.plan_id, period.starts_on)
    same_year = calendar.year_of(period.starts_on) == calendar.year_of(served.target_starts_on)
    return ServedTarget(
        served.metric_id,
        period.grain,
        period.starts_on,
        period.ends_on,
        served.plan_id if same_plan else None,
        served.objective_id if same_year else None,
    )


def _moved_period(work: Work, source: StoredPlan, served: ServedTarget, days: Period) -> Period:
    own = (served.target_starts_on, served.target_ends_on) == (source.starts_on, source.ends_on)
    if not own and days.starts_on < served.target_ends_on:
        return served.period
    if own or served.target_grain is None:
        return days
    return fiscal_calendar(work.company).containing(days.starts_on, served.target_grain)


async def _covers(transaction: Transaction, plan_id: int | None, day: date) -> bool:
    row = await transaction.fetch_one(
        "SELECT FROM plan WHERE company_id = $1 AND id = $2 AND starts_on <= $3 AND $3 < ends_on",
        transaction.company_id,
        plan_id,
        day,
    )
    return row is not None
