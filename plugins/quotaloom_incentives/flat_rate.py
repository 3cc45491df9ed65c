"""Flat rate: the same for all that was achieved, in percent or so much for each."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Literal

from pydantic import Field

from quotaloom_incentives.answers import each, nothing, one_line, times
from quotaloom_incentives.figures import Counted, achieved, counted, total
from quotaloom_incentives.quantities import MetricKey, Rate, share
from quotaloom_sdk import IncentiveRequest, IncentiveResult, IncentiveRule, Need, Parameters, ui

Source = Literal["opportunity", "order", "payment", "refund", "import", "activity"]
"""Where an entry is from."""


class FlatRateParameters(Parameters):
    """What an admin may set for a flat rate."""

    metric: MetricKey = Field(
        default="revenue",
        description="Key of the metric that is paid for.",
        json_schema_extra=ui(widget="text", group="Rate", order=1),
    )
    pays: Literal["percent", "each"] = Field(
        default="percent",
        description="percent: a part of what was achieved, which must be money; each: so much for each unit of it.",
        json_schema_extra=ui(widget="select", group="Rate", order=2),
    )
    rate_percent: Rate = Field(
        default=Decimal(5),
        description="What is paid of it, in percent.",
        json_schema_extra=ui(widget="percent", group="Rate", order=3),
    )
    amount_each: int = Field(
        default=0,
        ge=-(10**9),
        le=10**9,
        description="What each unit earns, in the smallest unit of the currency; below 0 it is a charge.",
        json_schema_extra=ui(widget="money", group="Rate", order=4),
    )
    sources: tuple[Source, ...] = Field(
        default=(),
        max_length=6,
        description="Which entries count, by where they are from; none means all of them.",
        json_schema_extra=ui(widget="select", group="Entries", order=1),
    )
    credit: Literal["all", "direct", "overlay"] = Field(
        default="all",
        description="Whether direct credit counts, overlay, or all of it.",
        json_schema_extra=ui(widget="select", group="Entries", order=2),
    )


def flat_rate(request: IncentiveRequest[FlatRateParameters]) -> IncentiveResult:
    """A line for the metric, `flat_rate`; below 0 where more was refunded than sold."""
    parameters = request.parameters
    metric = parameters.metric
    entries = [one for one in counted(request, metric) if _counts(one, parameters)]
    base = total(entries) if parameters.sources or parameters.credit != "all" else achieved(request, metric)
    if not base:
        return nothing(f"Nothing that counts was achieved of {metric}.")
    rate = share(parameters.rate_percent)
    why = times(f"A flat rate on {metric}.", base, rate, *_choice(parameters))
    if parameters.pays == "each":
        rate = Fraction(parameters.amount_each)
        why = each(f"So much for each of {metric}.", base, parameters.amount_each, *_choice(parameters))
    ids = tuple(one.entry.id for one in entries)
    return one_line("flat_rate", f"Flat rate on {metric}", base * rate, why, base=base, rate=rate, entries=ids)


def _counts(one: Counted, parameters: FlatRateParameters) -> bool:
    if parameters.sources and one.origin.source not in parameters.sources:
        return False
    return parameters.credit == "all" or one.entry.overlay == (parameters.credit == "overlay")


def _choice(parameters: FlatRateParameters) -> tuple[tuple[str, str], ...]:
    """Which entries count, where not all of them do."""
    named = (("sources", ", ".join(parameters.sources)), ("credit", parameters.credit))
    return tuple((name, value) for name, value in named if value not in ("", "all"))


FLAT_RATE = IncentiveRule(
    key="flat_rate",
    title="Flat rate",
    description="The same rate on all that was achieved of a metric, or on entries of chosen sources.",
    parameters=FlatRateParameters,
    needs=frozenset({Need.HISTORY}),
    reward=flat_rate,
)
