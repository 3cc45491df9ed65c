"""What counts as a duplicate."""

from __future__ import annotations

from typing import Any

from tortoise import fields

from quotaloom.platform.models import TenantModel


class DuplicateRule(TenantModel):
    """By which fields two leads, or two customers, are taken for the same, and whether a second one is refused.

    `compared` are among `name`, `phone` and `domain`, any one of which is enough; `action` is `refuse` or `tell`.
    Domains in `free_mail` tell nobody apart; None stands for those that are known everywhere.
    """

    subject = fields.CharField(max_length=12)
    compared: Any = fields.JSONField()
    action = fields.CharField(max_length=12, default="tell")
    free_mail: Any = fields.JSONField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        table = "duplicate_rule"
