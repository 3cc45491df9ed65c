"""Asking the shipped incentive rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from quotaloom_sdk import (
    EntryFact,
    Explanation,
    IncentiveLine,
    IncentiveResult,
    IncentiveRule,
    LineFact,
    ReviewFact,
    TeamFact,
)
from quotaloom_sdk.testing import incentive_request, narrowed


def rewarded(
    rule: IncentiveRule[Any],
    *lines: LineFact,
    earlier: Sequence[IncentiveLine] = (),
    carried: int = 0,
    corrected: int = 0,
    advanced: int = 0,
    entries: Sequence[EntryFact] = (),
    team: Sequence[TeamFact] = (),
    reviews: Sequence[ReviewFact] = (),
    **parameters: Any,
) -> IncentiveResult:
    """The answer to a request of March 2017 that holds what the rule needs and no more."""
    request = incentive_request(
        *lines,
        parameters=rule.parameters.model_validate(parameters),
        earlier=earlier,
        carried=carried,
        corrected=corrected,
        advanced=advanced,
        entries=entries,
        team=team,
        reviews=reviews,
    )
    result: IncentiveResult = rule.reward(narrowed(request, rule.needs))
    result.check(request)
    return result


def amounts(result: IncentiveResult) -> dict[str, int]:
    """The lines, by their keys."""
    return {line.key: line.amount for line in result.lines}


def revenue(achieved: int, target: int | None = None, **values: Any) -> LineFact:
    """A line of the metric revenue."""
    return LineFact("revenue", achieved, target=target, **values)


def before(*amounts: int, policy: str = "incentives.tiers", rule: str = "commission") -> tuple[IncentiveLine, ...]:
    """Lines that the company's rule, which uses the policy, has given in this statement."""
    why = Explanation("As computed before.")
    return tuple(
        IncentiveLine(f"line-{place}", f"Line {place}", amount, why, policy=policy, rule=rule)
        for place, amount in enumerate(amounts)
    )


def entry(id: str, amount: int, day: int = 1, **changes: Any) -> EntryFact:
    """An order of revenue on a day of March 2017."""
    known: dict[str, Any] = {"metric_key": "revenue", "source": "order", "business_date": date(2017, 3, day)}
    return EntryFact(id, amount=amount, **{**known, **changes})


def shown(explanation: Explanation, depth: int = 0) -> list[str]:
    """An explanation as lines of text, two spaces deeper for each level."""
    values = ", ".join(f"{name} {value}" for name, value in explanation.values)
    line = f"{'  ' * depth}{explanation.text}{f' [{values}]' if values else ''}"
    return [line, *(text for item in explanation.items for text in shown(item, depth + 1))]
