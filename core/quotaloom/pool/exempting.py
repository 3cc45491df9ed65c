"""Keeping records exempt: they are never recycled."""

from __future__ import annotations

from collections.abc import Sequence

from quotaloom.ownership.owners import RecordName
from quotaloom.platform.errors import AccessDenied, InputError
from quotaloom.platform.texts import checked_reason
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.pool.moving import OBJECT_TYPES, check_named, hold_named, ids_by_kind, refuse_unseen
from quotaloom.pool.permission import pool_reach, require_mover


async def exempt_records(work: Work, records: Sequence[RecordName], reason: str | None, *, exempt: bool = True) -> None:
    """Keep records from being recycled, whoever holds them, or let the rules have them again; all or none.

    Admins do it, services with `pool:write`, and the admins of the records' pools. Raises `InputError` REASON_NEEDED
    for an exemption without one, `NotFound` for records that the viewer cannot see, `AccessDenied` for others.
    """
    require_mover(work.viewer, "exempting records")
    check_named(records)
    why = checked_reason(reason)
    if exempt and why is None:
        raise InputError("REASON_NEEDED", "an exemption needs a reason", ("reason",))

    async def apply(transaction: Transaction) -> None:
        held = await hold_named(transaction, records)
        reach = await pool_reach(transaction, work.viewer, work.today)
        refuse_unseen(records, held, reach.sees)
        if not all(reach.manages(one.owner.pool_id) for one in held.values()):
            raise AccessDenied("exempting records needs an admin, of the company or of their pool")
        await transaction.execute(
            "UPDATE ownership SET exempt = $3, exempt_reason = $4, version = version + 1"
            " WHERE company_id = $1 AND id = ANY ($2::bigint[])",
            transaction.company_id,
            [one.id for one in held.values()],
            exempt,
            why if exempt else None,
        )
        ids = ids_by_kind(records)
        for record, one in held.items():
            before, after = {"exempt": one.exempt}, {"exempt": exempt}
            transaction.record(
                "records.exempt", OBJECT_TYPES[record.kind], record.id, before=before, after=after, reason=why
            )
        transaction.publish(
            "records.exempted",
            exempt=exempt,
            leads=ids["leads"],
            customers=ids["customers"],
            opportunities=ids["opportunities"],
        )

    await work.write(apply)
