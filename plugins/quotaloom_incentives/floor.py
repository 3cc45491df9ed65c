"""Floor: a statement comes to no less; what lies below may be carried over."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from quotaloom_incentives.answers import nothing, one_line
from quotaloom_incentives.earnings import balance
from quotaloom_sdk import Explanation, IncentiveRequest, IncentiveResult, IncentiveRule, Parameters, ui


class FloorParameters(Parameters):
    """What an admin may set for a floor."""

    amount: int = Field(
        default=0,
        ge=-(10**12),
        le=10**12,
        description="What a statement comes to at least, in the smallest unit of the currency.",
        json_schema_extra=ui(widget="money", order=1),
    )
    carries: Literal["below_zero", "everything", "nothing"] = Field(
        default="below_zero",
        description="What the next period starts with: what was lifted from below 0, all that was lifted, or nothing.",
        json_schema_extra=ui(widget="select", order=2),
    )


def floor(request: IncentiveRequest[FloorParameters]) -> IncentiveResult:
    """A line, `floor`, that lifts the total of lines, corrections and what was carried in; and what it carries over."""
    parameters = request.parameters
    total = balance(request)
    if total.total >= parameters.amount:
        return nothing("The statement is not below its floor.", ("total", total.total), ("floor", parameters.amount))
    lifted = parameters.amount - total.total
    carried = {
        "below_zero": max(min(parameters.amount, 0) - total.total, 0),
        "everything": lifted,
        "nothing": 0,
    }[parameters.carries]
    why = Explanation(
        "The statement is lifted to its floor; what is carried over, the next period starts with.",
        (("total", total.total), ("floor", parameters.amount), ("lifted by", lifted), ("carried over", -carried)),
        total.explained(),
    )
    return one_line("floor", "Lifted to the floor", lifted, why, carry=-carried)


FLOOR = IncentiveRule(
    key="floor",
    title="Floor",
    description=(
        "A statement comes to no less: what corrections and charges take below is lifted, and the next period starts"
        " with what was lifted from below zero."
    ),
    parameters=FloorParameters,
    reward=floor,
)
