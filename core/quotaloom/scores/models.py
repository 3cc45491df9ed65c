"""Scores: several metrics, weighted, as one number."""

from __future__ import annotations

from tortoise import fields

from quotaloom.platform.models import TenantModel


class Score(TenantModel):
    """A weighted combination of metrics, which has components."""

    key = fields.CharField(max_length=64)
    name = fields.CharField(max_length=200)
    description = fields.CharField(max_length=500, null=True)
    version = fields.IntField(default=1)

    class Meta:
        table = "score"


class ScoreComponent(TenantModel):
    """What one metric counts for in a score: its weight, and the most that its contribution may be."""

    score_id = fields.BigIntField()
    metric_id = fields.BigIntField()
    ordinal = fields.IntField()
    weight = fields.DecimalField(max_digits=12, decimal_places=6)
    cap = fields.DecimalField(max_digits=12, decimal_places=6, null=True)

    class Meta:
        table = "score_component"
