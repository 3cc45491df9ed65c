"""What the policies before gave in this statement, and what else is in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from quotaloom_incentives.answers import fitting
from quotaloom_incentives.quantities import RuleKey
from quotaloom_sdk import Explanation, IncentiveLine, IncentiveRequest, Parameters, ui


class EarningsParameters(Parameters):
    """Which rules' lines a policy works on."""

    rules: tuple[RuleKey, ...] = Field(
        default=(),
        max_length=100,
        examples=[["commission", "incentives.spiff"]],
        description="Which of the rules before count: their keys, or full keys of policies; none means all of them.",
        json_schema_extra=ui(widget="text", group="Lines", order=1),
    )


@dataclass(frozen=True, slots=True)
class Earnings:
    """Some of the lines so far, in the smallest unit of the currency, and what they come to."""

    lines: tuple[IncentiveLine, ...]
    total: int

    def explained(self) -> Explanation:
        """The lines, one after the other."""
        items = [Explanation(line.title, (("amount", line.amount),)) for line in self.lines]
        return Explanation("The lines that count, and their sum.", (("sum", self.total),), fitting(items, "lines"))


def earned(request: IncentiveRequest[Any], rules: Sequence[str]) -> Earnings:
    """The lines that those rules or policies gave before; all of them where none is named."""
    lines = tuple(line for line in request.earlier if not rules or line.rule in rules or line.policy in rules)
    return Earnings(lines, sum(line.amount for line in lines))


@dataclass(frozen=True, slots=True)
class Balance:
    """What the statement comes to so far: its lines, what corrects earlier periods, and what was carried over."""

    earned: Earnings
    corrected: int
    carried: int

    @property
    def total(self) -> int:
        """All of it, in the smallest unit of the currency."""
        return self.earned.total + self.corrected + self.carried

    def explained(self) -> tuple[Explanation, ...]:
        """Its parts; those that are 0 are left out, but for the lines."""
        others = (("Corrections of earlier periods.", self.corrected), ("Carried over.", self.carried))
        return (self.earned.explained(), *(Explanation(text, (("amount", one),)) for text, one in others if one))


def balance(request: IncentiveRequest[Any]) -> Balance:
    """What the statement comes to before this policy."""
    return Balance(earned(request, ()), request.corrected, request.carried)
