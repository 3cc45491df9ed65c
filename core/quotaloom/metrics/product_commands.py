"""Defining products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, fields, replace
from decimal import Decimal
from typing import Any, Final, cast

from quotaloom.metrics.commands import check_name, key_taken, refuse_stale
from quotaloom.platform.access import Scope
from quotaloom.platform.amounts import LARGEST
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

RATE_PLACES: Final = 6
"""Decimal places that a gross margin rate may have."""


@dataclass(frozen=True, slots=True)
class NewProduct:
    """A product as it is defined; `list_price` is in minor units of the company's currency.

    `gross_margin_rate` is the part of its revenue that is gross margin: 0 to 1, with up to six decimal places. None
    says that it is not known.
    """

    key: str
    name: str
    product_group: str | None = None
    list_price: int | None = None
    gross_margin_rate: Decimal | None = None


async def define_product(work: Work, product: NewProduct) -> int:
    """Define a product; returns its id.

    Raises `InputError` BAD_KEY, BAD_NAME, BAD_GROUP, BAD_PRICE, BAD_RATE or KEY_TAKEN.
    """
    work.viewer.require(Scope.SETTINGS, "defining a product")
    check_product(product)

    async def apply(transaction: Transaction) -> int:
        row = await transaction.fetch_one(
            "INSERT INTO product (company_id, key, name, product_group, list_price, gross_margin_rate, version)"
            " VALUES ($1, $2, $3, $4, $5, $6, 1) ON CONFLICT (company_id, key) DO NOTHING RETURNING id",
            transaction.company_id,
            *astuple(product),
        )
        if row is None:
            raise key_taken("product", product.key)
        transaction.record("product.define", "Product", row["id"], after=asdict(product))
        transaction.publish("product.defined", id=row["id"], key=product.key)
        return cast(int, row["id"])

    return await work.write(apply)


async def update_product(
    work: Work, product_id: int, changes: Mapping[str, Any], expected_version: int | None = None
) -> None:
    """Change a product; `changes` holds fields of `NewProduct`, those left out stay.

    Raises `NotFound` UNKNOWN_PRODUCT, `Conflict` STALE, and what `define_product` raises.
    """
    work.viewer.require(Scope.SETTINGS, "changing a product")

    async def apply(transaction: Transaction) -> None:
        await transaction.lock("product")
        before = await transaction.fetch_one("SELECT * FROM product WHERE id = $1 FOR UPDATE", product_id)
        if before is None:
            raise NotFound("UNKNOWN_PRODUCT", "there is no such product", ("id",))
        refuse_stale("product", before["version"], expected_version)
        product = replace(NewProduct(**{field.name: before[field.name] for field in fields(NewProduct)}), **changes)
        check_product(product)
        if await transaction.fetch_one("SELECT 1 FROM product WHERE key = $1 AND id <> $2", product.key, product_id):
            raise key_taken("product", product.key)
        await transaction.execute(
            "UPDATE product SET key = $2, name = $3, product_group = $4, list_price = $5, gross_margin_rate = $6,"
            " version = version + 1 WHERE id = $1",
            product_id,
            *astuple(product),
        )
        if product.product_group != before["product_group"]:
            transaction.attainment_changed()
        transaction.record("product.update", "Product", product_id, before=dict(before), after=asdict(product))
        transaction.publish("product.updated", id=product_id)
        transaction.attainment_changed()

    await work.write(apply)


async def insert_products(transaction: Transaction, products: Sequence[NewProduct]) -> dict[str, int]:
    """Insert those of the products whose keys are not stored, in one statement; returns their ids by key.

    Those whose key is stored stay as they are. Raises `InputError` as `check_product`, or KEY_TAKEN for a
    key that is given twice, with the product's number first in the path.
    """
    seen: set[str] = set()
    for number, product in enumerate(products):
        try:
            check_product(product)
        except InputError as error:
            raise error.at(number) from None
        if product.key in seen:
            raise key_taken("product", product.key).at(number)
        seen.add(product.key)
    rows = await transaction.fetch(
        "INSERT INTO product (company_id, key, name, product_group, list_price, gross_margin_rate, version)"
        " SELECT $1, given.*, 1"
        " FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::numeric[]) AS given"
        " ON CONFLICT (company_id, key) DO NOTHING RETURNING id, key",
        transaction.company_id,
        *([getattr(product, field.name) for product in products] for field in fields(NewProduct)),
    )
    created = {row["key"]: row["id"] for row in rows}
    for product in products:
        if product.key in created:
            transaction.record("product.define", "Product", created[product.key], after=asdict(product))
            transaction.publish("product.defined", id=created[product.key], key=product.key)
    return created


def check_product(product: NewProduct) -> None:
    """Raise `InputError` BAD_KEY, BAD_NAME, BAD_GROUP, BAD_PRICE or BAD_RATE for what cannot be a product."""
    if not 1 <= len(product.key) <= 100 or not product.key.isprintable():
        raise InputError("BAD_KEY", "a product's key has 1 to 100 printable characters", ("key",))
    check_name(product.name)
    if product.product_group is not None and (len(product.product_group) > 100 or "\0" in product.product_group):
        raise InputError("BAD_GROUP", "a product group has up to 100 characters", ("productGroup",))
    if product.list_price is not None and not 0 <= product.list_price <= LARGEST:
        raise InputError("BAD_PRICE", "a list price starts at 0 and fits into 64 bits", ("listPrice",))
    if product.gross_margin_rate is not None and not _is_margin_rate(product.gross_margin_rate):
        message = f"a gross margin rate lies between 0 and 1 and has up to {RATE_PLACES} decimal places"
        raise InputError("BAD_RATE", message, ("grossMarginRate",))


def _is_margin_rate(rate: Decimal) -> bool:
    return rate.is_finite() and 0 <= rate <= 1 and rate == round(rate, RATE_PLACES)
