"""A manager decides whether a deal may leave its stage."""

from __future__ import annotations

from quotaloom.funnels.approving import approvable
from quotaloom.funnels.moves import MOVED_AT
from quotaloom.funnels.stored_deals import hold_deal
from quotaloom.ownership.permission import require_seller
from quotaloom.platform.errors import AccessDenied, InputError
from quotaloom.platform.texts import checked_text
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

# Recorded, as moves are, not before the move that brought the deal here: it counts for the deal's present stay.
_DECIDE = f"""
INSERT INTO stage_approval (company_id, at, opportunity_id, stage_id, member_id, actor, decided_on, approved, note)
VALUES ($1, {MOVED_AT.format(deal="$3")}, $3, $4, $5, $6, $7, $8, $9)
"""  # noqa: S608 (constants)


async def decide_stage(
    work: Work,
    opportunity_id: int,
    *,
    approved: bool,
    note: str | None = None,
    expected_version: int | None = None,
) -> None:
    """Approve, or refuse, that an open deal leaves the stage it is in; refusing needs a note.

    The latest decision stands until the deal leaves the stage; when it comes back, a new one is needed. Needs whoever
    heads a unit above the deal's position today, or an admin, and nobody decides about his own deal: `AccessDenied`.
    Raises `NotFound`, `Conflict` where the deal's version is another, `InputError` for a closed deal.
    """
    require_seller(work.viewer, "deciding about the stage of an opportunity")
    note = checked_text(note, ("note",), "a note")
    if not approved and note is None:
        raise InputError("NOTE_NEEDED", "say what is missing, for whoever works on the deal", ("note",))

    async def apply(transaction: Transaction) -> None:
        deal = await hold_deal(transaction, work, opportunity_id, expected_version)
        deal.require_open()
        if deal.id not in await approvable(transaction, work.viewer, [deal.id], work.today):
            raise AccessDenied("this takes a head above the deal's position, or an admin, and nobody approves his own")
        await transaction.execute(
            _DECIDE,
            transaction.company_id,
            transaction.now,
            deal.id,
            deal.stage_id,
            transaction.writer.member_id,
            transaction.writer.subject,
            work.today,
            approved,
            note,
        )
        await transaction.execute(
            "UPDATE opportunity SET version = version + 1 WHERE company_id = $1 AND id = $2",
            transaction.company_id,
            deal.id,
        )
        verb = "approve" if approved else "refuse"
        after = {"stage": deal.stage_name, "approved": approved}
        transaction.record(f"opportunity.{verb}_stage", "Opportunity", deal.id, after=after, reason=note)
        transaction.publish("opportunity.stage_decided", id=deal.id, stage_id=deal.stage_id)

    await work.write(apply)
