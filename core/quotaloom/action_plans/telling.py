"""Who is told of action plans: the head above of what is submitted, the member of what becomes of it."""

from __future__ import annotations

from typing import Final

from quotaloom.action_plans.storing import StoredPlan
from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.calendars.periods import Grain, Period, date_range
from quotaloom.notifications.telling import Note, notify
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

_HEAD_ABOVE: Final = """
SELECT headship.member_id FROM unit_path AS path
JOIN headship ON headship.company_id = path.company_id AND headship.unit_id = path.ancestor_id
WHERE path.company_id = $1 AND path.unit_id = $2 AND path.valid_from <= $3::date AND $3 < path.valid_to
    AND daterange(headship.valid_from, headship.valid_to) @> $3 AND headship.member_id <> $4
ORDER BY path.depth LIMIT 1
"""

_NAMES: Final = "SELECT id, name FROM member WHERE company_id = $1 AND id = ANY ($2::bigint[])"


def labelled(calendar: FiscalCalendar, grain: Grain | None, period: Period) -> str:
    """The label of days that were once a period of a grain; that of a range where they are none any more."""
    if grain is not None:
        named = calendar.containing(period.starts_on, grain)
        if (named.starts_on, named.ends_on) == (period.starts_on, period.ends_on):
            return named.label
    return date_range(period.starts_on, period.ends_on).label


async def tell_head(transaction: Transaction, work: Work, plan: StoredPlan, topic: str) -> None:
    """Tell whoever heads the nearest unit above the plan's; nobody where there is nobody but himself."""
    row = await transaction.fetch_one(_HEAD_ABOVE, transaction.company_id, plan.unit_id, work.today, plan.member_id)
    if row is not None and row["member_id"] != transaction.writer.member_id:
        await _tell(transaction, work, plan, row["member_id"], topic, {})


async def tell_member(transaction: Transaction, work: Work, plan: StoredPlan, topic: str, **details: str) -> None:
    """Tell the plan's member, unless he did it himself."""
    if plan.member_id != transaction.writer.member_id:
        await _tell(transaction, work, plan, plan.member_id, topic, details)


async def _tell(
    transaction: Transaction, work: Work, plan: StoredPlan, to: int, topic: str, details: dict[str, str]
) -> None:
    writer = transaction.writer
    ids = [plan.member_id, *([] if writer.member_id is None else [writer.member_id])]
    rows = await transaction.fetch(_NAMES, transaction.company_id, ids)
    names = {row["id"]: row["name"] for row in rows}
    period = labelled(fiscal_calendar(work.company), plan.grain, plan.days)
    by = writer.subject if writer.member_id is None else names.get(writer.member_id, writer.subject)
    told = {"by": by, "member": names[plan.member_id], "period": period, **details}
    await notify(transaction, [Note(to, topic, told, "ActionPlan", plan.id)])
