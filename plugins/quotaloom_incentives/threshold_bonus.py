"""Bonus at a threshold: a fixed amount for reaching a part of the target, or an amount."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from pydantic import Field, field_validator

from quotaloom_incentives.answers import nothing, one_line
from quotaloom_incentives.figures import ids_of, line_of, passes, reaches
from quotaloom_incentives.quantities import Bounds, MetricKey, Money, in_percent, shown
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


class BonusStep(Parameters):
    """A threshold and what reaching it earns."""

    at: Decimal = Field(
        ge=0,
        le=10**12,
        max_digits=16,
        decimal_places=4,
        description="The threshold: in percent of the target, or in the smallest unit of the metric.",
    )
    bonus: Money = Field(description="What it earns, in the smallest unit of the currency.")

    def __str__(self) -> str:
        return f"{self.bonus} at {shown(self.at)}"


class ThresholdBonusParameters(Parameters):
    """What an admin may set for a bonus at a threshold."""

    metric: MetricKey = Field(
        default="revenue",
        description="Key of the metric that decides.",
        json_schema_extra=ui(widget="text", group="Threshold", order=1),
    )
    measure: Literal["attainment", "achieved"] = Field(
        default="attainment",
        description="attainment: thresholds in percent of the target; achieved: in the smallest unit of the metric.",
        json_schema_extra=ui(widget="select", group="Threshold", order=2),
    )
    steps: tuple[BonusStep, ...] = Field(
        default=(BonusStep(at=Decimal(100), bonus=50_000),),
        min_length=1,
        max_length=50,
        examples=[[{"at": 100, "bonus": 50_000}, {"at": 120, "bonus": 80_000}]],
        description="The thresholds, rising, and what each earns, in the smallest unit of the currency.",
        json_schema_extra=ui(widget="table", group="Threshold", order=3),
    )
    pays: Literal["highest", "every"] = Field(
        default="highest",
        description="Of several steps that are reached: the furthest one alone (highest), or all of them (every).",
        json_schema_extra=ui(widget="select", group="Threshold", order=4),
    )
    bounds: Bounds = Field(
        default="from",
        description="Whether who meets a threshold exactly has reached it (from) or not (above).",
        json_schema_extra=ui(widget="select", group="Threshold", order=5),
    )

    @field_validator("steps")
    @classmethod
    def _rising(cls, steps: tuple[BonusStep, ...]) -> tuple[BonusStep, ...]:
        for before, after in pairwise(steps):
            if after.at <= before.at:
                raise ValueError(f"steps must rise: {shown(after.at)} must not come after {shown(before.at)}")
        return steps


def threshold_bonus(request: IncentiveRequest[ThresholdBonusParameters]) -> IncentiveResult:
    """A line, `bonus`; where less is better, who stays within a threshold has reached it."""
    parameters = request.parameters
    line = line_of(request.lines, parameters.metric)
    if line is None:
        return nothing(f"Nothing was counted of {parameters.metric}.")
    achieved: tuple[tuple[str, int | Decimal | Fraction], ...] = (("achieved", line.achieved),)
    if parameters.measure == "attainment":
        if line.rate is None:
            return nothing(f"There is no target of {parameters.metric}, so nothing is reached.", *achieved)
        target = ("target", line.target or 0)
        achieved = (*achieved, target, ("attained in percent", in_percent(line.rate)))
    reached = [step for step in parameters.steps if _reached(line, step, parameters)]
    if not reached:
        return nothing(f"No threshold of {parameters.metric} is reached.", *achieved)
    if parameters.pays == "highest":
        reached = [reached[0] if line.lower_is_better else reached[-1]]
    unit = " %" if parameters.measure == "attainment" else ""
    items = tuple(Explanation(f"Reached {shown(step.at)}{unit}.", (("bonus", step.bonus),)) for step in reached)
    why = Explanation(f"A bonus for what is reached of {parameters.metric}.", achieved, items)
    amount = sum(step.bonus for step in reached)
    entries = ids_of(request, parameters.metric)
    return one_line("bonus", f"Bonus on {parameters.metric}", amount, why, entries=entries)


def _reached(line: LineFact, step: BonusStep, parameters: ThresholdBonusParameters) -> bool:
    if parameters.measure == "attainment":
        return reaches(line, step.at, parameters.bounds)
    value, bound = Fraction(line.achieved), Fraction(step.at)
    return passes(value, bound, parameters.bounds, lower_is_better=line.lower_is_better)


THRESHOLD_BONUS = IncentiveRule(
    key="threshold_bonus",
    title="Bonus at a threshold",
    description="A fixed amount for reaching a part of the target, or an amount; several steps are possible.",
    parameters=ThresholdBonusParameters,
    needs=frozenset({Need.PLAN, Need.HISTORY}),
    reward=threshold_bonus,
)
