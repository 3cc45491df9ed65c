"""Asking a review scorer, and judging its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from quotaloom.policies.host import PolicyHost
from quotaloom.policies.selected import PolicyStamp, SelectedPolicy
from quotaloom_sdk import ReviewRequest, ReviewResult
from quotaloom_sdk.answers import judged


@dataclass(frozen=True, slots=True)
class ScoringOutcome:
    """The checked score of the whole and of each part, in the order of the request, and what decided."""

    result: ReviewResult
    stamp: PolicyStamp


async def ask_scorer(
    host: PolicyHost, selected: SelectedPolicy, request: ReviewRequest[Any], *, company_id: int
) -> ScoringOutcome:
    """What a scorer makes of a review; call it outside any transaction. Raises `PolicyFailed`, naming the plugin."""
    stamp = selected.stamp()

    def check(asked: ReviewRequest[Any], answer: object) -> ScoringOutcome:
        return ScoringOutcome(judged(answer, ReviewResult, asked), stamp)

    (outcome,) = await host.ask(selected, "score", [request], check, company_id=company_id)
    return outcome
