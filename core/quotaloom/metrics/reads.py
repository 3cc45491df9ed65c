"""Metrics, products and exchange rates, many at once."""

from __future__ import annotations

from collections.abc import Sequence

from asyncpg import Record

from quotaloom.metrics.rates import Rate, RateKind, RateTable
from quotaloom.platform.unit_of_work import Snapshot, Transaction

Source = Snapshot | Transaction

# What a metric of a product or product group counts: those products, and null for every other metric.
_METRIC = (
    "SELECT id, key, name, description, kind, scale, lower_is_better, measured_by, version, of_metric_id, product_id,"
    " product_group,"
    " CASE WHEN of_metric_id IS NOT NULL THEN ARRAY(SELECT product.id FROM product WHERE product.id = metric.product_id"
    " OR product.product_group = metric.product_group ORDER BY product.id) END AS product_ids FROM metric"
)
_PRODUCT = "SELECT id, key, name, product_group, list_price, gross_margin_rate, version FROM product"
_RATE = "SELECT id, currency, kind, valid_from, rate FROM exchange_rate"


async def metrics_by_id(source: Source, ids: Sequence[int]) -> list[Record]:
    """The metrics with these ids, in no order; an id that names none is left out."""
    return await source.fetch(f"{_METRIC} WHERE id = ANY($1)", list(ids))


async def metrics_by_key(source: Source, keys: Sequence[str]) -> list[Record]:
    """The metrics with these keys, in no order; a key that names none is left out."""
    return await source.fetch(f"{_METRIC} WHERE key = ANY($1)", list(keys))


async def all_metrics(source: Source) -> list[Record]:
    """Every metric, in the order in which they were defined."""
    return await source.fetch(f"{_METRIC} ORDER BY id")


async def products_by_id(source: Source, ids: Sequence[int]) -> list[Record]:
    """The products with these ids, in no order; `list_price` in minor units of the company's currency."""
    return await source.fetch(f"{_PRODUCT} WHERE id = ANY($1)", list(ids))


async def products_by_key(source: Source, keys: Sequence[str]) -> list[Record]:
    """The products with these keys, in no order; a key that names none is left out."""
    return await source.fetch(f"{_PRODUCT} WHERE key = ANY($1)", list(keys))


async def all_products(source: Source) -> list[Record]:
    """Every product, by key."""
    return await source.fetch(f"{_PRODUCT} ORDER BY key, id")


async def all_rates(source: Source) -> list[Record]:
    """Every exchange rate, by currency, kind and first day."""
    return await source.fetch(f"{_RATE} ORDER BY currency, kind, valid_from")


async def rate_table(
    source: Source, own_currency: str, kind: RateKind, currencies: Sequence[str] | None = None
) -> RateTable:
    """The rates of one kind, of these currencies or of all; `own_currency` is the company's."""
    rows = await source.fetch(
        f"{_RATE} WHERE kind = $1 AND ($2::text[] IS NULL OR currency = ANY($2))",
        kind.value,
        None if currencies is None else list(currencies),
    )
    rates = [Rate(row["currency"], RateKind(row["kind"]), row["valid_from"], row["rate"]) for row in rows]
    return RateTable(own_currency, rates)
