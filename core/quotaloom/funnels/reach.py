"""What a seller may name in a deal: positions whose deals are his to write, and customers that he may see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from quotaloom.achievements.splits import CreditKind
from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.periods import Grain
from quotaloom.funnels.naming import may_be_id
from quotaloom.funnels.splits import Split
from quotaloom.funnels.stages import Outcome
from quotaloom.funnels.stored_deals import StoredDeal
from quotaloom.ownership.permission import unknown, worked_positions
from quotaloom.platform.access import Viewer
from quotaloom.platform.errors import AccessDenied, InputError, Path
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

WORKED_CUSTOMER: Final = """($3::bigint[] IS NULL
    OR EXISTS (SELECT FROM opportunity WHERE company_id = $1 AND customer_id = $2 AND position_id = ANY ($3))
    OR EXISTS (SELECT FROM ownership WHERE company_id = $1 AND customer_id = $2 AND position_id = ANY ($3))
    OR cardinality($3) > 0 AND NOT EXISTS (SELECT FROM opportunity WHERE company_id = $1 AND customer_id = $2)
        AND NOT EXISTS (SELECT FROM ownership WHERE company_id = $1 AND customer_id = $2
            AND num_nonnulls(pool_id, position_id) > 0))"""
"""Whether the customer $2 of the company $1 is theirs who write the deals of the positions $3 (null: of all).

One whom nobody holds, that waits in no pool and has no deal is everybody's who sells.
"""


async def require_customer(transaction: Transaction, work: Work, customer_id: int | None, path: Path) -> None:
    """Raise `NotFound` unless the viewer works a deal of the customer or holds it, or it is everybody's who sells.

    An id out of his sight answers like one that does not exist: a deal shows its customer's name. Raises `InputError`
    MERGED for a customer that is part of another one by now.
    """
    worked = await worked_positions(transaction, work.viewer, work.today)
    if customer_id is None:
        return
    row = await transaction.fetch_one(
        f"SELECT merged_into_id FROM customer WHERE company_id = $1 AND id = $2 AND {WORKED_CUSTOMER}",  # noqa: S608 (constants)
        transaction.company_id,
        customer_id if may_be_id(customer_id) else 0,
        None if worked is None else list(worked),
    )
    if row is None:
        raise unknown("customer", customer_id, path)
    if row["merged_into_id"] is not None:
        raise InputError("MERGED", "this customer is part of another one by now: name that one", path)


async def require_splits(
    transaction: Transaction, work: Work, position_id: int, splits: Sequence[Split], known: Sequence[Split] = ()
) -> None:
    """Raise unless the viewer may give these splits to a deal of `position_id`, in place of those `known`.

    A holder shares with himself only; dividing a deal among several is for whoever heads a unit above them all, or
    an admin: `NotFound` for a share of a position whose deals are not the viewer's to write, `AccessDenied` where
    what such a position has already would change. `InputError` NO_OWN_SHARE where the deal's own position would get
    nothing direct, which takes a head above it, or an admin.
    """
    worked = await worked_positions(transaction, work.viewer, work.today)
    if worked is None or tuple(splits) == tuple(known):
        return
    shared = {split.position_id for split in known}
    for number, split in enumerate(splits):
        if split.position_id not in worked and split.position_id not in shared:
            raise unknown("position", split.position_id, ("splits", number, "positionId"))
    if not shared.issubset(worked):
        raise AccessDenied("changing how this deal is shared needs a head above all who share it, or an admin")
    own = any(split.position_id == position_id and split.kind is CreditKind.DIRECT for split in splits)
    if splits and not own and not await heads_above(transaction, work.viewer, work.today, position_id):
        raise InputError(
            "NO_OWN_SHARE",
            "the deal's own position needs a direct share: leaving it out takes a head above it, or an admin",
            ("splits",),
        )


async def require_right_to_reopen(transaction: Transaction, work: Work, deal: StoredDeal) -> None:
    """Raise `AccessDenied` where reopening takes back what others were credited with, or what is long past.

    The holder may take back his own win of the present month; anything else needs whoever heads a unit above the
    position today, or an admin.
    """
    worked = await worked_positions(transaction, work.viewer, work.today)
    if worked is None or deal.outcome is not Outcome.WON:
        return
    if await heads_above(transaction, work.viewer, work.today, deal.position_id):
        return
    himself = (deal.position_id, work.viewer.member_id)
    others = any((split.position_id, split.member_id) != himself for split in deal.splits)
    month = fiscal_calendar(work.company).containing(work.today, Grain.MONTH)
    if others or deal.closed_on is None or deal.closed_on < month.starts_on:
        raise AccessDenied(
            "reopening a deal that was split with others, or won before this month, needs a head above its position"
            " or an admin"
        )


async def heads_above(transaction: Transaction, viewer: Viewer, today: date, position_id: int) -> bool:
    """Whether the viewer heads a unit above the position today."""
    row = await transaction.fetch_one(
        "SELECT FROM headship JOIN unit_path AS path ON path.company_id = headship.company_id"
        " AND path.ancestor_id = headship.unit_id AND path.valid_from <= $3 AND $3 < path.valid_to"
        " WHERE headship.member_id = $1 AND path.unit_id = $2 AND daterange(headship.valid_from, headship.valid_to)"
        " @> $3::date LIMIT 1",
        viewer.member_id,
        position_id,
        today,
    )
    return row is not None
