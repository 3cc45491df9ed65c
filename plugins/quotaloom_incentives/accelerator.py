"""Accelerator and decelerator: the attainment of a metric multiplies what earlier rules gave."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from pydantic import Field, field_validator

from quotaloom_incentives.answers import nothing, one_line
from quotaloom_incentives.earnings import EarningsParameters, earned
from quotaloom_incentives.figures import line_of, reaches
from quotaloom_incentives.quantities import (
    Bounds,
    Factor,
    MetricKey,
    Step,
    in_percent,
    plain,
    require_rising,
    shown,
)
from quotaloom_sdk import Explanation, IncentiveRequest, IncentiveResult, IncentiveRule, LineFact, Need, ui


class FactorStep(Step):
    """A factor from a part of the target on."""

    factor: Factor = Field(description="How many times the lines are paid.")

    def __str__(self) -> str:
        return f"{shown(self.factor)} times from {shown(self.from_percent)} %"


class AcceleratorParameters(EarningsParameters):
    """What an admin may set for the accelerator."""

    metric: MetricKey = Field(
        default="revenue",
        description="Key of the metric whose attainment decides.",
        json_schema_extra=ui(widget="text", group="Attainment", order=1),
    )
    steps: tuple[FactorStep, ...] = Field(
        default=(FactorStep(from_percent=Decimal(120), factor=Decimal("1.2")),),
        min_length=1,
        max_length=50,
        examples=[
            [{"from_percent": 0, "factor": "0.8"}, {"from_percent": 80, "factor": 1}],
            [{"from_percent": 100, "factor": "1.1"}, {"from_percent": 120, "factor": "1.25"}],
        ],
        description="Where each step begins, in percent of the target, and how many times the lines are paid then.",
        json_schema_extra=ui(widget="table", group="Attainment", order=2),
    )
    bounds: Bounds = Field(
        default="from",
        description="Whether who meets a bound exactly has reached it (from) or not (above).",
        json_schema_extra=ui(widget="select", group="Attainment", order=3),
    )

    @field_validator("steps")
    @classmethod
    def _rising(cls, steps: tuple[FactorStep, ...]) -> tuple[FactorStep, ...]:
        require_rising(steps)
        return steps


def accelerator(request: IncentiveRequest[AcceleratorParameters]) -> IncentiveResult:
    """A line, `factor`: what the chosen lines come to, times the factor that is reached less 1."""
    parameters = request.parameters
    line = line_of(request.lines, parameters.metric)
    if line is None or line.rate is None:
        return nothing(f"There is no target of {parameters.metric}, so nothing is multiplied.")
    step = _reached(line, parameters)
    attained = ("attained in percent", in_percent(line.rate))
    if step is None:
        return nothing(f"No step of {parameters.metric} is reached, so nothing is multiplied.", attained)
    earnings = earned(request, parameters.rules)
    if earnings.total <= 0:
        return nothing("Nothing was earned that could be multiplied.", attained, ("sum", earnings.total))
    more = Fraction(step.factor) - 1
    why = Explanation(
        f"{shown(step.factor)} times what was earned, for the attainment of {parameters.metric}.",
        (attained, ("reached in percent", step.from_percent), ("factor less 1", plain(more))),
        (earnings.explained(),),
    )
    title = "Accelerator" if more > 0 else "Decelerator"
    return one_line("factor", title, earnings.total * more, why, base=earnings.total, rate=more)


def _reached(line: LineFact, parameters: AcceleratorParameters) -> FactorStep | None:
    """The furthest step that is reached: the highest, or, where less is better, the lowest."""
    reached = [step for step in parameters.steps if reaches(line, step.from_percent, parameters.bounds)]
    if not reached:
        return None
    return reached[0] if line.lower_is_better else reached[-1]


ACCELERATOR = IncentiveRule(
    key="accelerator",
    title="Accelerator and decelerator",
    description=(
        "Multiplies what earlier rules gave, by a factor that follows from the attainment of a metric: above 1 it"
        " adds, below 1 it takes away."
    ),
    parameters=AcceleratorParameters,
    needs=frozenset({Need.PLAN}),
    reward=accelerator,
)
