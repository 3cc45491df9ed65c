"""Funnels and their stages, customers, opportunities, their splits, and the record of every move."""

from __future__ import annotations

from typing import Any

from tortoise import fields

from quotaloom.platform.models import TenantModel


class Customer(TenantModel):
    """The account a deal is with."""

    key = fields.CharField(max_length=100)
    name = fields.CharField(max_length=200)
    sector = fields.CharField(max_length=100, null=True)
    location = fields.CharField(max_length=200, null=True)
    parent_id = fields.BigIntField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        table = "customer"


class Funnel(TenantModel):
    """A pipeline of stages."""

    key = fields.CharField(max_length=64)
    name = fields.CharField(max_length=200)
    version = fields.IntField(default=1)

    class Meta:
        table = "funnel"


class Stage(TenantModel):
    """A step of a funnel; `outcome` is `open`, `won` or `lost`; `win_probability` is 0 to 1."""

    funnel_id = fields.BigIntField()
    key = fields.CharField(max_length=64)
    name = fields.CharField(max_length=200)
    ordinal = fields.IntField()
    outcome = fields.CharField(max_length=8, default="open")
    win_probability = fields.DecimalField(max_digits=5, decimal_places=4)

    class Meta:
        table = "stage"


class Opportunity(TenantModel):
    """A possible deal, in one stage of one funnel; `amount` is in minor units of `currency`.

    `amount_estimated` marks an amount that is the product's list price and not a negotiated one. `wins`
    counts how often it was won, so that each win and each reopening posts to the ledger once.
    """

    key = fields.CharField(max_length=100)
    name = fields.CharField(max_length=200)
    funnel_id = fields.BigIntField()
    stage_id = fields.BigIntField()
    position_id = fields.BigIntField()
    member_id = fields.BigIntField(null=True)
    customer_id = fields.BigIntField(null=True)
    product_id = fields.BigIntField(null=True)
    amount = fields.BigIntField(null=True)
    currency = fields.CharField(max_length=3)
    amount_estimated = fields.BooleanField(default=False)
    opened_on = fields.DateField(null=True)
    expected_close_on = fields.DateField(null=True)
    closed_on = fields.DateField(null=True)
    lost_reason = fields.TextField(null=True)
    wins = fields.IntField(default=0)
    version = fields.IntField(default=1)

    class Meta:
        table = "opportunity"


class OpportunitySplit(TenantModel):
    """A share of the credit of an opportunity; `share` is 0 to 1; overlay shares come on top of the direct ones."""

    opportunity_id = fields.BigIntField()
    position_id = fields.BigIntField()
    member_id = fields.BigIntField()
    credit = fields.CharField(max_length=8, default="direct")
    share = fields.DecimalField(max_digits=9, decimal_places=8)
    ordinal = fields.IntField()

    class Meta:
        table = "opportunity_split"


class StageMove(TenantModel):
    """A change of stage: from, to, when, by whom. Append-only."""

    opportunity_id = fields.BigIntField()
    from_stage_id = fields.BigIntField(null=True)
    to_stage_id = fields.BigIntField()
    moved_at = fields.DatetimeField()
    moved_on = fields.DateField(null=True)
    actor = fields.CharField(max_length=200)
    actor_member_id = fields.BigIntField(null=True)
    reason = fields.TextField(null=True)

    class Meta:
        table = "stage_move"


class WinCrediting(TenantModel):
    """How the credit of a win was shared by a policy: which one, its version and parameters, and why. Append-only.

    `win_number` counts the wins of the deal from 1.
    """

    opportunity_id = fields.BigIntField()
    win_number = fields.IntField()
    at = fields.DatetimeField()
    actor = fields.CharField(max_length=200)
    policy = fields.CharField(max_length=130)
    plugin_version = fields.CharField(max_length=64)
    setting_revision = fields.IntField(null=True)
    parameters: Any = fields.JSONField(default={})
    explanation: Any = fields.JSONField(default={})

    class Meta:
        table = "win_crediting"
