"""Public pools: who may claim, what waits in them, and the rules that bind their records."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from quotaloom.ownership.owners import RecordKind
from quotaloom.ownership.rules import RuleKind
from quotaloom.platform.errors import InputError
from quotaloom.pool import reads
from quotaloom.pool.pools import HideableField
from quotaloom.pool.records import RecordFilter, held_records_seen, waiting_records
from quotaloom_graphql.connections import After, Connection, First, Text, window
from quotaloom_graphql.context import Info
from quotaloom_graphql.customer_levels import CustomerLevel
from quotaloom_graphql.field_costs import READING, WHOLE_LIST
from quotaloom_graphql.lead_loaders import load_levels
from quotaloom_graphql.metrics import Product, load_products
from quotaloom_graphql.nodes import Node, NodeLoader, decode_id, global_id, optional_id
from quotaloom_graphql.organization_loaders import load_named_members, load_units
from quotaloom_graphql.organizations import Member, OrgUnit
from quotaloom_graphql.ownerships import Ownership
from quotaloom_graphql.pool_loaders import (
    Kinds,
    all_pools_seen,
    load_held_counts,
    load_opted_out,
    load_ownerships,
    load_pool_admins,
    load_pool_people,
    load_pool_rights,
    load_pool_rules,
    load_pools,
    load_record_pages,
    load_record_rights,
    load_rule_rights,
    load_rules_by_id,
    load_waiting_counts,
    reach_of,
    record_page,
)
from quotaloom_graphql.roots import root_field
from strawberry_breadth import batch, column


@strawberry.type(description="What you may do with a rule; the server checks again.")
class ViewerCanOnPoolRule:
    """Rights of the viewer on a rule."""

    edit: bool = strawberry.field(description="Change, pause and archive it.")


@strawberry.type(
    description="A rule of one pool or of all, for one customer level or all. Of protection, recycling and cooldown the"
    " rule that is the closest to a record decides; of limits and caps all bind, and the strictest decides."
)
class PoolRule(Node):
    """A rule."""

    id: strawberry.ID = global_id("PoolRule")
    key: str = strawberry.field(description="The company's own name for it, unique.")
    name: str = strawberry.field(description="Its name.")
    kind: RuleKind = column(RuleKind, of="kind", description="What it is about.")
    pool: Pool | None = batch(
        load_pools, key="pool_id", by="id", one=True, description="The pool that it is of; null for all pools."
    )
    level: CustomerLevel | None = batch(
        load_levels, key="level_id", by="id", one=True, description="The customer level that it is for; null for all."
    )
    parameters: JSON = strawberry.field(description="What it says, as in `createPoolRule`.")
    paused: bool = strawberry.field(description="It rests: nothing is done by it, and its clocks go on.")
    archived: bool = strawberry.field(description="It is put away, and binds nothing.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    viewer_can: ViewerCanOnPoolRule = batch(load_rule_rights, description="What you may do with it.")


@strawberry.type(description="Who may claim from a pool: a member, or the people of a unit.")
class PoolMember:
    """A member of a pool."""

    org_unit: OrgUnit | None = batch(
        load_units,
        key="unit_id",
        by="id",
        one=True,
        description="A unit: whoever holds a position below it today, or heads it or a unit below.",
    )
    member: Member | None = batch(load_named_members, key="member_id", by="id", one=True, description="Or a person.")


@strawberry.type(description="A lead, customer or opportunity as a record of a pool, without what the pool hides.")
class PoolRecord:
    """A record."""

    id: strawberry.ID = strawberry.field(description="The id of the lead, the customer or the opportunity.")
    kind: RecordKind = column(RecordKind, of="kind", description="What it is.")
    key: str = strawberry.field(description="The company's own name for it.")
    name: str = strawberry.field(description="Its name.")
    organization: str | None = strawberry.field(description="The organization behind it.")
    phone: str | None = strawberry.field(description="A telephone number.")
    email: str | None = strawberry.field(description="An address.")
    domain: str | None = strawberry.field(description="The organization's internet domain.")
    source: str | None = strawberry.field(description="Where it comes from.")
    note: str | None = strawberry.field(description="What is noted of it.")
    amount: Decimal | None = strawberry.field(description="What a deal is worth in its currency.")
    currency: str | None = strawberry.field(description="ISO 4217 code of that.")
    level: CustomerLevel | None = batch(
        load_levels, key="level_id", by="id", one=True, description="Its customer level (客户级别)."
    )
    hidden_fields: list[HideableField] = strawberry.field(
        description="The fields that you do not see while it waits; they are null here."
    )
    product: Product | None = batch(
        load_products, key="product_id", by="id", one=True, description="What it might buy."
    )
    ownership: Ownership = batch(load_ownerships, key="ownership_id", by="id", one=True, description="Whose it is.")
    viewer_can: ViewerCanOnPoolRecord = batch(load_record_rights, description="What you may do with it.")


@strawberry.type(description="What you may do with a record of a pool; the server checks again.")
class ViewerCanOnPoolRecord:
    """Rights of the viewer on a record."""

    claim: bool = strawberry.field(description="Claim it, as far as limits, caps and cooldowns allow.")
    move: bool = strawberry.field(description="Give it back, transfer it and hand it over.")
    assign: bool = strawberry.field(description="Hand it out, and keep it exempt.")


@strawberry.type(description="What you may do with a pool; the server checks again.")
class ViewerCanOnPool:
    """Rights of the viewer on a pool."""

    edit: bool = strawberry.field(description="Change it, close it and open it again.")
    claim: bool = strawberry.field(description="Claim what waits in it.")
    assign: bool = strawberry.field(description="Hand out what waits in it, and keep records exempt.")
    set_rules: bool = strawberry.field(description="Lay down its rules.")


@strawberry.type(description="A public pool (公海): records that are open to claims, or held and bound by its rules.")
class Pool(Node):
    """A pool."""

    id: strawberry.ID = global_id("Pool")
    key: str = strawberry.field(description="The company's own name for it, unique.")
    name: str = strawberry.field(description="Its name.")
    kinds: list[RecordKind] = column(
        lambda words: [RecordKind(word) for word in words], of="kinds", description="What it takes."
    )
    priority: int = strawberry.field(description="Pools of a higher one come first.")
    hidden_fields: list[HideableField] = column(
        lambda words: [HideableField(word) for word in words],
        of="hidden_fields",
        description="What its members do not see of a record while it waits.",
    )
    closed: bool = strawberry.field(description="Nothing is claimed from it, given back to it or recycled.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    members: list[PoolMember] = batch(
        load_pool_people, key="id", by="pool_id", description="Who may claim from it, of those that you may see."
    )
    policies: list[str] | None = strawberry.field(
        description="The keys of the pool policies that hand out its records, in the order of asking; null for all"
        " that the company has switched on."
    )
    hands_out: bool = strawberry.field(
        description="Whether it gives what enters it to its people by itself, as its policies say."
    )
    opted_out: list[Member] = batch(
        load_opted_out,
        key="id",
        by="pool_id",
        description="Members who are left out when its records are handed out, of those that you may see.",
    )
    admins: list[Member] = batch(load_pool_admins, key="id", by="pool_id", description="Who looks after it, by name.")
    rules: list[PoolRule] = batch(
        load_pool_rules,
        key="id",
        by="of_pool",
        description="The rules that bind its records: its own, and those of all.",
    )
    waiting_count: int = batch(load_waiting_counts, key="id", description="How many records wait in it.")
    held_count: int | None = batch(
        load_held_counts, key="id", description="How many of its records somebody holds; null unless you look after it."
    )
    records: Connection[PoolRecord] = batch(
        load_record_pages, key="id", description="What waits in it, what has waited the longest first."
    )
    viewer_can: ViewerCanOnPool = batch(load_pool_rights, key="id", description="What you may do with it.")


async def _pool(
    info: Info,
    id: Annotated[strawberry.ID | None, strawberry.argument(description="Its id.")] = None,
    key: Annotated[str | None, strawberry.argument(description="Or its key.")] = None,
) -> Any:
    if (id is None) == (key is None):
        raise InputError("ID_OR_KEY", "give the id or the key, one of them", ("id",))
    if id is not None:
        rows: Sequence[Any] = await load_pools([decode_id(id, "Pool", ("id",))], info)
    else:
        rows = [row for row in await all_pools_seen(info) if row["key"] == key]
    return rows[0] if rows else None


async def _pools(
    info: Info,
    include_closed: Annotated[bool, strawberry.argument(description="Closed ones too.")] = False,
) -> list[Any]:
    return [row for row in await all_pools_seen(info) if include_closed or not row["closed"]]


async def _pool_rules(
    info: Info,
    include_archived: Annotated[bool, strawberry.argument(description="Archived ones too.")] = False,
) -> list[Any]:
    return await reads.all_rules(info.context.snapshot, include_archived=include_archived)


async def _waiting_records(
    info: Info, first: First = 50, after: After = None, kinds: Kinds = None, text: Text = None
) -> dict[str, Any]:
    offset, limit = window(first, after)
    pools = [row["id"] for row in await all_pools_seen(info)]
    reach = await reach_of(info.context)
    found = await waiting_records(info.context.snapshot, pools, RecordFilter(kinds, text), limit, offset, reach)
    return record_page(found, offset)


async def _held_records(
    info: Info,
    first: First = 50,
    after: After = None,
    kinds: Kinds = None,
    text: Text = None,
    member: Annotated[strawberry.ID | None, strawberry.argument(description="Only those of this member.")] = None,
) -> dict[str, Any]:
    offset, limit = window(first, after)
    reach, member_id = await reach_of(info.context), optional_id(member, "Member", ("member",))
    where = RecordFilter(kinds, text)
    found = await held_records_seen(info.context.snapshot, where, limit, offset, reach, member_id)
    return record_page(found, offset)


NODE_LOADERS: dict[str, NodeLoader] = {"Pool": load_pools, "PoolRule": load_rules_by_id}
"""How `node(id:)` finds what these types name."""


@strawberry.type
class PoolQuery:
    """Root fields of pools."""

    pool: Pool | None = root_field(_pool, weight=READING, description="One pool that you claim from or look after.")
    pools: list[Pool] = root_field(
        _pools, weight=READING, description="The pools that you claim from or look after, by priority; for admins all."
    )
    pool_rules: list[PoolRule] = root_field(_pool_rules, weight=READING, description="Every rule of pools, by key.")
    waiting_records: Connection[PoolRecord] = root_field(
        _waiting_records,
        weight=WHOLE_LIST,
        description="What waits in your pools: those of the highest priority first, then what has waited the longest.",
    )
    held_records: Connection[PoolRecord] = root_field(
        _held_records,
        weight=40_000,
        description="What is held and you may move on: your own, and what you head or look after.",
    )
