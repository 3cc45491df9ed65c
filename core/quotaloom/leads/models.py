"""Leads, and levels of customers."""

from __future__ import annotations

from tortoise import fields

from quotaloom.platform.models import TenantModel


class Lead(TenantModel):
    """Somebody who might buy. `status` is `open`, `converted`, `invalid` or `merged`.

    `domain` is the internet domain of the organization, in lower case. A converted lead names what it became, a merged
    one the lead that it is part of. What is `compared` are the normal forms by which duplicates are found.
    """

    key = fields.CharField(max_length=100)
    name = fields.CharField(max_length=200)
    organization = fields.CharField(max_length=200, null=True)
    phone = fields.CharField(max_length=40, null=True)
    email = fields.CharField(max_length=254, null=True)
    domain = fields.CharField(max_length=253, null=True)
    source = fields.CharField(max_length=100, null=True)
    note = fields.TextField(null=True)
    product_id = fields.BigIntField(null=True)
    level_id = fields.BigIntField(null=True)
    status = fields.CharField(max_length=12, default="open")
    invalid_reason = fields.TextField(null=True)
    customer_id = fields.BigIntField(null=True)
    opportunity_id = fields.BigIntField(null=True)
    merged_into_id = fields.BigIntField(null=True)
    compared_name = fields.CharField(max_length=400, null=True)
    compared_phone = fields.CharField(max_length=40, null=True)
    compared_domain = fields.CharField(max_length=253, null=True)
    created_at = fields.DatetimeField()
    created_on = fields.DateField()
    version = fields.IntField(default=1)

    class Meta:
        table = "lead"


class CustomerLevel(TenantModel):
    """A class of customers that rules may treat differently, such as A, B and C; `ordinal` 0 is the highest."""

    key = fields.CharField(max_length=64)
    name = fields.CharField(max_length=200)
    ordinal = fields.IntField()
    version = fields.IntField(default=1)

    class Meta:
        table = "customer_level"
