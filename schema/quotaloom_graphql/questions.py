"""From the arguments of a field to the question that the domain answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from quotaloom.calendars.periods import Grain, Period, date_range, known_day
from quotaloom.metrics.counting import counting_of
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.unit_of_work import Record
from quotaloom.targets.attainments import AttainmentQuestion
from quotaloom.targets.plans import load_plan, version_numbered
from quotaloom_graphql.context import RequestContext
from quotaloom_graphql.enums import Structure
from quotaloom_graphql.nodes import decode_id

MOST_PERIODS = 400
"""How many periods one field may ask for: a year of days and some.

No setting: it keeps mistakes apart from questions. What they come to is bounded by `operation_cost`.
"""


async def metric_named(context: RequestContext, key: str) -> Record:
    """The metric with this key; raises `InputError` UNKNOWN_METRIC."""
    metrics = (await context.metrics()).values()
    found = next((metric for metric in metrics if metric["key"] == key), None)
    if found is None:
        known = ", ".join(metric["key"] for metric in metrics)
        raise InputError("UNKNOWN_METRIC", f"there is no metric {key[:60]!r}; there are {known}", ("metric",))
    return found


async def period_named(context: RequestContext, label: str) -> Period:
    """The period that a label or range stands for in the company's calendar."""
    calendar = await context.calendar()
    try:
        return calendar.fiscal.period(label)
    except InputError as error:
        raise error.at("period") from None


async def periods_named(context: RequestContext, label: str, grain: Grain | None) -> Sequence[Period]:
    """The periods of a grain within the period that a label stands for; that period itself without a grain."""
    span = await period_named(context, label)
    if grain is None:
        return [span]
    if grain is Grain.DAY and span.length > MOST_PERIODS:
        raise InputError(
            "TOO_MANY_PERIODS", f"{label} has {span.length} days; ask for {MOST_PERIODS} at most", ("grain",)
        )
    try:
        periods = (await context.calendar()).fiscal.periods(span, grain)
    except InputError as error:
        raise error.at("grain") from None
    if len(periods) > MOST_PERIODS:
        raise InputError(
            "TOO_MANY_PERIODS", f"{label} has {len(periods)} {grain.plural}; ask for {MOST_PERIODS} at most", ("grain",)
        )
    return periods


def known_as_of(day: date | None) -> date | None:
    """`day` itself; raises `InputError` BAD_PERIOD for one that no calendar has."""
    try:
        return None if day is None else known_day(day)
    except InputError as error:
        raise error.at("asOf") from None


@dataclass(frozen=True, slots=True)
class PlanAsked:
    """The plan and the number of a version that a field is asked for; without a plan that in force is meant."""

    id: str | None = None
    version: int | None = None


NO_PLAN = PlanAsked()


@dataclass(frozen=True, slots=True)
class PlanNamed:
    """The version of a plan that is asked for by name, and the days that the plan covers."""

    version_id: int | None = None
    days: Period | None = None


async def sees_drafts(context: RequestContext) -> bool:
    """Whether drafts and scenarios are shown: to admins, services that may read, and heads."""
    viewer, sight = (await context.work()).viewer, await context.sight()
    return viewer.may(Scope.READ) or bool(sight.headed_unit_ids)


async def plan_named(context: RequestContext, plan: PlanAsked, metric: Record) -> PlanNamed:
    """The version whose cells are asked for: that of a number, or the plan's open draft, else its published version.

    Raises `InputError` OTHER_METRIC for a plan of another metric than the one that is asked for, PLAN_MISSING for the
    number of a version without a plan.
    """
    if plan.id is None:
        if plan.version is not None:
            raise InputError("PLAN_MISSING", "name the plan that the version belongs to", ("plan",))
        return PlanNamed()
    facts = await load_plan(context.snapshot, decode_id(plan.id, "Plan", ("plan",)), ("plan",))
    drafts = await sees_drafts(context)
    version = facts.draft_id if drafts and facts.draft_id is not None else facts.published_id
    if version is None:
        raise NotFound("NOT_FOUND", "there is no such plan that you can see", ("plan",))
    if plan.version is not None:
        found = await version_numbered(context.snapshot, facts.id, plan.version)
        if found is None or (found[1] and not drafts):
            message = f"{facts.name} has no version {plan.version} that you can see"
            raise NotFound("NOT_FOUND", message, ("planVersion",))
        version = found[0]
    if facts.metric_id != metric["id"]:
        raise InputError("OTHER_METRIC", f"{facts.name} is a plan of another metric than {metric['key']}", ("plan",))
    return PlanNamed(version, date_range(facts.starts_on, facts.ends_on))


async def attainment_question(
    context: RequestContext,
    periods: Sequence[Period],
    metric: str,
    *,
    structure: Structure = Structure.AS_WAS,
    as_of: date | None = None,
    plan: PlanAsked = NO_PLAN,
    at_plan_rate: bool = False,
) -> AttainmentQuestion:
    """The question that the arguments of an attainment field make."""
    counted = await metric_named(context, metric)
    counting, metrics = counting_of(counted), await context.metrics()
    named = await plan_named(context, plan, counted)
    return AttainmentQuestion(
        metric_id=counted["id"],
        metric_key=metrics[counting.metric_id]["key"],
        scale=counted["scale"],
        lower_is_better=counted["lower_is_better"],
        periods=tuple(periods),
        today=await context.today(),
        structure="as_is" if structure is Structure.AS_IS else "as_was",
        as_of=known_as_of(as_of),
        version_id=named.version_id,
        version_days=named.days,
        at_plan_rate=at_plan_rate,
        counting=counting,
    )
