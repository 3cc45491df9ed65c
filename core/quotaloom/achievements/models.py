"""The append-only ledger of achievements, and its balances."""

from __future__ import annotations

from tortoise import fields

from quotaloom.platform.models import TenantModel


class AchievementEntry(TenantModel):
    """A credited amount. Never changed or deleted; a correction reverses it and names it.

    `amount` is in minor units of the metric (of the company's currency, for money), converted once from
    `original_amount` in minor units of `currency` at `rate`. For counts the two are equal and `currency` is null.
    `posted_on` is the day of `posted_at` in the company's time zone.
    """

    metric_id = fields.BigIntField()
    position_id = fields.BigIntField()
    member_id = fields.BigIntField()
    business_date = fields.DateField()
    posted_at = fields.DatetimeField()
    posted_on = fields.DateField()
    credit = fields.CharField(max_length=8)
    amount = fields.BigIntField()
    original_amount = fields.BigIntField()
    currency = fields.CharField(max_length=3, null=True)
    rate = fields.DecimalField(max_digits=20, decimal_places=10, null=True)
    source = fields.CharField(max_length=16)
    source_key = fields.CharField(max_length=200)
    idempotency_key = fields.CharField(max_length=250)
    reverses_id = fields.BigIntField(null=True)
    opportunity_id = fields.BigIntField(null=True)
    customer_id = fields.BigIntField(null=True)
    product_id = fields.BigIntField(null=True)

    class Meta:
        table = "achievement_entry"


class AchievementBalance(TenantModel):
    """The ledger's entries summed per position, member, metric, business date, posting day, currency and product.

    Entries without a currency or product are summed under "" and 0. Kept in the transaction that appends the entries,
    so that a roll-up reads balances and not entries.
    """

    metric_id = fields.BigIntField()
    position_id = fields.BigIntField()
    member_id = fields.BigIntField()
    business_date = fields.DateField()
    posted_on = fields.DateField()
    currency = fields.CharField(max_length=3, default="")
    product_id = fields.BigIntField(default=0)
    direct = fields.BigIntField()
    overlay = fields.BigIntField()
    original_direct = fields.BigIntField()
    original_overlay = fields.BigIntField()

    class Meta:
        table = "achievement_balance"
