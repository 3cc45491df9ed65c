"""What is done every day for the pools: records go back that are due, and holders are reminded of those that will.

Both may be run as often as one likes, and by several at once: nothing is done twice, and what was missed is caught up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from functools import partial

from quotaloom.ownership.ledger import Handing, hold_free
from quotaloom.ownership.owners import Movement, Owner, RecordName
from quotaloom.ownership.reads import holders_on
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.pool.held_records import HeldRecord, held_records, held_records_page
from quotaloom.pool.moving import move
from quotaloom.pool.recycling import Fate
from quotaloom.pool.releasing import load_targets
from quotaloom.pool.rule_book import load_rules

BATCH = 1000
"""How many records are looked at, and moved, at a time."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """A holder is about to lose a record: it goes back on `due_on`, by the rule of that key.

    `once` names the reminder: the same one is never sent twice.
    """

    member_id: int
    record: RecordName
    pool_id: int
    due_on: date
    rule_key: str
    once: str


async def recycle_due(work: Work, batch: int = BATCH) -> int:
    """Take all records back into their pools that are due on the work's business date; how many it were.

    Only the company and the moment of `work` matter, not who it is. Each batch is a transaction of its own, in which
    rules and facts are read again: a record that somebody else holds at this moment is left for the next run.
    """
    moved = 0
    async for found in _fates(work, batch):
        due = [held.ownership_id for held, fate in found if fate.is_due(work.today)]
        if due:
            moved += await work.write(partial(_recycle, work=work, ownership_ids=due))
    return moved


async def remind_due(work: Work, batch: int = BATCH) -> AsyncIterator[list[Reminder]]:
    """The reminders of the work's business date, in lists; only of records that a member holds.

    They go to whoever holds the record's position today, or else to whom it came.
    Of several that a record has reached it is the latest one; one that was missed comes as long as the record is held.
    """
    async for found in _fates(work, batch):
        async with work.snapshot() as snapshot:
            holders = await holders_on(snapshot, [held.position_id for held, _ in found], work.today)
        yield [
            Reminder(
                member_id=member_id,
                record=RecordName(held.facts.kind, held.record_id),
                pool_id=held.pool_id,
                due_on=fate.due_on,
                rule_key=fate.recycling.key,
                once=f"recycling:{held.ownership_id}:{fate.due_on}:{(fate.due_on - day).days}",
            )
            for held, fate in found
            if (member_id := holders.get(held.position_id, held.member_id)) is not None
            and fate.due_on is not None
            and fate.recycling is not None
            and (day := fate.reminder_of(work.today)) is not None
        ]


async def _fates(work: Work, batch: int) -> AsyncIterator[list[tuple[HeldRecord, Fate]]]:
    """All held records that may be recycled at all, and what becomes of each, batch by batch."""
    async with work.snapshot() as snapshot:
        rules = (await load_rules(snapshot)).holder
    last = 0
    while rules.recyclings:
        async with work.snapshot() as snapshot:
            page = await held_records_page(snapshot, work.company, last, batch)
        if not page:
            return
        yield [(held, rules.fate(held.pool_id, held.level_id, held.facts)) for held in page]
        last = page[-1].ownership_id


async def _recycle(transaction: Transaction, work: Work, ownership_ids: list[int]) -> int:
    free = {record.id: record for record in await hold_free(transaction, ownership_ids)}
    rules = (await load_rules(transaction)).holder
    found = (await held_records(transaction, work.company, list(free))).values()
    targets = await load_targets(transaction, sorted({held.pool_id for held in found}))
    handings = []
    for held in found:
        fate = rules.fate(held.pool_id, held.level_id, held.facts)
        if targets[held.pool_id].closed or not fate.is_due(work.today):
            continue
        if fate.recycling is not None and fate.condition is not None:
            reason = f"{fate.condition.circumstance} for {fate.condition.days} days"
            to = Owner(held.pool_id)
            handings.append(
                Handing(free[held.ownership_id], to, Movement.RECYCLE, reason, decided_by=fate.recycling.key)
            )
    await move(transaction, handings, work.today)
    return len(handings)
