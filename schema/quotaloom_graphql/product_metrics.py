"""Defining metrics of a product or a product group."""

from __future__ import annotations

from typing import Any

import strawberry

from quotaloom.metrics.product_metrics import NewProductMetric, define_product_metric
from quotaloom.platform.work import Work
from quotaloom_graphql.context import Services
from quotaloom_graphql.metrics import MetricPayload
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import optional_id


@strawberry.input(
    description="A metric that counts what is posted to another, for one product or one product group. It has that"
    " one's kind, scale and direction."
)
class DefineProductMetricInput:
    """A new metric of a product or group."""

    key: str = strawberry.field(description="Its name for arguments: lower-case letters, digits, - and _.")
    name: str = strawberry.field(description="Its name for people.")
    of_metric: str = strawberry.field(description="The key of the metric that it counts the entries of.")
    product_id: strawberry.ID | None = strawberry.field(default=None, description="The product.")
    product_group: str | None = strawberry.field(
        default=None, description="Or the product group: the products that are in it today count, for the past too."
    )
    description: str | None = strawberry.field(default=None, description="What counts for it, in up to 500 characters.")


async def _define_product_metric(work: Work, input: DefineProductMetricInput, _: Services) -> dict[str, Any]:
    product_id = optional_id(input.product_id, "Product", ("productId",))
    metric = NewProductMetric(
        input.key, input.name, input.of_metric, product_id, input.product_group, input.description
    )
    return {"metric_id": await define_product_metric(work, metric)}


@strawberry.type
class ProductMetricMutation:
    """Mutations of metrics of products."""

    define_product_metric: MetricPayload = mutation(
        _define_product_metric,
        description="Define a metric of a product or a product group. It has plans, attainment and rankings of its own,"
        " and counts from the beginning what was posted for those products; nothing is posted to it.",
    )
