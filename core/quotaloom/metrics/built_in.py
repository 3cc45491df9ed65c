"""The metrics that every company starts with, and what counts for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

MetricKind = Literal["money", "count"]

REVENUE: Final = "revenue"
ORDERS: Final = "orders"
COLLECTED_PAYMENTS: Final = "collected_payments"
GROSS_MARGIN: Final = "gross_margin"
NEW_CUSTOMERS: Final = "new_customers"
VISITS: Final = "visits"
CALLS: Final = "calls"

POSTED_BY_WINS: Final = (REVENUE, ORDERS, GROSS_MARGIN, NEW_CUSTOMERS)
"""The keys of the metrics that winning a deal counts for."""

MAY_BE_NEGATIVE: Final = frozenset({GROSS_MARGIN})
"""The keys of the metrics that somebody may post less than nothing to: what is sold at a loss has such a margin."""


@dataclass(frozen=True, slots=True)
class BuiltInMetric:
    """A metric of every company: its key and kind are the same everywhere, its name is the company's."""

    key: str
    name: str
    kind: MetricKind
    description: str


BUILT_IN: Final = (
    BuiltInMetric(
        REVENUE, "Revenue", "money", "What was sold. Winning a deal posts its amount; other systems post orders."
    ),
    BuiltInMetric(ORDERS, "Orders", "count", "How often something was sold. Winning a deal posts one."),
    BuiltInMetric(
        COLLECTED_PAYMENTS, "Collected payments", "money", "What customers have paid. Other systems post payments."
    ),
    BuiltInMetric(
        GROSS_MARGIN,
        "Gross margin",
        "money",
        "Revenue less what the goods cost. Winning a deal posts it where the product's gross margin rate is known;"
        " other systems post the margin of an order, which is negative for a loss.",
    ),
    BuiltInMetric(
        NEW_CUSTOMERS,
        "New customers",
        "count",
        "Customers who bought for the first time. Winning the first deal of a customer posts one.",
    ),
    BuiltInMetric(
        VISITS, "Visits", "count", "Visits to customers. A visit that is done posts one; other systems post theirs."
    ),
    BuiltInMetric(
        CALLS, "Calls", "count", "Calls to customers. A call that is done posts one; other systems post theirs."
    ),
)
"""The metrics that every company starts with, in their order."""

BUILT_IN_KEYS: Final = frozenset(metric.key for metric in BUILT_IN)
