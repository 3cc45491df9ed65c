"""Opportunities for the graph: by id, by what they belong to, and as a page. One statement each.

Each row has the columns `id, key, name, funnel_id, stage_id, outcome, position_id, member_id, customer_id,
product_id, amount, currency, amount_estimated, opened_on, expected_close_on, closed_on, lost_reason,
close_reason_id, source, forecast, competitors, next_step, next_step_on, wins, version`; a row of a list has `parent_id`
besides, what it belongs to. With `columns` it has only these, days and amounts as text. `unit_ids` are the positions
that the viewer may see; None stands for all.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from asyncpg import Record

from quotaloom.funnels.filtering import FIRST_FREE, MATCHES, OpportunityFilter, match_values
from quotaloom.metrics.currencies import currency_scales
from quotaloom.platform.answering import Columns, amount_in_currency_as_text
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

_DAYS: Final = frozenset({"opened_on", "expected_close_on", "closed_on", "next_step_on"})
_STORED: Final = (
    *("id", "key", "name", "funnel_id", "stage_id", "position_id", "member_id", "customer_id", "product_id"),
    *("amount", "currency", "amount_estimated", "opened_on", "expected_close_on", "closed_on", "lost_reason"),
    *("close_reason_id", "source", "forecast", "competitors", "next_step", "next_step_on", "wins", "version"),
)
_DEAL: Final = {**{name: f"deal.{name}" for name in _STORED}, "outcome": "stage.outcome"}
_ANSWERED: Final = {"amount": amount_in_currency_as_text("deal.amount", "deal.currency", currency_scales())}
_DEALS: Final = Columns(_DEAL, _DAYS, _ANSWERED)
_LISTED: Final = Columns({"parent_id": "listed.parent_id", **_DEAL}, _DAYS, _ANSWERED)

DEALS = """opportunity AS deal
JOIN stage ON stage.company_id = deal.company_id AND stage.id = deal.stage_id"""

_OFFSET, _LIMIT, _KEYS, _DAY = (f"${FIRST_FREE + number}" for number in range(4))

FEW: Final = 500
"""Up to so many lists, each is looked up by itself, down to its end; more are read in one go."""


async def opportunities_by_id(
    snapshot: Snapshot,
    ids: Sequence[int],
    unit_ids: Collection[int] | None = None,
    columns: frozenset[str] | None = None,
) -> list[Record]:
    """The opportunities with these ids that the viewer may see, in no order."""
    return await snapshot.fetch(
        f"SELECT {_DEALS.select(columns)} FROM {DEALS} WHERE deal.company_id = $1"  # noqa: S608 (constants)
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
    """A part of all opportunities that match; `parent_id` is null, `total` is how many match in all."""
    listed = f"""SELECT NULL::bigint AS parent_id, deal.id, deal.{part.order.value} AS sorted_by,
            count(*) OVER () AS total
        FROM {DEALS} WHERE {MATCHES} {_sorted("deal", part)} OFFSET {_OFFSET} LIMIT {_LIMIT}"""  # noqa: S608 (constants)
    return await _listed(snapshot, listed, f"{_LISTED.select()}, listed.total", where, part, unit_ids)


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
    columns: frozenset[str] | None = None,
) -> list[Record]:
    """Each funnel's opportunities that match; the part is of each funnel's list."""
    return await _belonging(snapshot, "funnel_id", funnel_ids, where, part, unit_ids, columns)


async def opportunities_of_stages(
    snapshot: Snapshot,
    stage_ids: Sequence[int],
    where: OpportunityFilter = EVERYTHING,
    part: Slice = WHOLE,
    unit_ids: Collection[int] | None = None,
    columns: frozenset[str] | None = None,
) -> list[Record]:
    """Each stage's opportunities that match; the part is of each stage's list."""
    return await _belonging(snapshot, "stage_id", stage_ids, where, part, unit_ids, columns)


async def opportunities_of_customers(
    snapshot: Snapshot,
    customer_ids: Sequence[int],
    where: OpportunityFilter = EVERYTHING,
    part: Slice = WHOLE,
    unit_ids: Collection[int] | None = None,
    columns: frozenset[str] | None = None,
) -> list[Record]:
    """Each customer's opportunities that match; the part is of each customer's list."""
    return await _belonging(snapshot, "customer_id", customer_ids, where, part, unit_ids, columns)


async def opportunities_of_positions(
    snapshot: Snapshot,
    position_ids: Sequence[int],
    where: OpportunityFilter = EVERYTHING,
    part: Slice = WHOLE,
    unit_ids: Collection[int] | None = None,
    columns: frozenset[str] | None = None,
) -> list[Record]:
    """Each position's opportunities that match; the part is of each position's list."""
    return await _belonging(snapshot, "position_id", position_ids, where, part, unit_ids, columns)


async def opportunities_of_units(
    snapshot: Snapshot,
    of_unit_ids: Sequence[int],
    on: date,
    where: OpportunityFilter = EVERYTHING,
    part: Slice = WHOLE,
    unit_ids: Collection[int] | None = None,
    columns: frozenset[str] | None = None,
) -> list[Record]:
    """The opportunities that match of the positions below each unit (or of the unit itself) on the day `on`."""
    join = f"""JOIN unit_path AS path ON path.company_id = deal.company_id AND path.unit_id = deal.position_id
        AND path.ancestor_id = ANY ({_KEYS}::bigint[]) AND path.valid_from <= {_DAY}::date AND {_DAY} < path.valid_to"""
    listed = _numbered("path.ancestor_id", join, part)
    return await _listed(snapshot, listed, _LISTED.select(columns), where, part, unit_ids, of_unit_ids, on)


async def _belonging(
    snapshot: Snapshot,
    column: str,
    keys: Sequence[int],
    where: OpportunityFilter,
    part: Slice,
    unit_ids: Collection[int] | None,
    columns: frozenset[str] | None,
) -> list[Record]:
    wanted = f"unnest({_KEYS}::bigint[]) AS wanted (id)"
    if len(keys) <= FEW:
        listed = f"""SELECT wanted.id AS parent_id, own.id, own.sorted_by FROM {wanted} CROSS JOIN LATERAL (
            SELECT deal.id, deal.{part.order.value} AS sorted_by FROM {DEALS}
            WHERE deal.{column} = wanted.id AND {MATCHES} {_sorted("deal", part)} OFFSET {_OFFSET} LIMIT {_LIMIT}
        ) AS own"""  # noqa: S608 (constants)
    else:
        listed = _numbered("wanted.id", f"JOIN {wanted} ON wanted.id = deal.{column}", part)
    return await _listed(snapshot, listed, _LISTED.select(columns), where, part, unit_ids, keys)


def _numbered(parent: str, join: str, part: Slice) -> str:
    """The ids of many lists in one go."""
    return f"""SELECT parent_id, id, sorted_by FROM (
        SELECT {parent} AS parent_id, deal.id, deal.{part.order.value} AS sorted_by,
            row_number() OVER (PARTITION BY {parent} {_sorted("deal", part)}) AS place
        FROM {DEALS} {join} WHERE {MATCHES}
    ) AS numbered WHERE place > {_OFFSET}::bigint AND ({_LIMIT}::bigint IS NULL OR place <= {_OFFSET} + {_LIMIT})"""  # noqa: S608 (constants)


def _sorted(deal: str, part: Slice, *before: str) -> str:
    column = "sorted_by" if before else part.order.value
    direction = "DESC" if part.descending else "ASC"
    return f"ORDER BY {', '.join([*before, f'{deal}.{column} {direction} NULLS LAST', f'{deal}.id'])}"


async def _listed(
    snapshot: Snapshot,
    listed: str,
    columns: str,
    where: OpportunityFilter,
    part: Slice,
    unit_ids: Collection[int] | None,
    *keys: Any,
) -> list[Record]:
    """The deals of a list of ids: only those that are told of are read whole."""
    return await snapshot.fetch(
        f"""SELECT {columns} FROM ({listed}) AS listed
        JOIN opportunity AS deal ON deal.company_id = $1 AND deal.id = listed.id
        JOIN stage ON stage.company_id = deal.company_id AND stage.id = deal.stage_id
        {_sorted("listed", part, "listed.parent_id")}""",  # noqa: S608 (constants and the names of an enumeration)
        *match_values(snapshot, where, unit_ids),
        part.offset,
        part.limit,
        *keys,
    )
