"""Asking a crediting rule, and judging its credits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from quotaloom.policies.host import PolicyHost
from quotaloom.policies.selected import PolicyStamp, SelectedPolicy
from quotaloom_sdk import Credit, CreditingRequest, CreditingResult, Explanation
from quotaloom_sdk.answers import judged


@dataclass(frozen=True, slots=True)
class CreditingOutcome:
    """Checked credits: the direct shares sum to exactly 1, and no position comes twice."""

    credits: tuple[Credit, ...]
    explanation: Explanation
    stamp: PolicyStamp


async def ask_for_credits(
    host: PolicyHost, selected: SelectedPolicy, requests: Sequence[CreditingRequest[Any]], *, company_id: int
) -> list[CreditingOutcome]:
    """The credits that a rule gives for each request, in their order; call it outside any transaction.

    Whether positions and members are there is for whoever posts the credits to find out. Raises `PolicyFailed`,
    naming the plugin.
    """
    stamp = selected.stamp()

    def check(request: CreditingRequest[Any], answer: object) -> CreditingOutcome:
        result = judged(answer, CreditingResult, request)
        return CreditingOutcome(result.credits, result.explanation, stamp)

    return await host.ask(selected, "credit", requests, check, company_id=company_id)
