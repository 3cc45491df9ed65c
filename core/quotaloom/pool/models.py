"""Pools, their members, admins and rules, and what handing out remembers."""

from __future__ import annotations

from typing import Any

from tortoise import fields

from quotaloom.platform.models import TenantModel


class Pool(TenantModel):
    """A public pool of leads, customers or opportunities (`kinds`).

    `hidden_fields` are not shown of a record while it waits. `priority` orders pools, the highest first. `policies` are
    the keys of the pool policies that hand out its records, in the order in which they are asked; None stands for all
    that the company has switched on. One that `hands_out` does so by itself, whenever something enters it.
    """

    key = fields.CharField(max_length=64)
    name = fields.CharField(max_length=200)
    kinds: Any = fields.JSONField()
    priority = fields.IntField(default=0)
    hidden_fields: Any = fields.JSONField(default=[])
    policies: Any = fields.JSONField(null=True)
    hands_out = fields.BooleanField(default=False, db_default=False)
    closed = fields.BooleanField(default=False)
    turns = fields.BigIntField(default=0)
    version = fields.IntField(default=1)

    class Meta:
        table = "pool"


class PoolMember(TenantModel):
    """A member who may claim from the pool, or a unit whose people may."""

    pool_id = fields.BigIntField()
    unit_id = fields.BigIntField(null=True)
    member_id = fields.BigIntField(null=True)

    class Meta:
        table = "pool_member"


class PoolAdmin(TenantModel):
    """A member who looks after a pool."""

    pool_id = fields.BigIntField()
    member_id = fields.BigIntField()

    class Meta:
        table = "pool_admin"


class PoolRule(TenantModel):
    """A rule of one pool, or of all (None), for customers of one level, or of all (None).

    `kind` is `protection`, `recycling`, `cooldown`, `claim_limit` or `holding_cap`; `parameters` are those of the kind.
    A paused recycling rule takes nothing back, and its clocks go on.
    """

    key = fields.CharField(max_length=64)
    name = fields.CharField(max_length=200)
    pool_id = fields.BigIntField(null=True)
    level_id = fields.BigIntField(null=True)
    kind = fields.CharField(max_length=12)
    parameters: Any = fields.JSONField()
    paused = fields.BooleanField(default=False)
    archived = fields.BooleanField(default=False)
    version = fields.IntField(default=1)

    class Meta:
        table = "pool_rule"


class ClaimRequest(TenantModel):
    """What a member asked for under a key of his own, and the answer: the same again is answered, and moves nothing."""

    member_id = fields.BigIntField()
    request_key = fields.CharField(max_length=200)
    at = fields.DatetimeField()
    asked: Any = fields.JSONField()
    answer: Any = fields.JSONField()

    class Meta:
        table = "claim_request"


class PoolTurn(TenantModel):
    """How far the handing out of a pool has come with a member: his last turn, and whether he opted out."""

    pool_id = fields.BigIntField()
    member_id = fields.BigIntField()
    last_turn = fields.BigIntField(null=True)
    opted_out = fields.BooleanField(default=False)

    class Meta:
        table = "pool_turn"


class PoolMemory(TenantModel):
    """What a pool policy wants to be told the next time that it hands out this pool's records."""

    pool_id = fields.BigIntField()
    policy = fields.CharField(max_length=130)
    memory = fields.TextField()

    class Meta:
        table = "pool_memory"


class Absence(TenantModel):
    """Days [valid_from, valid_to) on which a member is away and is given nothing."""

    member_id = fields.BigIntField()
    valid_from = fields.DateField()
    valid_to = fields.DateField()
    reason = fields.TextField(null=True)

    class Meta:
        table = "absence"


class WorkingHours(TenantModel):
    """When a member works on an ISO weekday (1 is Monday), from one minute of the day to another, in company time."""

    member_id = fields.BigIntField()
    weekday = fields.SmallIntField()
    from_minute = fields.SmallIntField()
    to_minute = fields.SmallIntField()

    class Meta:
        table = "working_hours"
