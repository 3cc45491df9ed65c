"""From a draft to what was agreed on, and to its end."""

from __future__ import annotations

from typing import Any

from quotaloom.action_plans.facts import PlanState, Step
from quotaloom.action_plans.rights import PlanRights
from quotaloom.action_plans.storing import (
    StoredPlan,
    hold_own_plan,
    hold_plan,
    keep_entry,
    load_rights,
    require_open,
    update_row,
)
from quotaloom.action_plans.telling import tell_head, tell_member
from quotaloom.ownership.permission import require_seller
from quotaloom.platform.errors import AccessDenied, InputError
from quotaloom.platform.texts import checked_reason, checked_text
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work


async def submit_plan(work: Work, plan_id: int, expected_version: int | None = None) -> None:
    """Hand a draft to whoever heads the unit above, who is told; meanwhile its items stay as they are.

    Needs the plan's member, an admin, or a service with `funnels:write`. Raises `NotFound`, `AccessDenied`, `Conflict`,
    and `InputError` CLOSED, NOT_A_DRAFT, NO_ITEMS for a plan in which nothing is planned.
    """
    require_seller(work.viewer, "submitting an action plan")

    async def apply(transaction: Transaction) -> None:
        plan = await hold_own_plan(transaction, work, plan_id, expected_version)
        _require(plan, PlanState.DRAFT, "NOT_A_DRAFT", "a draft")
        planned = await transaction.fetch_one(
            "SELECT FROM action_item WHERE company_id = $1 AND action_plan_id = $2 AND state <> 'cancelled' LIMIT 1",
            transaction.company_id,
            plan.id,
        )
        if planned is None:
            raise InputError("NO_ITEMS", "nothing is planned yet: add items first", ("id",))
        columns = {"state": PlanState.SUBMITTED.value, "submitted_at": transaction.now}
        await _step(transaction, plan, Step.SUBMITTED, columns)
        await tell_head(transaction, work, plan, "action_plan.submitted")
        transaction.publish("action_plan.submitted", id=plan.id)

    await work.write(apply)


async def agree_to_plan(
    work: Work, plan_id: int, comment: str | None = None, expected_version: int | None = None
) -> None:
    """Agree to a plan that was submitted: whoever heads a unit above, or an admin, and nobody to his own.

    From then on its changes are kept in its history. Raises `NotFound`, `AccessDenied`, `Conflict`, `InputError`
    CLOSED, NOT_SUBMITTED.
    """
    said = checked_text(comment, ("comment",), "a comment")

    async def apply(transaction: Transaction) -> None:
        rights = await load_rights(transaction, work)
        plan = await hold_plan(transaction, rights, plan_id, expected_version)
        if not rights.judges(plan.member_id, plan.unit_id):
            raise AccessDenied("an action plan is agreed to by whoever heads a unit above, or an admin; not one's own")
        _require(plan, PlanState.SUBMITTED, "NOT_SUBMITTED", "one that was submitted")
        columns = {
            "state": PlanState.AGREED.value,
            "agreed_at": transaction.now,
            "agreed_by": transaction.writer.subject,
        }
        await _step(transaction, plan, Step.AGREED, columns, said)
        await tell_member(transaction, work, plan, "action_plan.agreed")
        transaction.publish("action_plan.agreed", id=plan.id)

    await work.write(apply)


async def return_plan(work: Work, plan_id: int, reason: str | None = None, expected_version: int | None = None) -> None:
    """Let a plan that was submitted be a draft again: whoever may agree to it says why; its member takes it back.

    Raises `NotFound`, `AccessDenied`, `Conflict`, `InputError` CLOSED, NOT_SUBMITTED, NO_REASON.
    """
    why = checked_reason(reason)

    async def apply(transaction: Transaction) -> None:
        rights = await load_rights(transaction, work)
        plan = await hold_plan(transaction, rights, plan_id, expected_version)
        _require_may_return(rights, plan)
        _require(plan, PlanState.SUBMITTED, "NOT_SUBMITTED", "one that was submitted")
        if why is None and not rights.is_own(plan.member_id):
            raise InputError("NO_REASON", "say what is to be changed", ("reason",))
        await _step(transaction, plan, Step.RETURNED, {"state": PlanState.DRAFT.value, "submitted_at": None}, why)
        await tell_member(transaction, work, plan, "action_plan.returned", reason=why or "")
        transaction.publish("action_plan.returned", id=plan.id)

    await work.write(apply)


def _require_may_return(rights: PlanRights, plan: StoredPlan) -> None:
    if not (rights.edits(plan.member_id) or rights.judges(plan.member_id, plan.unit_id)):
        raise AccessDenied("an action plan is returned by whoever heads a unit above, or taken back by its member")


async def close_plan(work: Work, plan_id: int, result: str | None, expected_version: int | None = None) -> None:
    """End a plan with what came of it, in words; what is open stays open, and can be carried over.

    Needs the plan's member, an admin, or a service with `funnels:write`, whether it was agreed on or not. Raises
    `NotFound`, `AccessDenied`, `Conflict`, `InputError` CLOSED, NO_RESULT.
    """
    require_seller(work.viewer, "closing an action plan")
    said = checked_text(result, ("result",), "a result")
    if said is None:
        raise InputError("NO_RESULT", "say what came of the plan", ("result",))

    async def apply(transaction: Transaction) -> None:
        plan = await hold_own_plan(transaction, work, plan_id, expected_version)
        require_open(plan)
        columns = {"state": PlanState.CLOSED.value, "closed_at": transaction.now, "result": said}
        await _step(transaction, plan, Step.CLOSED, columns, said)
        transaction.publish("action_plan.closed", id=plan.id)

    await work.write(apply)


def _require(plan: StoredPlan, state: PlanState, code: str, what: str) -> None:
    require_open(plan)
    if plan.state is not state:
        raise InputError(code, f"this action plan is {plan.state}: that needs {what}", ("id",))


async def _step(
    transaction: Transaction, plan: StoredPlan, step: Step, columns: dict[str, Any], reason: str | None = None
) -> None:
    await update_row(transaction, "action_plan", plan.id, columns)
    await keep_entry(transaction, plan.id, step, reason=reason)
    before = {name: getattr(plan, name, None) for name in columns}
    transaction.record(f"action_plan.{step}", "ActionPlan", plan.id, before=before, after=columns, reason=reason)
