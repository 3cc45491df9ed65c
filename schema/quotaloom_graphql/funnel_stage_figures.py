"""The stages of a funnel in its figures: what is in them, how long deals stay, and how far they get."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from quotaloom.funnels.figures.answers import Answer
from quotaloom.funnels.stages import Outcome
from quotaloom_graphql.field_costs import together
from quotaloom_graphql.funnel_figure_values import DaySpread, DealSums, deal_sums
from quotaloom_graphql.funnel_loaders import load_stages
from quotaloom_graphql.funnel_passage_loaders import (
    StageAnswer,
    load_advance_rate,
    load_advanced,
    load_ageing,
    load_conversions,
    load_days,
    load_entered,
)
from strawberry_breadth import batch

if TYPE_CHECKING:
    from quotaloom_graphql.funnels import Stage


@strawberry.type(
    description="How many of the deals that came into a stage in the period came to another one afterwards."
)
class StageConversion:
    """A conversion."""

    key: str = strawberry.field(description="The key of the other stage.")
    count: int = strawberry.field(description="How many came to it, by today; not those that jumped over it.")
    rate: Decimal | None = strawberry.field(description="`count ÷ entered`, six places; null where nothing entered.")
    stage: Annotated[Stage, strawberry.lazy("quotaloom_graphql.funnels")] = batch(
        load_stages, key="stage_id", by="id", one=True, description="The other stage."
    )


@strawberry.type(description="Open deals that have been in their stage for more days than it allows, as of today.")
class StageAgeing:
    """Ageing."""

    limit_days: int | None = strawberry.field(
        description="How many days the latest version of the stage allows; null where it says nothing. A deal is held"
        " against the limit of the version that it follows."
    )
    deals: DealSums = strawberry.field(description="Those that have been there for longer.")
    unknown: int = strawberry.field(description="How many more came there on a day that is not known.")


@strawberry.type(description="A stage by its key, whatever version of the funnel its deals follow.")
class FunnelStageFigures:
    """Figures of a stage."""

    key: str = strawberry.field(description="Its key.")
    name: str = strawberry.field(description="Its name, in the latest version that has it.")
    outcome: Outcome = strawberry.field(description="What it means for the deals in it.")
    stage: Annotated[Stage, strawberry.lazy("quotaloom_graphql.funnels")] = batch(
        load_stages,
        key="stage_id",
        by="id",
        one=True,
        description="The stage of the latest version that has it.",
        directives=[together(20_000)],
    )
    deals: DealSums = strawberry.field(
        description="The deals in it: of an open stage those of today, of others those that were closed in the period."
    )
    ageing: StageAgeing = batch(
        load_ageing, description="The deals that have been in it for too long.", directives=[together(20_000)]
    )
    days: DaySpread = batch(
        load_days,
        description="How long deals stayed in it: the stays that ended in the period, from coming to leaving.",
        directives=[together(20_000)],
    )
    entered: int = batch(
        load_entered,
        description="How many deals came into it for the first time in the period: the cohort of `conversions`.",
        directives=[together(20_000)],
    )
    advanced: int = batch(
        load_advanced,
        description="How many of these went on, by today, to any later stage that is open or won.",
        directives=[together(20_000)],
    )
    advance_rate: Decimal | None = batch(
        load_advance_rate,
        description="`advanced ÷ entered`, six places; null where nothing entered.",
        directives=[together(20_000)],
    )
    conversions: list[StageConversion] = batch(
        load_conversions,
        description="How many of these came to each later stage and outcome, in the funnel's order.",
        directives=[together(20_000)],
    )


def stage_figures(answer: Answer, scale: int) -> list[dict[str, Any]]:
    """The stages of an answer, in the funnel's order."""
    return [
        {
            "of_stage": StageAnswer(answer, stage),
            "key": stage.key,
            "name": stage.name,
            "outcome": Outcome(stage.outcome),
            "stage_id": stage.stage_id,
            "deals": deal_sums(answer.facts.of_stage(stage, answer.number), scale),
        }
        for stage in answer.stages
    ]
