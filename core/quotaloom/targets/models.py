"""Plans, their versions, their cells, and how the cells came about."""

from __future__ import annotations

from typing import Any

from tortoise import fields

from quotaloom.platform.models import TenantModel


class Plan(TenantModel):
    """A set of target cells for a fiscal year and metric; its months cover [starts_on, ends_on)."""

    name = fields.CharField(max_length=200)
    metric_id = fields.BigIntField()
    fiscal_year = fields.IntField()
    starts_on = fields.DateField()
    ends_on = fields.DateField()
    closed_at = fields.DatetimeField(null=True)
    closed_by = fields.CharField(max_length=200, null=True)
    objective_id = fields.BigIntField(null=True)
    commitments_until = fields.DateField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        table = "plan"


class PlanVersion(TenantModel):
    """One version of a plan: `draft`, then `published`, then `superseded` by the next one published.

    A published version's cells never change: changing them is a new version (a revision) with a reason. A `scenario`
    is a further draft beside the main one, with a name; one that nobody needs is `dropped`, without its cells.
    `base_id` is the version of the same plan that it began as a copy of.
    """

    plan_id = fields.BigIntField()
    number = fields.IntField()
    status = fields.CharField(max_length=16, default="draft")
    name = fields.CharField(max_length=200, null=True)
    base_id = fields.BigIntField(null=True)
    reason = fields.TextField(null=True)
    created_at = fields.DatetimeField()
    created_by = fields.CharField(max_length=200)
    published_at = fields.DatetimeField(null=True)
    published_on = fields.DateField(null=True)
    published_by = fields.CharField(max_length=200, null=True)

    class Meta:
        table = "plan_version"


class Submission(TenantModel):
    """What a head hands in of a draft: the targets of all units below one, for whoever heads a unit above to judge.

    `status` is submitted, then approved, returned or withdrawn. `comment` is the submitter's, `reason` the judge's.
    """

    plan_version_id = fields.BigIntField()
    unit_id = fields.BigIntField()
    status = fields.CharField(max_length=16, default="submitted")
    comment = fields.TextField(null=True)
    submitted_at = fields.DatetimeField()
    submitted_by = fields.CharField(max_length=200)
    submitter_id = fields.BigIntField(null=True)
    decided_at = fields.DatetimeField(null=True)
    decided_by = fields.CharField(max_length=200, null=True)
    reason = fields.TextField(null=True)

    class Meta:
        table = "submission"


class TargetCell(TenantModel):
    """What a unit aims for on the days [starts_on, ends_on), a month of the plan, in minor units of its metric."""

    plan_version_id = fields.BigIntField()
    unit_id = fields.BigIntField()
    starts_on = fields.DateField()
    ends_on = fields.DateField()
    target = fields.BigIntField(null=True)
    assessment = fields.BigIntField(null=True)
    stretch = fields.BigIntField(null=True)
    locked = fields.BooleanField(default=False)
    pinned = fields.BooleanField(default=False)
    version = fields.IntField(default=1)

    class Meta:
        table = "target_cell"


class Worksheet(TenantModel):
    """What the target of a unit in a plan takes, and what is in the way; money in minor units of the company's."""

    plan_id = fields.BigIntField()
    unit_id = fields.BigIntField()
    conditions = fields.TextField(null=True)
    obstacles = fields.TextField(null=True)
    people = fields.TextField(null=True)
    material = fields.TextField(null=True)
    cooperation = fields.TextField(null=True)
    product_mix = fields.TextField(null=True)
    competitors = fields.TextField(null=True)
    money = fields.BigIntField(null=True)
    customers_needed = fields.BigIntField(null=True)
    repurchase_rate = fields.DecimalField(max_digits=10, decimal_places=6, null=True)
    updated_at = fields.DatetimeField()
    updated_by = fields.CharField(max_length=200)
    version = fields.IntField(default=1)

    class Meta:
        table = "worksheet"


class OwnGoal(TenantModel):
    """What a member sets himself for the days [starts_on, ends_on) of a position, at or above its target."""

    plan_id = fields.BigIntField()
    position_id = fields.BigIntField()
    member_id = fields.BigIntField()
    starts_on = fields.DateField()
    ends_on = fields.DateField()
    amount = fields.BigIntField()
    version = fields.IntField(default=1)

    class Meta:
        table = "own_goal"


class Commitment(TenantModel):
    """What somebody who heads or holds a unit commits to for a month of a plan, in minor units of its metric.

    The next commitment for the same month, or taking it back, supersedes it; it stays, for its history.
    """

    plan_id = fields.BigIntField()
    unit_id = fields.BigIntField()
    starts_on = fields.DateField()
    ends_on = fields.DateField()
    amount = fields.BigIntField()
    comment = fields.TextField(null=True)
    at = fields.DatetimeField()
    author = fields.CharField(max_length=200)
    author_id = fields.BigIntField(null=True)
    superseded_at = fields.DatetimeField(null=True)

    class Meta:
        table = "commitment"


class CellComment(TenantModel):
    """What somebody says of a unit's month in a plan, whatever version of it; the text never changes.

    A comment that is settled is resolved, by whom and when.
    """

    plan_id = fields.BigIntField()
    unit_id = fields.BigIntField()
    starts_on = fields.DateField()
    ends_on = fields.DateField()
    text = fields.TextField()
    at = fields.DatetimeField()
    author = fields.CharField(max_length=200)
    author_id = fields.BigIntField(null=True)
    resolved_at = fields.DatetimeField(null=True)
    resolved_by = fields.CharField(max_length=200, null=True)

    class Meta:
        table = "cell_comment"


class Decomposition(TenantModel):
    """How a unit's target was split: the policy, its version and parameters, and its own explanation."""

    plan_version_id = fields.BigIntField()
    unit_id = fields.BigIntField()
    at = fields.DatetimeField()
    actor = fields.CharField(max_length=200)
    policy = fields.CharField(max_length=130)
    plugin_version = fields.CharField(max_length=64)
    setting_revision = fields.IntField(null=True)
    parameters: Any = fields.JSONField(default={})
    explanation: Any = fields.JSONField(default={})

    class Meta:
        table = "decomposition"


class QuotaRelief(TenantModel):
    """A share of a position's targets that counts for nobody on [valid_from, valid_to), with a reason.

    `share` is more than 0, up to 1. What is revoked stays, for figures as of days before.
    """

    position_id = fields.BigIntField()
    valid_from = fields.DateField()
    valid_to = fields.DateField(null=True)
    share = fields.DecimalField(max_digits=7, decimal_places=6)
    reason = fields.TextField()
    granted_at = fields.DatetimeField()
    granted_on = fields.DateField()
    granted_by = fields.CharField(max_length=200)
    revoked_at = fields.DatetimeField(null=True)
    revoked_on = fields.DateField(null=True)
    revoked_by = fields.CharField(max_length=200, null=True)
    revoke_reason = fields.TextField(null=True)

    class Meta:
        table = "quota_relief"
