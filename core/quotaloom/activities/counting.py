"""Visits and calls that are done count for the metrics of these names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Final

from quotaloom.achievements.entries import Credit, EntrySource, Posting, Reversal
from quotaloom.achievements.ledger import append, reverse
from quotaloom.activities.facts import Subjects
from quotaloom.activities.kinds import ActivityKind
from quotaloom.metrics.built_in import CALLS, VISITS
from quotaloom.metrics.reads import metrics_by_key
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import CompanyFacts

COUNTED_BY: Final[Mapping[ActivityKind, str]] = {ActivityKind.VISIT: VISITS, ActivityKind.CALL: CALLS}
"""The keys of the metrics for which kinds of activities count one."""


async def count_done(
    transaction: Transaction,
    company: CompanyFacts,
    activity_id: int,
    kind: ActivityKind,
    subjects: Subjects,
    seat: tuple[int, int | None],
    done_on: date,
) -> None:
    """Post one visit or call for the member and position of `seat`, on the day on which it was done.

    Nothing where it is neither, where the member held no position that day, and where the company lacks the metric.
    """
    member_id, position_id = seat
    if kind not in COUNTED_BY or position_id is None:
        return
    for metric in await metrics_by_key(transaction, [COUNTED_BY[kind]]):
        posting = Posting(
            metric_id=metric["id"],
            amount=1,
            currency=None,
            business_date=done_on,
            source=EntrySource.ACTIVITY,
            source_key=_key(activity_id),
            idempotency_key=_key(activity_id),
            credits=(Credit(position_id, Fraction(1), member_id=member_id),),
            customer_id=subjects.customer_id,
            opportunity_id=subjects.opportunity_id,
        )
        await append(transaction, company, [posting])


async def uncount(transaction: Transaction, company: CompanyFacts, activity_id: int) -> None:
    """Reverse what is left of what the activity has posted: what somebody reversed by hand is not taken back twice."""
    rows = await transaction.fetch(
        "SELECT entry.id FROM achievement_entry AS entry WHERE entry.company_id = $1 AND entry.idempotency_key = $2"
        " AND entry.source = 'activity' AND entry.amount > -coalesce((SELECT sum(amount) FROM achievement_entry"
        " WHERE company_id = $1 AND reverses_id = entry.id), 0)",
        transaction.company_id,
        f"{_key(activity_id)}#0",
    )
    reversals = [
        Reversal(
            entry_id=row["id"],
            amount=None,
            idempotency_key=f"{_key(activity_id)}:cancelled",
            source_key=_key(activity_id),
            source=EntrySource.ACTIVITY,
        )
        for row in rows
    ]
    if reversals:
        await reverse(transaction, company, reversals)


def _key(activity_id: int) -> str:
    return f"activity:{activity_id}"
