"""What a member was told, and whether he read it."""

from __future__ import annotations

from typing import Any

from tortoise import fields

from quotaloom.platform.models import TenantModel


class Notification(TenantModel):
    """Something that a member is told; `subject_id` is the id of what `subject_type` of the graph it is about.

    `once` names what is told once only: a second one with the same text for the same member is not stored.
    """

    member_id = fields.BigIntField()
    at = fields.DatetimeField()
    topic = fields.CharField(max_length=64)
    subject_type = fields.CharField(max_length=64, null=True)
    subject_id = fields.BigIntField(null=True)
    details: Any = fields.JSONField(default={})
    once = fields.CharField(max_length=200, null=True)
    read_at = fields.DatetimeField(null=True)

    class Meta:
        table = "notification"
