"""Keys of other systems, members whom an outside issuer knows, and browsers in which they signed in."""

from __future__ import annotations

from typing import Any

from tortoise import fields

from quotaloom.platform.models import TenantModel


class OutsideSubject(TenantModel):
    """Which member somebody is whom an outside issuer knows as `subject`, and when he first came in by it."""

    issuer = fields.CharField(max_length=300)
    subject = fields.CharField(max_length=255)
    member_id = fields.BigIntField()
    created_at = fields.DatetimeField()
    created_by = fields.CharField(max_length=200)
    confirmed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "outside_subject"


class BrowserSession(TenantModel):
    """A browser in which a member signed in; of its secret the hash alone is kept."""

    member_id = fields.BigIntField()
    link_id = fields.BigIntField(null=True)
    secret_hash = fields.CharField(max_length=64)
    begun_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "browser_session"


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
