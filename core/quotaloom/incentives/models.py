"""Incentive rules and whom they are for, runs, and the statements that runs make."""

from __future__ import annotations

from typing import Any

from tortoise import fields

from quotaloom.platform.models import TenantModel


class MemberGroup(TenantModel):
    """Members whom rules name together, wherever they stand in the tree; a closed one takes nobody in."""

    key = fields.CharField(max_length=100)
    name = fields.CharField(max_length=200)
    closed = fields.BooleanField(default=False)
    version = fields.IntField(default=1)

    class Meta:
        table = "member_group"


class GroupMembership(TenantModel):
    """A member in a group on the days [valid_from, valid_to)."""

    group_id = fields.BigIntField()
    member_id = fields.BigIntField()
    valid_from = fields.DateField()
    valid_to = fields.DateField(null=True)

    class Meta:
        table = "group_membership"


class IncentiveRule(TenantModel):
    """A policy that pays or charges on the days [valid_from, valid_to), in periods of one grain.

    For a unit or position (`unit_id`), for a group (`group_id`), or for the whole company. Without `parameters` those
    of the company's setting count. `revision` counts the changes of rules with its key; `plugin_version` is that of the
    policy's plugin when it was set.
    """

    key = fields.CharField(max_length=64)
    title = fields.CharField(max_length=200)
    policy = fields.CharField(max_length=130)
    parameters: Any = fields.JSONField(null=True)
    ordinal = fields.IntField()
    grain = fields.CharField(max_length=8)
    unit_id = fields.BigIntField(null=True)
    group_id = fields.BigIntField(null=True)
    valid_from = fields.DateField()
    valid_to = fields.DateField(null=True)
    revision = fields.IntField()
    plugin_version = fields.CharField(max_length=64)
    changed_at = fields.DatetimeField()
    changed_by = fields.CharField(max_length=200)

    class Meta:
        table = "incentive_rule"


class IncentiveSimulation(TenantModel):
    """What rules would have given in past periods of a grain, [starts_on, ends_on), beside what those in force gave.

    For all, or for those who stand below `unit_id`. `status` is waiting, computing, done or failed; `failure` says why.
    `changes` are laid over the rules in force, `bounds` those of the histogram, in minor units. `done` of `total`
    members are computed. `result` is what came out, amounts in minor units of its currency.
    """

    title = fields.CharField(max_length=200)
    grain = fields.CharField(max_length=8)
    starts_on = fields.DateField()
    ends_on = fields.DateField()
    unit_id = fields.BigIntField(null=True)
    changes: Any = fields.JSONField()
    bounds: Any = fields.JSONField(null=True)
    status = fields.CharField(max_length=16)
    done = fields.IntField(default=0)
    total = fields.IntField(default=0)
    result: Any = fields.JSONField(null=True)
    failure = fields.TextField(null=True)
    created_at = fields.DatetimeField()
    created_by = fields.CharField(max_length=200)
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "incentive_simulation"


class IncentiveBudget(TenantModel):
    """What a unit may spend on incentives in a period, [starts_on, ends_on): minor units of the company's currency."""

    unit_id = fields.BigIntField()
    label = fields.CharField(max_length=32)
    grain = fields.CharField(max_length=8)
    starts_on = fields.DateField()
    ends_on = fields.DateField()
    amount = fields.BigIntField()
    version = fields.IntField(default=1)

    class Meta:
        table = "incentive_budget"


class IncentiveRun(TenantModel):
    """The computing and paying of one period, [starts_on, ends_on), for all or for the subtree of a unit.

    `status` is computing, failed, draft, reviewed, approved, paid or cancelled. `attempt` counts the computations;
    `failure` says why the last one failed. `ledger_mark` is the last entry of the ledger that was looked for when all
    were computed, `as_of` the moment of that. Nothing of a paid run changes any more.
    """

    label = fields.CharField(max_length=32)
    grain = fields.CharField(max_length=8)
    starts_on = fields.DateField()
    ends_on = fields.DateField()
    unit_id = fields.BigIntField(null=True)
    status = fields.CharField(max_length=16)
    attempt = fields.IntField(default=1)
    failure = fields.TextField(null=True)
    as_of = fields.DatetimeField()
    ledger_mark = fields.BigIntField(null=True)
    paid_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        table = "incentive_run"


class IncentiveRunStep(TenantModel):
    """Who started, computed again, reviewed, returned, approved, paid or cancelled a run. Append-only."""

    run_id = fields.BigIntField()
    step = fields.CharField(max_length=16)
    at = fields.DatetimeField()
    actor = fields.CharField(max_length=200)
    actor_member_id = fields.BigIntField(null=True)
    reason = fields.TextField(null=True)

    class Meta:
        table = "incentive_run_step"


class IncentiveRunMember(TenantModel):
    """A member whose period a run computes; `warnings` are sentences about what could not be computed for him.

    `structure` is the count of changes of the company's structure by when he was computed.
    """

    run_id = fields.BigIntField()
    member_id = fields.BigIntField()
    computed = fields.BooleanField(default=False)
    structure = fields.BigIntField(default=0)
    warnings: Any = fields.JSONField(default=[])

    class Meta:
        table = "incentive_run_member"


class IncentiveStatement(TenantModel):
    """What a member gets for the run's period, in minor units of `currency`.

    `total` is `carried_in` and all lines. `carried_out`, 0 or below, is what floors cut off; `advanced_before` and
    `advanced_after` what draws have paid in advance. `outcomes` has what each rule carried and advanced. `inputs` is
    the compressed JSON of all that the policies were asked; `hash` is over that and everything that it says here.
    `computed_at` is the moment that was read, `structure` the count of changes of the company's structure by then.
    `of_team` says whether it rests on what the members below achieved.
    """

    run_id = fields.BigIntField()
    member_id = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    total = fields.BigIntField()
    carried_in = fields.BigIntField()
    carried_out = fields.BigIntField()
    advanced_before = fields.BigIntField()
    advanced_after = fields.BigIntField()
    outcomes: Any = fields.JSONField()
    inputs = fields.BinaryField()
    hash = fields.CharField(max_length=64)
    computed_at = fields.DatetimeField()
    structure = fields.BigIntField()
    of_team = fields.BooleanField()

    class Meta:
        table = "incentive_statement"


class StatementLine(TenantModel):
    """A line of a statement, in minor units of its currency; `rate` is exact text such as `0.05` or `1/3`.

    `entries` are the numbers of the ledger's entries that it rests on. A line that corrects an earlier period names
    that period's statement, or a paid run of it where the member has no statement there; one that was granted names
    the dispute.
    """

    statement_id = fields.BigIntField()
    ordinal = fields.IntField()
    rule_key = fields.CharField(max_length=64)
    policy = fields.CharField(max_length=130)
    line_key = fields.TextField()
    title = fields.TextField()
    amount = fields.BigIntField()
    base = fields.BigIntField(null=True)
    rate = fields.TextField(null=True)
    explanation: Any = fields.JSONField()
    entries: Any = fields.JSONField(default=[])
    corrects_statement_id = fields.BigIntField(null=True)
    corrects_run_id = fields.BigIntField(null=True)
    dispute_id = fields.BigIntField(null=True)

    class Meta:
        table = "statement_line"


class Dispute(TenantModel):
    """A member contests a line of his statement, or that one is missing, which names no line.

    The statement is that of the member in the run, and the line the one of these keys there, whatever their numbers: a
    run that is computed again stores both anew. `title` and `contested` are the line's as it was contested. `claimed`
    is what he asks for, `granted` what he gets in his next statement, both in minor units of `currency`. `status` is
    open, granted, refused or withdrawn.
    """

    run_id = fields.BigIntField()
    member_id = fields.BigIntField()
    rule_key = fields.CharField(max_length=64, null=True)
    line_key = fields.TextField(null=True)
    title = fields.TextField(null=True)
    contested = fields.BigIntField(null=True)
    currency = fields.CharField(max_length=3)
    text = fields.TextField()
    claimed = fields.BigIntField(null=True)
    opened_at = fields.DatetimeField()
    status = fields.CharField(max_length=12, default="open")
    granted = fields.BigIntField(null=True)
    reason = fields.TextField(null=True)
    decided_at = fields.DatetimeField(null=True)
    decided_by = fields.CharField(max_length=200, null=True)
    decided_by_id = fields.BigIntField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        table = "dispute"


class DisputeComment(TenantModel):
    """What somebody says in a dispute. Append-only."""

    dispute_id = fields.BigIntField()
    text = fields.TextField()
    at = fields.DatetimeField()
    author = fields.CharField(max_length=200)
    author_id = fields.BigIntField(null=True)

    class Meta:
        table = "dispute_comment"
