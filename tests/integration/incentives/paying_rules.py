"""A plugin for the tests of runs: a rate, tiers, a share of the team's, a floor, a draw, and one that fails."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from quotaloom.platform.amounts import half_up
from quotaloom.policies.discovery import Discovery, Plugin
from quotaloom.policies.host import PolicyHost
from quotaloom_sdk import (
    CannotDecide,
    Explanation,
    IncentiveLine,
    IncentiveRequest,
    IncentiveResult,
    IncentiveRule,
    Need,
    Parameters,
)
from tests.unit.policies.registered import plugin

NOTHING = Explanation("Nothing.")


class Rate(Parameters):
    """A rate in percent."""

    percent: Decimal = Decimal(10)


class Tiers(Parameters):
    """5 percent up to the quota, 8 percent above it."""

    quota: int = 100_000_00


class Limit(Parameters):
    """A limit in minor units."""

    amount: int = 0


def achieved(request: IncentiveRequest[Any]) -> int:
    """What the member achieved in revenue."""
    return next(line.achieved for line in request.lines if line.metric_key == "revenue")


def answer(key: str, amount: int, why: Explanation, *entries: str, **more: Any) -> IncentiveResult:
    """One line, or none where it is 0."""
    lines = (IncentiveLine(key, key.title(), amount, why, entries=entries),) if amount else ()
    return IncentiveResult(lines=lines, explanation=why, **more)


def rate(request: IncentiveRequest[Rate]) -> IncentiveResult:
    """A share of the revenue."""
    base = achieved(request)
    why = Explanation("A rate of the revenue.", (("revenue", base), ("percent", request.parameters.percent)))
    return answer("rate", half_up(base * Fraction(request.parameters.percent) / 100), why)


def tiers(request: IncentiveRequest[Tiers]) -> IncentiveResult:
    """Marginal tiers, with the entries that they rest on."""
    base, quota = achieved(request), request.parameters.quota
    amount = half_up(Fraction(min(base, quota) * 5 + max(base - quota, 0) * 8, 100))
    why = Explanation("Tiers.", (("revenue", base), ("quota", quota)))
    entries = [entry.id for entry in request.entries if entry.metric_key == "revenue"]
    return answer("tiers", amount, why, *entries)


def team(request: IncentiveRequest[Rate]) -> IncentiveResult:
    """A share of what the team has in revenue."""
    base = sum(line.achieved for one in request.team for line in one.lines if line.metric_key == "revenue")
    why = Explanation("The team's revenue.", (("revenue", base),))
    return answer("team", half_up(base * Fraction(request.parameters.percent) / 100), why)


def floor(request: IncentiveRequest[Limit]) -> IncentiveResult:
    """Nothing below 0: the rest is carried over."""
    total = request.carried + request.corrected + sum(line.amount for line in request.earlier)
    cut = max(request.parameters.amount - total, 0)
    return answer("floor", cut, Explanation("A floor.", (("total", total),)), carry=-cut)


def draw(request: IncentiveRequest[Limit]) -> IncentiveResult:
    """Up to the amount in advance, got back from what is above it."""
    missing = request.parameters.amount - sum(line.amount for line in request.earlier)
    moved = missing if missing > 0 else -min(request.advanced, -missing)
    return answer("draw", moved, Explanation("A draw."), advance=moved)


def graded(request: IncentiveRequest[Parameters]) -> IncentiveResult:
    """As many percent of the revenue as are noted of the member."""
    base, percent = achieved(request), request.member.attributes.number("percent") or 0
    return answer("graded", half_up(base * Fraction(percent) / 100), Explanation("A rate of his own."))


def picky(request: IncentiveRequest[Parameters]) -> IncentiveResult:
    """Refuses whoever achieved less than nothing."""
    if achieved(request) < 0:
        raise CannotDecide("less than nothing was achieved")
    return answer("picky", 0, NOTHING)


def _rule(
    reward: Callable[[IncentiveRequest[Any]], IncentiveResult], parameters: type[Parameters], *needs: Need
) -> IncentiveRule[Any]:
    return IncentiveRule(
        key=reward.__name__,
        title=reward.__name__.title(),
        description="For tests.",
        parameters=parameters,
        needs=frozenset(needs),
        reward=reward,
    )


PAY: Plugin = plugin(
    _rule(rate, Rate),
    _rule(tiers, Tiers, Need.HISTORY),
    _rule(team, Rate, Need.TEAM),
    _rule(floor, Limit),
    _rule(draw, Limit),
    _rule(graded, Parameters, Need.ATTRIBUTES),
    _rule(picky, Parameters),
    name="pay",
)


def host_of(*plugins: Plugin) -> PolicyHost:
    """A host with these plugins alone."""
    return PolicyHost(Discovery(plugins, ()))


HOST = host_of(PAY)
