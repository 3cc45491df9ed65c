"""Opportunities: creating, changing and handing over; their stages change in `stage_changes`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any

import orjson

from quotaloom.funnels.batches import without_row
from quotaloom.funnels.deal_lines import amount_of_lines, replace_lines
from quotaloom.funnels.deals import NewOpportunity, OpportunityRow, check_close, check_deal, completed
from quotaloom.funnels.funnel_units import require_funnels
from quotaloom.funnels.naming import may_be_id
from quotaloom.funnels.opening import require_opening
from quotaloom.funnels.opportunity_batches import insert_opportunities
from quotaloom.funnels.reach import require_customer, require_splits
from quotaloom.funnels.references import load_references
from quotaloom.funnels.splits import insert_splits
from quotaloom.funnels.stages import Outcome
from quotaloom.funnels.stored_deals import StoredDeal, hold_deal
from quotaloom.ownership.holding_caps import lock_holder, require_caps_kept
from quotaloom.ownership.ledger import Handing, hand_over, hold_records
from quotaloom.ownership.owners import Movement, OwnedRecord, RecordKind
from quotaloom.ownership.permission import require_position, require_seller, unknown
from quotaloom.platform.errors import InputError
from quotaloom.platform.texts import checked_reason
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

CHANGEABLE = frozenset(field.name for field in fields(NewOpportunity)) - {
    "key",
    "funnel_id",
    "stage_id",
    "position_id",
}
"""The fields of `NewOpportunity` that `update_opportunity` takes; stage and position have commands of their own."""

POSTED = frozenset({"amount", "currency", "amount_estimated", "splits", "customer_id", "product_id", "lines"})
"""Fields that a win has written to the ledger: they wait until the deal is reopened."""


async def create_opportunity(work: Work, deal: NewOpportunity) -> int:
    """Create an opportunity in an open stage; returns its id.

    Needs an admin, a service with `funnels:write`, the holder of the position, or whoever heads a unit above
    it today. Raises `NotFound` for ids that name nothing the viewer may name: customers with deals that are none
    of his, shares of positions that are none of his. `InputError` for bad values, a key that is taken, shares that do
    not fit, and a stage that is won or lost, or behind one that asks for something, which takes a head.
    """
    require_seller(work.viewer, "creating an opportunity")

    async def apply(transaction: Transaction) -> int:
        await require_position(transaction, work.viewer, work.today, deal.position_id)
        await require_customer(transaction, work, deal.customer_id, ("customerId",))
        await require_splits(transaction, work, deal.position_id, deal.splits)
        await require_opening(transaction, work, deal)
        with without_row():
            inserted = await insert_opportunities(transaction, work.company, [OpportunityRow(deal)])
        if not inserted.created[0]:
            raise InputError("KEY_TAKEN", f"the key {deal.key!r} is taken: choose another one", ("key",))
        return inserted.ids[0]

    return await work.write(apply)


async def update_opportunity(
    work: Work, opportunity_id: int, changes: Mapping[str, Any], expected_version: int | None = None
) -> None:
    """Change a deal; `changes` holds fields of `NewOpportunity` named in `CHANGEABLE`.

    A new amount is no estimate unless it is said to be one; new lines that have amounts bring their own. What a win has
    posted (amount, currency, splits, customer, product, lines) cannot change before the deal is reopened. Access as for
    `create_opportunity`. Raises `NotFound`, `Conflict` where the version is another, `InputError` for bad values.
    """
    require_seller(work.viewer, "changing an opportunity")
    for name in changes.keys() - CHANGEABLE:
        raise InputError("UNKNOWN_FIELD", f"{name} cannot be changed; {', '.join(sorted(CHANGEABLE))} can", (name,))
    total = amount_of_lines(changes.get("lines", ()))
    if total is not None:
        changes = {"amount": total, **changes}
    if "amount" in changes:
        changes = {"amount_estimated": False, **changes}

    async def apply(transaction: Transaction) -> None:
        stored = await hold_deal(transaction, work, opportunity_id, expected_version)
        if stored.outcome is Outcome.WON and changes.keys() & POSTED:
            raise InputError("CLOSED", "this deal is won and its revenue posted: reopen it first", ("id",))
        before = _as_given(stored)
        after = completed(replace(before, **changes))
        check_deal(after)
        if after.customer_id != before.customer_id:
            await require_customer(transaction, work, after.customer_id, ("customerId",))
        if "splits" in changes:
            await require_splits(transaction, work, stored.position_id, after.splits, before.splits)
        if stored.closed_on is not None:
            check_close(after.opened_on, stored.closed_on, ("openedOn",))
        await _store(transaction, work, stored, after)
        transaction.record("opportunity.update", "Opportunity", stored.id, before=asdict(before), after=asdict(after))
        transaction.publish("opportunity.updated", id=stored.id)

    await work.write(apply)


def _as_given(deal: StoredDeal) -> NewOpportunity:
    return NewOpportunity(**{field.name: getattr(deal, field.name) for field in fields(NewOpportunity)})


async def _store(transaction: Transaction, work: Work, stored: StoredDeal, after: NewOpportunity) -> None:
    row = OpportunityRow(after, closed_on=stored.closed_on)
    references = await load_references(transaction, [row], work.today)
    references.check(row)
    splits = references.name_members(after.splits, stored.closed_on or work.today)
    await transaction.execute(
        "UPDATE opportunity SET name = $3, customer_id = $4, product_id = $5, amount = $6, currency = $7,"
        " amount_estimated = $8, opened_on = $9, expected_close_on = $10, competitors = $11::text::jsonb,"
        " next_step = $12, next_step_on = $13, source = $14, forecast = $15, version = version + 1"
        " WHERE company_id = $1 AND id = $2",
        transaction.company_id,
        stored.id,
        (after.name or stored.key).strip(),
        after.customer_id,
        after.product_id,
        after.amount,
        after.currency or work.company.currency,
        after.amount_estimated,
        after.opened_on,
        after.expected_close_on,
        orjson.dumps(list(after.competitors)).decode(),
        after.next_step,
        after.next_step_on,
        after.source,
        after.forecast.value,
    )
    if tuple(after.lines) != stored.lines:
        await replace_lines(transaction, stored.id, after.lines)
    if splits != stored.splits:
        await transaction.execute(
            "DELETE FROM opportunity_split WHERE company_id = $1 AND opportunity_id = $2",
            transaction.company_id,
            stored.id,
        )
        await insert_splits(transaction, [(stored.id, splits)])


async def transfer_opportunity(
    work: Work,
    opportunity_id: int,
    position_id: int,
    reason: str | None = None,
    expected_version: int | None = None,
) -> None:
    """Hand an open deal over to another position; it keeps its stage, and its splits where it has any.

    A deal that belongs to a pool still does. The viewer must be allowed to write the deals of both positions. Raises
    `NotFound`, `Conflict`, and `InputError` for a won or lost deal, one that waits in a pool, for the position that
    has it already, for one that the deal's funnel is not for, and where its holder has too many by a cap.
    """
    require_seller(work.viewer, "transferring an opportunity")
    reason = checked_reason(reason)

    async def apply(transaction: Transaction) -> None:
        await require_position(transaction, work.viewer, work.today, position_id)
        await lock_holder(transaction, position_id if may_be_id(position_id) else 0, work.today)
        held = await _hold_ownership(transaction, opportunity_id)
        deal = await hold_deal(transaction, work, opportunity_id, expected_version)
        if held is None:
            raise unknown("opportunity", opportunity_id, ("id",))
        deal.require_open()
        if position_id == deal.position_id:
            raise InputError("NO_CHANGE", "the deal is this position's already", ("positionId",))
        row = OpportunityRow(NewOpportunity(deal.funnel_id, position_id))
        references = await load_references(transaction, [row], work.today)
        if position_id not in references.positions:
            raise unknown("position", position_id, ("positionId",))
        with without_row():
            await require_funnels(transaction, [row.deal], work.today, at="positionId")
        owner = replace(
            held.owner, position_id=position_id, member_id=references.holders.get((position_id, work.today))
        )
        await hand_over(transaction, [Handing(held, owner, Movement.TRANSFER, reason)], work.today)
        await require_caps_kept(transaction, RecordKind.OPPORTUNITY, {deal.id: ("positionId",)})
        before, after = {"position_id": deal.position_id}, {"position_id": position_id}
        transaction.record("opportunity.transfer", "Opportunity", deal.id, before=before, after=after, reason=reason)
        transaction.publish("opportunity.transferred", id=deal.id)

    await work.write(apply)


async def _hold_ownership(transaction: Transaction, opportunity_id: int) -> OwnedRecord | None:
    """Whose the deal is, held before the deal itself: all who move records take them in this order."""
    ids = [opportunity_id] if may_be_id(opportunity_id) else []
    held = await hold_records(transaction, RecordKind.OPPORTUNITY, ids)
    return held.get(opportunity_id)
