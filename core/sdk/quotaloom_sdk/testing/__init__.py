"""Builders of requests for a plugin's own tests; they need neither a database nor the product.

`even(allocation_request(child("East", 300, 100), child("West", 100, 0), months=months(2017, 2)))` calls the rule
`even` for two children over two months of 2017, with what they achieved in the same months of 2016.

A builder gives a request what it is told and plain values for the rest, and does not look at a policy's needs:
`narrowed(request, rule.needs)` takes away what the rule would not be given.
"""

from quotaloom_sdk.needs import narrowed
from quotaloom_sdk.testing.allocation import YEAR, allocation_request, child, months, months_before
from quotaloom_sdk.testing.reading import MemoryReader
from quotaloom_sdk.testing.requests import (
    crediting_request,
    deal,
    event,
    gate_request,
    incentive_request,
    pool_request,
    record,
    review_request,
)

__all__ = [
    "YEAR",
    "MemoryReader",
    "allocation_request",
    "child",
    "crediting_request",
    "deal",
    "event",
    "gate_request",
    "incentive_request",
    "months",
    "months_before",
    "narrowed",
    "pool_request",
    "record",
    "review_request",
]
