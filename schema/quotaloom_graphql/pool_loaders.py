"""Loaders of pools, their rules and records: each takes all parents of a level, and shows what the viewer may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

import strawberry

from quotaloom.metrics.currencies import currency_scale
from quotaloom.ownership import reads as ownership_reads
from quotaloom.ownership.owners import Movement, Owner, RecordKind, RecordName
from quotaloom.ownership.rules import RuleKind
from quotaloom.platform.access import Scope
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.errors import NotFound
from quotaloom.platform.unit_of_work import Record
from quotaloom.pool import reads
from quotaloom.pool.chains import opted_out_of
from quotaloom.pool.conditions import Circumstance
from quotaloom.pool.held_records import held_records
from quotaloom.pool.permission import PoolReach, pool_reach
from quotaloom.pool.pools import HideableField
from quotaloom.pool.records import (
    RecordFilter,
    RecordPage,
    pages_of_pools,
    records_by_name,
)
from quotaloom.pool.recycling import Fate
from quotaloom.pool.rule_book import RuleBook, load_rules
from quotaloom_graphql.connections import After, First, Text, page, window
from quotaloom_graphql.context import Info, RequestContext
from quotaloom_graphql.nodes import encode_id, split_id

strawberry.enum(RecordKind, name="RecordKind", description="What lives in pools and changes hands.")
strawberry.enum(
    Movement,
    name="Movement",
    description="How a record came where it is. Claim, assign, release and recycle are the four ways with a pool.",
)
strawberry.enum(RuleKind, name="PoolRuleKind", description="What a rule of pools is about.")
strawberry.enum(
    HideableField, name="HideableField", description="What of a waiting record a pool may keep from its members."
)
strawberry.enum(Circumstance, name="Circumstance", description="What a condition of recycling waits for.")

Kinds = Annotated[list[RecordKind] | None, strawberry.argument(description="Only records of these kinds.")]
Held = Annotated[
    bool, strawberry.argument(description="Those that somebody holds and you may move, instead of those that wait.")
]

TYPES: Final = {RecordKind.LEAD: "Lead", RecordKind.CUSTOMER: "Customer", RecordKind.OPPORTUNITY: "Opportunity"}
"""The types of the graph that are records of pools."""

NOTHING_SHOWN: Final = PoolReach(False, frozenset(), frozenset(), frozenset())

_KINDS: Final = {type_name: kind for kind, type_name in TYPES.items()}


_SPARED: Final = {
    **dict.fromkeys((*HideableField, "level_id", "product_id")),
    "hidden_fields": [field.value for field in HideableField],
}
"""What of a record is not told with the movement that somebody made of it."""


def record_name(global_id: str, path: Sequence[str | int]) -> RecordName:
    """The lead, customer or opportunity that a global id names; raises `NotFound` for anything else."""
    try:
        type_name, number = split_id(global_id)
    except NotFound as error:
        raise error.at(*path) from None
    if type_name not in _KINDS:
        raise NotFound("NOT_FOUND", f"{global_id[:60]!r} names no record that you can see", tuple(path))
    return RecordName(_KINDS[type_name], number)


def record_id(row: Any) -> str:
    """The global id of the record that a row with `kind` and `record_id` is about."""
    return encode_id(TYPES[RecordKind(row["kind"])], row["record_id"])


async def reach_of(context: RequestContext) -> PoolReach:
    """What of the pools is shown to the viewer: to a service what is in them only with `graph:read`, moved or not."""

    async def load() -> PoolReach:
        viewer = (await context.work()).viewer
        if not viewer.may_read:
            return NOTHING_SHOWN
        found = await movable(context)
        return PoolReach(True, found.administered, found.joined, None) if viewer.may(Scope.READ) else found

    return await context.once("pool_reach", load)


async def movable(context: RequestContext) -> PoolReach:
    """What of the pools the viewer may work on, whether it is shown to him or not."""

    async def load() -> PoolReach:
        work = await context.work()
        return await pool_reach(context.snapshot, work.viewer, work.today)

    return await context.once("movable", load)


async def rule_book(context: RequestContext) -> RuleBook:
    """The rules in force."""

    async def load() -> RuleBook:
        return await load_rules(context.snapshot)

    return await context.once("pool_rules", load)


async def all_pools_seen(info: Info) -> list[dict[str, Any]]:
    """The pools that the viewer claims from or looks after, by priority; for admins all."""
    reach = await reach_of(info.context)
    return await reads.pools_seen(
        info.context.snapshot, None if reach.everything else reach.administered | reach.joined
    )


async def load_pools(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """Pools by number, of those that the viewer may see, or lays out."""
    reach = await movable(info.context)
    if not reach.everything:
        reach = await reach_of(info.context)
    seen = keys if reach.everything else [key for key in keys if key in reach.administered | reach.joined]
    return await reads.pools_seen(info.context.snapshot, seen) if seen else []


async def load_pool_people(keys: list[int], info: Info) -> list[Record]:
    """The units and members that belong to pools, of those whose names the viewer may see: not how many others do."""
    sight = await info.context.sight()
    return [
        row
        for row in await reads.people_of_pools(info.context.snapshot, keys)
        if (sight.names_member(row["member_id"]) if row["unit_id"] is None else sight.names_unit(row["unit_id"]))
    ]


async def load_pool_admins(keys: list[int], info: Info) -> list[Any]:
    """Who looks after pools, without the address and dates of those whose figures the viewer may not see."""
    viewer, sight = (await info.context.work()).viewer, await info.context.sight()
    if not viewer.may_read:
        return []
    rows = await reads.admins_of_pools(info.context.snapshot, keys)
    hidden = {"email": None, "joined_on": None, "left_on": None}
    return [row if sight.sees_member(row["id"]) else {**row, **hidden} for row in rows]


async def load_opted_out(keys: list[int], info: Info) -> list[Any]:
    """Who is left out when records are handed out, of the members whose figures the viewer may see."""
    sight = await info.context.sight()
    return [row for row in await opted_out_of(info.context.snapshot, keys) if sight.sees_member(row["id"])]


async def load_waiting_counts(keys: list[int], info: Info) -> list[int]:
    """How many records wait in each pool; 0 for those to whom none of them is shown."""
    if not (await info.context.work()).viewer.may_read:
        return [0] * len(keys)
    return [waiting for waiting, _ in await _counts(info.context, keys)]


async def load_held_counts(keys: list[int], info: Info) -> list[int | None]:
    """How many records of each pool are held; null for those who do not look after it."""
    reach = await reach_of(info.context)
    counts = await _counts(info.context, keys)
    return [held if reach.manages(key) else None for key, (_, held) in zip(keys, counts, strict=True)]


async def _counts(context: RequestContext, keys: list[int]) -> list[tuple[int, int]]:
    async def load() -> dict[int, tuple[int, int]]:
        return await reads.counts_of_pools(context.snapshot, keys)

    found = await context.once(("pool_counts", tuple(keys)), load)
    return [found.get(key, (0, 0)) for key in keys]


async def load_pool_rules(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """The rules that bind records of pools: their own, and those of all."""
    rows = await reads.all_rules(info.context.snapshot)
    return [{**row, "of_pool": key} for key in keys for row in rows if row["pool_id"] in (None, key)]


async def load_rules_by_id(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """Rules by number: everybody may know them."""
    return await reads.rules_by_id(info.context.snapshot, keys)


async def load_pool_rights(keys: list[int], info: Info) -> list[dict[str, bool]]:
    """What the viewer may do with each pool."""
    viewer, reach = (await info.context.work()).viewer, await movable(info.context)
    edits = viewer.may(Scope.POOL)
    return [
        {
            "edit": edits,
            "claim": key in reach.joined,
            "assign": edits or key in reach.administered,
            "set_rules": edits or key in reach.administered,
        }
        for key in keys
    ]


async def load_rule_rights(keys: list[Any], info: Info) -> list[dict[str, bool]]:
    """What the viewer may do with each rule."""
    viewer, reach = (await info.context.work()).viewer, await movable(info.context)
    return [{"edit": viewer.may(Scope.POOL) or rule["pool_id"] in reach.administered} for rule in keys]


async def load_record_rights(rows: list[Any], info: Info) -> list[dict[str, bool]]:
    """What the viewer may do with each record."""
    reach = await movable(info.context)
    owners = [Owner(row["pool_id"], row["member_id"], row["position_id"]) for row in rows]
    return [
        {
            "claim": not owner.held and owner.pool_id in reach.joined,
            "move": owner.held and reach.works(owner),
            "assign": reach.manages(owner.pool_id),
        }
        for owner in owners
    ]


async def load_record_pages(
    keys: list[int],
    info: Info,
    first: First = 50,
    after: After = None,
    kinds: Kinds = None,
    text: Text = None,
    held: Held = False,
) -> list[dict[str, Any]]:
    """A page of the records of each pool."""
    offset, limit = window(first, after)
    if not (await info.context.work()).viewer.may_read:
        return [record_page(RecordPage([], 0), offset) for _ in keys]
    reach, where = await reach_of(info.context), RecordFilter(kinds, text)
    found = await pages_of_pools(info.context.snapshot, keys, where, limit, offset, reach, held=held)
    return [record_page(one, offset) for one in found]


def record_page(found: RecordPage, offset: int) -> dict[str, Any]:
    """A connection of records."""
    return page([told_record(row) for row in found.rows], offset, found.total)


def told_record(row: dict[str, Any]) -> dict[str, Any]:
    """A record as the API writes it: by its global id, with its amount in the decimal places of its currency."""
    amount = row["amount"]
    return {
        **row,
        "ownership_id": row["id"],
        "id": record_id(row),
        "amount": None if amount is None else format_amount(amount, currency_scale(row["currency"])),
        "hidden_fields": [HideableField(word) for word in row["hidden_fields"]],
    }


async def load_records(names: list[RecordName], info: Info) -> list[dict[str, Any]]:
    """Records by what they are, of those that the viewer may see; each has its `record`.

    A service without `graph:read` is told which records it has moved, and nothing of what a pool could hide.
    """
    reads = (await info.context.work()).viewer.may_read
    reach = await reach_of(info.context) if reads else await movable(info.context)
    rows = await records_by_name(info.context.snapshot, names, reach)
    if not reads:
        rows = [{**row, **_SPARED} for row in rows]
    return [told_record(row) | {"record": RecordName(RecordKind(row["kind"]), row["record_id"])} for row in rows]


async def load_customer_ownerships(keys: list[int], info: Info) -> list[Any]:
    """Whose customers are."""
    return await _shown(info, await ownership_reads.ownerships_of(info.context.snapshot, RecordKind.CUSTOMER, keys))


async def load_opportunity_ownerships(keys: list[int], info: Info) -> list[Any]:
    """Whose deals are."""
    return await _shown(info, await ownership_reads.ownerships_of(info.context.snapshot, RecordKind.OPPORTUNITY, keys))


async def load_lead_ownerships(keys: list[int], info: Info) -> list[Any]:
    """Whose leads are."""
    return await _shown(info, await ownership_reads.ownerships_of(info.context.snapshot, RecordKind.LEAD, keys))


async def load_ownerships(keys: list[int], info: Info) -> list[Any]:
    """Ownerships by number; whoever asks has come to them by a record that he may see."""
    return await _shown(info, await ownership_reads.ownerships_by_id(info.context.snapshot, keys))


async def _shown(info: Info, rows: list[Record]) -> list[Any]:
    """Ownerships, without what was done for the records for a service that may not read."""
    if (await info.context.work()).viewer.may_read:
        return rows
    return [{**row, "last_activity_on": None} for row in rows]


async def load_entries(keys: list[int], info: Info) -> list[Record]:
    """Every movement of ownerships, the earliest first."""
    if not (await info.context.work()).viewer.may_read:
        return []
    return await ownership_reads.entries_of(info.context.snapshot, keys)


async def load_outlooks(keys: list[int], info: Info) -> list[dict[str, Any] | None]:
    """What becomes of each ownership's record; null for one that the rules do not reach."""
    work = await info.context.work()
    if not work.viewer.may_read:
        return [None] * len(keys)
    book = await rule_book(info.context)
    held = await held_records(info.context.snapshot, work.company, keys)
    return [
        None if (one := held.get(key)) is None else outlook(book.holder.fate(one.pool_id, one.level_id, one.facts))
        for key in keys
    ]


def outlook(fate: Fate) -> dict[str, Any]:
    """A fate as the graph tells it."""
    condition = fate.condition
    return {
        "protected_until": fate.protected_until,
        "protection_id": None if fate.protection is None else fate.protection.id,
        "recycled_on": fate.due_on,
        "recycling_id": None if fate.recycling is None else fate.recycling.id,
        "circumstance": None if condition is None else condition.circumstance,
        "days": None if condition is None else condition.days,
        "paused": fate.paused,
        "reminders": list(fate.reminders),
    }
