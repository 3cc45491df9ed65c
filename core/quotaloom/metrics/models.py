"""What is counted, the products it may be counted for, and the rates at which money is converted."""

from __future__ import annotations

from tortoise import fields

from quotaloom.platform.models import TenantModel


class Metric(TenantModel):
    """A metric: `kind` is `money` (in the company's currency) or `count`; amounts have `scale` decimal places.

    One that is of another, `of_metric_id`, counts what is posted to that for a product or a product group, and has no
    entries of its own.
    """

    key = fields.CharField(max_length=64)
    name = fields.CharField(max_length=200)
    description = fields.CharField(max_length=500, null=True)
    kind = fields.CharField(max_length=8)
    scale = fields.SmallIntField()
    lower_is_better = fields.BooleanField(default=False)
    measured_by = fields.CharField(max_length=200, null=True)
    of_metric_id = fields.BigIntField(null=True)
    product_id = fields.BigIntField(null=True)
    product_group = fields.CharField(max_length=100, null=True)
    version = fields.IntField(default=1)

    class Meta:
        table = "metric"


class Product(TenantModel):
    """Something that is sold; `list_price` is in minor units of the company's currency.

    `gross_margin_rate` is the part of its revenue that is gross margin, from 0 to 1; null where it is not known.
    """

    key = fields.CharField(max_length=100)
    name = fields.CharField(max_length=200)
    product_group = fields.CharField(max_length=100, null=True)
    list_price = fields.BigIntField(null=True)
    gross_margin_rate = fields.DecimalField(max_digits=7, decimal_places=6, null=True)
    version = fields.IntField(default=1)

    class Meta:
        table = "product"


class ExchangeRate(TenantModel):
    """One unit of `currency` in the company's currency, from a day until the next rate of that kind.

    `kind` is `booking` (used when an entry is posted) or `plan` (used for figures at the plan rate).
    """

    currency = fields.CharField(max_length=3)
    kind = fields.CharField(max_length=8)
    valid_from = fields.DateField()
    rate = fields.DecimalField(max_digits=20, decimal_places=10)

    class Meta:
        table = "exchange_rate"
