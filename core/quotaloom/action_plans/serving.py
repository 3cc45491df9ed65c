"""The target that an action plan serves: of which metric, over which days, and of which plan and objective."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from quotaloom.action_plans.rights import PlanRights
from quotaloom.action_plans.storing import StoredPlan
from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.periods import Grain, Period
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.strategy.commands import require_open
from quotaloom.strategy.reads import seen_objectives
from quotaloom.targets.plan_reads import plans_by_id


@dataclass(frozen=True, slots=True)
class ServedTarget:
    """What an action plan serves, by the columns that it is stored in."""

    metric_id: int
    target_grain: Grain | None
    target_starts_on: date
    target_ends_on: date
    plan_id: int | None = None
    objective_id: int | None = None

    @property
    def period(self) -> Period:
        """The days of the target."""
        return Period("", self.target_grain, self.target_starts_on, self.target_ends_on)


@dataclass(frozen=True, slots=True)
class GivenTarget:
    """What a caller names of it."""

    metric_id: int | None = None
    target_period: str | None = None
    plan_id: int | None = None
    objective_id: int | None = None


def target_of(plan: StoredPlan) -> ServedTarget:
    """What a stored plan serves."""
    return ServedTarget(
        plan.metric_id,
        plan.target_grain,
        plan.target_starts_on,
        plan.target_ends_on,
        plan.plan_id,
        plan.objective_id,
    )


async def served_target(
    transaction: Transaction,
    work: Work,
    rights: PlanRights,
    given: GivenTarget,
    otherwise: ServedTarget | None,
    days: Period,
) -> ServedTarget:
    """The target that is named; what is left out is `otherwise`, without which the period is `days`, those of the plan.

    With another metric the plan and the objective are other ones, too.

    Raises `NotFound` for a metric, plan or objective that the viewer does not see, and `InputError` TARGET_MISSING
    without any metric, BAD_PERIOD, OTHER_PERIOD for days that the plan does not touch, OTHER_METRIC for a plan of
    another metric, and OTHER_YEAR or ARCHIVED for an objective.
    """
    metric_id = await _metric(transaction, given, otherwise)
    kept = otherwise if otherwise is not None and otherwise.metric_id == metric_id else None
    period = _period(work, given.target_period, days, otherwise)
    if given.plan_id is not None:
        await _require_plan(transaction, rights, given.plan_id, metric_id)
    if given.objective_id is not None:
        await _require_objective(transaction, work, rights, given.objective_id, period)
    return ServedTarget(
        metric_id,
        period.grain,
        period.starts_on,
        period.ends_on,
        given.plan_id if given.plan_id is not None or kept is None else kept.plan_id,
        given.objective_id if given.objective_id is not None or kept is None else kept.objective_id,
    )


async def _metric(transaction: Transaction, given: GivenTarget, otherwise: ServedTarget | None) -> int:
    if given.metric_id is None:
        if otherwise is None:
            raise InputError("TARGET_MISSING", "name the metric of the target that the plan serves", ("metricId",))
        return otherwise.metric_id
    if await transaction.fetch_one("SELECT FROM metric WHERE id = $1", given.metric_id) is None:
        raise NotFound("NOT_FOUND", "there is no such metric", ("metricId",))
    return given.metric_id


def _period(work: Work, label: str | None, days: Period, otherwise: ServedTarget | None) -> Period:
    if label is None:
        return days if otherwise is None else otherwise.period
    path = ("targetPeriod",)
    try:
        period = fiscal_calendar(work.company).period(label)
    except InputError as error:
        raise error.at(*path) from None
    if period.ends_on <= days.starts_on or days.ends_on <= period.starts_on:
        raise InputError("OTHER_PERIOD", f"{label} shares no day with the action plan's {days.label}", path)
    return period


async def _require_plan(transaction: Transaction, rights: PlanRights, plan_id: int, metric_id: int) -> None:
    found = await plans_by_id(transaction, [plan_id], drafts=rights.sight.plans)
    if not found:
        raise NotFound("NOT_FOUND", "there is no such plan that you can see", ("planId",))
    if found[0]["metric_id"] != metric_id:
        raise InputError("OTHER_METRIC", f"{found[0]['name']} is a plan of another metric", ("planId",))


async def _require_objective(
    transaction: Transaction, work: Work, rights: PlanRights, objective_id: int, period: Period
) -> None:
    named = rights.sight.units_with_names
    path = ("objectiveId",)
    if named is not None and objective_id not in await seen_objectives(transaction, named, drafts=rights.sight.plans):
        raise NotFound("NOT_FOUND", "there is no such objective that you can see", path)
    year = fiscal_calendar(work.company).year_of(period.starts_on)
    await require_open(transaction, objective_id, year, path)
