"""Whose records are, how they came there, and what will become of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from quotaloom.ownership.owners import Movement, RecordName
from quotaloom.ownership.rules import Refusal as DomainRefusal
from quotaloom.pool.conditions import Circumstance
from quotaloom.pool.explaining import explain_ownership
from quotaloom_graphql.context import Info
from quotaloom_graphql.organization_loaders import load_members, load_units
from quotaloom_graphql.pool_loaders import (
    load_entries,
    load_outlooks,
    load_ownerships,
    load_pools,
    load_rules_by_id,
    outlook,
    reach_of,
    record_name,
)
from quotaloom_graphql.roots import root_field
from strawberry_breadth import batch, column

if TYPE_CHECKING:
    from quotaloom_graphql.organizations import Member, OrgUnit
    from quotaloom_graphql.pools import Pool, PoolRule

AMember = Annotated["Member", strawberry.lazy("quotaloom_graphql.organizations")]
AUnit = Annotated["OrgUnit", strawberry.lazy("quotaloom_graphql.organizations")]
APool = Annotated["Pool", strawberry.lazy("quotaloom_graphql.pools")]
ARule = Annotated["PoolRule", strawberry.lazy("quotaloom_graphql.pools")]


@strawberry.type(description="A movement of a record: an entry of the ledger of owners, which is only ever appended.")
class OwnershipEntry:
    """An entry."""

    movement: Movement = column(Movement, of="movement", description="How it changed hands.")
    at: datetime = strawberry.field(description="When.")
    moved_on: date = strawberry.field(description="On which business date.")
    from_pool: APool | None = batch(load_pools, key="from_pool_id", by="id", one=True, description="Its pool before.")
    from_member: AMember | None = batch(
        load_members, key="from_member_id", by="id", one=True, description="Who held it before."
    )
    from_position: AUnit | None = batch(
        load_units, key="from_position_id", by="id", one=True, description="In which position."
    )
    to_pool: APool | None = batch(load_pools, key="to_pool_id", by="id", one=True, description="Its pool after.")
    to_member: AMember | None = batch(
        load_members, key="to_member_id", by="id", one=True, description="Who held it after; null where it waited."
    )
    to_position: AUnit | None = batch(
        load_units, key="to_position_id", by="id", one=True, description="In which position."
    )
    actor: str = strawberry.field(description="Who did it.")
    reason: str | None = strawberry.field(description="Why.")
    decided_by: str | None = strawberry.field(description="The key of the rule or policy that decided, if one did.")
    rule: ARule | None = batch(
        load_rules_by_id, key="rule_id", by="id", one=True, description="The rule that decided, if one did."
    )
    override: bool = strawberry.field(description="An admin overrode a rule; the reason says why.")


@strawberry.type(description="What the rules make of a held record, with the facts as they are today.")
class Outlook:
    """A fate."""

    protected_until: date | None = strawberry.field(description="The last protected day; null where none protects.")
    protection: ARule | None = batch(
        load_rules_by_id, key="protection_id", by="id", one=True, description="The rule that protects."
    )
    recycled_on: date | None = strawberry.field(
        description="The day on which it goes back to its pool, if nothing is done; null for never."
    )
    recycling: ARule | None = batch(
        load_rules_by_id, key="recycling_id", by="id", one=True, description="The rule by which it goes back."
    )
    circumstance: Circumstance | None = strawberry.field(description="What decides the day.")
    days: int | None = strawberry.field(description="For how many days that must have lasted.")
    paused: bool = strawberry.field(description="The rule is paused: nothing goes back, and the days go on.")
    reminders: list[date] = strawberry.field(description="The days on which its holder is reminded.")


@strawberry.type(description="Whose a record is: it waits in a pool (公海), is held (私海), or is nobody's.")
class Ownership:
    """An ownership."""

    pool: APool | None = batch(
        load_pools, key="pool_id", by="id", one=True, description="Its pool, if you know that one."
    )
    member: AMember | None = batch(load_members, key="member_id", by="id", one=True, description="Who holds it.")
    position: AUnit | None = batch(load_units, key="position_id", by="id", one=True, description="In which position.")
    since: datetime = strawberry.field(description="Since when it is so.")
    since_on: date = strawberry.field(description="That business date.")
    last_activity_on: date | None = strawberry.field(
        description="The latest day since then on which its holder did something for it."
    )
    exempt: bool = strawberry.field(description="It is never recycled.")
    exempt_reason: str | None = strawberry.field(description="Why.")
    outlook: Outlook | None = batch(
        load_outlooks, key="id", description="What becomes of it; null for what no rule can take back."
    )
    history: list[OwnershipEntry] = batch(
        load_entries, key="id", by="ownership_id", description="Every movement, the earliest first."
    )


@strawberry.type(description="Why a record does not change hands.")
class MovementRefusal:
    """A refusal."""

    code: str = strawberry.field(description="A stable word, such as `ALREADY_CLAIMED` or `HOLDING_CAP`.")
    message: str = strawberry.field(description="The rule, the figure and the day in one sentence.")
    rule: ARule | None = batch(
        load_rules_by_id, key="rule_id", by="id", one=True, description="The rule that decided, if one did."
    )
    used: int | None = strawberry.field(description="What the rule counted: records, or days of a cooldown.")
    limit: int | None = strawberry.field(description="How much it allows, or how many days it asks for.")
    possible_on: date | None = strawberry.field(
        description="The first day on which the rule would allow it; null where there is no such day."
    )


def refusal_row(refusal: DomainRefusal | None) -> dict[str, Any] | None:
    """A refusal as a row."""
    if refusal is None:
        return None
    return {name: getattr(refusal, name) for name in DomainRefusal.__dataclass_fields__}


@strawberry.type(description="An earlier holder who must wait before he may have a record again (冷却期).")
class Cooldown:
    """A cooldown."""

    member: AMember = batch(load_members, key="member_id", by="id", one=True, description="Who waits.")
    free_on: date = strawberry.field(description="The first day on which he may have it again.")
    rule: ARule | None = batch(load_rules_by_id, key="rule_id", by="id", one=True, description="The rule that says so.")


@strawberry.type(description="Why a record is where it is, and what will happen to it when.")
class OwnershipExplanation:
    """An explanation."""

    ownership: Ownership = batch(
        load_ownerships,
        key="ownership_id",
        by="id",
        one=True,
        description="Whose it is; the last of its `history` says why.",
    )
    outlook: Outlook | None = strawberry.field(description="What the rules make of it while somebody holds it.")
    cooldowns: list[Cooldown] = strawberry.field(description="Who must still wait, the soonest first.")
    claimable: bool = strawberry.field(description="You could claim it now.")
    refusals: list[MovementRefusal] = strawberry.field(description="Everything that keeps you from claiming it.")


async def _explain_ownership(
    info: Info,
    record_id: Annotated[
        strawberry.ID, strawberry.argument(description="The id of a lead, a customer or an opportunity.")
    ],
) -> dict[str, Any] | None:
    name: RecordName = record_name(record_id, ("recordId",))
    work = await info.context.work()
    found = await explain_ownership(info.context.snapshot, work, name, await reach_of(info.context))
    if found is None:
        return None
    return {
        "ownership_id": found.record.id,
        "outlook": None if found.fate is None else outlook(found.fate),
        "cooldowns": [
            {"member_id": one.member_id, "free_on": one.waiting.free_on, "rule_id": one.waiting.rule.id}
            for one in found.waits
        ],
        "claimable": found.claimable,
        "refusals": [refusal_row(one) for one in found.refusals],
    }


@strawberry.type
class OwnershipQuery:
    """Root fields."""

    explain_ownership: OwnershipExplanation | None = root_field(
        _explain_ownership,
        weight=10_000,
        description="Why a record is where it is, and what will happen to it when; null for one that you cannot see.",
    )
