"""Funnels, stages, customers, and the moves and splits of opportunities: flat rows for many keys at once.

Lists of what belongs to positions take `unit_ids`, the ids of the positions that the viewer may see; None
stands for all.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from asyncpg import Record

from quotaloom.platform.answering import Columns
from quotaloom.platform.unit_of_work import Snapshot

_STAGE = """
SELECT stage.id, stage.funnel_id, stage.version_number, stage.key, stage.name, stage.ordinal, stage.outcome,
    stage.win_probability, stage.age_limit_days, stage.forward, stage.backward, stage.skipping FROM stage
"""

_FUNNEL = "SELECT id, key, name, unit_id, latest_version, version FROM funnel WHERE company_id = $1"

_CUSTOMER: Final = Columns(
    {
        **{name: f"customer.{name}" for name in ("id", "key", "name", "sector", "location", "parent_id", "phone")},
        **{name: f"customer.{name}" for name in ("domain", "created_on", "contract_ends_on", "level_id")},
        **{name: f"customer.{name}" for name in ("merged_into_id", "version")},
        "position_id": "own.position_id",
        "member_id": "own.member_id",
    },
    frozenset({"created_on", "contract_ends_on"}),
)

_CUSTOMERS = """customer
LEFT JOIN ownership AS own ON own.company_id = customer.company_id
    AND own.customer_id = coalesce(customer.merged_into_id, customer.id)"""

# A customer whom nobody holds and who has no deal is seen by all who sell; one that was merged by whoever sees the one
# that it is part of.
_VISIBLE_CUSTOMER = """($2::bigint[] IS NULL OR own.position_id = ANY ($2) OR EXISTS (
    SELECT FROM opportunity WHERE opportunity.company_id = $1
        AND opportunity.customer_id = coalesce(customer.merged_into_id, customer.id)
        AND opportunity.position_id = ANY ($2)
) OR own.position_id IS NULL AND own.pool_id IS NULL AND NOT EXISTS (
    SELECT FROM opportunity WHERE opportunity.company_id = $1
        AND opportunity.customer_id = coalesce(customer.merged_into_id, customer.id)
))"""


async def funnels_by_id(snapshot: Snapshot, ids: Sequence[int]) -> list[Record]:
    """The funnels with these ids; an id that names none is left out."""
    return await snapshot.fetch(
        f"{_FUNNEL} AND id = ANY ($2::bigint[])",
        snapshot.company_id,
        ids,
    )


async def all_funnels(snapshot: Snapshot) -> list[Record]:
    """Every funnel, by name."""
    return await snapshot.fetch(f"{_FUNNEL} ORDER BY name, id", snapshot.company_id)


async def stages_of_funnels(snapshot: Snapshot, funnel_ids: Sequence[int], version: int | None = None) -> list[Record]:
    """The stages of a version of these funnels, the latest where None, each funnel's in order; `funnel_id` says whose.

    A funnel that does not have this version has none.
    """
    return await snapshot.fetch(
        f"{_STAGE} JOIN funnel ON funnel.company_id = $1 AND funnel.id = stage.funnel_id"
        " AND stage.version_number = coalesce($3::int, funnel.latest_version)"
        " WHERE stage.company_id = $1 AND stage.funnel_id = ANY ($2::bigint[]) ORDER BY stage.funnel_id, stage.ordinal",
        snapshot.company_id,
        funnel_ids,
        version,
    )


async def versions_of_funnels(snapshot: Snapshot, funnel_ids: Sequence[int]) -> list[Record]:
    """The versions of these funnels, each funnel's earliest first; `funnel_id` says whose.

    `stage_ids` are those of its stages, in order.
    """
    return await snapshot.fetch(
        "SELECT funnel_id, number, at, actor, reason, ARRAY(SELECT stage.id FROM stage WHERE stage.company_id = $1"
        "  AND stage.funnel_id = made.funnel_id AND stage.version_number = made.number ORDER BY ordinal) AS stage_ids"
        " FROM funnel_version AS made WHERE company_id = $1 AND funnel_id = ANY ($2::bigint[])"
        " ORDER BY funnel_id, number",
        snapshot.company_id,
        funnel_ids,
    )


async def open_deals_by_version(
    snapshot: Snapshot, funnel_ids: Sequence[int], unit_ids: Collection[int] | None = None
) -> list[Record]:
    """How many open deals of the positions follow each version of these funnels; versions without any are left out."""
    return await snapshot.fetch(
        "SELECT stage.funnel_id, stage.version_number, count(*) FROM opportunity AS deal JOIN stage"
        " ON stage.company_id = deal.company_id AND stage.id = deal.stage_id AND stage.outcome = 'open'"
        " WHERE deal.company_id = $1 AND deal.funnel_id = ANY ($2::bigint[])"
        " AND ($3::bigint[] IS NULL OR deal.position_id = ANY ($3)) GROUP BY 1, 2",
        snapshot.company_id,
        funnel_ids,
        unit_ids,
    )


async def documents_of_opportunities(snapshot: Snapshot, opportunity_ids: Sequence[int]) -> list[Record]:
    """The documents of these opportunities, in the order in which they were added; `opportunity_id` says whose."""
    return await snapshot.fetch(
        "SELECT id, opportunity_id, name, url, at, actor FROM opportunity_document"
        " WHERE company_id = $1 AND opportunity_id = ANY ($2::bigint[]) ORDER BY opportunity_id, id",
        snapshot.company_id,
        opportunity_ids,
    )


async def decisions_of_opportunities(snapshot: Snapshot, opportunity_ids: Sequence[int]) -> list[Record]:
    """Every decision of a manager about the stages of these opportunities, the earliest first."""
    return await snapshot.fetch(
        "SELECT opportunity_id, stage_id, member_id, actor, at, decided_on, approved, note FROM stage_approval"
        " WHERE company_id = $1 AND opportunity_id = ANY ($2::bigint[]) ORDER BY opportunity_id, id",
        snapshot.company_id,
        opportunity_ids,
    )


async def stages_by_id(snapshot: Snapshot, ids: Sequence[int]) -> list[Record]:
    """The stages with these ids; an id that names none is left out."""
    return await snapshot.fetch(
        f"{_STAGE} WHERE stage.company_id = $1 AND stage.id = ANY ($2::bigint[])", snapshot.company_id, ids
    )


async def moves_of_opportunities(snapshot: Snapshot, opportunity_ids: Sequence[int]) -> list[Record]:
    """Every change of stage of these opportunities, the earliest first; `opportunity_id` says whose.

    `moved_at` is when it was recorded, `moved_on` the business date on which it happened, where known.
    """
    return await snapshot.fetch(
        "SELECT id, opportunity_id, from_stage_id, to_stage_id, moved_at, moved_on, actor, actor_member_id, reason"
        " FROM stage_move WHERE company_id = $1 AND opportunity_id = ANY ($2::bigint[])"
        " ORDER BY opportunity_id, moved_at, id",
        snapshot.company_id,
        opportunity_ids,
    )


async def splits_of_opportunities(snapshot: Snapshot, opportunity_ids: Sequence[int]) -> list[Record]:
    """The splits of these opportunities, in the order in which they were named; `opportunity_id` says whose."""
    return await snapshot.fetch(
        "SELECT id, opportunity_id, position_id, member_id, credit, share, ordinal FROM opportunity_split"
        " WHERE company_id = $1 AND opportunity_id = ANY ($2::bigint[]) ORDER BY opportunity_id, ordinal",
        snapshot.company_id,
        opportunity_ids,
    )


async def customers_by_id(
    snapshot: Snapshot,
    ids: Sequence[int],
    unit_ids: Collection[int] | None = None,
    columns: frozenset[str] | None = None,
) -> list[Record]:
    """The customers with these ids that a position holds, that have a deal of one, or that are nobody's.

    With `columns` rows have only these, days as text.
    """
    return await snapshot.fetch(
        f"SELECT {_CUSTOMER.select(columns)} FROM {_CUSTOMERS} WHERE customer.company_id = $1"  # noqa: S608 (constants)
        f" AND {_VISIBLE_CUSTOMER} AND customer.id = ANY ($3::bigint[])",
        snapshot.company_id,
        unit_ids,
        ids,
    )


async def customers_merged_into(
    snapshot: Snapshot, ids: Sequence[int], unit_ids: Collection[int] | None = None
) -> list[Record]:
    """The customers that are part of these by now, by name, of those that may be seen; `merged_into_id` says whose."""
    return await snapshot.fetch(
        f"SELECT {_CUSTOMER.select()} FROM {_CUSTOMERS} WHERE customer.company_id = $1"  # noqa: S608 (constants)
        f" AND {_VISIBLE_CUSTOMER} AND customer.merged_into_id = ANY ($3::bigint[]) ORDER BY name, customer.id",
        snapshot.company_id,
        unit_ids,
        ids,
    )


async def customers_by_key(snapshot: Snapshot, keys: Sequence[str]) -> list[Record]:
    """Id and key of the customers with these keys, for those who may name any; a key that names none is left out."""
    return await snapshot.fetch(
        "SELECT id, key FROM customer WHERE company_id = $1 AND key = ANY ($2::text[])", snapshot.company_id, keys
    )


async def customers_page(
    snapshot: Snapshot,
    text: str | None = None,
    unit_ids: Collection[int] | None = None,
    *,
    limit: int | None = None,
    offset: int = 0,
) -> list[Record]:
    """Customers by name, those in whose name or key `text` stands; `total` counts them without the limit."""
    return await snapshot.fetch(
        f"SELECT {_CUSTOMER.select()}, count(*) OVER () AS total FROM {_CUSTOMERS}"  # noqa: S608 (constants)
        f" WHERE customer.company_id = $1 AND {_VISIBLE_CUSTOMER} AND merged_into_id IS NULL"
        " AND ($3::text IS NULL OR name ILIKE $3 OR key ILIKE $3) ORDER BY name, customer.id LIMIT $4 OFFSET $5",
        snapshot.company_id,
        unit_ids,
        containing(snapshot, text),
        limit,
        offset,
    )


def containing(snapshot: Snapshot, text: str | None) -> str | None:
    """A pattern for ILIKE that matches whatever contains `text`, taken literally; None for no text.

    Raises `LimitExceeded` where it is too long to be searched for.
    """
    text = snapshot.searched(text)
    if text is None or not text.strip():
        return None
    literal = text.strip().replace("\0", "").replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{literal}%"
