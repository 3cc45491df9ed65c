"""A commission that rises above the target, up to a cap, and a bonus for each new customer.

Every amount is exact until its line is rounded once, half away from zero, so that a refund takes back what a sale gave.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

from pydantic import Field

from quotaloom_sdk import (
    EntryFact,
    Explanation,
    IncentiveLine,
    IncentiveRequest,
    IncentiveResult,
    IncentiveRule,
    LineFact,
    Need,
    Parameters,
    ui,
)


class AcceleratorParameters(Parameters):
    """What an admin may set, company by company."""

    rate: Decimal = Field(
        default=Decimal("0.05"),
        ge=0,
        le=1,
        max_digits=7,
        decimal_places=6,
        description="The commission's rate up to the target, 0 to 1.",
        json_schema_extra=ui(widget="percent", group="Commission", order=1),
    )
    accelerator: Decimal = Field(
        default=Decimal("1.6"),
        ge=1,
        le=10,
        max_digits=6,
        decimal_places=4,
        description="How many times that rate is paid on what lies above the target, 1 to 10.",
        json_schema_extra=ui(widget="number", unit="times", group="Commission", order=2),
    )
    most_attained: Decimal = Field(
        default=Decimal("1.5"),
        ge=1,
        le=10,
        max_digits=6,
        decimal_places=4,
        description="How many times the target earns commission at the most, 1 to 10; nothing is paid on more.",
        json_schema_extra=ui(widget="number", unit="times the target", group="Commission", order=3),
    )
    new_customer_bonus: int = Field(
        default=0,
        ge=0,
        le=10**9,
        description="What each new customer earns, in the smallest unit of the currency.",
        json_schema_extra=ui(widget="money", group="New customers", order=1),
    )
    most_new_customers: int = Field(
        default=100,
        ge=0,
        le=10_000,
        description="How many new customers of a period earn it at the most, 0 to 10000.",
        json_schema_extra=ui(widget="number", unit="customers", group="New customers", order=2),
    )
    metric: str = Field(
        default="revenue",
        min_length=1,
        max_length=64,
        description="Key of the metric that commission is paid on; it counts in the statement's currency.",
        json_schema_extra=ui(widget="text", group="Commission", order=4, advanced=True),
    )
    new_customer_metric: str = Field(
        default="new_customers",
        min_length=1,
        max_length=64,
        description="Key of the metric that counts new customers.",
        json_schema_extra=ui(widget="text", group="New customers", order=3, advanced=True),
    )


@dataclass(frozen=True, slots=True)
class Part:
    """Something that is paid for: `base` of a metric, times `rate`, in the smallest unit of the currency."""

    key: str
    title: str
    metric: str
    base: int
    rate: Decimal
    why: str
    limits: tuple[tuple[str, int], ...] = ()


def accelerated(request: IncentiveRequest[AcceleratorParameters]) -> IncentiveResult:
    """Up to three lines: `commission`, `accelerated` and `new_customers`; none where there is nothing to pay."""
    parameters = request.parameters
    parts = (*_commission(request.lines, parameters), *_bonus(request.lines, parameters))
    lines = tuple(line for line in (_line_of(part, request.entries) for part in parts) if line.amount)
    explanation = Explanation(
        f"{parameters.rate} up to the target, {parameters.accelerator} times that above it, and a bonus per customer.",
        (("lines", len(lines)), ("sum", sum(line.amount for line in lines))),
    )
    return IncentiveResult(lines=lines, explanation=explanation)


def _commission(lines: Sequence[LineFact], parameters: AcceleratorParameters) -> Iterator[Part]:
    """What lies below the target, and what lies between it and the cap; without a target, all at the plain rate."""
    metric, rate = parameters.metric, parameters.rate
    line = _of_metric(lines, metric)
    if line is None:
        return
    if not line.target:
        yield Part("commission", "Commission", metric, line.achieved, rate, "There is no target, so all of it counts.")
        return
    below, target = min(line.achieved, line.target), ("target", line.target)
    yield Part("commission", "Commission", metric, below, rate, "What lies below the target.", (target,))
    cap = floor(line.target * Fraction(parameters.most_attained))
    above, higher = max(min(line.achieved, cap) - line.target, 0), rate * parameters.accelerator
    why = f"What lies above the target, up to {parameters.most_attained} times of it."
    yield Part("accelerated", "Commission above target", metric, above, higher, why, (target, ("up to", cap)))


def _bonus(lines: Sequence[LineFact], parameters: AcceleratorParameters) -> Iterator[Part]:
    line = _of_metric(lines, parameters.new_customer_metric)
    if line is not None:
        most, each = parameters.most_new_customers, Decimal(parameters.new_customer_bonus)
        counted = max(min(line.achieved, most), 0)
        why = f"So much for each of them, for {most} at the most."
        yield Part("new_customers", "New customers", line.metric_key, counted, each, why)


def _of_metric(lines: Sequence[LineFact], metric: str) -> LineFact | None:
    return next((line for line in lines if line.metric_key == metric), None)


def _line_of(part: Part, entries: Sequence[EntryFact]) -> IncentiveLine:
    return IncentiveLine(
        key=part.key,
        title=part.title,
        amount=_rounded(part.base * Fraction(part.rate)),
        explanation=Explanation(part.why, (*part.limits, ("counted", part.base), ("rate", part.rate.normalize()))),
        base=part.base,
        rate=part.rate,
        entries=tuple(entry.id for entry in entries if entry.metric_key == part.metric),
    )


def _rounded(amount: Fraction) -> int:
    size = floor(abs(amount) + Fraction(1, 2))
    return size if amount > 0 else -size


ACCELERATOR = IncentiveRule(
    key="accelerator",
    title="Accelerated commission",
    description="A rate up to the target, a higher one above it up to a cap, and a bonus for each new customer.",
    parameters=AcceleratorParameters,
    needs=frozenset({Need.PLAN, Need.HISTORY}),
    reward=accelerated,
)
