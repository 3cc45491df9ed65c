"""Metrics, products and exchange rates by command."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from quotaloom.metrics.commands import (
    NewMetric,
    define_metric,
    install_builtin_metrics,
    set_exchange_rate,
    update_metric,
)
from quotaloom.metrics.product_commands import NewProduct, define_product, update_product
from quotaloom.metrics.rates import RateKind
from quotaloom.metrics.reads import all_metrics, all_products, all_rates, metrics_by_key, products_by_id, rate_table
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, InputError
from tests.founding import found

DAY = date(2026, 1, 1)


@pytest.mark.parametrize(("currency", "scale"), [("CNY", 2), ("JPY", 0), ("KWD", 3)])
async def test_a_company_starts_with_metrics_in_its_currency(database: Database, currency: str, scale: int) -> None:
    """Each says what counts for it; installing them again changes nothing."""
    work = await found(database, currency=currency)
    ids = await work.write(lambda transaction: install_builtin_metrics(transaction, currency))
    assert await work.write(lambda transaction: install_builtin_metrics(transaction, currency)) == ids
    async with work.snapshot() as snapshot:
        rows = await all_metrics(snapshot)
    assert [(row["key"], row["kind"], row["scale"]) for row in rows] == [
        ("revenue", "money", scale),
        ("orders", "count", 0),
        ("collected_payments", "money", scale),
        ("gross_margin", "money", scale),
        ("new_customers", "count", 0),
        ("visits", "count", 0),
        ("calls", "count", 0),
    ]
    assert all(row["description"] and not row["lower_is_better"] for row in rows)
    assert [ids[row["key"]] for row in rows] == [row["id"] for row in rows]


async def test_a_metric_is_defined_and_renamed(database: Database) -> None:
    """Money takes its scale from the currency, a count has none unless told; what it counts stays."""
    work = await found(database)
    churn = await define_metric(work, NewMetric("churn", "Churn", "money", lower_is_better=True))
    hours = await define_metric(work, NewMetric("hours", "Hours", "count", scale=2, description="Hours worked."))
    await update_metric(work, hours, description="")
    await update_metric(work, churn, name="Lost revenue", description="What customers have cancelled.")
    async with work.snapshot() as snapshot:
        rows = {row["key"]: row for row in await metrics_by_key(snapshot, ["churn", "hours", "none"])}
        audit = await snapshot.fetch_one(
            "SELECT before, after FROM audit_entry WHERE action = 'metric.update' ORDER BY id DESC"
        )
    assert (rows["churn"]["name"], rows["churn"]["scale"], rows["churn"]["lower_is_better"]) == (
        "Lost revenue",
        2,
        True,
    )
    assert rows["churn"]["description"] == "What customers have cancelled."
    assert (rows["hours"]["scale"], rows["hours"]["description"]) == (2, None)
    assert audit is not None
    assert '"Churn"' in audit["before"]
    assert '"Lost revenue"' in audit["after"]


@pytest.mark.parametrize(
    ("metric", "code"),
    [
        (NewMetric("Bad key", "Name", "count"), "BAD_KEY"),
        (NewMetric("key", " ", "count"), "BAD_NAME"),
        (NewMetric("key", "Name", "percent"), "BAD_KIND"),  # type: ignore[arg-type]  # what a caller may send
        (NewMetric("key", "Name", "money", scale=3), "BAD_SCALE"),
        (NewMetric("key", "Name", "count", scale=7), "BAD_SCALE"),
        (NewMetric("revenue", "Name", "count"), "KEY_TAKEN"),
        (NewMetric("key", "Name", "count", description="d" * 501), "BAD_DESCRIPTION"),
    ],
)
async def test_a_bad_metric_is_refused(database: Database, metric: NewMetric, code: str) -> None:
    """Each with its own code."""
    work = await found(database)
    await work.write(lambda transaction: install_builtin_metrics(transaction, "CNY"))
    with pytest.raises(InputError) as caught:
        await define_metric(work, metric)
    assert caught.value.code == code


async def test_a_rate_of_a_day_is_replaced_with_both_values_on_record(database: Database) -> None:
    """One row for currency, kind and day; the audit record has 7.20 before and 7.30 after."""
    work = await found(database)
    first = await set_exchange_rate(work, "USD", RateKind.BOOKING, DAY, Decimal("7.20"))
    assert await set_exchange_rate(work, "USD", RateKind.BOOKING, DAY, Decimal("7.30")) == first
    await set_exchange_rate(work, "USD", RateKind.PLAN, DAY, Decimal("7"))
    async with work.snapshot() as snapshot:
        rows = await all_rates(snapshot)
        table = await rate_table(snapshot, "CNY", RateKind.BOOKING, ["USD"])
        audit = await snapshot.fetch(
            "SELECT before, after FROM audit_entry WHERE object_type = 'ExchangeRate' AND object_id = $1 ORDER BY id",
            first,
        )
    assert [(row["kind"], row["rate"]) for row in rows] == [("booking", Decimal("7.3")), ("plan", Decimal(7))]
    assert table.rate("USD", RateKind.BOOKING, DAY) == Decimal("7.3")
    assert audit[0]["before"] is None
    assert "7.20" in audit[1]["before"]
    assert "7.30" in audit[1]["after"]


@pytest.mark.parametrize(
    ("currency", "day", "rate", "code"),
    [
        ("CNY", DAY, "1", "OWN_CURRENCY"),
        ("XXZ", DAY, "1", "UNKNOWN_CURRENCY"),
        ("USD", date(1899, 1, 1), "1", "BAD_PERIOD"),
        ("USD", DAY, "0", "BAD_RATE"),
        ("USD", DAY, "-1", "BAD_RATE"),
        ("USD", DAY, "NaN", "BAD_RATE"),
        ("USD", DAY, "1e10", "BAD_RATE"),
        ("USD", DAY, "1.00000000001", "BAD_RATE"),
    ],
)
async def test_a_bad_rate_is_refused(database: Database, currency: str, day: date, rate: str, code: str) -> None:
    """The company's own currency has no rate, others have one above 0 that can be stored."""
    work = await found(database)
    with pytest.raises(InputError) as caught:
        await set_exchange_rate(work, currency, RateKind.BOOKING, day, Decimal(rate))
    assert caught.value.code == code


async def test_a_product_is_defined_and_changed(database: Database) -> None:
    """Its key is its own; a list price is in minor units and not negative."""
    work = await found(database)
    gtx = await define_product(work, NewProduct("GTX Pro", "GTX Pro", "GTX", 4821_00))
    other = await define_product(work, NewProduct("MG", "MG Special"))
    await update_product(work, other, {"key": "MG2", "product_group": "MG", "list_price": 55_00})
    bad: dict[str, Any] = {
        "KEY_TAKEN": NewProduct("GTX Pro", "Other"),
        "BAD_KEY": NewProduct("", "Other"),
        "BAD_NAME": NewProduct("x", ""),
        "BAD_GROUP": NewProduct("x", "Other", "g" * 101),
        "BAD_PRICE": NewProduct("x", "Other", None, -1),
        "BAD_RATE": NewProduct("x", "Other", gross_margin_rate=Decimal("1.000001")),
    }
    for code, product in bad.items():
        with pytest.raises(InputError) as caught:
            await define_product(work, product)
        assert caught.value.code == code
        with pytest.raises(InputError) as caught:
            await update_product(work, other, asdict(product))
        assert caught.value.code == code
    async with work.snapshot() as snapshot:
        assert [(row["key"], row["list_price"]) for row in await all_products(snapshot)] == [
            ("GTX Pro", 4821_00),
            ("MG2", 55_00),
        ]
        assert [row["product_group"] for row in await products_by_id(snapshot, [gtx])] == ["GTX"]


async def test_a_member_changes_none_of_it(database: Database) -> None:
    """Metrics, products and rates need an admin or the scope for settings."""
    work = await found(database)
    member = replace(work, viewer=replace(work.viewer, role=Role.MEMBER))
    for attempt in (
        define_metric(member, NewMetric("a", "A", "count")),
        update_metric(member, 1, name="B"),
        define_product(member, NewProduct("a", "A")),
        update_product(member, 1, {"name": "A"}),
        set_exchange_rate(member, "USD", RateKind.PLAN, DAY, Decimal(1)),
    ):
        with pytest.raises(AccessDenied, match="settings:write"):
            await attempt
