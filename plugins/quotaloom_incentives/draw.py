"""Draw: who earned less than is guaranteed gets the rest in advance, and, if it is recoverable, gives it back later."""

from __future__ import annotations

from pydantic import Field

from quotaloom_incentives.answers import nothing, one_line
from quotaloom_incentives.earnings import Balance, balance
from quotaloom_incentives.quantities import Money
from quotaloom_sdk import Explanation, IncentiveRequest, IncentiveResult, IncentiveRule, Parameters, ui


class DrawParameters(Parameters):
    """What an admin may set for a draw."""

    amount: Money = Field(
        default=200_000,
        description="What a statement comes to at least, in the smallest unit of the currency.",
        json_schema_extra=ui(widget="money", order=1),
    )
    recoverable: bool = Field(
        default=True,
        description="Whether what was paid in advance is got back from later earnings beyond that.",
        json_schema_extra=ui(widget="switch", order=2),
    )
    most_advanced: Money | None = Field(
        default=None,
        description="How much may stand out in all, in the smallest unit of the currency; none means no limit.",
        json_schema_extra=ui(widget="money", order=3),
    )


def draw(request: IncentiveRequest[DrawParameters]) -> IncentiveResult:
    """A line, `draw`: above 0 what is paid in advance, below 0 what is got back of earlier advances."""
    parameters = request.parameters
    total = balance(request)
    missing = parameters.amount - total.total
    if missing > 0:
        return _advanced(request, total, missing)
    back = min(-missing, request.advanced) if parameters.recoverable else 0
    if not back:
        return nothing(
            "What was earned covers the draw, and nothing is to be got back.",
            ("total", total.total),
            ("guaranteed", parameters.amount),
        )
    why = Explanation(
        "What was earned beyond the draw pays back what was advanced before.",
        (*_figures(request, total), ("got back", back), ("advanced after it", request.advanced - back)),
        total.explained(),
    )
    return one_line("draw", "Draw got back", -back, why, advance=-back)


def _advanced(request: IncentiveRequest[DrawParameters], total: Balance, missing: int) -> IncentiveResult:
    """What is missing, as far as more may stand out; a draw that is not recoverable leaves nothing standing out."""
    parameters = request.parameters
    if not parameters.recoverable:
        why = Explanation(
            "The draw pays what is missing; it is not got back.",
            (*_figures(request, total), ("missing", missing)),
            total.explained(),
        )
        return one_line("draw", "Draw", missing, why)
    paid = missing
    if parameters.most_advanced is not None:
        paid = min(missing, max(parameters.most_advanced - request.advanced, 0))
    values = (("missing", missing), ("paid in advance", paid), ("advanced after it", request.advanced + paid))
    why = Explanation(
        "The draw pays what is missing in advance.", (*_figures(request, total), *values), total.explained()
    )
    return one_line("draw", "Draw in advance", paid, why, advance=paid)


def _figures(request: IncentiveRequest[DrawParameters], total: Balance) -> tuple[tuple[str, int], ...]:
    known = (("total", total.total), ("guaranteed", request.parameters.amount))
    return (*known, ("advanced before", request.advanced)) if request.parameters.recoverable else known


DRAW = IncentiveRule(
    key="draw",
    title="Draw",
    description=(
        "A statement comes to a guaranteed amount: what is missing is paid in advance and, where the draw is"
        " recoverable, got back from later earnings."
    ),
    parameters=DrawParameters,
    reward=draw,
)
