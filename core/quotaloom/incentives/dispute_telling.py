"""Who is told of disputes: whoever decides of what the member says, the member of what others say and decide."""

from __future__ import annotations

from asyncpg import Record

from quotaloom.incentives.deciders import deciders_of
from quotaloom.notifications.telling import Note, notify
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work


async def tell_deciders(transaction: Transaction, work: Work, dispute: Record, topic: str) -> None:
    """Tell those who may decide what the member did: the heads, or the admins where there is no such head."""
    told = await _told(transaction, dispute)
    people = await deciders_of(transaction, dispute, work.today)
    await notify(transaction, [Note(one, topic, told, "Dispute", dispute["id"]) for one in people])


async def tell_member(transaction: Transaction, dispute: Record, topic: str) -> None:
    """Tell the member what somebody else said."""
    told = await _told(transaction, dispute)
    await notify(transaction, [Note(dispute["member_id"], topic, told, "Dispute", dispute["id"])])


async def tell_decided(transaction: Transaction, dispute: Record, status: str, reason: str) -> None:
    """Tell the member how it was decided, and why."""
    told = await _told(transaction, dispute)
    details = {"by": told["by"], "period": told["period"], "reason": reason}
    await notify(transaction, [Note(dispute["member_id"], f"dispute.{status}", details, "Dispute", dispute["id"])])


async def _told(transaction: Transaction, dispute: Record) -> dict[str, str]:
    writer = transaction.writer
    ids = [dispute["member_id"], *([] if writer.member_id is None else [writer.member_id])]
    rows = await transaction.fetch("SELECT id, name FROM member WHERE id = ANY ($1::bigint[])", ids)
    names = {row["id"]: row["name"] for row in rows}
    by = writer.subject if writer.member_id is None else names.get(writer.member_id, writer.subject)
    return {"by": by, "member": names[dispute["member_id"]], "period": dispute["label"]}
