"""What a period will come to, as fields of attainment: by the run rate, and by the weighted pipeline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import strawberry

from quotaloom.calendars.periods import Period, date_range
from quotaloom.funnels.pipelines import OpenDeals as Deals
from quotaloom.funnels.pipelines import Pipeline, member_pipelines, unit_pipelines
from quotaloom.metrics.built_in import REVENUE
from quotaloom.metrics.rates import RateKind
from quotaloom.platform.amounts import format_amount
from quotaloom.targets.attainment import Sums, run_rate
from quotaloom.targets.attainments import AttainmentQuestion, Figures, ToldSums, by_question
from quotaloom_graphql.context import Info
from quotaloom_graphql.enums import AttainmentStatus
from quotaloom_graphql.field_costs import together
from quotaloom_graphql.unconverted import UnconvertedAmount, unconverted_amounts
from strawberry_breadth import batch


class Expected(NamedTuple):
    """The open deals of a unit or member that concern one period."""

    within: Deals
    undated: Deals
    overdue: Deals


@strawberry.type(description="What would be achieved by the end of the period, against the three lines.")
class ProjectedAttainment:
    """A projected achievement."""

    achieved: Decimal = strawberry.field(description="The amount by the end of the period.")
    gap: Decimal | None = strawberry.field(description="`target` − that amount; null without a target.")
    rate: Decimal | None = strawberry.field(
        description="That amount ÷ target, six places; null where the target is 0 or absent."
    )
    status: AttainmentStatus | None = strawberry.field(
        description="Where it would stand against the three lines; null without a target."
    )


@strawberry.type(
    description="Some open deals, in the company's currency at the booking rates of today, or at the plan rates where"
    " the attainment is. A deal counts whole for the position that it belongs to, whoever shares it."
)
class OpenDeals:
    """Open deals."""

    count: int = strawberry.field(description="How many.")
    amount: Decimal = strawberry.field(description="What they are worth.")
    weighted_amount: Decimal = strawberry.field(
        description="The sum of each one's worth × the win probability of its stage, rounded once, half up."
    )
    without_amount: int = strawberry.field(description="How many of them have no amount.")
    unconverted: list[UnconvertedAmount] = strawberry.field(
        description="Those left out of the amounts, for want of a rate."
    )


async def load_run_rate(parents: list[Figures], info: Info) -> list[ToldSums | None]:
    """Each one's projection at the speed so far."""
    amounts = [run_rate(one.sums.achieved, one.asked.elapsed, one.asked.working_days) for one in parents]
    return [None if amount is None else _projected(one, amount) for one, amount in zip(parents, amounts, strict=True)]


async def load_weighted_pipeline(parents: list[Figures], info: Info) -> list[ToldSums | None]:
    """Each one's projection by what is achieved and what open deals are likely to add."""
    found = await _expected(parents, info)
    return [
        deals and _projected(one, one.sums.achieved + deals.within.weighted_amount)
        for one, deals in zip(parents, found, strict=True)
    ]


def _projected(figures: Figures, amount: int) -> ToldSums:
    return ToldSums(Sums(amount, 0, figures.sums.lines), figures.question)


def _open_deals(pick: Callable[[Expected], Deals]) -> Callable[..., Any]:
    async def load(parents: list[Figures], info: Info) -> list[dict[str, Any] | None]:
        found = await _expected(parents, info)
        return [
            expected and _deals(pick(expected), one.question.scale)
            for one, expected in zip(parents, found, strict=True)
        ]

    return load


def _deals(deals: Deals, scale: int) -> dict[str, Any]:
    return {
        "count": deals.count,
        "amount": format_amount(deals.amount, scale),
        "weighted_amount": format_amount(deals.weighted_amount, scale),
        "without_amount": deals.without_amount,
        "unconverted": unconverted_amounts(deals.unconverted),
    }


async def load_rest(parents: list[Figures], info: Info) -> list[str | None]:
    """What is left of each one's period."""
    rests = [_counts_deals(one.question) and rest_of(one.period, one.question.today) for one in parents]
    return [rest.label if rest else None for rest in rests]


def rest_of(period: Period, today: date) -> Period | None:
    """The days of the period from today on; None where it is over."""
    return date_range(max(period.starts_on, today), period.ends_on) if today < period.ends_on else None


async def _expected(parents: Sequence[Figures], info: Info) -> list[Expected | None]:
    """The open deals for each; None for what deals do not count for, or where the viewer may not see them."""

    async def load() -> list[Expected | None]:
        found: list[Expected | None] = [None] * len(parents)
        for places in by_question(parents):
            first = parents[places[0]]
            if not _counts_deals(first.question):
                continue
            subject_ids = list(dict.fromkeys(parents[place].subject_id for place in places))
            pipelines = await _pipelines(info, first.question, subject_ids, first.of_member)
            numbers = {period: number for number, period in enumerate(first.question.periods)}
            for place in places:
                pipeline = pipelines.get(parents[place].subject_id)
                if pipeline is not None:
                    within = pipeline.expected[numbers[parents[place].period]]
                    found[place] = Expected(within, pipeline.undated, pipeline.overdue)
        return found

    return await info.context.once_for(parents, "expected deals", load)


def _counts_deals(question: AttainmentQuestion) -> bool:
    """Deals are worth revenue, and are known as they stand today."""
    return question.metric_key == REVENUE and question.day >= question.today


async def _pipelines(
    info: Info, question: AttainmentQuestion, subject_ids: list[int], of_member: bool
) -> dict[int, Pipeline]:
    context = info.context
    company, sight = (await context.work()).company, await context.sight()
    rates = RateKind.PLAN if question.at_plan_rate else RateKind.BOOKING
    asked = ([rest_of(period, question.today) for period in question.periods], question.today, rates)
    products = question.counted.product_ids
    if not of_member:
        visible = sight.seen_units(subject_ids)
        return await unit_pipelines(context.snapshot, company, visible, *asked, product_ids=products)
    found: dict[int, Pipeline] = {}
    for member_ids, positions in sight.positions_of(subject_ids):
        found |= await member_pipelines(context.snapshot, company, member_ids, *asked, positions, product_ids=products)
    return found


@strawberry.type(
    description="What the period will come to by its end. Deals are those of the positions that lie below the unit, or"
    " that the member holds, today; they count for the metric `revenue`, and for those of its products, only, and not"
    " with an earlier `asOf`, since they are known as they stand today: null otherwise, and where you may not see the"
    " unit or member elsewhere."
)
class Projection:
    """Two projections, and the deals that one of them rests on."""

    run_rate: ProjectedAttainment | None = batch(
        load_run_rate,
        description="`achieved` ÷ working days elapsed × working days of the period, rounded once, half up; null"
        " before the first working day has passed, and equal to what is achieved once the last has.",
        directives=[together(5_000)],
    )
    weighted_pipeline: ProjectedAttainment | None = batch(
        load_weighted_pipeline,
        description="`achieved` + the weighted amount of the open deals.",
        directives=[together(5_000)],
    )
    open_deals: OpenDeals | None = batch(
        _open_deals(lambda expected: expected.within),
        description="Deals that are expected to close in what is left of the period.",
        directives=[together(5_000)],
    )
    undated_deals: OpenDeals | None = batch(
        _open_deals(lambda expected: expected.undated),
        description="Open deals without an expected close date: told apart, and in no projection.",
        directives=[together(5_000)],
    )
    overdue_deals: OpenDeals | None = batch(
        _open_deals(lambda expected: expected.overdue),
        description="Open deals that should have closed before today: told apart, and in no projection.",
        directives=[together(5_000)],
    )
    rest: str | None = batch(
        load_rest,
        description="What is left of the period, from today on, as `opportunities(expectedIn:)` takes it; null"
        " where it is over, or deals do not count.",
        directives=[together(5_000)],
    )
