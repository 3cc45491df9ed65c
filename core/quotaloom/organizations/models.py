"""The company's tree, its members, and who leads and holds what, each for a date range [from, to)."""

from __future__ import annotations

from tortoise import fields

from quotaloom.platform.models import TenantModel


class Member(TenantModel):
    """A person of the company. `role` is `admin` or `member`; heads are heads by a headship."""

    key = fields.CharField(max_length=100)
    name = fields.CharField(max_length=200)
    email = fields.CharField(max_length=320, null=True)
    role = fields.CharField(max_length=16, default="member")
    joined_on = fields.DateField(null=True)
    left_on = fields.DateField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        table = "member"


class OrgUnit(TenantModel):
    """A node of the company's tree: a company, department, team or position.

    It exists on the days [opened_on, closed_on); a null bound is open.
    """

    key = fields.CharField(max_length=100)
    name = fields.CharField(max_length=200)
    kind = fields.CharField(max_length=16)
    opened_on = fields.DateField(null=True)
    closed_on = fields.DateField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        table = "org_unit"


class Placement(TenantModel):
    """A unit under a parent on the days [valid_from, valid_to); `ordinal` orders siblings (tree order)."""

    unit_id = fields.BigIntField()
    parent_id = fields.BigIntField()
    ordinal = fields.IntField(default=0)
    valid_from = fields.DateField(null=True)
    valid_to = fields.DateField(null=True)

    class Meta:
        table = "placement"


class UnitPath(TenantModel):
    """Derived from placements: `unit_id` lay `depth` levels below `ancestor_id` on [valid_from, valid_to).

    Every unit is its own ancestor at depth 0. Rebuilt with each change of the tree, in the same transaction.
    """

    ancestor_id = fields.BigIntField()
    unit_id = fields.BigIntField()
    depth = fields.SmallIntField()
    valid_from = fields.DateField()
    valid_to = fields.DateField()

    class Meta:
        table = "unit_path"


class Headship(TenantModel):
    """The member who leads a company, department or team on [valid_from, valid_to)."""

    unit_id = fields.BigIntField()
    member_id = fields.BigIntField()
    valid_from = fields.DateField(null=True)
    valid_to = fields.DateField(null=True)

    class Meta:
        table = "headship"


class Holding(TenantModel):
    """The member who holds a position on [valid_from, valid_to), full-time: one holder a day."""

    position_id = fields.BigIntField()
    member_id = fields.BigIntField()
    valid_from = fields.DateField(null=True)
    valid_to = fields.DateField(null=True)

    class Meta:
        table = "holding"
