"""Objectives, and what a quarter of an objective or of a plan is about."""

from __future__ import annotations

from tortoise import fields

from quotaloom.platform.models import TenantModel


class Objective(TenantModel):
    """What the company wants to reach in a fiscal year: `level` is corporate, business or functional.

    One of the business serves one of the company, one of a function serves one of the business.
    """

    fiscal_year = fields.IntField()
    level = fields.CharField(max_length=16)
    parent_id = fields.BigIntField(null=True)
    name = fields.CharField(max_length=200)
    description = fields.TextField(null=True)
    owner_id = fields.BigIntField()
    unit_id = fields.BigIntField(null=True)
    archived = fields.BooleanField(default=False)
    version = fields.IntField(default=1)

    class Meta:
        table = "objective"


class QuarterFocus(TenantModel):
    """What a quarter (1 to 4) of a plan's, or of an objective's, fiscal year is about: one of the two is named."""

    objective_id = fields.BigIntField(null=True)
    plan_id = fields.BigIntField(null=True)
    quarter = fields.SmallIntField()
    text = fields.TextField()
    version = fields.IntField(default=1)

    class Meta:
        table = "quarter_focus"
