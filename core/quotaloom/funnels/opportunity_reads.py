"""Opportunities for the graph: by id, by what they belong to, and as a page. One statement each.

Each row has the columns `id, key, name, funnel_id, stage_id, outcome, position_id, member_id, customer_id,
product_id, amount, currency, amount_estimated, opened_on, expected_close_on, closed_on, lost_reason,
close_reason_id, source, forecast, competitors, next_step, next_step_on, wins, version`; a row of a list has `total`
besides, how many the list has without limit and offset, and `parent_id`, what it belongs to. `unit_ids` are the
positions that the viewer may see; None stands for all.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from asyncpg import Record

from quotaloom.funnels.filtering import FIRST_FREE, MATCHES, OpportunityFilter, match_values
from quotaloom.platform.unit_of_work import Snapshot


class OpportunityOrder(StrEnum):
    """What a list is ordered by; ties by id, unknown values last. Amounts of all currencies compare as numbers."""

    CLOSED_ON = "closed_on"
    OPENED_ON = "opened_on"
    AMOUNT = "amount"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Slice:
    """Which part of a list, in which order; `limit` None is all of it."""

    order: OpportunityOrder = OpportunityOrder.CLOSED_ON
    descending: bool = True
    limit: int | None = None
    offset: int = 0


EVERYTHING = OpportunityFilter()
WHOLE = Slice()

_COLUMNS = """deal.id, deal.key, deal.name, deal.funnel_id, deal.stage_id, stage.outcome, deal.position_id,
deal.member_id, deal.customer_id, deal.product_id, deal.amount, deal.currency, deal.amount_estimated,
deal.opened_on, deal.expected_close_on, deal.closed_on, deal.lost_reason, deal.close_reason_id,
deal.source, deal.forecast, deal.competitors, deal.next_step, deal.next_step_on, deal.wins, deal.version"""

DEALS = """opportunity AS deal
JOIN stage ON stage.company_id = deal.company_id AND stage.id = deal.stage_id"""

_OFFSET, _LIMIT, _KEYS, _DAY = (f"${FIRST_FREE + number}" for number in range(4))


async def opportunities_by_id(
    snapshot: Snapshot, ids: Sequence[int], unit_ids: Collection[int] | None = None
) -> list[Record]:
    """The opportunities with these ids that the viewer may see, in no order."""
    return await snapshot.fetch(
        f"SELECT {_COLUMNS} FROM {DEALS} WHERE deal.company_id = $1"  # noqa: S608 (constants)
        " AND deal.id = ANY ($2::bigint[]) AND ($3::bigint[] IS NULL OR deal.position_id = ANY ($3))",
        snapshot.company_id,
        ids,
        unit_ids,
    )


async def opportunities_page(
    snapshot: Snapshot,
    where: OpportunityFilter = EVERYTHING,
    part: Slice = WHOLE,
    unit_ids: Collection[int] | None = None,
) -> list[Record]:
    """A part of all opportunities that match; `parent_id` is null."""
    return await _listed(snapshot, "NULL::bigint", "", where, part, unit_ids)


async def count_opportunities(
    snapshot: Snapshot, where: OpportunityFilter = EVERYTHING, unit_ids: Collection[int] | None = None
) -> int:
    """How many opportunities match, for a page that has no row to tell it."""
    row = await snapshot.fetch_one(
        f"SELECT count(*) AS total FROM {DEALS} WHERE {MATCHES}",  # noqa: S608 (constants)
        *match_values(snapshot, where, unit_ids),
    )
    assert row is not None
    return int(row["total"])


async def opportunities_of_funnels(
    snapshot: Snapshot,
    funnel_ids: Sequence[int],
    where: OpportunityFilter = EVERYTHING,
    part: Slice = WHOLE,
    unit_ids: Collection[int] | None = None,
) -> list[Record]:
    """Each funnel's opportunities that match; the part is of each funnel's list."""
    return await _belonging(snapshot, "funnel_id", funnel_ids, where, part, unit_ids)


async def opportunities_of_stages(
    snapshot: Snapshot,
    stage_ids: Sequence[int],
    where: OpportunityFilter = EVERYTHING,
    part: Slice = WHOLE,
    unit_ids: Collection[int] | None = None,
) -> list[Record]:
    """Each stage's opportunities that match; the part is of each stage's list."""
    return await _belonging(snapshot, "stage_id", stage_ids, where, part, unit_ids)


async def opportunities_of_customers(
    snapshot: Snapshot,
    customer_ids: Sequence[int],
    where: OpportunityFilter = EVERYTHING,
    part: Slice = WHOLE,
    unit_ids: Collection[int] | None = None,
) -> list[Record]:
    """Each customer's opportunities that match; the part is of each customer's list."""
    return await _belonging(snapshot, "customer_id", customer_ids, where, part, unit_ids)


async def opportunities_of_positions(
    snapshot: Snapshot,
    position_ids: Sequence[int],
    where: OpportunityFilter = EVERYTHING,
    part: Slice = WHOLE,
    unit_ids: Collection[int] | None = None,
) -> list[Record]:
    """Each position's opportunities that match; the part is of each position's list."""
    return await _belonging(snapshot, "position_id", position_ids, where, part, unit_ids)


async def opportunities_of_units(
    snapshot: Snapshot,
    of_unit_ids: Sequence[int],
    on: date,
    where: OpportunityFilter = EVERYTHING,
    part: Slice = WHOLE,
    unit_ids: Collection[int] | None = None,
) -> list[Record]:
    """The opportunities that match of the positions below each unit (or of the unit itself) on the day `on`."""
    join = f"""JOIN unit_path AS path ON path.company_id = deal.company_id AND path.unit_id = deal.position_id
        AND path.ancestor_id = ANY ({_KEYS}::bigint[]) AND path.valid_from <= {_DAY}::date AND {_DAY} < path.valid_to"""
    return await _listed(snapshot, "path.ancestor_id", join, where, part, unit_ids, of_unit_ids, on)


async def _belonging(
    snapshot: Snapshot,
    column: str,
    keys: Sequence[int],
    where: OpportunityFilter,
    part: Slice,
    unit_ids: Collection[int] | None,
) -> list[Record]:
    join = f"JOIN unnest({_KEYS}::bigint[]) AS wanted (id) ON wanted.id = deal.{column}"
    return await _listed(snapshot, "wanted.id", join, where, part, unit_ids, keys)


async def _listed(
    snapshot: Snapshot,
    parent: str,
    join: str,
    where: OpportunityFilter,
    part: Slice,
    unit_ids: Collection[int] | None,
    *keys: Any,
) -> list[Record]:
    direction = "DESC" if part.descending else "ASC"
    return await snapshot.fetch(
        f"""
        SELECT * FROM (
            SELECT {parent} AS parent_id, {_COLUMNS}, count(*) OVER (PARTITION BY {parent}) AS total,
                row_number() OVER (
                    PARTITION BY {parent} ORDER BY deal.{part.order.value} {direction} NULLS LAST, deal.id
                ) AS place
            FROM {DEALS} {join} WHERE {MATCHES}
        ) AS listed
        WHERE place > {_OFFSET}::bigint AND ({_LIMIT}::bigint IS NULL OR place <= {_OFFSET} + {_LIMIT})
        ORDER BY parent_id, place
        """,  # noqa: S608 (constants and the names of an enumeration)
        *match_values(snapshot, where, unit_ids),
        part.offset,
        part.limit,
        *keys,
    )
