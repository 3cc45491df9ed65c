"""Action plans, their items, what was said of them, and what became of them."""

from __future__ import annotations

from typing import Any

from tortoise import fields

from quotaloom.platform.models import TenantModel


class ActionPlan(TenantModel):
    """What a member will do in a quarter, month, week or day ([starts_on, ends_on)) for a target.

    The target is that of `metric_id` over [target_starts_on, target_ends_on), whose `target_grain` is None for a plain
    range of days; `plan_id` and `objective_id` name the plan of targets and the objective that it serves, where they
    were named. `unit_id` is the position that the member holds for it, or the unit that he heads. `part_of_id` is the
    longer action plan that it belongs to, `follows_id` the earlier one that it comes after, `review_id` the review of
    the member that it takes up. `state` is `draft`, `submitted`, `agreed` or `closed`; `result` is what closing it
    said. `request_key` is what the sender, `request_caller`, calls his request: the same one again is answered and
    makes nothing. `request_fingerprint` tells whether it is the same.
    """

    member_id = fields.BigIntField()
    unit_id = fields.BigIntField(null=True)
    grain = fields.CharField(max_length=8)
    starts_on = fields.DateField()
    ends_on = fields.DateField()
    metric_id = fields.BigIntField()
    target_grain = fields.CharField(max_length=8, null=True)
    target_starts_on = fields.DateField()
    target_ends_on = fields.DateField()
    plan_id = fields.BigIntField(null=True)
    objective_id = fields.BigIntField(null=True)
    part_of_id = fields.BigIntField(null=True)
    follows_id = fields.BigIntField(null=True)
    review_id = fields.BigIntField(null=True)
    title = fields.CharField(max_length=200, null=True)
    aim = fields.TextField(null=True)
    state = fields.CharField(max_length=12, default="draft")
    submitted_at = fields.DatetimeField(null=True)
    agreed_at = fields.DatetimeField(null=True)
    agreed_by = fields.CharField(max_length=200, null=True)
    closed_at = fields.DatetimeField(null=True)
    result = fields.TextField(null=True)
    at = fields.DatetimeField()
    actor = fields.CharField(max_length=200)
    request_caller = fields.CharField(max_length=220, null=True)
    request_key = fields.CharField(max_length=200, null=True)
    request_fingerprint = fields.CharField(max_length=64, null=True)
    version = fields.IntField(default=1)

    class Meta:
        table = "action_plan"


class ActionItem(TenantModel):
    """Something to do within [starts_on, ends_on), which lies in its plan's days.

    `state` is `planned`, `done`, `cancelled` or `carried`; a planned one whose activity is done is done as well.
    `budget` and `spent` are in minor units of the company's currency. `refines_id` is the item of a longer plan that it
    is a part of, `carried_from_id` the item that was carried over into it.
    """

    action_plan_id = fields.BigIntField()
    kind = fields.CharField(max_length=12)
    matter = fields.CharField(max_length=200)
    lead_id = fields.BigIntField(null=True)
    customer_id = fields.BigIntField(null=True)
    opportunity_id = fields.BigIntField(null=True)
    starts_on = fields.DateField()
    ends_on = fields.DateField()
    place = fields.CharField(max_length=200, null=True)
    materials: Any = fields.JSONField(default=[])
    budget = fields.BigIntField(null=True)
    spent = fields.BigIntField(null=True)
    state = fields.CharField(max_length=12, default="planned")
    done_on = fields.DateField(null=True)
    result = fields.TextField(null=True)
    reason = fields.TextField(null=True)
    activity_id = fields.BigIntField(null=True)
    refines_id = fields.BigIntField(null=True)
    carried_from_id = fields.BigIntField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        table = "action_item"


class ActionPlanEntry(TenantModel):
    """A step of a plan, or a change of one that was agreed on: who, when, and the values before and after."""

    action_plan_id = fields.BigIntField()
    action_item_id = fields.BigIntField(null=True)
    at = fields.DatetimeField()
    actor = fields.CharField(max_length=200)
    author_id = fields.BigIntField(null=True)
    step = fields.CharField(max_length=16)
    before: Any = fields.JSONField(null=True)
    after: Any = fields.JSONField(null=True)
    reason = fields.TextField(null=True)

    class Meta:
        table = "action_plan_entry"


class ActionPlanComment(TenantModel):
    """What somebody says of a plan, in one thread."""

    action_plan_id = fields.BigIntField()
    text = fields.TextField()
    at = fields.DatetimeField()
    author = fields.CharField(max_length=200)
    author_id = fields.BigIntField(null=True)

    class Meta:
        table = "action_plan_comment"
