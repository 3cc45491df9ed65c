"""Figures of funnels: what is open, won and lost, how fast, and how it flows from stage to stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final

import strawberry

from quotaloom.funnels import reads
from quotaloom.funnels.figures.answers import Answer, funnel_figures
from quotaloom.funnels.figures.cycles import cycles
from quotaloom.funnels.figures.days import NO_DAYS
from quotaloom.funnels.figures.days import DaySpread as Days
from quotaloom.funnels.figures.questions import Asked, FigureBreakdown, FunnelQuestion, Whose
from quotaloom.funnels.figures.rates import average, velocity, win_rate
from quotaloom.funnels.figures.sums import total
from quotaloom.metrics.currencies import currency_scale
from quotaloom.metrics.reads import products_by_key
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.stretches import each_in_turn
from quotaloom_graphql.arguments import PeriodLabel
from quotaloom_graphql.context import Info, RequestContext
from quotaloom_graphql.enums import Grain
from quotaloom_graphql.field_costs import together
from quotaloom_graphql.funnel_figure_values import ANSWERS, DaySpread, DealSums, day_spread, deal_sums
from quotaloom_graphql.funnel_outlooks import (
    FunnelForecast,
    SlippedDeals,
    load_coverage,
    load_forecast,
    load_slipped,
)
from quotaloom_graphql.funnel_passage_loaders import once_asked
from quotaloom_graphql.funnel_stage_figures import FunnelStageFigures, stage_figures
from quotaloom_graphql.metrics import Product, load_products
from quotaloom_graphql.nodes import decode_id
from quotaloom_graphql.questions import periods_named
from strawberry_breadth import asked as asked_of
from strawberry_breadth import batch

strawberry.enum(
    FigureBreakdown,
    name="FigureBreakdown",
    description="By what figures are broken down. By stage they always are (`stages`), by period with a `grain`, and of"
    " units every unit has its own.",
)

MOST_NAMED = 200
"""How many products or sources one field may name. No setting: whoever wants more of them asks twice."""

OfFunnel = Annotated[strawberry.ID, strawberry.argument(description="The funnel.")]
GrainOrNone = Annotated[
    Grain | None,
    strawberry.argument(description="Answer for each such part of the period, one by one, instead of for the whole."),
]
By = Annotated[
    FigureBreakdown | None,
    strawberry.argument(description="Answer for each product or source, one by one, instead of for all together."),
]
Products = Annotated[list[str] | None, strawberry.argument(description="Only deals of these products, by their keys.")]
Sources = Annotated[list[str] | None, strawberry.argument(description="Only deals from these sources.")]


async def load_cycle(parents: list[Any], info: Info) -> list[dict[str, Any]]:
    """How long the deals won in each period took."""
    return await each_in_turn(await _cycles(parents, info), day_spread)


async def load_velocity(parents: list[Any], info: Info) -> list[str | None]:
    """What each funnel brings a day."""
    scale = await _scale(info.context)

    def shown(of_answer: tuple[Any, Days]) -> str | None:
        parent, cycle = of_answer
        answer: Answer = parent["answer"]
        found = velocity(answer.open.count, answer.ended("won"), answer.ended("lost"), cycle)
        return None if found is None else format_amount(found, scale)

    return await each_in_turn(list(zip(parents, await _cycles(parents, info), strict=True)), shown, ANSWERS)


async def _cycles(parents: Sequence[Any], info: Info) -> list[Days]:
    answers: list[Answer] = [parent["answer"] for parent in parents]

    async def read(asked: Asked) -> Mapping[Any, Any]:
        return await cycles(info.context.snapshot, asked)

    found = await once_asked(info, "cycles", [answer.asked for answer in answers], read)
    return [by_place.get((one.place, one.number), NO_DAYS) for one, by_place in zip(answers, found, strict=True)]


@strawberry.type(
    description="Figures of a funnel's deals in one period, of those that you may see. A deal counts as it stands now:"
    " for the position that has it, for the units above that today, with what it is worth. A unit has the deals of the"
    " positions below it; those that wait in a pool are no unit's, and in the funnel's own figures only."
)
class FunnelFigures:
    """Figures of one period."""

    period: str = strawberry.field(description="The period's label.")
    starts_on: date = strawberry.field(description="First day.")
    ends_on: date = strawberry.field(description="The day after the last.")
    source: str | None = strawberry.field(
        description="Broken down by sources, which one; null for deals that name none."
    )
    product: Product | None = batch(
        load_products,
        key="product_id",
        by="id",
        one=True,
        description="Broken down by products, which one; null for deals that name none.",
        directives=[together(10_000)],
    )
    open: DealSums = strawberry.field(description="The deals that are open today, whatever the period.")
    opened: DealSums = strawberry.field(description="The deals that were opened in the period.")
    expected: DealSums = strawberry.field(
        description="The open deals that are expected to close in what is left of the period, from today on."
    )
    won: DealSums = strawberry.field(description="The deals won in the period.")
    lost: DealSums = strawberry.field(description="The deals lost in the period.")
    invalid: DealSums = strawberry.field(
        description="The deals that turned out in the period to have been none; they count in no rate."
    )
    win_rate: Decimal | None = strawberry.field(
        description="`won ÷ (won + lost)`, by count, six places; null where neither is."
    )
    average_won: Decimal | None = strawberry.field(
        description="What a won deal is worth on average; null where none has an amount."
    )
    cycle: DaySpread = batch(
        load_cycle,
        reads=("answer",),
        description="How long the deals won in the period took, from opening to close.",
        directives=[together(10_000)],
    )
    velocity: Decimal | None = batch(
        load_velocity,
        reads=("answer",),
        description="What the funnel brings a day: open count × win rate × average won amount ÷ average cycle days."
        " Null where one of them is.",
        directives=[together(10_000)],
    )
    coverage: Decimal | None = batch(
        load_coverage,
        reads=("answer",),
        description="The weighted amount of `expected` ÷ what remains of the unit's revenue target in the published"
        " plan, six places; the funnel's own is of the company's target, for whoever sees all of it. Null where"
        " nothing remains, without a target, and for single products or sources.",
        directives=[together(10_000)],
    )
    forecast: FunnelForecast = batch(
        load_forecast,
        reads=("answer",),
        description="What the period will bring, adjustments kept apart.",
        directives=[together(10_000)],
    )
    slipped: SlippedDeals = batch(
        load_slipped,
        reads=("answer",),
        description="The deals that were expected to close in the period and did not.",
        directives=[together(10_000)],
    )
    stages: list[FunnelStageFigures] = strawberry.field(
        description="The funnel's stages, those of its latest version first."
    )


async def load_unit_funnel_figures(
    keys: list[int],
    info: Info,
    funnel: OfFunnel,
    period: PeriodLabel,
    grain: GrainOrNone = None,
    by: By = None,
    products: Products = None,
    sources: Sources = None,
) -> list[dict[str, Any]]:
    """Figures of the units whose figures the viewer may see."""
    visible = (await info.context.sight()).seen_units(keys)
    funnel_id = decode_id(funnel, "Funnel", ("funnel",))
    question = await _question(info.context, period, grain, by, products, sources)
    if not await reads.funnels_by_id(info.context.snapshot, [funnel_id]):
        raise NotFound("UNKNOWN_FUNNEL", "there is no such funnel", ("funnel",))
    return await _figures(info, Whose((funnel_id,), tuple(visible)), question)


async def load_funnel_figures(
    keys: list[int],
    info: Info,
    period: PeriodLabel,
    grain: GrainOrNone = None,
    by: By = None,
    products: Products = None,
    sources: Sources = None,
) -> list[dict[str, Any]]:
    """Figures of funnels, of all deals that the viewer may see."""
    visible = (await info.context.sight()).units_with_figures
    question = await _question(info.context, period, grain, by, products, sources)
    return await _figures(info, Whose(tuple(keys), visible=visible), question)


async def _question(
    context: RequestContext,
    period: str,
    grain: Grain | None,
    by: FigureBreakdown | None,
    products: Sequence[str] | None,
    sources: Sequence[str] | None,
) -> FunnelQuestion:
    for named, argument in ((products, "products"), (sources, "sources")):
        if named is not None and len(named) > MOST_NAMED:
            raise InputError("TOO_MANY", f"name {MOST_NAMED} {argument} at most, not {len(named)}", (argument,))
    return FunnelQuestion(
        tuple(await periods_named(context, period, grain)),
        await context.today(),
        by,
        None if products is None else await _product_ids(context, products),
        None if sources is None else tuple(source.replace("\0", "") for source in sources),
    )


async def _product_ids(context: RequestContext, keys: Sequence[str]) -> tuple[int, ...]:
    ids = {row["key"]: row["id"] for row in await products_by_key(context.snapshot, keys)}
    for number, key in enumerate(keys):
        if key not in ids:
            raise NotFound("UNKNOWN_PRODUCT", f"there is no product {key[:60]!r}", ("products", number))
    return tuple(ids.values())


async def _figures(info: Info, whose: Whose, question: FunnelQuestion) -> list[dict[str, Any]]:
    if not whose.owner_ids or not question.periods:
        return []
    context, names = info.context, asked_of(info)
    company = (await context.work()).company
    scale = currency_scale(company.currency)
    answers = await funnel_figures(context.snapshot, company, whose, question)
    wanted = [(name, make) for name, make in _SHOWN.items() if names is None or name in names]
    return await each_in_turn(answers, lambda answer: {name: make(answer, scale) for name, make in wanted}, ANSWERS)


_SHOWN: Final[Mapping[str, Callable[[Answer, int], Any]]] = {
    "owner_id": lambda answer, _: answer.owner_id,
    "answer": lambda answer, _: answer,
    "period": lambda answer, _: answer.period.label,
    "starts_on": lambda answer, _: answer.period.starts_on,
    "ends_on": lambda answer, _: answer.period.ends_on,
    "source": lambda answer, _: answer.source,
    "product_id": lambda answer, _: answer.product_id,
    "open": lambda answer, scale: deal_sums(answer.open, scale),
    "opened": lambda answer, scale: deal_sums(answer.of_period.opened, scale),
    "expected": lambda answer, scale: deal_sums(total(answer.of_period.expected.values()), scale),
    "won": lambda answer, scale: deal_sums(answer.ended("won"), scale),
    "lost": lambda answer, scale: deal_sums(answer.ended("lost"), scale),
    "invalid": lambda answer, scale: deal_sums(answer.ended("invalid"), scale),
    "win_rate": lambda answer, _: win_rate(answer.ended("won"), answer.ended("lost")),
    "average_won": lambda answer, scale: _average_won(answer, scale),
    "stages": lambda answer, scale: stage_figures(answer, scale),
}
"""What an answer has under each name, amounts with so many decimal places."""


def _average_won(answer: Answer, scale: int) -> str | None:
    mean = average(answer.ended("won"))
    return None if mean is None else format_amount(mean, scale)


async def _scale(context: RequestContext) -> int:
    return currency_scale((await context.work()).company.currency)
