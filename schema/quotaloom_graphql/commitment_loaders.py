"""Loaders of what was committed to, of units that the viewer leads or holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from quotaloom.calendars.periods import Grain, Period, date_range
from quotaloom.organizations.sight import Sight
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.targets.attainment import NO_LINES, rate
from quotaloom.targets.commitment_reads import commitments_of_units, committed_by_unit, gathered_by_unit
from quotaloom.targets.decomposing import tree_day_of
from quotaloom.targets.plans import PlanFacts, load_plan, version_numbered
from quotaloom.targets.reads import PlanChoice, lines_by_unit
from quotaloom.targets.version_comparisons import GRAINS
from quotaloom_graphql.arguments import PlanVersionNumber
from quotaloom_graphql.context import Info, RequestContext
from quotaloom_graphql.nodes import decode_id
from quotaloom_graphql.questions import period_named, periods_named, sees_drafts

CommittedPlan = Annotated[strawberry.ID, strawberry.argument(description="The plan.")]
CommittedPeriod = Annotated[
    str | None, strawberry.argument(description="A period of whole months, by its label; the plan's year by default.")
]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A plan whose commitments are asked for, and the version whose targets they are compared with, if any."""

    plan: PlanFacts
    version_id: int | None
    span: Period


async def load_commitments(
    keys: list[int],
    info: Info,
    plan: CommittedPlan,
    period: CommittedPeriod = None,
    grain: Annotated[
        Grain | None,
        strawberry.argument(description="Year, half, quarter or month: the parts that are answered, one by one."),
    ] = None,
    plan_version: PlanVersionNumber = None,
) -> list[dict[str, Any]]:
    """For each unit and period its target, its own commitment, and what is gathered below it."""
    context = info.context
    asked = await _asked(context, plan, period, plan_version)
    visible = _visible(await context.sight(), keys)
    periods = await _periods(context, asked, period, grain)
    if not visible:
        return []
    snapshot, calendar = context.snapshot, await context.calendar()
    day = tree_day_of(asked.plan, await context.today())
    own = await committed_by_unit(snapshot, asked.plan.id, visible, periods)
    below = await gathered_by_unit(snapshot, asked.plan.id, visible, periods, day)
    choice = PlanChoice(asked.plan.metric_id, asked.version_id)
    lines = {} if asked.version_id is None else await lines_by_unit(snapshot, calendar, visible, choice, periods)
    scale = (await context.metrics())[asked.plan.metric_id]["scale"]
    return [
        {
            "unit_id": key,
            "period": one.label,
            "starts_on": one.starts_on,
            "ends_on": one.ends_on,
            **_compared(lines.get((key, index), NO_LINES).target, own.get((key, index)), "committed", scale),
            **_compared(lines.get((key, index), NO_LINES).target, below.get((key, index)), "gathered", scale),
        }
        for key in visible
        for index, one in enumerate(periods)
    ]


async def load_committed_months(
    keys: list[int],
    info: Info,
    plan: CommittedPlan,
    period: CommittedPeriod = None,
    superseded: Annotated[
        bool, strawberry.argument(description="Earlier ones, which others took the place of, as well.")
    ] = False,
) -> list[dict[str, Any]]:
    """The commitments of units, month by month, the latest first."""
    context = info.context
    asked = await _asked(context, plan, period, None)
    visible = _visible(await context.sight(), keys)
    if not visible:
        return []
    found = await commitments_of_units(context.snapshot, asked.plan.id, visible, asked.span, superseded=superseded)
    calendar = (await context.calendar()).fiscal
    scale = (await context.metrics())[asked.plan.metric_id]["scale"]
    return [
        {
            **row,
            "period": calendar.containing(row["starts_on"], Grain.MONTH).label,
            "amount": format_amount(row["amount"], scale),
        }
        for key in visible
        for row in found.get(key, ())
    ]


def _visible(sight: Sight, keys: Sequence[int]) -> list[int]:
    return [key for key in keys if sight.everything or key in sight.led_unit_ids or sight.holds(key)]


async def _asked(context: RequestContext, plan: str, period: str | None, number: int | None) -> _Asked:
    facts = await load_plan(context.snapshot, decode_id(plan, "Plan", ("plan",)), ("plan",))
    drafts = await sees_drafts(context)
    if not (drafts or facts.published_id is not None or facts.commitments_until is not None):
        raise NotFound("NOT_FOUND", "there is no such plan that you can see", ("plan",))
    version = facts.draft_id if drafts and facts.draft_id is not None else facts.published_id
    if number is not None:
        found = await version_numbered(context.snapshot, facts.id, number)
        if found is None or (found[1] and not drafts):
            message = f"{facts.name} has no version {number} that you can see"
            raise NotFound("NOT_FOUND", message, ("planVersion",))
        version = found[0]
    whole = date_range(facts.starts_on, facts.ends_on)
    return _Asked(facts, version, whole if period is None else await period_named(context, period))


async def _periods(context: RequestContext, asked: _Asked, period: str | None, grain: Grain | None) -> Sequence[Period]:
    if grain is not None and grain not in GRAINS:
        raise InputError(
            "BAD_GRAIN", f"commitments are told by year, half, quarter or month, not by {grain}", ("grain",)
        )
    calendar = (await context.calendar()).fiscal
    if period is None and grain is None:
        year = calendar.year(asked.plan.fiscal_year)
        return [year if (year.starts_on, year.ends_on) == (asked.span.starts_on, asked.span.ends_on) else asked.span]
    try:
        calendar.periods(asked.span, Grain.MONTH)
    except InputError as error:
        raise error.at("period") from None
    return await periods_named(context, asked.span.label if period is None else period, grain)


def _compared(target: int | None, amount: int | None, name: str, scale: int) -> dict[str, Any]:
    gap = None if target is None or amount is None else target - amount
    share = None if gap is None else rate(gap, target)
    prefix = "" if name == "committed" else f"{name}_"
    return {
        "target": None if target is None else format_amount(target, scale),
        name: None if amount is None else format_amount(amount, scale),
        f"{prefix}gap": None if gap is None else format_amount(gap, scale),
        f"{prefix}gap_percent": None if share is None else share.scaleb(2),
    }
