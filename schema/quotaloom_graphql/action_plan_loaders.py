"""Loaders of action plans, as far as the viewer may see them: each takes all parents of a level."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Final

import orjson
import strawberry

from quotaloom.action_plans import reads
from quotaloom.action_plans.facts import PlanState, Step
from quotaloom.action_plans.figures import Figures, figures_by_member, figures_of_plans
from quotaloom.action_plans.reads import PlanFilter, PlanPage
from quotaloom.action_plans.rights import PlanRights
from quotaloom.action_plans.telling import labelled
from quotaloom.activities.kinds import ActivityKind
from quotaloom.calendars.periods import Grain, Period
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Record
from quotaloom.targets.attainments import Figures as AttainmentFigures
from quotaloom.targets.attainments import attainment_by_member
from quotaloom_graphql.activity_loaders import load_activities
from quotaloom_graphql.arguments import PeriodLabel
from quotaloom_graphql.connections import After, First, page, window
from quotaloom_graphql.context import Info, RequestContext
from quotaloom_graphql.enums import PlanStatus
from quotaloom_graphql.funnel_loaders import seen_customers, seen_opportunities
from quotaloom_graphql.lead_loaders import load_leads
from quotaloom_graphql.nodes import decode_id, encode_id, optional_id
from quotaloom_graphql.organization_loaders import filtering_unit
from quotaloom_graphql.plan_loaders import load_plans
from quotaloom_graphql.questions import PlanAsked, attainment_question, period_named, sees_drafts

strawberry.enum(
    PlanState,
    name="ActionPlanState",
    description="Where an action plan stands: it is worked on, lies before whoever heads the unit above, was agreed on,"
    " or has ended.",
)
strawberry.enum(
    Step,
    name="ActionPlanStep",
    description="What happened to an action plan: its own steps, and changes of one that was agreed on.",
)

States = Annotated[list[PlanState] | None, strawberry.argument(description="Only what stands so.")]
Grains = Annotated[
    list[Grain] | None, strawberry.argument(description="Only plans of a quarter, a month, a week, a day.")
]
Within = Annotated[
    str | None, strawberry.argument(description="Only what shares a day with this period, such as `2026-06`.")
]
Overdue = Annotated[
    bool | None,
    strawberry.argument(description="Only what is overdue, or only what is not. Of plans: with open items."),
]
Under = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Only of positions and heads that lie below this unit today, or are it."),
]
OfMember = Annotated[strawberry.ID | None, strawberry.argument(description="Only of this member.")]

NAMED: Final[Mapping[str, str]] = {
    "lead_id": "Lead",
    "customer_id": "Customer",
    "opportunity_id": "Opportunity",
    "activity_id": "Activity",
    "refines_id": "ActionItem",
    "carried_from_id": "ActionItem",
    "metric_id": "Metric",
    "plan_id": "Plan",
    "objective_id": "Objective",
    "part_of_id": "ActionPlan",
    "follows_id": "ActionPlan",
    "review_id": "Review",
}
"""The types of what the columns of plans and items name."""

_AMOUNTS: Final = frozenset({"budget", "spent"})


async def period_within(context: RequestContext, label: str | None) -> Period | None:
    """The period of an argument `within`."""
    if label is None:
        return None
    try:
        return (await context.calendar()).fiscal.period(label)
    except InputError as error:
        raise error.at("within") from None


async def load_action_plans(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """Action plans by number."""
    context = info.context
    return await _told(context, await reads.plans_by_id(context.snapshot, await context.sight(), keys))


async def load_parts(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """The shorter plans that belong to these."""
    context = info.context
    return await _told(context, await reads.parts_of_plans(context.snapshot, await context.sight(), keys))


async def load_next_plans(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """The later plans that follow these."""
    context = info.context
    return await _told(context, await reads.plans_following(context.snapshot, await context.sight(), keys))


async def load_review_plans(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """The plans that take up reviews."""
    context = info.context
    return await _told(context, await reads.plans_of_reviews(context.snapshot, await context.sight(), keys))


async def resolve_action_plan(
    info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The action plan's id.")]
) -> Any:
    """One action plan that the viewer may see, or null."""
    await info.context.work()
    rows = await load_action_plans([decode_id(id, "ActionPlan", ("id",))], info)
    return rows[0] if rows else None


async def resolve_action_plans(
    info: Info,
    first: First = 50,
    after: After = None,
    member: OfMember = None,
    org_unit: Under = None,
    state: States = None,
    grain: Grains = None,
    within: Within = None,
    overdue: Overdue = None,
) -> dict[str, Any]:
    """A page of the action plans that the viewer may see, the latest first."""
    context = info.context
    offset, limit = window(first, after)
    member_id = optional_id(member, "Member", ("member",))
    where = PlanFilter(
        await context.today(),
        state,
        grain,
        await period_within(context, within),
        await filtering_unit(context, org_unit, "orgUnit"),
        overdue,
    )
    members = None if member_id is None else [member_id]
    pages = await reads.plans_page(context.snapshot, await context.sight(), where, offset, limit, members)
    found = pages.get(member_id or 0, PlanPage())
    return page(await _told(context, found.rows), offset, found.total)


async def load_member_action_plans(
    keys: list[int],
    info: Info,
    first: First = 50,
    after: After = None,
    state: States = None,
    grain: Grains = None,
    within: Within = None,
    overdue: Overdue = None,
) -> list[dict[str, Any]]:
    """A page of the action plans of each member, as far as the viewer may see them."""
    context = info.context
    offset, limit = window(first, after)
    where = PlanFilter(await context.today(), state, grain, await period_within(context, within), overdue=overdue)
    pages = await reads.plans_page(context.snapshot, await context.sight(), where, offset, limit, keys)
    found = [pages.get(key, PlanPage()) for key in keys]
    return [page(await _told(context, one.rows), offset, one.total) for one in found]


async def _told(context: RequestContext, rows: Sequence[Record]) -> list[dict[str, Any]]:
    calendar = (await context.calendar()).fiscal
    told = []
    for row in rows:
        grain = None if row["target_grain"] is None else Grain(row["target_grain"])
        days = Period("", Grain(row["grain"]), row["starts_on"], row["ends_on"])
        target_days = Period("", grain, row["target_starts_on"], row["target_ends_on"])
        target = {
            "member_id": row["member_id"],
            "metric_id": row["metric_id"],
            "plan_id": row["plan_id"],
            "period": labelled(calendar, grain, target_days),
            "starts_on": row["target_starts_on"],
            "ends_on": row["target_ends_on"],
        }
        told.append({**row, "period": labelled(calendar, days.grain, days), "target": target})
    return told


async def load_plan_rights(rows: list[Any], info: Info) -> list[dict[str, bool]]:
    """What the viewer may do with each action plan."""
    rights = PlanRights((await info.context.work()).viewer, await info.context.sight())
    return [rights.may(row["member_id"], row["unit_id"], PlanState(row["state"])) for row in rows]


async def load_target_attainments(targets: list[Any], info: Info) -> list[AttainmentFigures | None]:
    """How much of each target is achieved, as far as the viewer may see it; a read for each metric and plan."""
    context = info.context
    visible = await _comparable(context, {one["plan_id"] for one in targets} - {None}, info)
    groups: dict[tuple[int, int | None], list[Any]] = defaultdict(list)
    for one in targets:
        groups[one["metric_id"], one["plan_id"] if one["plan_id"] in visible else None].append(one)
    found: dict[tuple[int, int | None, int, Any, Any], AttainmentFigures] = {}
    for (metric_id, plan_id), group in groups.items():
        periods = {(one["starts_on"], one["ends_on"]): one["period"] for one in group}
        asked = [Period(label, None, *days) for days, label in sorted(periods.items())]
        plan = PlanAsked(None if plan_id is None else encode_id("Plan", plan_id))
        metric = (await context.metrics())[metric_id]["key"]
        question = await attainment_question(context, asked, metric, plan=plan)
        for members, positions in (await context.sight()).positions_of({one["member_id"] for one in group}):
            narrowed = replace(question, position_ids=positions)
            for row in await attainment_by_member(context.snapshot, await context.calendar(), members, narrowed):
                days = (row.period.starts_on, row.period.ends_on)
                found[metric_id, plan_id, row.subject_id, *days] = row
    return [
        found.get(
            (
                one["metric_id"],
                one["plan_id"] if one["plan_id"] in visible else None,
                one["member_id"],
                one["starts_on"],
                one["ends_on"],
            )
        )
        for one in targets
    ]


async def _comparable(context: RequestContext, plan_ids: set[int], info: Info) -> set[int]:
    """Those of the plans whose targets the viewer may see."""
    drafts = await sees_drafts(context)
    rows = await load_plans(sorted(plan_ids), info) if plan_ids else []
    return {row["id"] for row in rows if drafts or row["status"] in (PlanStatus.PUBLISHED, PlanStatus.CLOSED)}


async def load_figures(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """The figures of each plan with the shorter ones that belong to it."""
    context = info.context
    found = await figures_of_plans(context.snapshot, keys, await context.today(), await context.sight())
    return [await _figures(context, found[key]) for key in keys]


async def load_member_figures(keys: list[int], info: Info, period: PeriodLabel) -> list[dict[str, Any] | None]:
    """The figures of members whose figures the viewer may see: his own whole, others' in the subtrees he heads."""
    context = info.context
    days, today = await period_named(context, period), await context.today()
    found: dict[int, Figures] = {}
    for members, units in (await context.sight()).positions_of(keys):
        found |= await figures_by_member(context.snapshot, members, days, today, units)
    return [await _figures(context, found[key]) if key in found else None for key in keys]


async def _figures(context: RequestContext, figures: Figures) -> dict[str, Any]:
    scale = currency_scale((await context.work()).company.currency)
    counts = ("planned", "done", "on_time", "open", "overdue", "missed", "cancelled", "on_time_rate")
    return {
        **{name: getattr(figures, name) for name in counts},
        "budget": format_amount(figures.budget, scale),
        "spent": format_amount(figures.spent, scale),
        "kinds": [
            {"kind": kind, "planned": planned, "done": done}
            for kind in ActivityKind
            for planned, done in [figures.by(kind)]
            if planned
        ],
    }


async def load_plan_comments(keys: list[int], info: Info) -> list[Record]:
    """What was said of action plans that the viewer sees."""
    return await reads.comments_of_plans(info.context.snapshot, keys)


async def load_history(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """What happened to action plans that the viewer sees."""
    scale = currency_scale((await info.context.work()).company.currency)
    rows = await reads.history_of_plans(info.context.snapshot, keys)
    changed = [_changed(row) for row in rows]
    hidden = await _hidden(changed, info)

    def told(name: str, old: Any, new: Any) -> dict[str, Any]:
        before, after = (None if (name, value) in hidden else _text(name, value, scale) for value in (old, new))
        return {"field": _camel(name), "before": before, "after": after}

    return [
        {**row, "changes": [told(name, *pair) for name, pair in pairs.items()]}
        for row, pairs in zip(rows, changed, strict=True)
    ]


def _changed(row: Record) -> dict[str, tuple[Any, Any]]:
    """What each column that changed was before, and what it is since."""
    before = {} if row["before"] is None else orjson.loads(row["before"])
    after = {} if row["after"] is None else orjson.loads(row["after"])
    pairs = {name: (before.get(name), after.get(name)) for name in {**before, **after}}
    return {name: (old, new) for name, (old, new) in pairs.items() if old != new}


async def _hidden(changed: Sequence[Mapping[str, tuple[Any, Any]]], info: Info) -> set[tuple[str, Any]]:
    """The records, by column and number, that are named in changes and that the viewer may not see."""
    hidden: set[tuple[str, Any]] = set()
    for name, load in _RECORDS.items():
        named = {number for pairs in changed for number in pairs.get(name, ()) if number is not None}
        if named:
            hidden |= {(name, number) for number in named - {row["id"] for row in await load(sorted(named), info)}}
    return hidden


_RECORDS: Final[Mapping[str, Callable[[list[int], Info], Awaitable[Sequence[Any]]]]] = {
    "lead_id": load_leads,
    "customer_id": lambda keys, info: seen_customers(info.context, keys),
    "opportunity_id": lambda keys, info: seen_opportunities(info.context, keys),
    "activity_id": load_activities,
}
"""What items name that not everybody sees who sees the plan."""


def _text(name: str, value: Any, scale: int) -> str | None:
    if value is None:
        return None
    if name in NAMED:
        return encode_id(NAMED[name], value)
    if name == "materials":
        return ", ".join(orjson.loads(value))
    return format_amount(value, scale) if name in _AMOUNTS else str(value)


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.title() for part in others)
