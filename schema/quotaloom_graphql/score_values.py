"""Scores of units and members: several metrics as one number, with all that it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from quotaloom.calendars.periods import Period
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Record
from quotaloom.scores.reads import Component, all_scores, components_of
from quotaloom.scores.scoring import Weighed, scores_by_member, scores_by_unit
from quotaloom_graphql.arguments import AsOf, GrainChoice, PeriodLabel, StructureChoice
from quotaloom_graphql.context import Info, RequestContext
from quotaloom_graphql.decimals import shortest
from quotaloom_graphql.enums import Structure
from quotaloom_graphql.field_costs import FIGURE
from quotaloom_graphql.metrics import Metric, load_metrics
from quotaloom_graphql.questions import attainment_question, period_named, periods_named
from strawberry_breadth import batch, column

ScoreKey = Annotated[str, strawberry.argument(description="The key of a score.")]


@strawberry.type(description="What one metric adds to a score. Amounts have the metric's decimal places.")
class ScoreComponentValue:
    """A component, with the figures of one unit or member and one period."""

    metric: Metric = batch(load_metrics, key="metric_id", by="id", one=True, description="The metric.")
    weight: Decimal = column(shortest, of="weight", description="Its weight as stated.")
    share: Decimal = strawberry.field(description="Its weight ÷ the sum of all weights, six places.")
    cap: Decimal | None = column(shortest, of="cap", description="The most that its contribution may be; null for any.")
    target: Decimal | None = strawberry.field(description="What is aimed for; null where there is no target.")
    achieved: Decimal = strawberry.field(description="Credited amounts, as in `attainment`.")
    rate: Decimal | None = strawberry.field(description="`achieved ÷ target`, six places; null without a target.")
    contribution: Decimal | None = strawberry.field(
        description="The rate; of a metric that is better when lower 2 − rate, not below 0; never more than the cap."
        " Six places; null without a target."
    )


@strawberry.type(description="A score of a unit or member for one period, and what it is made of.", directives=[FIGURE])
class ScoreValue:
    """A value."""

    period: str = strawberry.field(description="The period's label.")
    starts_on: date = strawberry.field(description="First day.")
    ends_on: date = strawberry.field(description="The day after the last.")
    value: Decimal | None = strawberry.field(
        description="The sum of weight × contribution ÷ the sum of weights, rounded once to six places, half up: 1"
        " where all targets are just met. Null where a component has no target, or one of 0."
    )
    components: list[ScoreComponentValue] = strawberry.field(description="What it is made of, in the score's order.")


async def known_scores(context: RequestContext) -> dict[str, tuple[Record, tuple[Component, ...]]]:
    """Every score with its components, by key."""

    async def load() -> dict[str, tuple[Record, tuple[Component, ...]]]:
        await context.work()
        rows = await all_scores(context.snapshot)
        components = await components_of(context.snapshot, [row["id"] for row in rows])
        return {row["key"]: (row, components[row["id"]]) for row in rows}

    return await context.once("scores", load)


async def load_unit_score(
    keys: list[int],
    info: Info,
    key: ScoreKey,
    period: PeriodLabel,
    as_of: AsOf = None,
    structure: StructureChoice = Structure.AS_WAS,
) -> list[dict[str, Any]]:
    """A score of the units whose figures the viewer may see."""
    return await _of_units(keys, info, key, [await period_named(info.context, period)], as_of, structure)


async def load_unit_scores(
    keys: list[int],
    info: Info,
    key: ScoreKey,
    period: PeriodLabel,
    grain: GrainChoice,
    as_of: AsOf = None,
    structure: StructureChoice = Structure.AS_WAS,
) -> list[dict[str, Any]]:
    """The same for each period of a grain."""
    return await _of_units(keys, info, key, await periods_named(info.context, period, grain), as_of, structure)


async def load_member_score(
    keys: list[int], info: Info, key: ScoreKey, period: PeriodLabel, as_of: AsOf = None
) -> list[dict[str, Any]]:
    """A score of the members whose figures the viewer may see, of others in the subtrees that he heads."""
    return await _of_members(keys, info, key, [await period_named(info.context, period)], as_of)


async def load_member_scores(
    keys: list[int], info: Info, key: ScoreKey, period: PeriodLabel, grain: GrainChoice, as_of: AsOf = None
) -> list[dict[str, Any]]:
    """The same for each period of a grain."""
    return await _of_members(keys, info, key, await periods_named(info.context, period, grain), as_of)


async def _of_units(
    keys: list[int], info: Info, key: str, periods: Sequence[Period], as_of: date | None, structure: Structure
) -> list[dict[str, Any]]:
    context = info.context
    weighed = await _weighed(context, key, periods, as_of, structure)
    visible = (await context.sight()).seen_units(keys)
    if not visible or not periods:
        return []
    currency = (await context.work()).company.currency
    return await scores_by_unit(context.snapshot, await context.calendar(), currency, visible, weighed)


async def _of_members(
    keys: list[int], info: Info, key: str, periods: Sequence[Period], as_of: date | None
) -> list[dict[str, Any]]:
    context = info.context
    weighed = await _weighed(context, key, periods, as_of)
    rows: list[dict[str, Any]] = []
    for members, positions in (await context.sight()).positions_of(keys) if periods else ():
        asked = [(component, replace(question, position_ids=positions)) for component, question in weighed]
        rows += await scores_by_member(context.snapshot, await context.calendar(), members, asked)
    return rows


async def _weighed(
    context: RequestContext,
    key: str,
    periods: Sequence[Period],
    as_of: date | None,
    structure: Structure = Structure.AS_WAS,
) -> Weighed:
    """The components of the score with this key, each with its question; raises `InputError` UNKNOWN_SCORE."""
    scores = await known_scores(context)
    if key not in scores:
        known = f"; there are {', '.join(scores)}" if scores else ""
        raise InputError("UNKNOWN_SCORE", f"there is no score {key[:60]!r}{known}", ("key",))
    metrics = await context.metrics()
    return [
        (
            component,
            await attainment_question(
                context, periods, metrics[component.metric_id]["key"], structure=structure, as_of=as_of
            ),
        )
        for component in scores[key][1]
    ]
