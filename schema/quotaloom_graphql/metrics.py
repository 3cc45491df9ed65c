"""Metrics, products and exchange rates, and the mutations that define them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import strawberry

from quotaloom.metrics.built_in import BUILT_IN_KEYS
from quotaloom.metrics.commands import NewMetric, define_metric, set_exchange_rate, update_metric
from quotaloom.metrics.currencies import currency_scale
from quotaloom.metrics.measuring import measured_by
from quotaloom.metrics.product_commands import NewProduct, define_product, update_product
from quotaloom.metrics.rates import RateKind
from quotaloom.metrics.reads import products_by_id
from quotaloom.platform.amounts import format_amount, parse_amount
from quotaloom.platform.unit_of_work import Record
from quotaloom.platform.work import Work
from quotaloom_graphql.context import Info, Services
from quotaloom_graphql.decimals import shortest
from quotaloom_graphql.enums import MetricKind
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import Node, NodeLoader, decode_id, global_id
from quotaloom_graphql.rights import load_metric_rights, load_product_rights
from strawberry_breadth import batch, column

EXPECTED = "The version you saw; refused where it has changed meanwhile."

strawberry.enum(
    RateKind,
    name="RateKind",
    description="`BOOKING` rates convert what is posted, `PLAN` rates make figures at the plan rate.",
)


async def load_metrics(keys: list[int], info: Info) -> list[Record]:
    """Metrics by number; everybody may see what is counted."""
    metrics = await info.context.metrics()
    return [metrics[key] for key in keys if key in metrics]


async def load_sources(rows: list[Any], info: Info) -> list[str | None]:
    """Where the amounts of metrics come from; one of a product has the source of the metric that it is a part of."""
    metrics = await info.context.metrics()
    whole = [metrics.get(row["of_metric_id"], row) for row in rows]
    return [
        measured_by(one["key"], row["measured_by"] or one["measured_by"]) for row, one in zip(rows, whole, strict=True)
    ]


async def load_products(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """Products by number, with the list price as the API writes it."""
    return await priced(info, await products_by_id(info.context.snapshot, keys))


async def priced(info: Info, rows: list[Record]) -> list[dict[str, Any]]:
    """Products with the list price in the company's currency."""
    scale = currency_scale((await info.context.work()).company.currency)
    return [
        {**row, "list_price": None if row["list_price"] is None else format_amount(row["list_price"], scale)}
        for row in rows
    ]


@strawberry.type(description="What you may do with a metric; the server checks again.")
class ViewerCanOnMetric:
    """Rights of the viewer on a metric."""

    edit: bool = strawberry.field(description="Rename or describe it, or turn its direction round.")


@strawberry.type(description="What you may do with a product; the server checks again.")
class ViewerCanOnProduct:
    """Rights of the viewer on a product."""

    edit: bool = strawberry.field(description="Change it.")


@strawberry.type(description="What is counted (指标): revenue, orders, collected payments …")
class Metric(Node):
    """A metric."""

    id: strawberry.ID = global_id("Metric")
    key: str = strawberry.field(description="Its name for arguments, unique.")
    name: str = strawberry.field(description="Its name for people.")
    description: str | None = strawberry.field(description="What counts for it.")
    kind: MetricKind = strawberry.field(description="Money in the company's currency, or a count.")
    built_in: bool = column(
        lambda key: key in BUILT_IN_KEYS, of="key", description="Whether every company has it from the beginning."
    )
    scale: int = strawberry.field(description="Decimal places of its amounts.")
    lower_is_better: bool = strawberry.field(description="Whether less is better, which turns statuses round.")
    measured_by: str | None = batch(
        load_sources,
        description="Where its amounts come from; null where nobody has said so, and then no plan of it is published.",
    )
    of_metric: Metric | None = batch(
        load_metrics,
        key="of_metric_id",
        by="id",
        one=True,
        description="The metric that it counts the entries of, for a product or a product group; null for one with"
        " entries of its own.",
    )
    product: Product | None = batch(
        load_products, key="product_id", by="id", one=True, description="The product that it is restricted to."
    )
    product_group: str | None = strawberry.field(description="The product group that it is restricted to.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    viewer_can: ViewerCanOnMetric = batch(load_metric_rights, key="id", description="What you may do with it.")


@strawberry.type(description="Something that is sold.")
class Product(Node):
    """A product."""

    id: strawberry.ID = global_id("Product")
    key: str = strawberry.field(description="The company's own name for it, unique.")
    name: str = strawberry.field(description="Its name.")
    product_group: str | None = strawberry.field(description="The group or series it belongs to.")
    list_price: Decimal | None = strawberry.field(description="Its list price in the company's currency.")
    gross_margin_rate: Decimal | None = column(
        shortest, of="gross_margin_rate", description="The part of its revenue that is gross margin, 0 to 1."
    )
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    viewer_can: ViewerCanOnProduct = batch(load_product_rights, key="id", description="What you may do with it.")


@strawberry.type(description="What one unit of a currency is worth in the company's, from a day until the next rate.")
class ExchangeRate:
    """A rate."""

    currency: str = strawberry.field(description="ISO 4217 code.")
    kind: RateKind = strawberry.field(description="Booking or plan.")
    valid_from: date = strawberry.field(description="First day.")
    rate: Decimal = column(
        shortest, of="rate", description="Units of the company's currency for one unit of `currency`."
    )


@strawberry.input(description="A metric of the company's own.")
class DefineMetricInput:
    """A new metric."""

    key: str = strawberry.field(description="Its name for arguments: lower-case letters, digits and _.")
    name: str = strawberry.field(description="Its name for people.")
    kind: MetricKind = strawberry.field(description="Money in the company's currency, or a count.")
    scale: int | None = strawberry.field(
        default=None, description="Decimal places; that of the currency for money, 0 for counts."
    )
    lower_is_better: bool = strawberry.field(default=False, description="Whether less is better.")
    description: str | None = strawberry.field(default=None, description="What counts for it, in up to 500 characters.")
    measured_by: str | None = strawberry.field(
        default=None, description="Where its amounts come from, 200 characters at most; plans of it need one."
    )


@strawberry.input(description="What to change of a metric.")
class UpdateMetricInput:
    """Changes of a metric."""

    id: strawberry.ID = strawberry.field(description="The metric.")
    name: str | None = strawberry.field(default=None, description="Its new name.")
    description: str | None = strawberry.field(default=None, description='What counts for it; `""` for nothing.')
    lower_is_better: bool | None = strawberry.field(default=None, description="Whether less is better.")
    measured_by: str | None = strawberry.field(
        default=None, description="Where its amounts come from, 200 characters at most; an empty text takes it back."
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.type(description="The metric that was made or changed.")
class MetricPayload:
    """A metric, or what was wrong."""

    metric: Metric | None = batch(load_metrics, key="metric_id", by="id", one=True, description="The metric.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


@strawberry.input(description="A product.")
class DefineProductInput:
    """A new product."""

    key: str = strawberry.field(description="The company's own name for it.")
    name: str = strawberry.field(description="Its name.")
    product_group: str | None = strawberry.field(default=None, description="The group or series it belongs to.")
    list_price: Decimal | None = strawberry.field(default=None, description="List price in the company's currency.")
    gross_margin_rate: Decimal | None = strawberry.field(
        default=None,
        description="The part of its revenue that is gross margin, 0 to 1, up to six places: deals of it that are won"
        " from now on post as much of their amount to `gross_margin`.",
    )


@strawberry.input(description="What to change of a product; what is left out stays.")
class UpdateProductInput:
    """Changes of a product."""

    id: strawberry.ID = strawberry.field(description="The product.")
    name: str | None = strawberry.field(default=None, description="Its new name.")
    product_group: str | None = strawberry.field(default=strawberry.UNSET, description="Its new group.")
    list_price: Decimal | None = strawberry.field(default=strawberry.UNSET, description="Its new list price.")
    gross_margin_rate: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="Its new gross margin rate, for deals that are won from now on."
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.type(description="The product that was made or changed.")
class ProductPayload:
    """A product, or what was wrong."""

    product: Product | None = batch(load_products, key="product_id", by="id", one=True, description="The product.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


@strawberry.input(description="An exchange rate; one of the same currency, kind and day is replaced.")
class SetExchangeRateInput:
    """A rate."""

    currency: str = strawberry.field(description="ISO 4217 code.")
    kind: RateKind = strawberry.field(description="Booking or plan.")
    valid_from: date = strawberry.field(description="First day; it holds until the next one.")
    rate: Decimal = strawberry.field(description="Units of the company's currency for one unit of `currency`.")


@strawberry.type(description="The rate that was set.")
class ExchangeRatePayload:
    """A rate, or what was wrong."""

    exchange_rate: ExchangeRate | None = strawberry.field(description="The rate.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _define_metric(work: Work, input: DefineMetricInput, _: Services) -> dict[str, Any]:
    kind = "money" if input.kind is MetricKind.MONEY else "count"
    metric = NewMetric(
        input.key,
        input.name,
        kind,  # type: ignore[arg-type]
        input.scale,
        input.lower_is_better,
        input.description,
        input.measured_by,
    )
    return {"metric_id": await define_metric(work, metric)}


async def _update_metric(work: Work, input: UpdateMetricInput, _: Services) -> dict[str, Any]:
    metric_id = decode_id(input.id, "Metric", ("id",))
    await update_metric(
        work,
        metric_id,
        name=input.name,
        description=input.description,
        lower_is_better=input.lower_is_better,
        measured_by=input.measured_by,
        expected_version=input.expected_version,
    )
    return {"metric_id": metric_id}


async def _define_product(work: Work, input: DefineProductInput, _: Services) -> dict[str, Any]:
    price = _price(work, input.list_price)
    product = NewProduct(input.key, input.name, input.product_group, price, input.gross_margin_rate)
    return {"product_id": await define_product(work, product)}


async def _update_product(work: Work, input: UpdateProductInput, _: Services) -> dict[str, Any]:
    product_id = decode_id(input.id, "Product", ("id",))
    changes: dict[str, Any] = {}
    if input.name is not None:
        changes["name"] = input.name
    if input.product_group is not strawberry.UNSET:
        changes["product_group"] = input.product_group
    if input.list_price is not strawberry.UNSET:
        changes["list_price"] = _price(work, input.list_price)
    if input.gross_margin_rate is not strawberry.UNSET:
        changes["gross_margin_rate"] = input.gross_margin_rate
    await update_product(work, product_id, changes, input.expected_version)
    return {"product_id": product_id}


async def _set_exchange_rate(work: Work, input: SetExchangeRateInput, _: Services) -> dict[str, Any]:
    await set_exchange_rate(work, input.currency, input.kind, input.valid_from, input.rate)
    values = {"currency": input.currency, "kind": input.kind, "valid_from": input.valid_from, "rate": input.rate}
    return {"exchange_rate": values}


def _price(work: Work, price: Decimal | None) -> int | None:
    return None if price is None else parse_amount(price, currency_scale(work.company.currency), ("listPrice",))


@strawberry.type
class MetricMutation:
    """Mutations of metrics, products and rates."""

    define_metric: MetricPayload = mutation(_define_metric, description="Define a metric of the company's own.")
    update_metric: MetricPayload = mutation(
        _update_metric, description="Rename or describe a metric, or turn its direction round."
    )
    define_product: ProductPayload = mutation(_define_product, description="Add a product.")
    update_product: ProductPayload = mutation(_update_product, description="Change a product.")
    set_exchange_rate: ExchangeRatePayload = mutation(
        _set_exchange_rate, description="Set an exchange rate from a day on; what is posted already stays as it is."
    )


NODE_LOADERS: dict[str, NodeLoader] = {"Metric": load_metrics, "Product": load_products}
"""How `node(id:)` finds what these types name."""
