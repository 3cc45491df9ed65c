"""What a company notes of its own: the attributes that it defined, their choices, and the values of objects."""

from __future__ import annotations

from tortoise import fields

from quotaloom.platform.models import TenantModel


class AttributeDefinition(TenantModel):
    """An attribute of units, members, customers, opportunities or leads, which `subject` says; `kind` is its type.

    `refers_to` is set for references alone: what they name. An archived one keeps its values and shows them nowhere.
    """

    subject = fields.CharField(max_length=16)
    key = fields.CharField(max_length=64)
    title = fields.CharField(max_length=200)
    description = fields.TextField(default="")
    kind = fields.CharField(max_length=16)
    refers_to = fields.CharField(max_length=16, null=True)
    ordinal = fields.IntField(default=0)
    archived = fields.BooleanField(default=False)
    version = fields.IntField(default=1)

    class Meta:
        table = "attribute_definition"


class AttributeChoice(TenantModel):
    """One of the choices of an attribute; a retired one stays where it was chosen and is chosen no more."""

    definition_id = fields.BigIntField()
    key = fields.CharField(max_length=64)
    label = fields.CharField(max_length=200)
    ordinal = fields.IntField()
    retired = fields.BooleanField(default=False)

    class Meta:
        table = "attribute_choice"


class AttributeValue(TenantModel):
    """The value of an attribute of one object: one of the five subjects, and one of the nine values."""

    definition_id = fields.BigIntField()
    unit_id = fields.BigIntField(null=True)
    member_id = fields.BigIntField(null=True)
    customer_id = fields.BigIntField(null=True)
    opportunity_id = fields.BigIntField(null=True)
    lead_id = fields.BigIntField(null=True)
    text = fields.TextField(null=True)
    number = fields.DecimalField(max_digits=26, decimal_places=8, null=True)
    day = fields.DateField(null=True)
    choice_id = fields.BigIntField(null=True)
    to_unit_id = fields.BigIntField(null=True)
    to_member_id = fields.BigIntField(null=True)
    to_customer_id = fields.BigIntField(null=True)
    to_opportunity_id = fields.BigIntField(null=True)
    to_lead_id = fields.BigIntField(null=True)

    class Meta:
        table = "attribute_value"
