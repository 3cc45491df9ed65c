"""The nightly jobs of pools: records go back that are due, and holders are reminded of those that will."""

from __future__ import annotations

import logging
from functools import partial
from typing import Final

from quotaloom.notifications.telling import Note, notify, record_reminders
from quotaloom.ownership.telling import TYPES, names_of, pool_names
from quotaloom.platform.jobs.handlers import Job, Nightly
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.pool.nightly import Reminder, recycle_due, remind_due

_log = logging.getLogger(__name__)


async def recycle(job: Job) -> None:
    """Take back what is due by the company's business date."""
    work = await job.work()
    moved = await recycle_due(work)
    if moved:
        _log.info("%d records of %s went back to their pools", moved, work.company.key)


async def remind(job: Job) -> None:
    """Tell holders what they are about to lose; nobody is told the same twice, however often it is done."""
    work = await job.work()
    async for reminders in remind_due(work):
        if reminders:
            await work.write(partial(_tell, reminders=reminders))


async def _tell(transaction: Transaction, reminders: list[Reminder]) -> int:
    names = await names_of(transaction, [one.record for one in reminders])
    pools = await pool_names(transaction, [one.pool_id for one in reminders])
    notes = [
        Note(
            one.member_id,
            "pool.recycling_soon",
            {"record": names[one.record], "pool": pools[one.pool_id], "on": one.due_on.isoformat()},
            TYPES[one.record.kind],
            one.record.id,
            one.once,
        )
        for one in reminders
        if one.record in names
    ]
    told = await notify(transaction, notes)
    record_reminders(transaction, [note.topic for note in notes], told)
    return told


RECYCLE: Final = Nightly("pool.recycle", recycle)
REMIND: Final = Nightly("pool.remind", remind)
