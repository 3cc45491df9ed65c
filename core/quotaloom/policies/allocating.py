"""Asking an allocation rule, and judging its weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from quotaloom.policies.host import PolicyHost
from quotaloom.policies.selected import PolicyStamp, SelectedPolicy
from quotaloom_sdk import AllocationRequest, AllocationResult, Explanation, Need, UnitFact
from quotaloom_sdk.answers import refusing, sound
from quotaloom_sdk.weights import Weights


@dataclass(frozen=True, slots=True)
class AllocationOutcome:
    """Checked weights: `months` one per month, `matrix` a row per child with a weight per month.

    All exact, finite and not negative. A month's column, or `months`, may be all zero, which counts as equal.
    """

    months: Weights
    matrix: tuple[Weights, ...]
    explanation: Explanation
    stamp: PolicyStamp


async def ask_for_weights(
    host: PolicyHost, selected: SelectedPolicy, requests: Sequence[AllocationRequest[Any]], *, company_id: int
) -> list[AllocationOutcome]:
    """The weights of an allocation rule for each request, in their order; call it outside any transaction.

    The parameters of the requests are those of `selected`, whatever they hold. Raises `PolicyFailed`, naming the
    plugin, where the rule raises or answers with anything else than finite, non-negative weights of the right number;
    `ValueError` where the caller's request is at fault: history that is needed and missing.
    """
    if Need.HISTORY in selected.policy.needs:
        for request in requests:
            _require_history((request.unit, *request.children), len(request.months))
    stamp = selected.stamp()

    def check(request: AllocationRequest[Any], answer: object) -> AllocationOutcome:
        result = sound(answer, AllocationResult)
        with refusing():
            by_month, matrix = result.exact(request)
        return AllocationOutcome(by_month, matrix, result.explanation, stamp)

    return await host.ask(selected, "allocate", requests, check, company_id=company_id)


def _require_history(units: tuple[UnitFact, ...], months: int) -> None:
    for unit in units:
        if len(unit.achieved) != months:
            raise ValueError(f"{unit.name} has {len(unit.achieved)} months of history for {months} months")
