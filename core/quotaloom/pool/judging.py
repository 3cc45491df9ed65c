"""Whether a member may get a record: what all paths ask, for many records and members at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from quotaloom.funnels.funnel_units import (
    OTHER_UNITS_FUNNEL,
    DepartmentFunnel,
    department_funnels,
    of_another_department,
)
from quotaloom.ownership.holding_caps import Holdings, Incoming, load_holdings
from quotaloom.ownership.owners import OwnedRecord, RecordKind
from quotaloom.ownership.rules import Refusal
from quotaloom.ownership.subjects import JOINS, LEVEL, Subject, subjects_of
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import CompanyFacts
from quotaloom.pool.claim_limits import Claims
from quotaloom.pool.cooldown import Waiting, cooldown_refusal, waiting
from quotaloom.pool.rule_book import RuleBook

_LEFT = """
SELECT ownership_id, from_member_id, max(moved_on) AS left_on FROM ownership_entry
WHERE company_id = $1 AND ownership_id = ANY ($2::bigint[]) AND ($3::bigint[] IS NULL OR from_member_id = ANY ($3))
    AND from_member_id IS NOT NULL AND to_member_id IS DISTINCT FROM from_member_id
GROUP BY ownership_id, from_member_id
"""

_CLAIMED = f"""
SELECT entry.to_pool_id, {LEVEL} AS level_id, entry.moved_on, count(*) AS count
FROM ownership_entry AS entry
JOIN ownership ON ownership.company_id = entry.company_id AND ownership.id = entry.ownership_id {JOINS}
WHERE entry.company_id = $1 AND entry.to_member_id = $2 AND entry.movement = 'claim' AND entry.moved_on >= $3
GROUP BY 1, 2, 3
"""  # noqa: S608 (constants)


@dataclass
class Judge:
    """The facts on which it depends who may get which record, as of one transaction or snapshot."""

    book: RuleBook
    today: date
    subjects: Mapping[int, Subject]
    left_on: Mapping[tuple[int, int], date]
    holdings: Holdings
    funnels: Mapping[int, DepartmentFunnel]

    def over(self, record: OwnedRecord) -> Refusal | None:
        """Why nobody gets it any more: the lead, customer or deal is closed, merged or won."""
        subject = self.subjects[record.id]
        if subject.closed or (subject.won and record.kind is RecordKind.OPPORTUNITY):
            return Refusal("CLOSED", "this record is over: it stays where it is")
        return None

    def elsewhere(self, record: OwnedRecord, position_id: int | None) -> Refusal | None:
        """Why a position may not have a deal: it is in the funnel of another department."""
        funnel = self.funnels.get(record.record_id) if record.kind is RecordKind.OPPORTUNITY else None
        # The position that has it keeps it, wherever it was moved to meanwhile: its next holder may have it.
        if funnel is None or position_id in {*funnel.position_ids, record.owner.position_id}:
            return None
        return Refusal(OTHER_UNITS_FUNNEL, of_another_department(funnel.name))

    def waits(self, record: OwnedRecord, member_id: int) -> Waiting | None:
        """How long an earlier holder waits for a record; None for one who never had it."""
        day = self.left_on.get((record.id, member_id))
        if day is None:
            return None
        return waiting(self.book.cooldowns, record.owner.pool_id, self.subjects[record.id].level_id, day)

    def cooldown(self, record: OwnedRecord, member_id: int) -> Refusal | None:
        """Why he may not have it yet; see `waits`."""
        return cooldown_refusal(self.waits(record, member_id), self.today)

    def cap(self, record: OwnedRecord, member_id: int) -> Refusal | None:
        """Why he holds too many already."""
        return self.holdings.refusal(member_id, self.incoming(record))

    def room(self, record: OwnedRecord, member_id: int) -> int | None:
        """How many such records he may still get by the strictest cap; None where none binds."""
        return self.holdings.room(member_id, self.incoming(record))

    def gets(self, record: OwnedRecord, member_id: int) -> None:
        """He holds it from now on: it counts for the records that follow."""
        self.holdings.add(member_id, self.incoming(record))

    def incoming(self, record: OwnedRecord) -> Incoming:
        """The record as caps see it."""
        return Incoming(record.kind, record.owner.pool_id, self.subjects[record.id])


async def load_judge(
    reader: Snapshot | Transaction,
    book: RuleBook,
    today: date,
    records: Iterable[OwnedRecord],
    member_ids: Sequence[int],
) -> Judge:
    """What depends on these records and members, in four statements at most."""
    records = list(records)
    ids = [record.id for record in records]
    deals = [record.record_id for record in records if record.kind is RecordKind.OPPORTUNITY]
    return Judge(
        book,
        today,
        await subjects_of(reader, ids),
        await departures(reader, ids, member_ids) if book.cooldowns else {},
        await load_holdings(reader, member_ids, book.caps),
        await department_funnels(reader, deals, today),
    )


async def departures(
    reader: Snapshot | Transaction, ownership_ids: Sequence[int], member_ids: Sequence[int] | None = None
) -> dict[tuple[int, int], date]:
    """On which day members (None: all) last gave up or lost these records, by ownership and member."""
    if not ownership_ids:
        return {}
    rows = await reader.fetch(_LEFT, reader.company_id, list(ownership_ids), member_ids)
    return {(row["ownership_id"], row["from_member_id"]): row["left_on"] for row in rows}


async def load_claims(
    reader: Snapshot | Transaction, company: CompanyFacts, book: RuleBook, today: date, member_id: int
) -> Claims:
    """What a member has claimed in the present windows of the limits in force."""
    windows = {window: window.around(company, today) for window in {rule.parameters.window for rule in book.limits}}
    taken: Counter[tuple[int | None, int | None, date]] = Counter()
    if windows:
        start = min(window.starts_on for window in windows.values())
        for row in await reader.fetch(_CLAIMED, reader.company_id, member_id, start):
            taken[row["to_pool_id"], row["level_id"], row["moved_on"]] += row["count"]
    return Claims(book.limits, windows, today, taken)
