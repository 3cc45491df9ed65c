"""The records that activities are for: who may work on them, and whose they are, held while something is entered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from quotaloom.achievements.posting_facts import storable
from quotaloom.activities.facts import Subjects
from quotaloom.ownership.permission import unknown, worked_positions
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

# By the key of the record, so that each is found by its index.
_HOLD = """
SELECT FROM ownership WHERE company_id = $1 AND (lead_id = ANY ($2::bigint[]) OR customer_id = ANY ($3::bigint[])
    OR opportunity_id = ANY ($4::bigint[])) ORDER BY id FOR UPDATE
"""

# A customer whom nobody holds and who has no deal is everybody's who sells.
_WORKED = """
SELECT 'opportunity' AS kind, deal.position_id,
    $5::bigint[] IS NULL OR coalesce(deal.position_id = ANY ($5), false) AS worked
FROM opportunity AS deal WHERE deal.company_id = $1 AND deal.id = $4
UNION ALL
SELECT 'lead', own.position_id, $5 IS NULL OR coalesce(own.position_id = ANY ($5), false)
FROM lead LEFT JOIN ownership AS own ON own.company_id = lead.company_id AND own.lead_id = lead.id
WHERE lead.company_id = $1 AND lead.id = $2 AND lead.merged_into_id IS NULL
UNION ALL
SELECT 'customer', own.position_id, $5 IS NULL OR coalesce(own.position_id = ANY ($5), false)
    OR EXISTS (SELECT FROM opportunity WHERE company_id = $1 AND customer_id = $3 AND position_id = ANY ($5))
    OR cardinality($5) > 0 AND own.position_id IS NULL AND own.pool_id IS NULL
        AND NOT EXISTS (SELECT FROM opportunity WHERE company_id = $1 AND customer_id = $3)
FROM customer LEFT JOIN ownership AS own ON own.company_id = customer.company_id AND own.customer_id = customer.id
WHERE customer.company_id = $1 AND customer.id = $3 AND customer.merged_into_id IS NULL
"""


@dataclass(frozen=True, slots=True)
class HeldSubjects:
    """What an activity is for, a deal's customer filled in, and the positions that work on it, the deal's first."""

    subjects: Subjects
    position_ids: tuple[int, ...]


async def hold_subjects(transaction: Transaction, work: Work, given: Subjects) -> HeldSubjects:
    """What an activity is entered for; whose it is does not change before the transaction ends.

    A deal's customer is named along with it. Raises `InputError` NO_RECORD where nothing is named, and `NotFound` for a
    record that is not there, that is part of another one by now, or that the viewer does not work on.
    """
    if given == Subjects():
        raise InputError("NO_RECORD", "name the lead, the customer or the deal that it is for", ("opportunityId",))
    subjects = await _with_customer(transaction, given)
    await hold_owners(transaction, subjects)
    rows = await transaction.fetch(
        _WORKED,
        transaction.company_id,
        *(_storable(one) for one in (subjects.lead_id, subjects.customer_id, subjects.opportunity_id)),
        await worked_positions(transaction, work.viewer, work.today),
    )
    worked = {row["kind"] for row in rows if row["worked"]}
    for kind, record_id in named_records(given):
        if kind not in worked:
            raise unknown(kind, record_id, (f"{kind}Id",))
    positions = [row["position_id"] for row in rows if row["position_id"] is not None]
    return HeldSubjects(subjects, tuple(positions))


async def hold_owners(transaction: Transaction, *subjects: Subjects) -> None:
    """Wait for everybody else who moves these records, or enters something for them, in a fixed order."""
    await transaction.fetch(_HOLD, transaction.company_id, *ids_of(subjects))


def ids_of(subjects: Sequence[Subjects]) -> tuple[list[int], list[int], list[int]]:
    """The ids of the leads, customers and opportunities that are named."""
    return (
        storable(one.lead_id for one in subjects if one.lead_id is not None),
        storable(one.customer_id for one in subjects if one.customer_id is not None),
        storable(one.opportunity_id for one in subjects if one.opportunity_id is not None),
    )


async def _with_customer(transaction: Transaction, given: Subjects) -> Subjects:
    if given.customer_id is not None or given.opportunity_id is None:
        return given
    row = await transaction.fetch_one(
        "SELECT customer_id FROM opportunity WHERE company_id = $1 AND id = $2",
        transaction.company_id,
        _storable(given.opportunity_id),
    )
    return given if row is None else replace(given, customer_id=row["customer_id"])


def named_records(given: Subjects) -> list[tuple[str, int]]:
    """The kind and id of each record that is named."""
    named = (("lead", given.lead_id), ("customer", given.customer_id), ("opportunity", given.opportunity_id))
    return [(kind, record_id) for kind, record_id in named if record_id is not None]


def _storable(record_id: int | None) -> int | None:
    return None if record_id is None or not storable([record_id]) else record_id
