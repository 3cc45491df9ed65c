"""What a seller may name in a deal: positions whose deals are his to write, and customers that he may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from quotaloom.funnels.naming import may_be_id
from quotaloom.funnels.permission import unknown, worked_positions
from quotaloom.funnels.splits import Split
from quotaloom.funnels.stored_deals import StoredDeal
from quotaloom.platform.access import Viewer
from quotaloom.platform.errors import AccessDenied, Path
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work


async def require_customer(transaction: Transaction, work: Work, customer_id: int | None, path: Path) -> None:
    """Raise `NotFound` unless the viewer works a deal of the customer, or it has none at all.

    An id out of his sight answers like one that does not exist: a deal shows its customer's name.
    """
    worked = await worked_positions(transaction, work.viewer, work.today)
    if customer_id is None or worked is None:
        return
    row = await transaction.fetch_one(
        "SELECT FROM customer WHERE company_id = $1 AND id = $2 AND (EXISTS (SELECT FROM opportunity"
        "  WHERE company_id = $1 AND customer_id = $2 AND position_id = ANY ($3::bigint[]))"
        " OR NOT EXISTS (SELECT FROM opportunity WHERE company_id = $1 AND customer_id = $2))",
        transaction.company_id,
        customer_id if may_be_id(customer_id) else 0,
        list(worked),
    )
    if row is None:
        raise unknown("customer", customer_id, path)


async def require_split_positions(
    transaction: Transaction, work: Work, splits: Sequence[Split], known: Iterable[Split] = ()
) -> None:
    """Raise `NotFound` for a share of a position whose deals are not the viewer's to write.

    A holder shares with himself only; dividing a deal among several is for whoever heads a unit above them all, or
    an admin. What the deal names already (`known`) may stay.
    """
    worked = await worked_positions(transaction, work.viewer, work.today)
    if worked is None:
        return
    allowed = {*worked, *(split.position_id for split in known)}
    for number, split in enumerate(splits):
        if split.position_id not in allowed:
            raise unknown("position", split.position_id, ("splits", number, "positionId"))


async def require_right_to_reopen(transaction: Transaction, work: Work, deal: StoredDeal) -> None:
    """Raise `AccessDenied` where reopening takes back what others were credited with, or what is long past.

    The holder may take back his own win of the present month; anything else needs whoever heads a unit above the
    position today, or an admin.
    """
    worked = await worked_positions(transaction, work.viewer, work.today)
    if worked is None or deal.wins == 0 or await _heads_above(transaction, work.viewer, work.today, deal.position_id):
        return
    others = any(split.position_id != deal.position_id for split in deal.splits)
    if others or deal.closed_on is None or deal.closed_on < work.today.replace(day=1):
        raise AccessDenied(
            "reopening a deal that was split with others, or won before this month, needs a head above its position"
            " or an admin"
        )


async def _heads_above(transaction: Transaction, viewer: Viewer, today: date, position_id: int) -> bool:
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
