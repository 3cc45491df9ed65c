"""The even split: every child and every month alike."""

from __future__ import annotations

from quotaloom_sdk import AllocationRequest, AllocationResult, AllocationRule, Explanation, Parameters


def even(request: AllocationRequest[Parameters]) -> AllocationResult:
    """Equal weights for all children and all months."""
    children = len(request.children)
    shared = f"the {children} units below it and " if children else ""
    text = f"Split evenly: {shared}the {len(request.months)} months of {request.unit.name} count alike."
    return AllocationResult(explanation=Explanation(text))


EVEN = AllocationRule(
    key="even",
    title="Evenly",
    description="Every unit below gets the same, and every month carries the same.",
    parameters=Parameters,
    allocate=even,
)
