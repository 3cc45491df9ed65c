"""Activities and tasks, and deal reviews."""

from __future__ import annotations

from typing import Any

from tortoise import fields

from quotaloom.platform.models import TenantModel


class DealReview(TenantModel):
    """A manager worked through a deal with its owner: his advice, and when he will look at it again.

    The steps that they agreed on are activities that name the review.
    """

    opportunity_id = fields.BigIntField()
    reviewer_id = fields.BigIntField()
    at = fields.DatetimeField()
    reviewed_on = fields.DateField()
    advice = fields.TextField()
    follow_up_on = fields.DateField(null=True)
    followed_up_on = fields.DateField(null=True)
    follow_up = fields.TextField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        table = "deal_review"


class Activity(TenantModel):
    """A visit, call, meeting, mail or task for a lead, a customer or an opportunity: who, what, when, where, with what.

    `state` is `planned`, `done` or `cancelled`; `due_on` is the business date on which it is to happen, `done_on` the
    one on which it did, which a cancelled one keeps; `due_at` and `done_at` are the instants, where known.
    `position_id` is the one that the member held for it. `cost` is in minor units of `currency`. `request_key` is what
    the sender, `request_caller`, calls his request: the same one again is answered and enters nothing.
    `request_fingerprint` tells whether it is the same.
    """

    kind = fields.CharField(max_length=12)
    state = fields.CharField(max_length=12, default="planned")
    lead_id = fields.BigIntField(null=True)
    customer_id = fields.BigIntField(null=True)
    opportunity_id = fields.BigIntField(null=True)
    deal_review_id = fields.BigIntField(null=True)
    member_id = fields.BigIntField()
    position_id = fields.BigIntField(null=True)
    matter = fields.CharField(max_length=200)
    due_at = fields.DatetimeField(null=True)
    due_on = fields.DateField(null=True)
    done_at = fields.DatetimeField(null=True)
    done_on = fields.DateField(null=True)
    place = fields.CharField(max_length=200, null=True)
    materials: Any = fields.JSONField(default=[])
    cost = fields.BigIntField(null=True)
    currency = fields.CharField(max_length=3, null=True)
    result = fields.TextField(null=True)
    at = fields.DatetimeField()
    actor = fields.CharField(max_length=200)
    request_caller = fields.CharField(max_length=220, null=True)
    request_key = fields.CharField(max_length=200, null=True)
    request_fingerprint = fields.CharField(max_length=64, null=True)
    version = fields.IntField(default=1)

    class Meta:
        table = "activity"
