"""Funnels and their stages, customers, opportunities, their splits, and the record of every move."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.fields.db_defaults import SqlDefault

from quotaloom.platform.models import TenantModel


class Customer(TenantModel):
    """The account a deal is with. What is `compared` are the normal forms by which duplicates are found."""

    key = fields.CharField(max_length=100)
    name = fields.CharField(max_length=200)
    sector = fields.CharField(max_length=100, null=True)
    location = fields.CharField(max_length=200, null=True)
    parent_id = fields.BigIntField(null=True)
    level_id = fields.BigIntField(null=True)
    phone = fields.CharField(max_length=40, null=True)
    domain = fields.CharField(max_length=253, null=True)
    compared_name = fields.CharField(max_length=400, null=True)
    compared_phone = fields.CharField(max_length=40, null=True)
    compared_domain = fields.CharField(max_length=253, null=True)
    contract_ends_on = fields.DateField(null=True)
    created_on = fields.DateField(null=True)
    merged_into_id = fields.BigIntField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        table = "customer"


class Funnel(TenantModel):
    """A pipeline of stages: of the whole company, or of a department (`unit_id`) and what lies below it.

    `latest_version` is the number of the version that new deals follow; a deal stays on its stage's version.
    """

    key = fields.CharField(max_length=64)
    name = fields.CharField(max_length=200)
    unit_id = fields.BigIntField(null=True)
    latest_version = fields.IntField(db_default=1)
    version = fields.IntField(default=1)

    class Meta:
        table = "funnel"


class FunnelVersion(TenantModel):
    """The stages of a funnel as they were laid out at one time, numbered from 1, by whom and why. Append-only."""

    funnel_id = fields.BigIntField()
    number = fields.IntField()
    at = fields.DatetimeField()
    actor = fields.CharField(max_length=200)
    reason = fields.TextField(null=True)

    class Meta:
        table = "funnel_version"


class CloseReason(TenantModel):
    """Why deals of a funnel are won, lost or invalid (`outcome`)."""

    funnel_id = fields.BigIntField()
    outcome = fields.CharField(max_length=8)
    key = fields.CharField(max_length=64)
    name = fields.CharField(max_length=200)
    ordinal = fields.IntField()
    archived = fields.BooleanField(default=False)

    class Meta:
        table = "close_reason"


class Stage(TenantModel):
    """A step of a version of a funnel; `outcome` is `open`, `won`, `lost` or `invalid`; `win_probability` is 0 to 1.

    A deal is too old in it after `age_limit_days`. `forward` and `backward` say who may move a deal on or back out of
    it: `holder`, `head` or `nobody`; `skipping` whether it may jump over the next stage.
    """

    funnel_id = fields.BigIntField()
    version_number = fields.IntField(db_default=1)
    key = fields.CharField(max_length=64)
    name = fields.CharField(max_length=200)
    ordinal = fields.IntField()
    outcome = fields.CharField(max_length=8, default="open")
    win_probability = fields.DecimalField(max_digits=5, decimal_places=4)
    age_limit_days = fields.IntField(null=True)
    forward = fields.CharField(max_length=8, db_default="holder")
    backward = fields.CharField(max_length=8, db_default="holder")
    skipping = fields.BooleanField(db_default=True)

    class Meta:
        table = "stage"


class StageStandard(TenantModel):
    """What must be true before a deal leaves the stage forwards.

    `kind` is `field`, `activity`, `document` or `approval`; `parameters` are those of the kind.
    """

    stage_id = fields.BigIntField()
    ordinal = fields.IntField()
    kind = fields.CharField(max_length=12)
    parameters: Any = fields.JSONField()

    class Meta:
        table = "stage_standard"


class StageApproval(TenantModel):
    """A manager decided whether a deal may leave its stage. Append-only."""

    opportunity_id = fields.BigIntField()
    stage_id = fields.BigIntField()
    member_id = fields.BigIntField(null=True)
    actor = fields.CharField(max_length=200)
    at = fields.DatetimeField()
    decided_on = fields.DateField()
    approved = fields.BooleanField()
    note = fields.TextField(null=True)

    class Meta:
        table = "stage_approval"


class Opportunity(TenantModel):
    """A possible deal, in one stage of one funnel; `amount` is in minor units of `currency`.

    While it waits in a pool it has no position. `forecast` is what its owner makes of it: `commit`, `best_case`,
    `pipeline` or `omitted`.

    `amount_estimated` marks an amount that is the product's list price and not a negotiated one. `wins`
    counts how often it was won, so that each win and each reopening posts to the ledger once.
    """

    key = fields.CharField(max_length=100)
    name = fields.CharField(max_length=200)
    funnel_id = fields.BigIntField()
    stage_id = fields.BigIntField()
    position_id = fields.BigIntField(null=True)
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
    close_reason_id = fields.BigIntField(null=True)
    source = fields.CharField(max_length=100, null=True)
    forecast = fields.CharField(max_length=12, db_default="pipeline")
    competitors: Any = fields.JSONField(db_default=SqlDefault("'[]'"))
    next_step = fields.CharField(max_length=500, null=True)
    next_step_on = fields.DateField(null=True)
    wins = fields.IntField(default=0)
    version = fields.IntField(default=1)

    class Meta:
        table = "opportunity"


class OpportunityLine(TenantModel):
    """A product of a deal: how many, and for how much; `amount` is in minor units of the deal's currency."""

    opportunity_id = fields.BigIntField()
    ordinal = fields.IntField()
    product_id = fields.BigIntField()
    quantity = fields.DecimalField(max_digits=18, decimal_places=4)
    amount = fields.BigIntField(null=True)

    class Meta:
        table = "opportunity_line"


class OpportunityDocument(TenantModel):
    """A document of a deal, kept elsewhere: what it is, and where."""

    opportunity_id = fields.BigIntField()
    name = fields.CharField(max_length=200)
    url = fields.CharField(max_length=2000, null=True)
    at = fields.DatetimeField()
    actor = fields.CharField(max_length=200)

    class Meta:
        table = "opportunity_document"


class ForecastAdjustment(TenantModel):
    """What a head expects of a unit's period beside what its deals of a funnel say; the latest of a category stands.

    `amount` is added to the forecast of that `category`, in minor units of the company's currency. Append-only.
    """

    unit_id = fields.BigIntField()
    funnel_id = fields.BigIntField()
    starts_on = fields.DateField()
    ends_on = fields.DateField()
    category = fields.CharField(max_length=12)
    amount = fields.BigIntField()
    reason = fields.TextField()
    at = fields.DatetimeField()
    actor = fields.CharField(max_length=200)
    author_id = fields.BigIntField(null=True)

    class Meta:
        table = "forecast_adjustment"


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
