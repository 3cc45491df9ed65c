"""Tiers: a rate for each band of the quota, on what lies in the band, or on the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from pydantic import Field, field_validator

from quotaloom_incentives.answers import Value, nothing, one_line, times
from quotaloom_incentives.figures import ids_of, line_of, passes
from quotaloom_incentives.quantities import (
    Bounds,
    MetricKey,
    Money,
    Percent,
    Rate,
    Step,
    in_percent,
    plain,
    require_rising,
    share,
    shown,
)
from quotaloom_sdk import (
    CannotDecide,
    Explanation,
    IncentiveRequest,
    IncentiveResult,
    IncentiveRule,
    LineFact,
    Need,
    Parameters,
    ui,
)


class Band(Step):
    """A rate from a part of the quota on."""

    rate_percent: Rate = Field(description="What is paid, in percent.")

    def __str__(self) -> str:
        return f"{shown(self.rate_percent)} % from {shown(self.from_percent)} %"


class TiersParameters(Parameters):
    """What an admin may set for tiers."""

    metric: MetricKey = Field(
        default="revenue",
        description="Key of the metric that is paid for; it counts in the statement's currency.",
        json_schema_extra=ui(widget="text", group="Tiers", order=1),
    )
    mode: Literal["marginal", "whole_period"] = Field(
        default="marginal",
        description="marginal: each rate on what lies in its band; whole_period: the rate reached, on everything.",
        json_schema_extra=ui(widget="select", group="Tiers", order=2),
    )
    bands: tuple[Band, ...] = Field(
        default=(
            Band(from_percent=Decimal(0), rate_percent=Decimal(5)),
            Band(from_percent=Decimal(100), rate_percent=Decimal(8)),
        ),
        min_length=1,
        max_length=50,
        examples=[
            [{"from_percent": 0, "rate_percent": 5}, {"from_percent": 100, "rate_percent": 8}],
            [{"from_percent": 0, "rate_percent": 3}, {"from_percent": 80, "rate_percent": "4.5"}],
        ],
        description="Where each band begins, in percent of the quota, and its rate; the first begins at 0.",
        json_schema_extra=ui(widget="table", group="Tiers", order=3),
    )
    bounds: Bounds = Field(
        default="from",
        description="Whether who meets a bound exactly is in the higher band (from) or the lower one (above).",
        json_schema_extra=ui(widget="select", group="Tiers", order=4),
    )
    quota: Money | None = Field(
        default=None,
        description="A quota for everybody, in the smallest unit of the metric; without one, it is each one's target.",
        json_schema_extra=ui(widget="money", group="Quota", order=1),
    )
    cap_percent: Percent | None = Field(
        default=None,
        description="Up to which part of the quota anything is paid, in percent; without one there is no limit.",
        json_schema_extra=ui(widget="number", unit="%", group="Quota", order=2),
    )
    without_quota: Literal["nothing", "first_band"] = Field(
        default="nothing",
        description="What whoever has no quota, or one of 0, is paid: nothing, or the first band's rate on everything.",
        json_schema_extra=ui(widget="select", group="Quota", order=3),
    )

    @field_validator("bands")
    @classmethod
    def _rising_from_nothing(cls, bands: tuple[Band, ...]) -> tuple[Band, ...]:
        if bands[0].from_percent != 0:
            raise ValueError(f"the first band must begin at 0 %, not at {shown(bands[0].from_percent)} %")
        require_rising(bands)
        return bands


@dataclass(frozen=True, slots=True)
class Part:
    """What counts in a band, in the metric's smallest unit, and where the band lies."""

    band: Band
    counted: Fraction
    upto: Percent | None

    def explained(self) -> Explanation:
        """Where it lies, what counts in it and what it earns."""
        start = f"{shown(self.band.rate_percent)} % from {shown(self.band.from_percent)} %"
        end = "of the quota on" if self.upto is None else f"to {shown(self.upto)} % of the quota"
        return times(f"{start} {end}.", self.counted, share(self.band.rate_percent))


def tiers(request: IncentiveRequest[TiersParameters]) -> IncentiveResult:
    """A line for the metric, `commission`; what is refunded beyond what was sold is taken back at the first rate."""
    parameters = request.parameters
    line = line_of(request.lines, parameters.metric)
    if line is None:
        return nothing(f"Nothing was counted of {parameters.metric}.")
    if line.lower_is_better:
        raise CannotDecide(
            f"Of {parameters.metric} less is better, and tiers pay more for more. Choose another metric, or pay a bonus"
            " at a threshold."
        )
    if parameters.quota is not None:
        line = replace(line, target=parameters.quota)
    entries = ids_of(request, parameters.metric)
    if not line.target:
        return _without_quota(line, parameters, entries)
    return _against(line, line.target, parameters, entries)


def _without_quota(line: LineFact, parameters: TiersParameters, entries: tuple[str, ...]) -> IncentiveResult:
    achieved = ("achieved", line.achieved)
    if parameters.without_quota == "nothing":
        return nothing(f"There is no quota of {parameters.metric}, so nothing is paid.", achieved)
    rate = share(parameters.bands[0].rate_percent)
    part = times("The first band's rate, on everything.", line.achieved, rate)
    why = Explanation(f"There is no quota of {parameters.metric}.", (achieved,), (part,))
    return _commission(parameters, ((Fraction(line.achieved), rate),), why, entries)


def _against(line: LineFact, quota: int, parameters: TiersParameters, entries: tuple[str, ...]) -> IncentiveResult:
    counted = Fraction(line.achieved)
    values: list[tuple[str, Value]] = [
        ("achieved", line.achieved),
        ("quota", quota),
        ("attained in percent", in_percent(Fraction(line.achieved, quota))),
    ]
    if parameters.cap_percent is not None:
        most = quota * share(parameters.cap_percent)
        counted = min(counted, most)
        values.append(("paid up to", plain(most)))
    parts = _marginal(counted, quota, parameters.bands)
    text = f"Tiers on {parameters.metric}: each rate is paid on what lies in its band of the quota."
    if parameters.mode == "whole_period":
        parts = _whole(counted, quota, parameters)
        text = f"Tiers on {parameters.metric}: the rate of the band that is reached is paid on everything."
    why = Explanation(text, tuple(values), tuple(part.explained() for part in parts))
    return _commission(parameters, [(part.counted, share(part.band.rate_percent)) for part in parts], why, entries)


def _marginal(counted: Fraction, quota: int, bands: Sequence[Band]) -> list[Part]:
    """The bands that are reached, each with what lies in it; the first also has what lies below 0."""
    starts = [quota * share(band.from_percent) for band in bands]
    parts = []
    for place, (band, start) in enumerate(zip(bands, starts, strict=True)):
        if place and counted <= start:
            break
        if place + 1 == len(bands):
            parts.append(Part(band, counted - start, None))
        else:
            parts.append(Part(band, min(counted, starts[place + 1]) - start, bands[place + 1].from_percent))
    return parts


def _whole(counted: Fraction, quota: int, parameters: TiersParameters) -> list[Part]:
    """The band that is reached, the first one at least, with everything."""
    bands = parameters.bands
    attained = counted / quota * 100
    place = max(
        (
            place
            for place, band in enumerate(bands)
            if passes(attained, Fraction(band.from_percent), parameters.bounds, lower_is_better=False)
        ),
        default=0,
    )
    upto = bands[place + 1].from_percent if place + 1 < len(bands) else None
    return [Part(bands[place], counted, upto)]


def _commission(
    parameters: TiersParameters,
    paid: Sequence[tuple[Fraction, Fraction]],
    why: Explanation,
    entries: tuple[str, ...],
) -> IncentiveResult:
    """The line for what counts at each rate; it has a base and a rate where one rate was paid on whole units."""
    title = f"Commission on {parameters.metric}"
    amount = sum((counted * rate for counted, rate in paid), Fraction())
    if len(paid) == 1 and paid[0][0].denominator == 1:
        base, rate = paid[0]
        return one_line("commission", title, amount, why, base=int(base), rate=rate, entries=entries)
    return one_line("commission", title, amount, why, entries=entries)


TIERS = IncentiveRule(
    key="tiers",
    title="Tiers",
    description=(
        "A rate for each band of the quota, on what lies in the band or on everything, with stated bounds and, where"
        " wanted, a cap in percent of the quota."
    ),
    parameters=TiersParameters,
    needs=frozenset({Need.PLAN, Need.HISTORY}),
    reward=tiers,
)
