"""Team override: a manager gets a part of what his people achieved, level by level."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from pydantic import Field

from quotaloom_incentives.answers import Value, fitting, nothing, one_line, times
from quotaloom_incentives.figures import line_of, passes
from quotaloom_incentives.quantities import MetricKey, Percent, Rate, in_percent, share
from quotaloom_sdk import (
    CannotDecide,
    Explanation,
    IncentiveRequest,
    IncentiveResult,
    IncentiveRule,
    LineFact,
    Need,
    Parameters,
    TeamFact,
    ui,
)


class TeamOverrideParameters(Parameters):
    """What an admin may set for a team override."""

    metric: MetricKey = Field(
        default="revenue",
        description="Key of the metric that is paid for; it counts in the statement's currency.",
        json_schema_extra=ui(widget="text", group="Override", order=1),
    )
    level_rates: tuple[Rate, ...] = Field(
        default=(Decimal(1),),
        min_length=1,
        max_length=20,
        examples=[[1, "0.5"]],
        description="What is paid of the level below, in percent, then of the one below that; nothing of deeper ones.",
        json_schema_extra=ui(widget="table", unit="%", group="Override", order=2),
    )
    least_percent: Percent | None = Field(
        default=None,
        description="The part of its targets that the team must reach, in percent, so that anything is paid.",
        json_schema_extra=ui(widget="number", unit="%", group="Override", order=3),
    )


Members = Sequence[tuple[TeamFact, LineFact]]


def team_override(request: IncentiveRequest[TeamOverrideParameters]) -> IncentiveResult:
    """A line, `override`, on what the members below achieved, overlay included; below 0 where refunds outweigh."""
    parameters = request.parameters
    members = _members(request)
    if not members:
        return nothing(f"Nobody below has anything of {parameters.metric} that counts.")
    team = _attainment(members)
    if parameters.least_percent is not None and not _enough(members, parameters.least_percent):
        text = f"The team did not reach enough of its targets of {parameters.metric}, so nothing is paid."
        return nothing(text, *team, ("needed in percent", parameters.least_percent))
    rates = [share(rate) for rate in parameters.level_rates]
    levels = [[one for one in members if one[0].levels_below == place + 1] for place in range(len(rates))]
    amount = sum((_achieved(level) * rate for level, rate in zip(levels, rates, strict=True)), Fraction())
    parts = tuple(
        _level(place, level, rate, len(rates))
        for place, (level, rate) in enumerate(zip(levels, rates, strict=True), start=1)
        if level
    )
    why = Explanation(f"A part of what the people below achieved of {parameters.metric}.", team, parts)
    return one_line("override", f"Team override on {parameters.metric}", amount, why)


def _members(request: IncentiveRequest[TeamOverrideParameters]) -> Members:
    """Those of the levels that are paid for, with their lines."""
    deepest = len(request.parameters.level_rates)
    found = ((one, line_of(one.lines, request.parameters.metric)) for one in request.team)
    members = [(one, line) for one, line in found if line is not None and one.levels_below <= deepest]
    if any(line.lower_is_better for _, line in members):
        raise CannotDecide(
            f"Of {request.parameters.metric} less is better, and an override pays more for more. Choose another metric."
        )
    return members


def _achieved(members: Members) -> int:
    return sum(line.achieved for _, line in members)


def _targets(members: Members) -> int:
    return sum(line.target or 0 for _, line in members)


def _attainment(members: Members) -> tuple[tuple[str, Value], ...]:
    achieved, target = _achieved(members), _targets(members)
    known: tuple[tuple[str, Value], ...] = (("achieved", achieved), ("targets", target))
    return (*known, ("attained in percent", in_percent(Fraction(achieved, target)))) if target else known


def _enough(members: Members, least: Decimal) -> bool:
    """Whether what they achieved in all is that part of their targets in all; not where they have none."""
    target = _targets(members)
    if not target:
        return False
    return passes(Fraction(_achieved(members), target) * 100, Fraction(least), "from", lower_is_better=False)


def _level(level: int, members: Members, rate: Fraction, levels: int) -> Explanation:
    why = times(f"Level {level} below.", _achieved(members), rate, ("members", len(members)))
    people = [Explanation(one.name, (("achieved", line.achieved),)) for one, line in members]
    return Explanation(why.text, why.values, fitting(people, "members", levels))


TEAM_OVERRIDE = IncentiveRule(
    key="team_override",
    title="Team override",
    description="A manager gets a part of what the members below him achieved, at a rate for each level.",
    parameters=TeamOverrideParameters,
    needs=frozenset({Need.TEAM, Need.PLAN}),
    reward=team_override,
)
