"""Which opportunities are meant: a filter, as SQL with a fixed place for each of its values."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from quotaloom.calendars.periods import Period
from quotaloom.funnels.reads import containing
from quotaloom.funnels.stages import Outcome
from quotaloom.platform.unit_of_work import Snapshot


@dataclass(frozen=True, slots=True)
class OpportunityFilter:
    """All that is given must hold; None asks nothing.

    `below_unit_id` takes the positions that lie below a unit (or are it) on the day `on`. `text` stands in the
    deal's name or key or in its customer's name. A deal without the date that a period asks for is left out.
    """

    funnel_ids: Sequence[int] | None = None
    stage_ids: Sequence[int] | None = None
    outcomes: Sequence[Outcome] | None = None
    position_ids: Sequence[int] | None = None
    customer_ids: Sequence[int] | None = None
    below_unit_id: int | None = None
    on: date | None = None
    text: str | None = None
    opened_in: Period | None = None
    closed_in: Period | None = None
    expected_in: Period | None = None

    def __post_init__(self) -> None:
        if (self.below_unit_id is None) != (self.on is None):
            raise ValueError("below_unit_id and on belong together: a tree is of a day")


MATCHES = """
    deal.company_id = $1
    AND ($2::bigint[] IS NULL OR deal.position_id = ANY ($2))
    AND ($3::bigint[] IS NULL OR deal.funnel_id = ANY ($3))
    AND ($4::bigint[] IS NULL OR deal.stage_id = ANY ($4))
    AND ($5::text[] IS NULL OR stage.outcome = ANY ($5))
    AND ($6::bigint[] IS NULL OR deal.position_id = ANY ($6))
    AND ($7::bigint[] IS NULL OR deal.customer_id = ANY ($7))
    AND ($8::bigint IS NULL OR deal.position_id IN (
        SELECT path.unit_id FROM unit_path AS path WHERE path.company_id = $1 AND path.ancestor_id = $8
            AND path.valid_from <= $9::date AND $9 < path.valid_to
    ))
    AND ($10::text IS NULL OR deal.name ILIKE $10 OR deal.key ILIKE $10 OR EXISTS (
        SELECT FROM customer WHERE customer.company_id = $1 AND customer.id = deal.customer_id
            AND customer.name ILIKE $10
    ))
    AND ($11::date IS NULL OR deal.opened_on >= $11 AND deal.opened_on < $12::date)
    AND ($13::date IS NULL OR deal.closed_on >= $13 AND deal.closed_on < $14::date)
    AND ($15::date IS NULL OR deal.expected_close_on >= $15 AND deal.expected_close_on < $16::date)
"""
"""The condition on `deal` and its `stage`; `$1` to `$16` are `match_values`."""

FIRST_FREE = 17
"""The number of the first parameter after those of `MATCHES`."""


def match_values(snapshot: Snapshot, where: OpportunityFilter, unit_ids: Collection[int] | None) -> tuple[Any, ...]:
    """The values of `MATCHES`, for the deals of the positions that the viewer may see (None: all).

    Raises `LimitExceeded` for a text that is too long to be searched for.
    """
    return (
        snapshot.company_id,
        unit_ids,
        where.funnel_ids,
        where.stage_ids,
        None if where.outcomes is None else [outcome.value for outcome in where.outcomes],
        where.position_ids,
        where.customer_ids,
        where.below_unit_id,
        where.on,
        containing(snapshot, where.text),
        *_days(where.opened_in),
        *_days(where.closed_in),
        *_days(where.expected_in),
    )


def _days(period: Period | None) -> tuple[date | None, date | None]:
    return (None, None) if period is None else (period.starts_on, period.ends_on)
