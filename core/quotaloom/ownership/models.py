"""Whose each record is now, and the ledger of every movement."""

from __future__ import annotations

from tortoise import fields

from quotaloom.platform.models import TenantModel


class Ownership(TenantModel):
    """Whose a lead, customer or opportunity is: it waits in a pool, somebody holds it, or it is nobody's.

    A held record may belong to a pool too: the pool's rules bind its holder, and it goes back there. `since` is when
    the present state began and `since_on` that business date; `last_activity_on` is the latest day since then on which
    the holder did something for it. Nothing here changes without an entry in the ledger, except `last_activity_on` and
    what keeps a record exempt from recycling.
    """

    kind = fields.CharField(max_length=12)
    lead_id = fields.BigIntField(null=True)
    customer_id = fields.BigIntField(null=True)
    opportunity_id = fields.BigIntField(null=True)
    pool_id = fields.BigIntField(null=True)
    member_id = fields.BigIntField(null=True)
    position_id = fields.BigIntField(null=True)
    since = fields.DatetimeField()
    since_on = fields.DateField()
    last_activity_on = fields.DateField(null=True)
    exempt = fields.BooleanField(default=False)
    exempt_reason = fields.TextField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        table = "ownership"


class OwnershipEntry(TenantModel):
    """A record changed hands: from, to, when, by whom, and which rule or policy decided. Append-only.

    `override` marks a movement that a rule would have refused and an admin wanted, with its reason. `request_key` is
    the claimant's own name of his request: the same one again is answered and moves nothing.
    """

    ownership_id = fields.BigIntField()
    movement = fields.CharField(max_length=12)
    at = fields.DatetimeField()
    moved_on = fields.DateField()
    from_pool_id = fields.BigIntField(null=True)
    from_member_id = fields.BigIntField(null=True)
    from_position_id = fields.BigIntField(null=True)
    to_pool_id = fields.BigIntField(null=True)
    to_member_id = fields.BigIntField(null=True)
    to_position_id = fields.BigIntField(null=True)
    actor = fields.CharField(max_length=200)
    actor_member_id = fields.BigIntField(null=True)
    reason = fields.TextField(null=True)
    decided_by = fields.CharField(max_length=130, null=True)
    override = fields.BooleanField(default=False)
    request_key = fields.CharField(max_length=200, null=True)

    class Meta:
        table = "ownership_entry"
