"""What is still to come of a funnel: coverage of the target, slipped deals, and the forecast with its adjustments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from quotaloom.funnels.figures.answers import Answer
from quotaloom.funnels.figures.coverage import remaining_targets
from quotaloom.funnels.figures.questions import Asked
from quotaloom.funnels.figures.rates import coverage
from quotaloom.funnels.figures.slipping import pushed
from quotaloom.funnels.figures.sums import NO_DEALS, total
from quotaloom.funnels.forecasting import FORECAST, Adjustment, ForecastCategory, adjustments, standing
from quotaloom.metrics.currencies import currency_scale
from quotaloom.organizations.reads import root
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.stretches import each_in_turn
from quotaloom_graphql.context import Info, RequestContext
from quotaloom_graphql.funnel_figure_values import ANSWERS, DealSums, deal_sums
from quotaloom_graphql.funnel_passage_loaders import once_asked
from quotaloom_graphql.organization_loaders import load_members
from strawberry_breadth import batch

if TYPE_CHECKING:
    from quotaloom_graphql.organizations import Member

strawberry.enum(
    ForecastCategory,
    name="ForecastCategory",
    description="What a deal is forecast to be, the surest first; omitted deals are in no forecast.",
)


@strawberry.type(description="What somebody who leads a unit expects beside what its deals say.")
class ForecastAdjustment:
    """An adjustment."""

    category: ForecastCategory = strawberry.field(description="To which category of the forecast it is added.")
    amount: Decimal = strawberry.field(description="How much is added, or taken off where it is below zero.")
    reason: str = strawberry.field(description="Why.")
    at: datetime = strawberry.field(description="When.")
    author: str = strawberry.field(description="By whom.")
    standing: bool = strawberry.field(description="Whether it stands: whether it is the latest of its category.")
    member: Annotated[Member, strawberry.lazy("quotaloom_graphql.organizations")] | None = batch(
        load_members, key="author_id", by="id", one=True, description="Its author; null where that was no member."
    )


@strawberry.type(description="One category of a forecast: the facts, and apart from them what was adjusted.")
class ForecastLine:
    """A category of a forecast."""

    deals: DealSums = strawberry.field(
        description="Open deals of this category that are expected to close in what is left of the period."
    )
    adjustment: Decimal = strawberry.field(description="The adjustment that stands; 0 where there is none.")
    adjusted: Decimal = strawberry.field(description="What these deals are worth + the adjustment.")
    cumulative: Decimal = strawberry.field(
        description="What was won + the adjusted amounts of this category and of all that are surer."
    )


@strawberry.type(
    description="What a period will bring: what was won in it, and what open deals promise. Adjustments are those that"
    " were made for this very unit and period; the funnel's own figures have those of the company, for whoever sees all"
    " of it. Figures of single products or sources have none."
)
class FunnelForecast:
    """A forecast."""

    won: Decimal = strawberry.field(description="What the deals won in the period are worth.")
    commit: ForecastLine = strawberry.field(description="What their owners commit to.")
    best_case: ForecastLine = strawberry.field(description="What may come if all goes well.")
    pipeline: ForecastLine = strawberry.field(description="What is being worked on.")
    omitted: DealSums = strawberry.field(description="Deals expected in the period that are left out of the forecast.")
    adjustments: list[ForecastAdjustment] = strawberry.field(
        description="Every adjustment of a unit that you lead, the latest first; of other units none."
    )


@strawberry.type(description="Deals that were expected to close in the period and did not.")
class SlippedDeals:
    """Slipped deals."""

    deals: DealSums = strawberry.field(description="All of them: no deal is both overdue and pushed.")
    overdue: DealSums = strawberry.field(
        description="Those still open that are expected on a day of the period that is over."
    )
    pushed: DealSums = strawberry.field(
        description="Those that were expected on a day of the period at some time, and are now expected after it, or"
        " were closed after it."
    )


async def load_coverage(parents: list[Any], info: Info) -> list[Decimal | None]:
    """Weighted pipeline ÷ remaining target of each unit and period."""
    answers = _answers(parents)

    async def read(asked: Asked) -> Mapping[Any, Any]:
        targets = await _targets(info.context, asked)
        calendar, company = await info.context.calendar(), (await info.context.work()).company
        question, unit_ids = asked.question, list(dict.fromkeys(targets.values()))
        remaining = await remaining_targets(
            info.context.snapshot, calendar, company.currency, unit_ids, question.periods, question.today
        )
        indices = range(len(question.periods))
        return {(owner, index): remaining.get((unit, index)) for owner, unit in targets.items() for index in indices}

    found = await once_asked(info, "remaining", [one.asked for one in answers], read)

    def covered(of_answer: tuple[Answer, Mapping[Any, Any]]) -> Decimal | None:
        one, remaining = of_answer
        weighted = total(one.of_period.expected.values()).weighted_amount
        return coverage(weighted, remaining.get((one.owner_id, one.number)))

    return await each_in_turn(list(zip(answers, found, strict=True)), covered, ANSWERS)


async def load_slipped(parents: list[Any], info: Info) -> list[dict[str, Any]]:
    """The deals that went beyond each period."""
    answers, company = _answers(parents), (await info.context.work()).company
    scale = currency_scale(company.currency)

    async def read(asked: Asked) -> Mapping[Any, Any]:
        return await pushed(info.context.snapshot, company, asked)

    def shown(of_answer: tuple[Answer, Mapping[Any, Any]]) -> dict[str, Any]:
        one, by_place = of_answer
        late, moved = one.of_period.overdue, by_place.get((one.place, one.number), NO_DEALS)
        parts = {"deals": late + moved, "overdue": late, "pushed": moved}
        return {name: deal_sums(part, scale) for name, part in parts.items()}

    found = await once_asked(info, "pushed", [one.asked for one in answers], read)
    return await each_in_turn(list(zip(answers, found, strict=True)), shown, ANSWERS)


async def load_forecast(parents: list[Any], info: Info) -> list[dict[str, Any]]:
    """The forecast of each unit and period."""
    answers = _answers(parents)
    scale = currency_scale((await info.context.work()).company.currency)

    async def read(asked: Asked) -> Mapping[Any, Any]:
        targets = await _targets(info.context, asked)
        unit_ids, periods = list(dict.fromkeys(targets.values())), asked.question.periods
        made: dict[tuple[int, int, date], list[Adjustment]] = defaultdict(list)
        if unit_ids:
            for one in await adjustments(info.context.snapshot, unit_ids, asked.whose.funnel_ids, periods):
                made[one.unit_id, one.funnel_id, one.starts_on].append(one)
        return {
            (owner, index): made[unit, asked.funnel_of(owner), period.starts_on]
            for owner, unit in targets.items()
            for index, period in enumerate(periods)
        }

    found, sight = (
        await once_asked(info, "adjustments", [one.asked for one in answers], read),
        await info.context.sight(),
    )

    def shown(of_answer: tuple[Answer, Mapping[Any, Any]]) -> dict[str, Any]:
        one, made = of_answer
        return _forecast(one, made.get((one.owner_id, one.number), []), scale, told=sight.leads(one.owner_id))

    return await each_in_turn(list(zip(answers, found, strict=True)), shown, ANSWERS)


def _answers(parents: Sequence[Any]) -> list[Answer]:
    return [parent["answer"] for parent in parents]


async def _targets(context: RequestContext, asked: Asked) -> dict[int, int]:
    """The unit whose target and adjustments belong to each unit or funnel: the company's own to a funnel's.

    Nothing belongs to figures of a part of the deals: of products or sources, or of a funnel for whom sees some only.
    """
    whose = asked.whose
    if not asked.question.whole:
        return {}
    if whose.unit_ids is not None:
        return {unit_id: unit_id for unit_id in whose.unit_ids}
    top = await root(context.snapshot) if whose.visible is None else None
    return {} if top is None else dict.fromkeys(whose.funnel_ids, top["id"])


def _forecast(answer: Answer, made: Sequence[Adjustment], scale: int, *, told: bool) -> dict[str, Any]:
    """What the period will bring; who adjusted it, and why, only where that is to be `told`."""
    won, kept = answer.ended("won").amount, standing(made)
    shown: dict[str, Any] = {"won": format_amount(won, scale)}
    so_far = won
    for category in FORECAST:
        deals = answer.of_period.expected[category]
        added = kept[category].amount if category in kept else 0
        so_far += deals.amount + added
        shown[category] = {
            "deals": deal_sums(deals, scale),
            "adjustment": format_amount(added, scale),
            "adjusted": format_amount(deals.amount + added, scale),
            "cumulative": format_amount(so_far, scale),
        }
    shown["omitted"] = deal_sums(answer.of_period.expected[ForecastCategory.OMITTED], scale)
    shown["adjustments"] = [_adjustment(one, kept, scale) for one in (made if told else ())]
    return shown


def _adjustment(one: Adjustment, kept: Mapping[ForecastCategory, Adjustment], scale: int) -> dict[str, Any]:
    return {
        "category": one.category,
        "amount": format_amount(one.amount, scale),
        "reason": one.reason,
        "at": one.at,
        "author": one.actor,
        "author_id": one.author_id,
        "standing": kept[one.category] is one,
    }
