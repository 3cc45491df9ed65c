"""The nightly job of action plans: members are reminded of what is due, and of what is overdue.

It may be run as often as one likes, and by several at once: nobody is told the same twice, and what was missed is
caught up. An item whose days change is told of again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from quotaloom.action_plans.figures import OPEN, STANDING
from quotaloom.calendars.periods import ONE_DAY
from quotaloom.notifications.telling import Note, notify, record_reminders
from quotaloom.platform.jobs.handlers import Job, Nightly
from quotaloom.platform.unit_of_work import Record, Transaction
from quotaloom.platform.work import Work

BATCH: Final = 1000
"""How many items are looked at at a time."""

REMEMBERED: Final = timedelta(days=31)
"""How long after its last day an item is reminded of, where that was missed."""

_DUE: Final = f"""
SELECT one.id, one.action_plan_id, one.member_id, one.matter, one.ends_on FROM ({STANDING}
    AND item.state = 'planned' AND item.ends_on > $2::date AND item.ends_on <= $3::date AND item.id > $4) AS one
JOIN member ON member.company_id = $1 AND member.id = one.member_id AND (member.left_on IS NULL OR member.left_on >= $3)
WHERE {OPEN} ORDER BY one.id LIMIT $5
"""  # noqa: S608 (constants)


async def remind(job: Job) -> None:
    """Tell members what is due on the company's business date, and what is overdue; each of them once."""
    await remind_due(await job.work())


async def remind_due(work: Work, batch: int = BATCH) -> int:
    """The same for the business date of `work`; returns how many were told anew."""
    last, told = 0, 0
    while True:
        async with work.snapshot() as snapshot:
            rows = await snapshot.fetch(
                _DUE, snapshot.company_id, work.today - REMEMBERED, work.today + ONE_DAY, last, batch
            )
        if not rows:
            return told
        told += await work.write(partial(_tell, notes=_notes(work, rows)))
        last = rows[-1]["id"]


async def _tell(transaction: Transaction, notes: Sequence[Note]) -> int:
    told = await notify(transaction, notes)
    record_reminders(transaction, [note.topic for note in notes], told)
    return told


def _notes(work: Work, rows: Sequence[Record]) -> list[Note]:
    notes = []
    for row in rows:
        what = "overdue" if row["ends_on"] <= work.today else "due"
        last_day = (row["ends_on"] - ONE_DAY).isoformat()
        details = {"matter": row["matter"], "on": last_day}
        once = f"action_item.{what}:{row['id']}:{last_day}"
        notes.append(Note(row["member_id"], f"action_item.{what}", details, "ActionPlan", row["action_plan_id"], once))
    return notes


REMIND: Final = Nightly("action_plans.remind", remind)
