"""By performance: who is further with his target this month gets more."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from pydantic import Field, model_validator

from quotaloom_assignment.candidates import AssignmentParameters, Candidate, hand_of
from quotaloom_assignment.weighing import hand_out_by_weight
from quotaloom_sdk import Need, PoolPolicy, PoolRequest, PoolResult, ui


class PerformanceParameters(AssignmentParameters):
    """What an admin may set for handing out by performance."""

    metric: str = Field(
        default="revenue",
        min_length=1,
        max_length=64,
        description="Key of the metric whose attainment in the current month counts.",
        json_schema_extra=ui(widget="text", group="Performance", order=1),
    )
    least: Decimal = Field(
        default=Decimal("0.5"),
        ge=0,
        le=100,
        max_digits=9,
        decimal_places=6,
        description="What everybody weighs at least, and who has no target: 0.5 is half of whoever is at his target.",
        json_schema_extra=ui(widget="number", group="Performance", order=2),
    )
    most: Decimal = Field(
        default=Decimal(2),
        gt=0,
        le=100,
        max_digits=9,
        decimal_places=6,
        description="What anybody weighs at most: 2 is twice of whoever is at his target.",
        json_schema_extra=ui(widget="number", group="Performance", order=3),
    )

    @model_validator(mode="after")
    def _in_order(self) -> PerformanceParameters:
        if self.least > self.most:
            raise ValueError(f"least, {self.least}, is above most, {self.most}")
        return self


def by_performance(request: PoolRequest[PerformanceParameters]) -> PoolResult:
    """Each record by the attainment rate of the month, between the least and the most."""
    parameters = request.parameters
    hand = hand_of(request, parameters)

    def weigh(candidate: Candidate) -> Fraction:
        line = next((line for line in candidate.fact.lines if line.metric_key == parameters.metric), None)
        rate = None if line is None else line.rate
        least, most = Fraction(parameters.least), Fraction(parameters.most)
        return least if rate is None else min(max(rate, least), most)

    memory = hand_out_by_weight(request, hand, weigh, "It was your turn, by your attainment of the month.")
    return hand.result("Handed out by the attainment of the month.", memory)


PERFORMANCE = PoolPolicy(
    key="performance",
    title="By performance",
    description="Everybody in turn, and more often the further he is with his target of the current month.",
    parameters=PerformanceParameters,
    needs=frozenset({Need.CALENDAR, Need.HISTORY, Need.PLAN}),
    assign=by_performance,
)
