"""Days on which a company works although it would not, or does not although it would."""

from __future__ import annotations

from tortoise import fields

from quotaloom.platform.models import TenantModel


class Holiday(TenantModel):
    """A day off, or, with `working`, a day that is made up for (调休)."""

    day = fields.DateField()
    name = fields.CharField(max_length=200)
    working = fields.BooleanField(default=False)

    class Meta:
        table = "holiday"
