"""Asking an incentive policy, and judging its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from quotaloom.policies.host import PolicyHost
from quotaloom.policies.selected import SelectedPolicy
from quotaloom_sdk import IncentiveRequest, IncentiveResult
from quotaloom_sdk.answers import judged


async def ask_for_lines(
    host: PolicyHost, selected: SelectedPolicy, requests: Sequence[IncentiveRequest[Any]], *, company_id: int
) -> list[IncentiveResult]:
    """The checked answer to each request, in their order; call it outside any transaction.

    Each line names the policy that gave it. Raises `PolicyFailed`, naming the plugin.
    """

    def check(request: IncentiveRequest[Any], answer: object) -> IncentiveResult:
        result = judged(answer, IncentiveResult, request)
        return replace(result, lines=tuple(replace(line, policy=selected.policy.key) for line in result.lines))

    return await host.ask(selected, "reward", requests, check, company_id=company_id)
