"""Keys of other systems, and members whom an outside issuer knows."""

from __future__ import annotations

from typing import Any

from tortoise import fields

from quotaloom.platform.models import TenantModel


class OutsideSubject(TenantModel):
    """Which member somebody is whom an outside issuer knows as `subject`."""

    issuer = fields.CharField(max_length=300)
    subject = fields.CharField(max_length=255)
    member_id = fields.BigIntField()
    created_at = fields.DatetimeField()
    created_by = fields.CharField(max_length=200)

    class Meta:
        table = "outside_subject"


class ApiKey(TenantModel):
    """A key of another system. Of its secret the hash alone is kept; only its last use and its end are ever changed."""

    name = fields.CharField(max_length=200)
    prefix = fields.CharField(max_length=8)
    secret_hash = fields.CharField(max_length=64)
    scopes: Any = fields.JSONField()
    created_at = fields.DatetimeField()
    created_by = fields.CharField(max_length=200)
    expires_at = fields.DatetimeField(null=True)
    last_used_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)
    revoked_by = fields.CharField(max_length=200, null=True)

    class Meta:
        table = "api_key"
