"""Goals that members set themselves above their targets: they are shown beside those, and enter no roll-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asyncpg import Record

from quotaloom.achievements.position_sums import achieved_in_positions
from quotaloom.calendars.company_calendar import CompanyCalendar, load_calendar
from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.calendars.periods import Grain, Period
from quotaloom.metrics.counting import counting_of
from quotaloom.metrics.reads import metrics_by_id
from quotaloom.organizations.sight import load_sight
from quotaloom.platform.access import Role
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.targets.permission import refuse_hidden
from quotaloom.targets.plans import PlanFacts, load_plan
from quotaloom.targets.reads import PlanChoice, lines_by_holding


@dataclass(frozen=True, slots=True)
class OwnGoalFigures:
    """A member's goal for a period of a position, beside his target and what he achieved there, in minor units."""

    member_id: int
    position_id: int
    period: Period
    goal: int
    target: int | None
    achieved: int
    version: int


@dataclass(frozen=True, slots=True)
class _Wanted:
    plan: PlanFacts
    period: Period


async def set_own_goal(
    work: Work, plan_id: int, position_id: int, period: str, goal: int | None, expected_version: int | None = None
) -> None:
    """Set the viewer's own goal for a month or the year of a position that he holds, in minor units; None clears it.

    It is not below his target in the published plan, his share by the days on which he holds the position; for a metric
    that is better when lower, not above it. `expected_version` is that of the goal which he read, 0 for none. Raises
    `AccessDenied` for whoever is no member, `NotFound`, `InputError` BAD_PERIOD, NO_TARGET, NEGATIVE_AMOUNT or
    BELOW_TARGET, `Conflict` STALE.
    """
    member_id = work.viewer.member_id
    if member_id is None or work.viewer.role is Role.SERVICE:
        raise AccessDenied("a goal of one's own is for members who hold a position")
    async with work.snapshot() as snapshot:
        wanted = await _wanted(snapshot, work, plan_id, position_id, period)
        if goal is not None:
            await _check_goal(snapshot, work, wanted, member_id, position_id, goal)

    async def apply(transaction: Transaction) -> None:
        await transaction.lock(f"own goals:{member_id}")
        key = (plan_id, position_id, member_id, wanted.period.starts_on, wanted.period.ends_on)
        before = await transaction.fetch_one(
            "SELECT amount, version FROM own_goal WHERE plan_id = $1 AND position_id = $2 AND member_id = $3"
            " AND starts_on = $4 AND ends_on = $5",
            *key,
        )
        _refuse_stale(0 if before is None else before["version"], expected_version)
        if (before and before["amount"]) == goal:
            return
        await _store(transaction, key, goal)
        told = {"plan_id": plan_id, "position_id": position_id, "period": period}
        transaction.record(
            "own_goal.set",
            "Member",
            member_id,
            before={**told, "goal": before and before["amount"]},
            after={**told, "goal": goal},
        )
        transaction.publish("own_goal.set", plan=plan_id, member=member_id, position=position_id)

    await work.write(apply)


async def own_goals(
    snapshot: Snapshot, calendar: CompanyCalendar, plan: PlanFacts, metric: Record, member_ids: Sequence[int]
) -> list[OwnGoalFigures]:
    """The goals of members for a plan, by member, position and first day, a year before its months.

    Targets are those of the published plan. Four statements, however many goals there are.
    """
    rows = await snapshot.fetch(
        "SELECT member_id, position_id, starts_on, ends_on, amount, version FROM own_goal"
        " WHERE plan_id = $1 AND member_id = ANY($2::bigint[])"
        " ORDER BY member_id, position_id, starts_on, ends_on DESC",
        plan.id,
        list(member_ids),
    )
    if not rows:
        return []
    periods = [_period(calendar.fiscal, row) for row in rows]
    choice = PlanChoice(plan.metric_id, plan.published_id)
    distinct = list(dict.fromkeys(periods))
    members = sorted({row["member_id"] for row in rows})
    lines = await lines_by_holding(snapshot, calendar, members, choice, distinct)
    asked = [(row["member_id"], row["position_id"], period) for row, period in zip(rows, periods, strict=True)]
    achieved = await achieved_in_positions(snapshot, counting_of(metric), asked)
    found = []
    for row, period, sold in zip(rows, periods, achieved, strict=True):
        line = lines.get((row["member_id"], row["position_id"], distinct.index(period)))
        target = None if line is None else line.target
        found.append(
            OwnGoalFigures(row["member_id"], row["position_id"], period, row["amount"], target, sold, row["version"])
        )
    return found


def _period(calendar: FiscalCalendar, row: Record) -> Period:
    """The month or year of a goal; where the fiscal year starts elsewhere by now, the range of its days."""
    for grain in (Grain.YEAR, Grain.MONTH):
        found = calendar.containing(row["starts_on"], grain)
        if (found.starts_on, found.ends_on) == (row["starts_on"], row["ends_on"]):
            return found
    return calendar.period((row["starts_on"], row["ends_on"]))


async def _wanted(snapshot: Snapshot, work: Work, plan_id: int, position_id: int, label: str) -> _Wanted:
    sight = await load_sight(snapshot, work.viewer, work.company, work.today)
    plan = await load_plan(snapshot, plan_id)
    refuse_hidden(sight, plan)
    if plan.published_id is None:
        raise NotFound("NOT_FOUND", "there is no such plan in force", ("planId",))
    # He may hold it later, or have held it before, and not know of it today.
    unit = await snapshot.fetch_one(
        "SELECT EXISTS (SELECT FROM holding h WHERE h.company_id = u.company_id AND h.position_id = u.id"
        " AND h.member_id = $2) AS his FROM org_unit u WHERE u.id = $1",
        position_id,
        work.viewer.member_id,
    )
    if unit is None or not (unit["his"] or sight.names_unit(position_id)):
        raise NotFound("NOT_FOUND", "there is no such unit that you can see", ("positionId",))
    calendar = (await load_calendar(snapshot, work.company)).fiscal
    try:
        period = calendar.period(label)
    except InputError as error:
        raise error.at("period") from None
    whole = period.grain is Grain.YEAR and (period.starts_on, period.ends_on) == (plan.starts_on, plan.ends_on)
    month = period.grain is Grain.MONTH and plan.starts_on <= period.starts_on and period.ends_on <= plan.ends_on
    if not (whole or month):
        message = f"{label[:30]!r} is neither the year of {plan.name} nor one of its months"
        raise InputError("BAD_PERIOD", message, ("period",))
    return _Wanted(plan, period)


async def _check_goal(
    snapshot: Snapshot, work: Work, wanted: _Wanted, member_id: int, position_id: int, goal: int
) -> None:
    plan, period = wanted.plan, wanted.period
    (metric,) = await metrics_by_id(snapshot, [plan.metric_id])
    choice, calendar = PlanChoice(plan.metric_id, plan.published_id), await load_calendar(snapshot, work.company)
    lines = await lines_by_holding(snapshot, calendar, [member_id], choice, [period], [position_id])
    line = lines.get((member_id, position_id, 0))
    if line is None or line.target is None:
        message = f"{plan.name} has no target of yours in this position for {period.label}, so none to go beyond"
        raise InputError("NO_TARGET", message, ("positionId",))
    if goal < 0:
        raise InputError("NEGATIVE_AMOUNT", "a goal is 0 or more", ("goal",))
    if goal > line.target if metric["lower_is_better"] else goal < line.target:
        side = "above" if metric["lower_is_better"] else "below"
        target = format_amount(line.target, metric["scale"])
        message = f"your target for {period.label} is {target}; a goal of your own is not {side} it"
        raise InputError("BELOW_TARGET", message, ("goal",))


async def _store(transaction: Transaction, key: tuple[object, ...], goal: int | None) -> None:
    if goal is None:
        await transaction.execute(
            "DELETE FROM own_goal WHERE plan_id = $1 AND position_id = $2 AND member_id = $3 AND starts_on = $4"
            " AND ends_on = $5",
            *key,
        )
        return
    await transaction.execute(
        "INSERT INTO own_goal AS g (company_id, plan_id, position_id, member_id, starts_on, ends_on, amount, version)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, 1) ON CONFLICT (plan_id, position_id, member_id, starts_on, ends_on,"
        " company_id) DO UPDATE SET amount = excluded.amount, version = g.version + 1",
        transaction.company_id,
        *key,
        goal,
    )


def _refuse_stale(version: int, expected_version: int | None) -> None:
    if expected_version not in (None, version):
        raise Conflict(
            "STALE",
            f"this goal was changed meanwhile: it is at version {version}, you read version {expected_version};"
            " read it again and repeat the change",
            ("expectedVersion",),
        )
