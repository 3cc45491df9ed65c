"""What all movements have in common: named records, one answer for each, and one place that writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from quotaloom.funnels.naming import may_be_id
from quotaloom.ownership.ledger import Handing, hand_over, hold_all
from quotaloom.ownership.owners import OwnedRecord, Owner, RecordKind, RecordName
from quotaloom.ownership.rules import Refusal
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.refusals import raise_all
from quotaloom.platform.unit_of_work import Transaction

MOST_RECORDS = 1000
"""How many records one call may name."""

RECORDS = "recordIds"
"""The field of the input that names them."""

OBJECT_TYPES = {kind: kind.value.title() for kind in RecordKind}
"""What the audit log calls them."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a record: it changed hands, or why it did not."""

    record: RecordName
    refusal: Refusal | None = None


def check_named(records: Sequence[RecordName]) -> None:
    """Raise `InputError` BAD_COUNT for no record and for too many, NAMED_TWICE for one that is named twice."""
    if not 1 <= len(records) <= MOST_RECORDS:
        raise InputError("BAD_COUNT", f"name 1 to {MOST_RECORDS} records, not {len(records)}", (RECORDS,))
    seen: set[RecordName] = set()
    for number, record in enumerate(records):
        if record in seen:
            raise InputError("NAMED_TWICE", "this record is named twice", (RECORDS, number))
        seen.add(record)


async def hold_named(transaction: Transaction, records: Iterable[RecordName]) -> dict[RecordName, OwnedRecord]:
    """Those of the records that are there, held until the transaction ends."""
    held = await hold_all(transaction, [record for record in records if may_be_id(record.id)])
    return {RecordName(one.kind, one.record_id): one for one in held}


def refuse_unseen(
    records: Sequence[RecordName], held: Mapping[RecordName, OwnedRecord], seen: Callable[[Owner], bool]
) -> None:
    """Raise `NotFound` for every record that does not exist or that the viewer may not see."""
    raise_all(
        [
            NotFound("NOT_FOUND", "there is no such record that you can see", (RECORDS, number))
            for number, record in enumerate(records)
            if record not in held or not seen(held[record].owner)
        ]
    )


async def move(transaction: Transaction, handings: Sequence[Handing], today: date) -> None:
    """Let records change hands by one movement: state, ledger, an audit entry for each, and one event."""
    if not handings:
        return
    await hand_over(transaction, handings, today)
    records = [RecordName(one.record.kind, one.record.record_id) for one in handings]
    for record, one in zip(records, handings, strict=True):
        after = {**asdict(one.to), "decided_by": one.decided_by, "override": one.override}
        transaction.record(
            f"records.{one.movement}",
            OBJECT_TYPES[record.kind],
            record.id,
            before=asdict(one.record.owner),
            after=after,
            reason=one.reason,
        )
    ids = ids_by_kind(records)
    transaction.publish(
        "records.moved",
        movement=handings[0].movement.value,
        leads=ids["leads"],
        customers=ids["customers"],
        opportunities=ids["opportunities"],
    )


def ids_by_kind(records: Iterable[RecordName]) -> dict[str, list[int]]:
    """The ids of records, as audit entries and events tell them."""
    ids: dict[RecordKind, list[int]] = {kind: [] for kind in RecordKind}
    for record in records:
        ids[record.kind].append(record.id)
    return {
        "leads": ids[RecordKind.LEAD],
        "customers": ids[RecordKind.CUSTOMER],
        "opportunities": ids[RecordKind.OPPORTUNITY],
    }
