"""Commission on collected money: a rate on each payment instead of on what was booked."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from pydantic import Field

from quotaloom_incentives.answers import fitting, nothing, one_line, times
from quotaloom_incentives.figures import Counted, counted
from quotaloom_incentives.quantities import MetricKey, ProductKey, Rate, share
from quotaloom_sdk import Explanation, IncentiveRequest, IncentiveResult, IncentiveRule, Need, Parameters, ui


class CollectedCommissionParameters(Parameters):
    """What an admin may set for commission on collected money."""

    metric: MetricKey = Field(
        default="collected_payments",
        description="Key of the metric that payments are posted to; it counts in the statement's currency.",
        json_schema_extra=ui(widget="text", group="Commission", order=1),
    )
    rate_percent: Rate = Field(
        default=Decimal(5),
        description="What is paid of a payment, in percent, where its product has no rate of its own.",
        json_schema_extra=ui(widget="percent", group="Commission", order=2),
    )
    rate_by_product: dict[ProductKey, Rate] = Field(
        default={},
        max_length=1000,
        examples=[{"license": 8, "service": "2.5"}],
        description="What is paid of payments for single products, in percent, by the product's key.",
        json_schema_extra=ui(widget="table", unit="%", group="Commission", order=3),
    )
    credit: Literal["all", "direct", "overlay"] = Field(
        default="all",
        description="Whether direct credit counts, overlay, or all of it.",
        json_schema_extra=ui(widget="select", group="Commission", order=4),
    )


def collected_commission(request: IncentiveRequest[CollectedCommissionParameters]) -> IncentiveResult:
    """A line, `collected`: the sum of all payments, each times its rate, less what was paid back."""
    parameters = request.parameters
    payments = [
        one
        for one in counted(request, parameters.metric)
        if parameters.credit == "all" or one.entry.overlay == (parameters.credit == "overlay")
    ]
    if not payments:
        return nothing("Nothing that counts was collected.")
    by_rate: dict[Fraction, list[Counted]] = {}
    for one in payments:
        by_rate.setdefault(_rate(one, parameters), []).append(one)
    parts = tuple(_part(by_rate[rate], rate, len(by_rate)) for rate in sorted(by_rate))
    amount = sum((one.entry.amount * _rate(one, parameters) for one in payments), Fraction())
    why = Explanation("Commission on what was collected, payment by payment.", items=parts)
    ids = tuple(one.entry.id for one in payments)
    title = "Commission on collected money"
    if len(by_rate) == 1:
        base = sum(one.entry.amount for one in payments)
        return one_line("collected", title, amount, why, base=base, rate=next(iter(by_rate)), entries=ids)
    return one_line("collected", title, amount, why, entries=ids)


def _rate(one: Counted, parameters: CollectedCommissionParameters) -> Fraction:
    return share(parameters.rate_by_product.get(one.origin.product_key or "", parameters.rate_percent))


def _part(payments: Sequence[Counted], rate: Fraction, rates: int) -> Explanation:
    """The payments at one rate."""
    items = [
        Explanation(f"Entry {one.entry.id} of {one.entry.business_date}.", (("amount", one.entry.amount),))
        for one in payments
    ]
    why = times("Payments at one rate.", sum(one.entry.amount for one in payments), rate)
    return Explanation(why.text, why.values, fitting(items, "payments", rates))


COLLECTED_COMMISSION = IncentiveRule(
    key="collected_commission",
    title="Commission on collected money",
    description="A rate on each payment that came in, instead of on what was booked; a product may have its own rate.",
    parameters=CollectedCommissionParameters,
    needs=frozenset({Need.HISTORY}),
    reward=collected_commission,
)
