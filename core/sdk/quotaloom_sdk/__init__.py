"""What a Quotaloom plugin imports: hooks, policy types, errors and the version of the plugin API."""

from quotaloom_sdk.allocation import (
    AllocationRequest,
    AllocationResult,
    AllocationRule,
    MonthFact,
    UnitFact,
    Weight,
)
from quotaloom_sdk.errors import InvalidDefinition, InvalidResult, PolicyError
from quotaloom_sdk.explanations import Explanation
from quotaloom_sdk.hooks import hookimpl, hookspec
from quotaloom_sdk.policies import Need, Parameters, PolicyDefinition
from quotaloom_sdk.versions import API_VERSION

__all__ = [
    "API_VERSION",
    "AllocationRequest",
    "AllocationResult",
    "AllocationRule",
    "Explanation",
    "InvalidDefinition",
    "InvalidResult",
    "MonthFact",
    "Need",
    "Parameters",
    "PolicyDefinition",
    "PolicyError",
    "UnitFact",
    "Weight",
    "hookimpl",
    "hookspec",
]
