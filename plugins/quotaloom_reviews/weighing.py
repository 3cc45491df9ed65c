"""What all scorers have in common: the weighted mean of parts, and what a part counts as without attainment."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from pydantic import Field

from quotaloom_sdk import (
    Explanation,
    LineFact,
    Parameters,
    PartScore,
    ReviewPart,
    ReviewRequest,
    ReviewResult,
    ui,
)

ONE = Fraction(1)

Mapping = Callable[[Fraction], tuple[Fraction, str]]
"""What share of a part's points a rate earns, 0 to 1, and why."""


class WeighingParameters(Parameters):
    """What an admin may set for every scorer."""

    self_weight: Decimal = Field(
        default=Decimal(0),
        ge=0,
        le=1,
        description="How much the member's own score counts beside the manager's: 0 for not at all, 0.3 for 30%.",
        json_schema_extra=ui(widget="percent", group="Given scores", order=1),
    )
    without_target: Literal["left_out", "nothing", "full"] = Field(
        default="left_out",
        description="What a part counts as whose metric has no target: its weight goes to the others, or it gets no"
        " points, or all.",
        json_schema_extra=ui(widget="select", group="Attainment", order=8),
    )


def weigh(request: ReviewRequest[Any], attainment: Mapping) -> ReviewResult:
    """The parts' shares of their points by their weights, as a share of the most there is.

    Weights that are all 0 count as equal. A review of no parts, or whose parts are all left out, scores 0.
    """
    parameters: WeighingParameters = request.parameters
    found = [_part(part, parameters, attainment) for part in request.parts]
    counted = [(part, share) for part, (share, _) in zip(request.parts, found, strict=True) if share is not None]
    weights = [Fraction(part.weight) for part, _ in counted]
    if not any(weights):
        weights = [ONE] * len(weights)
    total = sum((weight * share for weight, (_, share) in zip(weights, counted, strict=True)), Fraction(0))
    share = total / sum(weights) if counted else Fraction(0)
    left_out = len(request.parts) - len(counted)
    text = "The mean of the parts by their weights, as a share of the highest score."
    if left_out:
        text += f" Left out: {left_out}."
    return ReviewResult(
        score=share * Fraction(request.most),
        parts=tuple(
            PartScore(part.key, (share or Fraction(0)) * Fraction(part.most), explanation)
            for part, (share, explanation) in zip(request.parts, found, strict=True)
        ),
        explanation=Explanation(
            text, (("share", _shown(share)), ("most", request.most)), tuple(explanation for _, explanation in found)
        ),
    )


def _part(part: ReviewPart, parameters: WeighingParameters, attainment: Mapping) -> tuple[Fraction | None, Explanation]:
    """The share of its points that a part gets, None where it is left out, and why."""
    if part.line is None:
        return _given(part, Fraction(parameters.self_weight))
    return _attained(part, part.line, parameters, attainment)


def _given(part: ReviewPart, self_weight: Fraction) -> tuple[Fraction, Explanation]:
    managers = Fraction(part.manager_score or 0)
    given = managers
    text = f"{part.title}: as the manager gave it."
    if part.manager_score is None:
        text = f"{part.title}: no manager has scored it."
    if self_weight and part.self_score is not None and part.manager_score is not None:
        given = self_weight * Fraction(part.self_score) + (1 - self_weight) * managers
        text = f"{part.title}: the member's and the manager's scores, mixed."
    values = [("score", _shown(given)), ("most", part.most), ("weight", part.weight)]
    if part.self_score is not None:
        values.append(("self score", part.self_score))
    return min(given / Fraction(part.most), ONE), Explanation(text, tuple(values))


def _attained(
    part: ReviewPart, line: LineFact, parameters: WeighingParameters, attainment: Mapping
) -> tuple[Fraction | None, Explanation]:
    values: list[tuple[str, Any]] = [("achieved", line.achieved), ("weight", part.weight)]
    rate = line.rate
    if rate is None:
        shares = {"left_out": None, "nothing": Fraction(0), "full": ONE}
        words = {"left_out": "it is left out", "nothing": "it gets no points", "full": "it gets all points"}
        how = parameters.without_target
        return shares[how], Explanation(f"{part.title}: there is no target, so {words[how]}.", tuple(values))
    values += [("target", line.target or 0), ("rate", _shown(rate))]
    if part.lower_is_better:
        rate = max(2 - rate, Fraction(0))
        values.append(("counted rate", _shown(rate)))
    share, text = attainment(rate)
    values += [("share", _shown(share)), ("most", part.most)]
    return share, Explanation(f"{part.title}: {text}", tuple(values))


def _shown(value: Fraction) -> Decimal:
    """Six decimal places, halves away from zero: what people read; nothing is computed with it."""
    scaled = abs(value) * 10**6
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if value >= 0 else -whole).scaleb(-6)
