"""Scores, and the mutations that define them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import strawberry

from quotaloom.platform.unit_of_work import Record
from quotaloom.platform.work import Work
from quotaloom.scores.commands import NewComponent, NewScore, define_score, update_score
from quotaloom.scores.reads import components_of, scores_by_id
from quotaloom.scores.weighing import shares, six_places
from quotaloom_graphql.context import Info, Services
from quotaloom_graphql.decimals import shortest
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.field_costs import READING
from quotaloom_graphql.metrics import EXPECTED, Metric, load_metrics
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import Node, NodeLoader, decode_id, global_id
from quotaloom_graphql.rights import load_score_rights
from quotaloom_graphql.roots import root_field
from quotaloom_graphql.score_values import known_scores
from strawberry_breadth import batch, column


async def load_scores(keys: list[int], info: Info) -> list[Record]:
    """Scores by number; everybody may see how they are made."""
    await info.context.work()
    return await scores_by_id(info.context.snapshot, keys)


async def load_components(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """The components of scores, each score's in order."""
    found = await components_of(info.context.snapshot, keys)
    return [
        {
            "score_id": score_id,
            "metric_id": component.metric_id,
            "weight": component.weight,
            "share": six_places(share),
            "cap": component.cap,
        }
        for score_id, components in found.items()
        for component, share in zip(components, shares([one.weight for one in components]), strict=True)
    ]


@strawberry.type(description="What you may do with a score; the server checks again.")
class ViewerCanOnScore:
    """Rights of the viewer on a score."""

    edit: bool = strawberry.field(description="Rename, describe or weigh it anew.")


@strawberry.type(description="What one metric counts for in a score.")
class ScoreComponent:
    """A component."""

    metric: Metric = batch(load_metrics, key="metric_id", by="id", one=True, description="The metric.")
    weight: Decimal = column(shortest, of="weight", description="Its weight as stated.")
    share: Decimal = strawberry.field(description="Its weight ÷ the sum of all weights, six places.")
    cap: Decimal | None = column(shortest, of="cap", description="The most that its contribution may be; null for any.")


@strawberry.type(
    description="Several metrics, weighted, as one number; `orgUnit { score }` and `member { score }` work it out."
)
class Score(Node):
    """A score."""

    id: strawberry.ID = global_id("Score")
    key: str = strawberry.field(description="Its name for arguments, unique.")
    name: str = strawberry.field(description="Its name for people.")
    description: str | None = strawberry.field(description="What it is for.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    components: list[ScoreComponent] = batch(
        load_components, key="id", by="score_id", description="The metrics that it combines, in order."
    )
    viewer_can: ViewerCanOnScore = batch(load_score_rights, key="id", description="What you may do with it.")


@strawberry.input(description="What one metric counts for in a score.")
class ScoreComponentInput:
    """A component."""

    metric: str = strawberry.field(description="The key of the metric.")
    weight: Decimal = strawberry.field(description="More than 0; only the proportion of the weights counts.")
    cap: Decimal | None = strawberry.field(
        default=None, description="The most that its contribution may be, such as 1.5; any if not given."
    )


@strawberry.input(description="A score: several metrics, weighted, as one number.")
class DefineScoreInput:
    """A new score."""

    key: str = strawberry.field(description="Its name for arguments: lower-case letters, digits, - and _.")
    name: str = strawberry.field(description="Its name for people.")
    components: list[ScoreComponentInput] = strawberry.field(description="1 to 20 metrics, each once.")
    description: str | None = strawberry.field(default=None, description="What it is for, in up to 500 characters.")


@strawberry.input(description="What to change of a score, for the past too; what is left out stays.")
class UpdateScoreInput:
    """Changes of a score."""

    id: strawberry.ID = strawberry.field(description="The score.")
    name: str | None = strawberry.field(default=None, description="Its new name.")
    description: str | None = strawberry.field(default=None, description='What it is for; `""` for nothing.')
    components: list[ScoreComponentInput] | None = strawberry.field(
        default=None, description="All its components, in the place of those it has."
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.type(description="The score that was made or changed.")
class ScorePayload:
    """A score, or what was wrong."""

    score: Score | None = batch(load_scores, key="score_id", by="id", one=True, description="The score.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


def _components(given: list[ScoreComponentInput]) -> tuple[NewComponent, ...]:
    return tuple(NewComponent(one.metric, one.weight, one.cap) for one in given)


async def _define_score(work: Work, input: DefineScoreInput, _: Services) -> dict[str, Any]:
    score = NewScore(input.key, input.name, _components(input.components), input.description)
    return {"score_id": await define_score(work, score)}


async def _update_score(work: Work, input: UpdateScoreInput, _: Services) -> dict[str, Any]:
    score_id = decode_id(input.id, "Score", ("id",))
    await update_score(
        work,
        score_id,
        name=input.name,
        description=input.description,
        components=None if input.components is None else _components(input.components),
        expected_version=input.expected_version,
    )
    return {"score_id": score_id}


async def _scores(info: Info) -> list[Any]:
    return [row for row, _ in (await known_scores(info.context)).values()]


@strawberry.type
class ScoreMutation:
    """Mutations of scores."""

    define_score: ScorePayload = mutation(_define_score, description="Define a score.")
    update_score: ScorePayload = mutation(_update_score, description="Rename, describe or weigh a score anew.")


@strawberry.type
class ScoreQuery:
    """Root fields of scores."""

    scores: list[Score] = root_field(
        _scores, weight=READING, description="Every score, in the order in which they were defined."
    )


NODE_LOADERS: dict[str, NodeLoader] = {"Score": load_scores}
"""How `node(id:)` finds what these types name."""
