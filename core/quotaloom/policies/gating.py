"""Asking a stage gate, and judging its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from quotaloom.policies.host import PolicyHost
from quotaloom.policies.selected import PolicyStamp, SelectedPolicy
from quotaloom_sdk import Explanation, GateRequest, GateResult, UnmetStandard
from quotaloom_sdk.answers import judged


@dataclass(frozen=True, slots=True)
class GateOutcome:
    """The standards that a gate finds unmet, each code once per field; none lets the deal pass."""

    unmet: tuple[UnmetStandard, ...]
    explanation: Explanation
    stamp: PolicyStamp


async def ask_gate(
    host: PolicyHost, selected: SelectedPolicy, request: GateRequest[Any], *, company_id: int
) -> GateOutcome:
    """What a gate says of a deal; call it outside any transaction. Raises `PolicyFailed`, naming the plugin."""
    stamp = selected.stamp()

    def check(asked: GateRequest[Any], answer: object) -> GateOutcome:
        result = judged(answer, GateResult, asked)
        return GateOutcome(result.unmet, result.explanation, stamp)

    (outcome,) = await host.ask(selected, "examine", [request], check, company_id=company_id)
    return outcome
