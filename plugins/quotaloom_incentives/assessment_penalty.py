"""Penalty below the assessment value: what is missing of it is charged, up to a maximum."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Literal

from pydantic import Field

from quotaloom_incentives.answers import Value, nothing, one_line
from quotaloom_incentives.figures import ids_of, line_of
from quotaloom_incentives.quantities import MetricKey, Money, Rate, share, shown
from quotaloom_sdk import (
    Explanation,
    IncentiveRequest,
    IncentiveResult,
    IncentiveRule,
    LineFact,
    Need,
    Parameters,
    ui,
)


class AssessmentPenaltyParameters(Parameters):
    """What an admin may set for a penalty below the assessment value."""

    metric: MetricKey = Field(
        default="revenue",
        description="Key of the metric that is assessed.",
        json_schema_extra=ui(widget="text", group="Penalty", order=1),
    )
    mode: Literal["fixed", "per_point", "per_unit", "of_gap"] = Field(
        default="fixed",
        description=(
            "fixed: the amount; per_point: the amount for each full percent that is missing; per_unit: the amount for"
            " each unit that is missing; of_gap: a part of what is missing, which must be money."
        ),
        json_schema_extra=ui(widget="select", group="Penalty", order=2),
    )
    amount: Money = Field(
        default=10_000,
        description="What is charged, in the smallest unit of the currency.",
        json_schema_extra=ui(widget="money", group="Penalty", order=3),
    )
    percent: Rate = Field(
        default=Decimal(1),
        description="What is charged of the gap, in percent.",
        json_schema_extra=ui(widget="percent", group="Penalty", order=4),
    )
    most: Money | None = Field(
        default=None,
        description="What is charged at most, in the smallest unit of the currency; none means no limit.",
        json_schema_extra=ui(widget="money", group="Penalty", order=5),
    )


def assessment_penalty(request: IncentiveRequest[AssessmentPenaltyParameters]) -> IncentiveResult:
    """A line below 0, `penalty`, for who does not meet the assessment value; who meets it exactly is not charged."""
    parameters = request.parameters
    line = line_of(request.lines, parameters.metric)
    if line is None or line.assessment is None:
        return nothing(f"There is no assessment value of {parameters.metric}, so nothing is charged.")
    gap = _gap(line, line.assessment)
    known: tuple[tuple[str, Value], ...] = (("achieved", line.achieved), ("assessment value", line.assessment))
    if gap <= 0:
        return nothing(f"The assessment value of {parameters.metric} is met.", *known)
    charged, arithmetic = _charged(gap, line.assessment, parameters)
    values: tuple[tuple[str, Value], ...] = (*known, ("missing", gap))
    if parameters.most is not None and charged > parameters.most:
        charged, values = Fraction(parameters.most), (*values, ("charged at most", parameters.most))
    side = "above" if line.lower_is_better else "below"
    why = Explanation(
        f"What was achieved of {parameters.metric} is {side} the assessment value.", values, (arithmetic,)
    )
    entries = ids_of(request, parameters.metric)
    return one_line("penalty", f"Penalty on {parameters.metric}", -charged, why, entries=entries)


def _gap(line: LineFact, assessment: int) -> int:
    """What is missing of it, or, where less is better, what is too much; 0 or below where it is met."""
    return line.achieved - assessment if line.lower_is_better else assessment - line.achieved


def _charged(gap: int, assessment: int, parameters: AssessmentPenaltyParameters) -> tuple[Fraction, Explanation]:
    """What the gap costs, exactly, and how that comes about."""
    amount = parameters.amount
    match parameters.mode:
        case "fixed":
            return Fraction(amount), Explanation("A fixed amount.", (("amount", amount),))
        case "per_point":
            points = min(100 * gap // assessment, 100) if assessment > 0 else 100
            text = "So much for each full percent of the assessment value, for 100 of them at most."
            return Fraction(points * amount), Explanation(text, (("percent missing", points), ("each", amount)))
        case "per_unit":
            return Fraction(gap * amount), Explanation(
                "So much for each unit of it.", (("missing", gap), ("each", amount))
            )
        case "of_gap":
            text = f"{shown(parameters.percent)} % of what is missing."
            return gap * share(parameters.percent), Explanation(text, (("rate in percent", parameters.percent),))


ASSESSMENT_PENALTY = IncentiveRule(
    key="assessment_penalty",
    title="Penalty below the assessment value",
    description=(
        "Who stays below the assessment value is charged: a fixed amount, so much for each percent or unit that is"
        " missing, or a part of the gap, up to a maximum."
    ),
    parameters=AssessmentPenaltyParameters,
    needs=frozenset({Need.PLAN, Need.HISTORY}),
    reward=assessment_penalty,
)
