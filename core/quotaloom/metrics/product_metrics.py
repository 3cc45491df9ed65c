"""Metrics of a product or a product group: what another metric counts, for those products alone."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import cast

from quotaloom.metrics.commands import check_description, check_key, check_name, key_taken
from quotaloom.metrics.reads import metrics_by_key
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work


@dataclass(frozen=True, slots=True)
class NewProductMetric:
    """A metric that counts what is posted to another, for one product or for one product group.

    It has the kind, the scale and the direction of the metric `of`, a key. Which products are in a group is what the
    products say today, for the past too.
    """

    key: str
    name: str
    of: str
    product_id: int | None = None
    product_group: str | None = None
    description: str | None = None


async def define_product_metric(work: Work, metric: NewProductMetric) -> int:
    """Define a metric of a product or product group; returns its id.

    Raises `InputError` BAD_KEY, BAD_NAME, BAD_DESCRIPTION, KEY_TAKEN, ONE_RESTRICTION unless it is of a product or of a
    group, UNKNOWN_METRIC, UNKNOWN_PRODUCT, UNKNOWN_GROUP for one without a product, and OF_PRODUCTS where the other
    metric is itself of a product.
    """
    work.viewer.require(Scope.SETTINGS, "defining a metric")
    check_key(metric.key)
    check_name(metric.name)
    check_description(metric.description)
    if (metric.product_id is None) == (metric.product_group is None):
        message = "a metric is restricted to a product or to a product group: name one of them"
        raise InputError("ONE_RESTRICTION", message, ("productId",))

    async def apply(transaction: Transaction) -> int:
        of_metric_id = await _base(transaction, metric.of)
        await _require_product(transaction, metric)
        row = await transaction.fetch_one(
            "INSERT INTO metric (company_id, key, name, description, kind, scale, lower_is_better, of_metric_id,"
            " product_id, product_group, version) SELECT company_id, $2, $3, $4, kind, scale, lower_is_better, id, $5,"
            " $6, 1 FROM metric WHERE id = $1 ON CONFLICT (company_id, key) DO NOTHING RETURNING id",
            of_metric_id,
            metric.key,
            metric.name,
            metric.description or None,
            metric.product_id,
            metric.product_group,
        )
        if row is None:
            raise key_taken("metric", metric.key)
        transaction.record("metric.define", "Metric", row["id"], after=asdict(metric))
        transaction.publish("metric.defined", id=row["id"], key=metric.key)
        return cast(int, row["id"])

    return await work.write(apply)


async def _base(transaction: Transaction, key: str) -> int:
    rows = await metrics_by_key(transaction, [] if "\0" in key else [key])
    if not rows:
        raise NotFound("UNKNOWN_METRIC", f"there is no metric {key[:60]!r}", ("ofMetric",))
    if rows[0]["of_metric_id"] is not None:
        message = f"{rows[0]['name']} is of a product itself: name the metric that it is of"
        raise InputError("OF_PRODUCTS", message, ("ofMetric",))
    return cast(int, rows[0]["id"])


async def _require_product(transaction: Transaction, metric: NewProductMetric) -> None:
    if metric.product_id is not None:
        if not await transaction.fetch_one("SELECT 1 FROM product WHERE id = $1", metric.product_id):
            raise NotFound("UNKNOWN_PRODUCT", "there is no such product", ("productId",))
        return
    group = metric.product_group or ""
    if "\0" in group or not await transaction.fetch_one("SELECT 1 FROM product WHERE product_group = $1", group):
        message = f"no product is in the group {group[:60]!r}: put one in first"
        raise NotFound("UNKNOWN_GROUP", message, ("productGroup",))
