"""From the arguments of a field to the question that the domain answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from quotaloom.calendars.periods import Grain, Period, date_range, known_day
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.unit_of_work import Record
from quotaloom.targets.attainments import AttainmentQuestion
from quotaloom.targets.plans import load_plan
from quotaloom_graphql.context import RequestContext
from quotaloom_graphql.enums import Structure
from quotaloom_graphql.nodes import decode_id

MOST_PERIODS = 400
"""How many periods one field may ask for: a year of days and some."""


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
class PlanNamed:
    """The version of a plan that is asked for by name, and the days that the plan covers."""

    version_id: int | None = None
    days: Period | None = None


async def plan_named(context: RequestContext, plan: str | None, metric: Record) -> PlanNamed:
    """The version whose cells are asked for by name: the plan's open draft, else its published version.

    Drafts are for those who plan: admins, services that may read, and heads. Raises `InputError` OTHER_METRIC for a
    plan of another metric than the one that is asked for.
    """
    if plan is None:
        return PlanNamed()
    work = await context.work()
    facts = await load_plan(context.snapshot, decode_id(plan, "Plan", ("plan",)), ("plan",))
    sight = await context.sight()
    may_see_drafts = work.viewer.may(Scope.READ) or bool(sight.headed_unit_ids)
    version = facts.draft_id if may_see_drafts and facts.draft_id is not None else facts.published_id
    if version is None:
        raise NotFound("NOT_FOUND", "there is no such plan that you can see", ("plan",))
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
    plan: str | None = None,
    at_plan_rate: bool = False,
) -> AttainmentQuestion:
    """The question that the arguments of an attainment field make."""
    counted = await metric_named(context, metric)
    named = await plan_named(context, plan, counted)
    return AttainmentQuestion(
        metric_id=counted["id"],
        metric_key=counted["key"],
        scale=counted["scale"],
        lower_is_better=counted["lower_is_better"],
        periods=tuple(periods),
        today=await context.today(),
        structure="as_is" if structure is Structure.AS_IS else "as_was",
        as_of=known_as_of(as_of),
        version_id=named.version_id,
        version_days=named.days,
        at_plan_rate=at_plan_rate,
    )
