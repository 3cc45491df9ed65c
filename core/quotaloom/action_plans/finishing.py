"""What becomes of items: done, cancelled, to be done again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from quotaloom.action_plans.facts import ItemState, PlanState, Step
from quotaloom.action_plans.items import checked_outcome
from quotaloom.action_plans.linking import check_activities
from quotaloom.action_plans.storing import (
    StoredItem,
    StoredPlan,
    hold_item,
    keep_entry,
    require_changeable,
    require_open,
    update_row,
)
from quotaloom.activities.facts import Moment, done_moment
from quotaloom.ownership.permission import require_seller
from quotaloom.platform.errors import InputError
from quotaloom.platform.texts import checked_reason
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work


async def complete_item(
    work: Work,
    item_id: int,
    activity_id: int | None = None,
    done_on: date | None = None,
    result: str | None = None,
    spent: int | None = None,
    expected_version: int | None = None,
) -> None:
    """Say that an item is done: by an activity that is done and fulfils it, or on a day, today if none is given.

    Fulfilled by an activity it is done on that one's day, and open again where the activity is taken back; it has the
    activity's result and cost (in the company's currency), where none are given here. Needs the plan's member, an
    admin, or a service with `funnels:write`. Raises `NotFound`, `AccessDenied`, `Conflict`, and `InputError` CLOSED,
    NOT_PLANNED, ONE_DATE, IN_THE_FUTURE, NOT_DONE for an activity that is only planned, and as `check_activities`.
    """
    require_seller(work.viewer, "completing an item of an action plan")
    given = {"result": result, "spent": spent}
    outcome = checked_outcome({name: value for name, value in given.items() if value is not None})
    if activity_id is not None and done_on is not None:
        raise InputError("ONE_DATE", "an activity has its own day: leave doneOn out", ("doneOn",))
    day, _ = done_moment(work, Moment(on=done_on))

    async def apply(transaction: Transaction) -> None:
        plan, stored = await hold_item(transaction, work, item_id, expected_version)
        require_open(plan)
        _require_open_item(stored)
        columns: dict[str, Any] = dict(outcome)
        if activity_id is None:
            columns |= {"state": ItemState.DONE.value, "done_on": day}
        else:
            await _fulfil(transaction, plan, stored, activity_id)
            columns["activity_id"] = activity_id
        await update_row(transaction, "action_item", stored.id, columns)
        await _keep(transaction, plan, stored, Step.ITEM_DONE, columns)
        transaction.record("action_item.complete", "ActionItem", stored.id, before=asdict(stored), after=columns)
        transaction.publish("action_item.done", id=stored.id, plan=plan.id)

    await work.write(apply)


async def _fulfil(transaction: Transaction, plan: StoredPlan, stored: StoredItem, activity_id: int) -> None:
    item = replace(stored.item, activity_id=activity_id)
    await check_activities(transaction, plan.member_id, [item], [()], stored.id)
    row = await transaction.fetch_one(
        "SELECT state FROM activity WHERE company_id = $1 AND id = $2", transaction.company_id, activity_id
    )
    if row is None or row["state"] != "done":
        message = "this activity is only planned: complete it, or name it as the item's activity with updateActionItem"
        raise InputError("NOT_DONE", message, ("activityId",))


async def reopen_item(work: Work, item_id: int, expected_version: int | None = None) -> None:
    """Take back that an item is done: it is to be done again, and no activity fulfils it.

    Rights and errors as for `complete_item`; `InputError` NOT_DONE for one that is not.
    """
    require_seller(work.viewer, "reopening an item of an action plan")

    async def apply(transaction: Transaction) -> None:
        plan, stored = await hold_item(transaction, work, item_id, expected_version)
        require_open(plan)
        if not stored.done:
            raise InputError("NOT_DONE", "this item is not done", ("id",))
        columns = {"state": ItemState.PLANNED.value, **dict.fromkeys(stored.outcome)}
        await update_row(transaction, "action_item", stored.id, columns)
        await _keep(transaction, plan, stored, Step.ITEM_REOPENED, columns)
        transaction.record("action_item.reopen", "ActionItem", stored.id, before=asdict(stored), after=columns)
        transaction.publish("action_item.reopened", id=stored.id, plan=plan.id)

    await work.write(apply)


async def cancel_item(work: Work, item_id: int, reason: str | None, expected_version: int | None = None) -> None:
    """Cancel an item that will not be done; it stays to be read, and an agreed plan's history keeps why.

    Rights and errors as for `complete_item`; `InputError` NO_REASON, SUBMITTED.
    """
    require_seller(work.viewer, "cancelling an item of an action plan")
    why = checked_reason(reason)
    if why is None:
        raise InputError("NO_REASON", "say why it is not to be done", ("reason",))

    async def apply(transaction: Transaction) -> None:
        plan, stored = await hold_item(transaction, work, item_id, expected_version)
        require_changeable(plan)
        _require_open_item(stored)
        columns = {"state": ItemState.CANCELLED.value, "reason": why, "activity_id": None}
        await update_row(transaction, "action_item", stored.id, columns)
        if plan.state is PlanState.AGREED:
            await keep_entry(transaction, plan.id, Step.ITEM_CANCELLED, item_id=stored.id, reason=why)
        transaction.record("action_item.cancel", "ActionItem", stored.id, before=asdict(stored), reason=why)
        transaction.publish("action_item.cancelled", id=stored.id, plan=plan.id)

    await work.write(apply)


async def _keep(
    transaction: Transaction, plan: StoredPlan, stored: StoredItem, step: Step, columns: Mapping[str, Any]
) -> None:
    """What is said of how an item was done, or taken back, belongs to the history of a plan that was agreed on."""
    if plan.state is PlanState.AGREED:
        after = {name: columns.get(name, value) for name, value in stored.outcome.items()}
        await keep_entry(transaction, plan.id, step, item_id=stored.id, before=stored.outcome, after=after)


def _require_open_item(stored: StoredItem) -> None:
    if not stored.open:
        state = ItemState.DONE if stored.done else stored.state
        raise InputError("NOT_PLANNED", f"this item is {state}: that needs one that is still to be done", ("id",))
