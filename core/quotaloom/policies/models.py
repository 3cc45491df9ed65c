"""Which policy a company uses, from when to when, with which parameters."""

from __future__ import annotations

from typing import Any

from tortoise import fields

from quotaloom.platform.models import TenantModel


class PolicySetting(TenantModel):
    """One policy, on or off, on the days [valid_from, valid_to). `revision` counts a company's changes of it.

    `plugin_version` is that of its plugin when it was set, empty where it has none.
    """

    policy = fields.CharField(max_length=130)
    kind = fields.CharField(max_length=32)
    active = fields.BooleanField()
    parameters: Any = fields.JSONField(default={})
    ordinal = fields.IntField(default=0)
    valid_from = fields.DateField()
    valid_to = fields.DateField(null=True)
    revision = fields.IntField()
    plugin_version = fields.CharField(max_length=64, default="")
    changed_at = fields.DatetimeField()
    changed_by = fields.CharField(max_length=200)

    class Meta:
        table = "policy_setting"


class ListenerPosition(TenantModel):
    """Up to which event a company's listener was told; `stuck_event` is the one that it failed at, if any.

    `since` is a moment of the days on which it is on: from then on it is told.
    """

    listener = fields.CharField(max_length=130)
    since = fields.DatetimeField()
    last_event = fields.BigIntField()
    stuck_event = fields.BigIntField(null=True)

    class Meta:
        table = "listener_position"
