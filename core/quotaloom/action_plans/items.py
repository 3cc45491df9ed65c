"""Adding, changing and removing items of action plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

from quotaloom.action_plans.commands import refuse_too_many
from quotaloom.action_plans.facts import ItemState, NewItem, PlanState, Step, checked_amount, checked_item
from quotaloom.action_plans.linking import check_activities, check_refined, known_subjects, linked
from quotaloom.action_plans.storing import (
    StoredItem,
    StoredPlan,
    hold_item,
    hold_own_plan,
    insert_items,
    item_columns,
    keep_entry,
    require_changeable,
    require_open,
    update_row,
)
from quotaloom.ownership.permission import require_seller
from quotaloom.platform.errors import InputError, Path
from quotaloom.platform.texts import checked_text
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

OUTCOME: Final = frozenset({"result", "spent"})
"""What `update_item` takes of an item that is done."""

SUBJECTS: Final = frozenset({"lead_id", "customer_id", "opportunity_id"})
"""The records that an item is for; another deal brings its customer along."""

CHANGEABLE: Final = (
    OUTCOME
    | SUBJECTS
    | {
        *("kind", "matter", "starts_on", "ends_on", "place", "materials", "budget", "activity_id", "refines_id"),
    }
)
"""What `update_item` takes of one that is to be done."""


async def add_items(work: Work, plan_id: int, new: Sequence[NewItem], expected_version: int | None = None) -> list[int]:
    """Add items to a plan; their ids, in order. To an agreed plan they are added visibly: its history keeps them.

    Raises as `create_plan`, `Conflict`, `InputError` NO_ITEMS, CLOSED, SUBMITTED.
    """
    require_seller(work.viewer, "adding to an action plan")
    if not new:
        raise InputError("NO_ITEMS", "name 1 item or more", ("items",))
    refuse_too_many(len(new), ("items",))
    paths: list[Path] = [("items", number) for number in range(len(new))]

    async def apply(transaction: Transaction) -> list[int]:
        plan = await hold_own_plan(transaction, work, plan_id, expected_version, ("planId",))
        require_changeable(plan, ("planId",))
        await require_room(transaction, plan, len(new))
        checked = [checked_item(item, plan.days, path) for item, path in zip(new, paths, strict=True)]
        ready = await linked(transaction, work, plan.member_id, plan.part_of_id, checked, paths)
        ids = await insert_items(transaction, plan.id, ready)
        await update_row(transaction, "action_plan", plan.id, {})
        for item_id, item in zip(ids, ready, strict=True):
            if plan.state is PlanState.AGREED:
                await keep_entry(transaction, plan.id, Step.ITEM_ADDED, item_id=item_id, after=item_columns(item))
            transaction.record("action_item.add", "ActionItem", item_id, after={"plan": plan.id, **asdict(item)})
        transaction.publish("action_items.added", plan=plan.id, ids=ids)
        return ids

    return await work.write(apply)


async def require_room(transaction: Transaction, plan: StoredPlan, number: int) -> None:
    """Raise `InputError` TOO_MANY_ITEMS where a plan has no room for so many more."""
    row = await transaction.fetch_one(
        "SELECT count(*) AS number FROM action_item WHERE company_id = $1 AND action_plan_id = $2",
        transaction.company_id,
        plan.id,
    )
    assert row is not None
    refuse_too_many(row["number"] + number, ("planId",))


async def update_item(
    work: Work, item_id: int, changes: Mapping[str, Any], expected_version: int | None = None
) -> None:
    """Change what is told of an item; `changes` holds names of `CHANGEABLE`.

    Of one that is done only `OUTCOME` changes. Once its plan is agreed on, what was there before is kept in the plan's
    history. Raises as `add_items`, and `InputError` UNKNOWN_FIELD, NOT_PLANNED.
    """
    require_seller(work.viewer, "changing an item of an action plan")
    for name in changes.keys() - CHANGEABLE:
        raise InputError("UNKNOWN_FIELD", f"{name} cannot be changed; {', '.join(sorted(CHANGEABLE))} can", (name,))
    outcome = checked_outcome({name: value for name, value in changes.items() if name in OUTCOME})
    planned = {name: value for name, value in changes.items() if name not in OUTCOME}

    async def apply(transaction: Transaction) -> None:
        plan, stored = await hold_item(transaction, work, item_id, expected_version)
        require_open(plan) if not planned else require_changeable(plan)
        _require_changeable(stored, outcome_alone=not planned)
        columns = {**(await _changed(transaction, work, plan, stored, planned) if planned else {}), **outcome}
        before = {name: value for name, value in _told(stored).items() if name in columns}
        await update_row(transaction, "action_item", stored.id, columns)
        if plan.state is PlanState.AGREED and before != columns:
            await keep_entry(transaction, plan.id, Step.ITEM_CHANGED, item_id=stored.id, before=before, after=columns)
        transaction.record("action_item.change", "ActionItem", stored.id, before=before, after=columns)
        transaction.publish("action_item.changed", id=stored.id, plan=plan.id)

    await work.write(apply)


def checked_outcome(given: Mapping[str, Any]) -> dict[str, Any]:
    """What came of an item, by column; raises `InputError` TOO_LONG, BAD_TEXT, NEGATIVE_AMOUNT, TOO_LARGE."""
    columns: dict[str, Any] = {}
    if "result" in given:
        columns["result"] = checked_text(given["result"], ("result",), "a result")
    if "spent" in given:
        columns["spent"] = checked_amount(given["spent"], ("spent",), "what was spent")
    return columns


def _require_changeable(stored: StoredItem, *, outcome_alone: bool) -> None:
    if stored.open or (outcome_alone and stored.done):
        return
    state = ItemState.DONE if stored.done else stored.state
    raise InputError("NOT_PLANNED", f"this item is {state}: that needs one that is still to be done", ("id",))


def _told(stored: StoredItem) -> dict[str, Any]:
    return {**item_columns(stored.item), "result": stored.result, "spent": stored.spent}


async def _changed(
    transaction: Transaction, work: Work, plan: StoredPlan, stored: StoredItem, changes: Mapping[str, Any]
) -> dict[str, Any]:
    """What is stored of an item once `changes` are made, by column; what stays is not asked for again."""
    named = {name: value for name, value in changes.items() if name in SUBJECTS}
    if named.get("opportunity_id") is not None:
        named.setdefault("customer_id", None)
    told = {name: value for name, value in changes.items() if name not in SUBJECTS}
    given = replace(stored.item, **told, subjects=replace(stored.item.subjects, **named))
    item = checked_item(given, plan.days)
    if item.subjects != stored.item.subjects:
        (subjects,) = await known_subjects(transaction, work, [(item.subjects, ())])
        item = replace(item, subjects=subjects)
    if any(getattr(item, name) != getattr(stored.item, name) for name in ("activity_id", "kind", "subjects")):
        await check_activities(transaction, plan.member_id, [item], [()], stored.id)
    if item.refines_id != stored.item.refines_id:
        await check_refined(transaction, plan.part_of_id, [item], [()])
    before, after = item_columns(stored.item), item_columns(item)
    return {name: value for name, value in after.items() if value != before[name]}


async def remove_item(work: Work, item_id: int, expected_version: int | None = None) -> int:
    """Remove an item from a draft that nothing refines; returns the id of its plan.

    Raises `NotFound`, `AccessDenied`, `Conflict`, and `InputError` CLOSED, SUBMITTED, AGREED for a plan that was agreed
    on, whose items are cancelled with a reason, REFINED, CARRIED for one that came from an earlier plan.
    """
    require_seller(work.viewer, "removing an item of an action plan")

    async def apply(transaction: Transaction) -> int:
        plan, stored = await hold_item(transaction, work, item_id, expected_version)
        require_changeable(plan)
        if plan.state is PlanState.AGREED:
            raise InputError("AGREED", "this plan was agreed on: cancel the item with a reason", ("id",))
        if stored.item.carried_from_id is not None or stored.state is ItemState.CARRIED:
            raise InputError("CARRIED", "this item was carried over: cancel it with a reason", ("id",))
        refining = await transaction.fetch_one(
            "SELECT FROM action_item WHERE company_id = $1 AND refines_id = $2", transaction.company_id, stored.id
        )
        if refining is not None:
            raise InputError("REFINED", "items of shorter plans refine this one: cancel it with a reason", ("id",))
        await transaction.execute(
            "DELETE FROM action_item WHERE company_id = $1 AND id = $2", transaction.company_id, stored.id
        )
        await update_row(transaction, "action_plan", plan.id, {})
        before = {"plan": plan.id, **asdict(stored.item)}
        transaction.record("action_item.remove", "ActionItem", stored.id, before=before)
        transaction.publish("action_item.removed", id=stored.id, plan=plan.id)
        return plan.id

    return await work.write(apply)
