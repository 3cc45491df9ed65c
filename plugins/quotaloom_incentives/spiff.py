"""SPIF: a special incentive for chosen products, within chosen days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from quotaloom_incentives.answers import each, fitting, nothing, one_line, times
from quotaloom_incentives.figures import Counted, counted, total
from quotaloom_incentives.quantities import MetricKey, Money, ProductKey, Rate, share
from quotaloom_sdk import Explanation, IncentiveRequest, IncentiveResult, IncentiveRule, Need, Parameters, ui


class SpiffParameters(Parameters):
    """What an admin may set for a SPIF."""

    metric: MetricKey = Field(
        default="revenue",
        description="Key of the metric whose entries count.",
        json_schema_extra=ui(widget="text", group="Entries", order=1),
    )
    products: tuple[ProductKey, ...] = Field(
        default=(),
        max_length=500,
        description="Keys of the products that count; none means all of them.",
        json_schema_extra=ui(widget="text", group="Entries", order=2),
    )
    first_day: date | None = Field(
        default=None,
        description="The first business date that counts; none means from the beginning of each period.",
        json_schema_extra=ui(widget="date", group="Entries", order=3),
    )
    last_day: date | None = Field(
        default=None,
        description="The last business date that counts; none means to the end of each period.",
        json_schema_extra=ui(widget="date", group="Entries", order=4),
    )
    pays: Literal["percent", "per_deal"] = Field(
        default="percent",
        description="percent: a part of what the entries sum up to, in money; per_deal: so much for each deal.",
        json_schema_extra=ui(widget="select", group="Incentive", order=1),
    )
    rate_percent: Rate = Field(
        default=Decimal(1),
        description="What is paid of it, in percent.",
        json_schema_extra=ui(widget="percent", group="Incentive", order=2),
    )
    amount_per_deal: Money = Field(
        default=10_000,
        description="What each deal earns, in the smallest unit of the currency.",
        json_schema_extra=ui(widget="money", group="Incentive", order=3),
    )
    least_per_deal: Money = Field(
        default=1,
        description="What a deal must come to so that it counts as one, in the smallest unit of the metric.",
        json_schema_extra=ui(widget="money", group="Incentive", order=4),
    )
    most: Money | None = Field(
        default=None,
        description="What is paid at most, in the smallest unit of the currency; none means no limit.",
        json_schema_extra=ui(widget="money", group="Incentive", order=5),
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first_day and self.last_day and self.last_day < self.first_day:
            raise ValueError(f"last_day must not be before first_day: {self.last_day} is before {self.first_day}")
        return self


def spiff(request: IncentiveRequest[SpiffParameters]) -> IncentiveResult:
    """A line, `spiff`, for the entries of those products and days; a reversal counts with what it reverses."""
    parameters = request.parameters
    entries = [one for one in counted(request, parameters.metric) if _counts(one, parameters)]
    if not entries:
        return nothing(f"No entry of {parameters.metric} counts.", *_choice(parameters))
    if parameters.pays == "percent":
        return _by_percent(entries, parameters)
    return _by_deal(entries, parameters)


def _counts(one: Counted, parameters: SpiffParameters) -> bool:
    origin = one.origin
    if parameters.products and origin.product_key not in parameters.products:
        return False
    if parameters.first_day and origin.business_date < parameters.first_day:
        return False
    return not (parameters.last_day and origin.business_date > parameters.last_day)


def _choice(parameters: SpiffParameters) -> tuple[tuple[str, str], ...]:
    """What counts, as far as not all of it does."""
    named = (
        ("products", ", ".join(parameters.products)),
        ("first day", parameters.first_day.isoformat() if parameters.first_day else ""),
        ("last day", parameters.last_day.isoformat() if parameters.last_day else ""),
    )
    return tuple((name, value) for name, value in named if value)


def _by_percent(entries: Sequence[Counted], parameters: SpiffParameters) -> IncentiveResult:
    base, rate = total(entries), share(parameters.rate_percent)
    why = times(f"A SPIF on {parameters.metric}.", base, rate, *_choice(parameters))
    if parameters.most is not None and base * rate > parameters.most:
        why = Explanation(why.text, (*why.values, ("paid at most", parameters.most)))
        return one_line("spiff", "SPIF", parameters.most, why, entries=_ids(entries))
    return one_line("spiff", "SPIF", base * rate, why, base=base, rate=rate, entries=_ids(entries))


def _by_deal(entries: Sequence[Counted], parameters: SpiffParameters) -> IncentiveResult:
    """So much for each deal that comes to enough; an entry of no deal is one of its own, with what reverses it."""
    deals: dict[str, list[Counted]] = {}
    for one in entries:
        deals.setdefault(_deal(one), []).append(one)
    good = {name: of for name, of in deals.items() if total(of) >= max(parameters.least_per_deal, 1)}
    amount = len(good) * parameters.amount_per_deal
    items = [Explanation(f"{name}.", (("comes to", total(of)),)) for name, of in good.items()]
    why = each("A SPIF for each deal.", len(good), parameters.amount_per_deal, *_choice(parameters))
    values = why.values
    if parameters.most is not None and amount > parameters.most:
        amount, values = parameters.most, (*values, ("paid at most", parameters.most))
    why = Explanation(why.text, values, fitting(items, "deals"))
    ids = _ids([one for of in good.values() for one in of])
    return one_line("spiff", "SPIF", amount, why, entries=ids)


def _deal(one: Counted) -> str:
    deal = one.origin.deal_id or one.entry.deal_id
    return f"Deal {deal}" if deal else f"Entry {one.entry.reverses or one.entry.id}"


def _ids(entries: Sequence[Counted]) -> tuple[str, ...]:
    return tuple(one.entry.id for one in entries)


SPIFF = IncentiveRule(
    key="spiff",
    title="SPIF",
    description="A special incentive for chosen products within chosen days: a part of what they come to, or per deal.",
    parameters=SpiffParameters,
    needs=frozenset({Need.HISTORY}),
    reward=spiff,
)
