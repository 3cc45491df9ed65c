"""Cap: what earlier rules gave beyond a limit is taken away."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from quotaloom_incentives.answers import nothing, one_line
from quotaloom_incentives.earnings import EarningsParameters, earned
from quotaloom_incentives.figures import achieved, line_of
from quotaloom_incentives.quantities import MetricKey, Money, Rate, half_up, share, shown
from quotaloom_sdk import Explanation, IncentiveRequest, IncentiveResult, IncentiveRule, Need, ui


class CapParameters(EarningsParameters):
    """What an admin may set for a cap."""

    limit: Literal["amount", "target", "achieved"] = Field(
        default="amount",
        description="The limit: an amount, or a part of the target, or of what was achieved, of a metric of money.",
        json_schema_extra=ui(widget="select", group="Limit", order=1),
    )
    amount: Money = Field(
        default=1_000_000,
        description="The limit as an amount, in the smallest unit of the currency.",
        json_schema_extra=ui(widget="money", group="Limit", order=2),
    )
    percent: Rate = Field(
        default=Decimal(10),
        description="The limit as a part, in percent.",
        json_schema_extra=ui(widget="percent", group="Limit", order=3),
    )
    metric: MetricKey = Field(
        default="revenue",
        description="Key of the metric that it is a part of.",
        json_schema_extra=ui(widget="text", group="Limit", order=4),
    )


def cap(request: IncentiveRequest[CapParameters]) -> IncentiveResult:
    """A line below 0, `cap`, where the chosen lines come to more than the limit; corrections do not count."""
    parameters = request.parameters
    limit = _limit(request)
    if limit is None:
        return nothing(f"There is no target of {parameters.metric}, so nothing is cut off.")
    earnings = earned(request, parameters.rules)
    text = "No more is paid than the limit."
    if parameters.limit != "amount":
        of = "the target" if parameters.limit == "target" else "what was achieved"
        text = f"No more is paid than {shown(parameters.percent)} % of {of} of {parameters.metric}."
    why = Explanation(text, (("sum", earnings.total), ("limit", limit)), (earnings.explained(),))
    return one_line("cap", "Cap", min(limit - earnings.total, 0), why)


def _limit(request: IncentiveRequest[CapParameters]) -> int | None:
    """In the smallest unit of the currency, half up, 0 at least; None for a part of a target that is not there."""
    parameters = request.parameters
    if parameters.limit == "amount":
        return parameters.amount
    if parameters.limit == "target":
        line = line_of(request.lines, parameters.metric)
        return half_up(line.target * share(parameters.percent)) if line is not None and line.target else None
    return half_up(max(achieved(request, parameters.metric), 0) * share(parameters.percent))


CAP = IncentiveRule(
    key="cap",
    title="Cap",
    description="What earlier rules, chosen ones or all, gave beyond a limit is taken away.",
    parameters=CapParameters,
    needs=frozenset({Need.PLAN}),
    reward=cap,
)
