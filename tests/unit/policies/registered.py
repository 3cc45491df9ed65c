"""Registered policies for tests, made of plain functions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from pydantic import Field, field_validator

from quotaloom.policies.allocating import AllocationOutcome, ask_for_weights
from quotaloom.policies.discovery import Discovery, Origin, Plugin
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.isolation.descriptors import described
from quotaloom.policies.registry import PolicyRegistry, RegisteredPolicy
from quotaloom.policies.selected import SelectedPolicy
from quotaloom_sdk import (
    AllocationRequest,
    AllocationResult,
    AllocationRule,
    Explanation,
    Need,
    Parameters,
    PolicyDefinition,
)

BECAUSE = Explanation("Because.")


class Tuning(Parameters):
    """Parameters with a bound, a list and a validator that breaks on 13."""

    share: Decimal = Field(default=Decimal("0.5"), ge=0, le=1, description="A share.")
    steps: tuple[int, ...] = Field(default=(), description="Some whole numbers.")

    @field_validator("steps")
    @classmethod
    def _unlucky(cls, steps: tuple[int, ...]) -> tuple[int, ...]:
        if 13 in steps:
            raise RuntimeError("unlucky")
        return steps


def equally(request: AllocationRequest[Any]) -> AllocationResult:
    """All alike."""
    return AllocationResult(explanation=BECAUSE)


def rule(
    allocate: Callable[[AllocationRequest[Any]], AllocationResult] = equally,
    key: str = "rule",
    parameters: type[Parameters] = Parameters,
    needs: frozenset[Need] = frozenset(),
) -> AllocationRule[Any]:
    """An allocation rule of that function."""
    return AllocationRule(
        key=key,
        title="Title",
        description="Words.",
        parameters=parameters,
        needs=needs,
        allocate=allocate,
    )


def plugin(*policies: PolicyDefinition, name: str = "acme") -> Plugin:
    """Version 1.2 of a partner's plugin with those policies."""
    return Plugin(
        name,
        "acme-rules",
        "1.2",
        "acme_rules",
        "1.0",
        Origin.INSTALLED,
        tuple(map(described, policies)),
        {policy.key: policy for policy in policies},
    )


def registered(definition: PolicyDefinition) -> RegisteredPolicy:
    """That rule, as the only policy of the plugin `acme`."""
    return PolicyRegistry([plugin(definition)]).get(f"acme.{definition.key}")


def weights_of(
    policy: RegisteredPolicy, request: AllocationRequest[Any], setting_revision: int | None = None
) -> AllocationOutcome:
    """What the runner makes of a rule that runs in this process, asked with the parameters of the request."""
    host = PolicyHost(Discovery((policy.plugin,), ()))
    selected = SelectedPolicy(policy, request.parameters.model_dump(mode="json"), setting_revision)
    (outcome,) = asyncio.run(ask_for_weights(host, selected, [request], company_id=1))
    return outcome
