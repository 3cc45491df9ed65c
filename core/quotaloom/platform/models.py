"""The tenant, and the record of what was written: audit entries and outbox events."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.models import Model


class TenantModel(Model):
    """A row of one company.

    The database's primary key is `(company_id, id)`; Tortoise, which knows single keys only, is told of `id`.
    References to other rows are plain whole numbers here and foreign keys that carry `company_id` there.
    """

    id = fields.BigIntField(primary_key=True)
    company_id = fields.BigIntField()

    class Meta:
        abstract = True


class Company(Model):
    """The tenant: it has a currency, a time zone and a fiscal calendar."""

    id = fields.BigIntField(primary_key=True)
    key = fields.CharField(max_length=64, unique=True)
    name = fields.CharField(max_length=200)
    currency = fields.CharField(max_length=3)
    time_zone = fields.CharField(max_length=64)
    fiscal_start_month = fields.SmallIntField(default=1)
    calendar_pattern = fields.CharField(max_length=8, default="calendar")
    working_weekdays: Any = fields.JSONField(default=[1, 2, 3, 4, 5])
    members_see_ancestors = fields.BooleanField(default=False)
    members_see_rankings = fields.BooleanField(default=False)
    plans_need_approval = fields.BooleanField(default=False)
    plans_need_owners = fields.BooleanField(default=True)
    reversal_date = fields.CharField(max_length=8, default="original")
    created_at = fields.DatetimeField()
    version = fields.IntField(default=1)
    reference_version = fields.BigIntField(default=0)
    organization_version = fields.BigIntField(default=0)

    class Meta:
        table = "company"


class AuditEntry(TenantModel):
    """Who wrote what, when, by which token or key, with the values before and after. Append-only."""

    at = fields.DatetimeField()
    actor = fields.CharField(max_length=200)
    actor_member_id = fields.BigIntField(null=True)
    action = fields.CharField(max_length=64)
    object_type = fields.CharField(max_length=64)
    object_id = fields.BigIntField(null=True)
    before: Any = fields.JSONField(null=True)
    after: Any = fields.JSONField(null=True)
    reason = fields.TextField(null=True)
    credential = fields.CharField(max_length=80, null=True)

    class Meta:
        table = "audit_entry"


class OutboxEvent(TenantModel):
    """What happened, for those who are told after commit. Append-only."""

    at = fields.DatetimeField()
    topic = fields.CharField(max_length=64)
    payload: Any = fields.JSONField()

    class Meta:
        table = "outbox_event"


class KeptAnswer(TenantModel):
    """What a mutation answered whose sender gave it a key of his own: the same again is answered, and changes nothing.

    `fingerprint` tells whether it is the same, `answers` has one for each root field that was done, by its name there.
    """

    caller = fields.CharField(max_length=220)
    request_key = fields.CharField(max_length=200)
    fingerprint = fields.CharField(max_length=64)
    answers: Any = fields.JSONField()
    at = fields.DatetimeField()

    class Meta:
        table = "kept_answer"
