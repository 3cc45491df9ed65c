"""Carrying over into a later plan what was not done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from quotaloom.action_plans.commands import refuse_too_many
from quotaloom.action_plans.facts import ItemState, NewItem, PlanState, Step
from quotaloom.action_plans.items import require_room
from quotaloom.action_plans.linking import refinable, still_known
from quotaloom.action_plans.moving import moved_days
from quotaloom.action_plans.storing import (
    StoredItem,
    StoredPlan,
    hold_items,
    hold_own_plan,
    insert_items,
    keep_entry,
    require_changeable,
    unknown_item,
    update_row,
)
from quotaloom.calendars.periods import Period
from quotaloom.ownership.permission import require_seller
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work


async def carry_over_items(work: Work, plan_id: int, item_ids: Sequence[int]) -> list[int]:
    """Carry items of earlier plans, closed ones too, over into a later one of the same member; the ids of the new ones.

    Each goes on as an item that names the one it came from, in the days of the plan that correspond to its own; the
    activity that is to fulfil it goes along. Needs the plan's member, an admin, or a service with `funnels:write`.
    Raises `NotFound`, `AccessDenied`, and `InputError` NO_ITEMS, TWICE, TOO_MANY_ITEMS, CLOSED, SUBMITTED, NOT_PLANNED
    for what is not open, NOT_EARLIER for what is of no earlier plan.
    """
    require_seller(work.viewer, "carrying items over")
    if not item_ids:
        raise InputError("NO_ITEMS", "name 1 item or more", ("itemIds",))
    refuse_too_many(len(item_ids), ("itemIds",))
    for number, item_id in enumerate(item_ids):
        if item_id in item_ids[:number]:
            raise InputError("TWICE", "each item is named once", ("itemIds", number))

    async def apply(transaction: Transaction) -> list[int]:
        to = await hold_own_plan(transaction, work, plan_id, path=("planId",))
        require_changeable(to, ("planId",))
        await require_room(transaction, to, len(item_ids))
        carried: list[tuple[StoredPlan, StoredItem]] = []
        sources = await _sources(transaction, work, item_ids, to)
        for number, item_id in enumerate(item_ids):
            source, stored = sources[item_id]
            if not stored.open:
                raise InputError("NOT_PLANNED", "this item is not open any more", ("itemIds", number))
            if source.starts_on >= to.starts_on:
                raise InputError("NOT_EARLIER", "this item is not of an earlier plan", ("itemIds", number))
            carried.append((source, stored))
        ids = await carry(transaction, work, carried, to.id, to.part_of_id, to.days)
        await update_row(transaction, "action_plan", to.id, {})
        if to.state is PlanState.AGREED:
            for new_id, item_id in zip(ids, item_ids, strict=True):
                after = {"carried_from_id": item_id}
                await keep_entry(transaction, to.id, Step.ITEM_ADDED, item_id=new_id, after=after)
        return ids

    return await work.write(apply)


async def _sources(
    transaction: Transaction, work: Work, item_ids: Sequence[int], to: StoredPlan
) -> dict[int, tuple[StoredPlan, StoredItem]]:
    """Each item with its plan, both held; raises `NotFound` for what is no item of the member of `to`."""
    rows = await transaction.fetch(
        "SELECT item.id, item.action_plan_id FROM action_item AS item JOIN action_plan AS plan"
        " ON plan.company_id = item.company_id AND plan.id = item.action_plan_id"
        " WHERE item.company_id = $1 AND item.id = ANY ($2::bigint[]) AND plan.member_id = $3",
        transaction.company_id,
        list(item_ids),
        to.member_id,
    )
    plan_of = {row["id"]: row["action_plan_id"] for row in rows}
    for number, item_id in enumerate(item_ids):
        if item_id not in plan_of:
            raise unknown_item(("itemIds", number))
    found: dict[int, tuple[StoredPlan, StoredItem]] = {}
    for source_id in sorted(set(plan_of.values())):
        source = to if source_id == to.id else await hold_own_plan(transaction, work, source_id)
        for stored in await hold_items(transaction, source.id, [one for one in item_ids if plan_of[one] == source_id]):
            found[stored.id] = (source, stored)
    for number, item_id in enumerate(item_ids):
        if item_id not in found:
            raise unknown_item(("itemIds", number))  # removed since we looked
        if found[item_id][0].state is PlanState.SUBMITTED:
            message = "the plan of this item is submitted: take it back with returnActionPlan first"
            raise InputError("SUBMITTED", message, ("itemIds", number))
    return found


async def carry(
    transaction: Transaction,
    work: Work,
    carried: Sequence[tuple[StoredPlan, StoredItem]],
    plan_id: int,
    part_of_id: int | None,
    days: Period,
) -> list[int]:
    """Carry held items over into a plan with these days; the ids of the new ones, in order. Audited and published."""
    for source, stored in carried:
        # The activity is let go first: it fulfils one item at a time.
        await update_row(transaction, "action_item", stored.id, {"state": ItemState.CARRIED.value, "activity_id": None})
        if source.state is PlanState.AGREED:
            await keep_entry(transaction, source.id, Step.ITEM_CARRIED, item_id=stored.id)
    copies = await copied_items(transaction, work, carried, part_of_id, days)
    new = [
        replace(copy, carried_from_id=stored.id, activity_id=stored.item.activity_id)
        for copy, (_, stored) in zip(copies, carried, strict=True)
    ]
    ids = await insert_items(transaction, plan_id, new)
    for new_id, (source, stored) in zip(ids, carried, strict=True):
        after = {"plan": plan_id, "item": new_id}
        transaction.record("action_item.carry_over", "ActionItem", stored.id, before={"plan": source.id}, after=after)
    if ids:
        transaction.publish("action_items.carried_over", plan=plan_id, ids=ids)
    return ids


async def copied_items(
    transaction: Transaction,
    work: Work,
    items: Sequence[tuple[StoredPlan, StoredItem]],
    part_of_id: int | None,
    days: Period,
) -> list[NewItem]:
    """The items in a plan with these days; for nothing by name where the viewer works on the record no more.

    They refine what they refined where it is of a longer plan that the new one belongs to as well. Without activities.
    """
    subjects = await still_known(transaction, work, [stored.item.subjects for _, stored in items])
    refined = [stored.item.refines_id for _, stored in items if stored.item.refines_id is not None]
    above = await refinable(transaction, part_of_id, refined) if refined else {}
    copies = []
    for (source, stored), known in zip(items, subjects, strict=True):
        item = stored.item
        assert item.starts_on is not None
        assert item.ends_on is not None
        starts_on, ends_on = moved_days(item.starts_on, item.ends_on, source.days, days)
        refines_id = item.refines_id if above.get(item.refines_id or 0, "cancelled") != "cancelled" else None
        copies.append(
            replace(
                item,
                subjects=known,
                starts_on=starts_on,
                ends_on=ends_on,
                activity_id=None,
                refines_id=refines_id,
                carried_from_id=None,
            )
        )
    return copies
