"""Review forms with their versions, cycles, reviews with their scores and steps, and what was agreed on."""

from __future__ import annotations

from typing import Any

from tortoise import fields

from quotaloom.platform.models import TenantModel


class ReviewForm(TenantModel):
    """What is judged, for a company or the units below one, in every period of a grain."""

    key = fields.CharField(max_length=64)
    name = fields.CharField(max_length=200)
    unit_id = fields.BigIntField(null=True)
    grain = fields.CharField(max_length=8)
    archived_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        table = "review_form"


class ReviewFormVersion(TenantModel):
    """What a form asks for from some moment on; `layout` holds all but its parts. Append-only."""

    form_id = fields.BigIntField()
    number = fields.IntField()
    layout: Any = fields.JSONField()
    reason = fields.CharField(max_length=2000, null=True)
    made_at = fields.DatetimeField()
    made_by = fields.CharField(max_length=200)

    class Meta:
        table = "review_form_version"


class ReviewPart(TenantModel):
    """A part of a form's version; a quantitative one has a metric. Append-only."""

    form_version_id = fields.BigIntField()
    ordinal = fields.IntField()
    key = fields.CharField(max_length=64)
    title = fields.CharField(max_length=200)
    kind = fields.CharField(max_length=12)
    weight = fields.DecimalField(max_digits=7, decimal_places=6)
    most = fields.DecimalField(max_digits=9, decimal_places=2)
    metric_id = fields.BigIntField(null=True)

    class Meta:
        table = "review_part"


class ReviewCycle(TenantModel):
    """The reviews of a period, of all members in a unit's subtree, on one version of a form."""

    form_id = fields.BigIntField()
    form_version_id = fields.BigIntField()
    unit_id = fields.BigIntField()
    period = fields.CharField(max_length=24)
    starts_on = fields.DateField()
    ends_on = fields.DateField()
    scorer = fields.CharField(max_length=130)
    opened_on = fields.DateField()
    opened_at = fields.DatetimeField()
    opened_by = fields.CharField(max_length=200)

    class Meta:
        table = "review_cycle"


class Review(TenantModel):
    """One member judged for one period, in a position, or as the head of a unit, which `position_id` names then.

    `unit_id` is the unit above that, the company itself for its head. Score, grade, explanation and stamp are those of
    the last scoring.
    """

    cycle_id = fields.BigIntField()
    form_id = fields.BigIntField()
    period = fields.CharField(max_length=24)
    starts_on = fields.DateField()
    ends_on = fields.DateField()
    member_id = fields.BigIntField()
    position_id = fields.BigIntField()
    unit_id = fields.BigIntField()
    step = fields.CharField(max_length=12)
    due_on = fields.DateField(null=True)
    escalated_on = fields.DateField(null=True)
    self_scored_at = fields.DatetimeField(null=True)
    self_comment = fields.TextField(null=True)
    reviewer_id = fields.BigIntField(null=True)
    reviewer = fields.CharField(max_length=200, null=True)
    scored_at = fields.DatetimeField(null=True)
    manager_comment = fields.TextField(null=True)
    appeal = fields.TextField(null=True)
    score = fields.DecimalField(max_digits=9, decimal_places=2, null=True)
    grade = fields.CharField(max_length=40, null=True)
    explanation: Any = fields.JSONField(null=True)
    stamp: Any = fields.JSONField(null=True)
    filed_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        table = "review"


class ReviewScore(TenantModel):
    """What was given for a part of a review, and, since its last scoring, its line in minor units and its points."""

    review_id = fields.BigIntField()
    part_id = fields.BigIntField()
    self_score = fields.DecimalField(max_digits=9, decimal_places=2, null=True)
    self_comment = fields.TextField(null=True)
    manager_score = fields.DecimalField(max_digits=9, decimal_places=2, null=True)
    manager_comment = fields.TextField(null=True)
    achieved = fields.BigIntField(null=True)
    target = fields.BigIntField(null=True)
    assessment = fields.BigIntField(null=True)
    stretch = fields.BigIntField(null=True)
    points = fields.DecimalField(max_digits=9, decimal_places=2, null=True)

    class Meta:
        table = "review_score"


class ReviewStep(TenantModel):
    """What happened to a review: who, when, and what it was before and after. Append-only."""

    review_id = fields.BigIntField()
    at = fields.DatetimeField()
    actor = fields.CharField(max_length=200)
    member_id = fields.BigIntField(null=True)
    action = fields.CharField(max_length=24)
    from_step = fields.CharField(max_length=12, null=True)
    to_step = fields.CharField(max_length=12)
    before: Any = fields.JSONField(null=True)
    after: Any = fields.JSONField(null=True)
    reason = fields.TextField(null=True)

    class Meta:
        table = "review_step"


class ReviewFollowUp(TenantModel):
    """Something that was agreed on for the next period, and the action plan in which it is done, if there is one."""

    review_id = fields.BigIntField()
    ordinal = fields.IntField()
    text = fields.TextField()
    due_on = fields.DateField(null=True)
    metric_id = fields.BigIntField(null=True)
    objective_id = fields.BigIntField(null=True)
    action_plan_id = fields.BigIntField(null=True)
    state = fields.CharField(max_length=8, default="open")
    note = fields.TextField(null=True)
    settled_at = fields.DatetimeField(null=True)
    settled_by = fields.CharField(max_length=200, null=True)
    version = fields.IntField(default=1)

    class Meta:
        table = "review_follow_up"
