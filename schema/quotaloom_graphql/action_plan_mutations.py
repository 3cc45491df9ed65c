"""Mutations of action plans and their items."""

from __future__ import annotations

from typing import Any

import strawberry

from quotaloom.action_plans.carrying import carry_over_items
from quotaloom.action_plans.commands import create_plan, update_plan
from quotaloom.action_plans.commenting import comment_on_plan
from quotaloom.action_plans.copying import PlanCopy, copy_plan
from quotaloom.action_plans.finishing import cancel_item, complete_item, reopen_item
from quotaloom.action_plans.items import add_items, remove_item, update_item
from quotaloom.action_plans.lifecycle import agree_to_plan, close_plan, return_plan, submit_plan
from quotaloom.platform.errors import InputError
from quotaloom.platform.work import Work
from quotaloom_graphql.action_item_loaders import load_items
from quotaloom_graphql.action_items import ActionItem
from quotaloom_graphql.action_plan_inputs import (
    EXPECTED,
    ONCE,
    AddActionItemsInput,
    CompleteActionItemInput,
    CreateActionPlanInput,
    UpdateActionItemInput,
    UpdateActionPlanInput,
    item_changes,
    new_items,
    new_plan,
    own_amount,
    plan_changes,
)
from quotaloom_graphql.action_plan_loaders import load_action_plans
from quotaloom_graphql.action_plans import ActionPlan
from quotaloom_graphql.context import Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id, optional_id
from strawberry_breadth import batch


@strawberry.input(description="An action plan to hand in.")
class SubmitActionPlanInput:
    """A plan."""

    id: strawberry.ID = strawberry.field(description="The action plan, a draft.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="An action plan to agree to.")
class AgreeToActionPlanInput:
    """A plan."""

    id: strawberry.ID = strawberry.field(description="The action plan, which was submitted.")
    comment: str | None = strawberry.field(default=None, description="What you say to it; its history keeps it.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="An action plan to return, or to take back.")
class ReturnActionPlanInput:
    """A plan."""

    id: strawberry.ID = strawberry.field(description="The action plan, which was submitted.")
    reason: str | None = strawberry.field(
        default=None, description="What is to be changed; its member alone need not say it."
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="An action plan to end.")
class CloseActionPlanInput:
    """A plan."""

    id: strawberry.ID = strawberry.field(description="The action plan.")
    result: str = strawberry.field(description="What came of it, in 2,000 characters at the most.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="An action plan to copy into a later period.")
class CopyActionPlanInput:
    """A copy."""

    id: strawberry.ID = strawberry.field(description="The action plan; what is done or cancelled is not copied.")
    period: str = strawberry.field(description="A later period as long, such as `2026-W24` for a week's plan.")
    carry_over: bool = strawberry.field(
        default=False, description="Whether what is open goes on in the copy and is open no more where it was."
    )
    part_of_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The longer plan that the copy belongs to; the same one, where it reaches, if not given.",
    )
    idempotency_key: str | None = strawberry.field(default=None, description=ONCE)


@strawberry.input(description="Something to say of an action plan.")
class CommentOnActionPlanInput:
    """A comment."""

    plan_id: strawberry.ID = strawberry.field(description="The action plan.")
    text: str = strawberry.field(description="What you say, in 2,000 characters at the most.")


@strawberry.input(description="An item of a draft to remove.")
class RemoveActionItemInput:
    """An item."""

    id: strawberry.ID = strawberry.field(description="The item.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="An item that is not done after all.")
class ReopenActionItemInput:
    """An item."""

    id: strawberry.ID = strawberry.field(description="The item.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="An item that will not be done.")
class CancelActionItemInput:
    """A cancellation."""

    id: strawberry.ID = strawberry.field(description="The item.")
    reason: str = strawberry.field(description="Why.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="Items of earlier plans to carry over into a later one, all or none.")
class CarryOverActionItemsInput:
    """Items to carry over."""

    plan_id: strawberry.ID = strawberry.field(description="The later action plan of the same member.")
    item_ids: list[strawberry.ID] = strawberry.field(description="Open items of earlier plans, closed ones too.")


@strawberry.type(description="The action plan as it stands now.")
class ActionPlanPayload:
    """A plan, or what was wrong."""

    action_plan: ActionPlan | None = batch(
        load_action_plans, key="plan_id", by="id", one=True, description="The action plan."
    )
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


@strawberry.type(description="The item as it stands now.")
class ActionItemPayload:
    """An item, or what was wrong."""

    item: ActionItem | None = batch(load_items, key="item_id", by="id", one=True, description="The item.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _create(work: Work, input: CreateActionPlanInput, _: Services) -> dict[str, Any]:
    return {"plan_id": await create_plan(work, new_plan(work, input))}


async def _update(work: Work, input: UpdateActionPlanInput, _: Services) -> dict[str, Any]:
    plan_id, changes = decode_id(input.id, "ActionPlan", ("id",)), plan_changes(input)
    if not changes:
        raise InputError("NOTHING_TO_CHANGE", "name what shall change of the action plan")
    await update_plan(work, plan_id, changes, input.expected_version)
    return {"plan_id": plan_id}


async def _submit(work: Work, input: SubmitActionPlanInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.id, "ActionPlan", ("id",))
    await submit_plan(work, plan_id, input.expected_version)
    return {"plan_id": plan_id}


async def _agree(work: Work, input: AgreeToActionPlanInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.id, "ActionPlan", ("id",))
    await agree_to_plan(work, plan_id, input.comment, input.expected_version)
    return {"plan_id": plan_id}


async def _return(work: Work, input: ReturnActionPlanInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.id, "ActionPlan", ("id",))
    await return_plan(work, plan_id, input.reason, input.expected_version)
    return {"plan_id": plan_id}


async def _close(work: Work, input: CloseActionPlanInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.id, "ActionPlan", ("id",))
    await close_plan(work, plan_id, input.result, input.expected_version)
    return {"plan_id": plan_id}


async def _copy(work: Work, input: CopyActionPlanInput, _: Services) -> dict[str, Any]:
    part_of_id = optional_id(input.part_of_id, "ActionPlan", ("partOfId",))
    copy = PlanCopy(input.period, part_of_id, input.carry_over, input.idempotency_key)
    return {"plan_id": await copy_plan(work, decode_id(input.id, "ActionPlan", ("id",)), copy)}


async def _comment(work: Work, input: CommentOnActionPlanInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "ActionPlan", ("planId",))
    await comment_on_plan(work, plan_id, input.text)
    return {"plan_id": plan_id}


async def _add_items(work: Work, input: AddActionItemsInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "ActionPlan", ("planId",))
    await add_items(work, plan_id, new_items(work, input.items), input.expected_version)
    return {"plan_id": plan_id}


async def _update_item(work: Work, input: UpdateActionItemInput, _: Services) -> dict[str, Any]:
    item_id, changes = decode_id(input.id, "ActionItem", ("id",)), item_changes(work, input)
    if not changes:
        raise InputError("NOTHING_TO_CHANGE", "name what shall change of the item")
    await update_item(work, item_id, changes, input.expected_version)
    return {"item_id": item_id}


async def _remove_item(work: Work, input: RemoveActionItemInput, _: Services) -> dict[str, Any]:
    return {"plan_id": await remove_item(work, decode_id(input.id, "ActionItem", ("id",)), input.expected_version)}


async def _complete_item(work: Work, input: CompleteActionItemInput, _: Services) -> dict[str, Any]:
    item_id = decode_id(input.id, "ActionItem", ("id",))
    await complete_item(
        work,
        item_id,
        optional_id(input.activity_id, "Activity", ("activityId",)),
        input.done_on,
        input.result,
        own_amount(work, input.spent, ("spent",)),
        input.expected_version,
    )
    return {"item_id": item_id}


async def _reopen_item(work: Work, input: ReopenActionItemInput, _: Services) -> dict[str, Any]:
    item_id = decode_id(input.id, "ActionItem", ("id",))
    await reopen_item(work, item_id, input.expected_version)
    return {"item_id": item_id}


async def _cancel_item(work: Work, input: CancelActionItemInput, _: Services) -> dict[str, Any]:
    item_id = decode_id(input.id, "ActionItem", ("id",))
    await cancel_item(work, item_id, input.reason, input.expected_version)
    return {"item_id": item_id}


async def _carry_over(work: Work, input: CarryOverActionItemsInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "ActionPlan", ("planId",))
    ids = [decode_id(one, "ActionItem", ("itemIds", number)) for number, one in enumerate(input.item_ids)]
    await carry_over_items(work, plan_id, ids)
    return {"plan_id": plan_id}


@strawberry.type
class ActionPlanMutation:
    """Mutations of action plans."""

    create_action_plan: ActionPlanPayload = mutation(
        _create, description="Make a draft of an action plan, with items: your own, or anybody's for admins."
    )
    update_action_plan: ActionPlanPayload = mutation(
        _update, description="Change what is told of an action plan, what it serves, and what it belongs to."
    )
    submit_action_plan: ActionPlanPayload = mutation(
        _submit, description="Hand a draft to whoever heads the unit above; meanwhile it stays as it is."
    )
    agree_to_action_plan: ActionPlanPayload = mutation(
        _agree, description="Agree to an action plan of somebody below you; from then on its changes are kept visibly."
    )
    return_action_plan: ActionPlanPayload = mutation(
        _return, description="Return an action plan that was submitted, or take your own back: a draft again."
    )
    close_action_plan: ActionPlanPayload = mutation(_close, description="End an action plan with what came of it.")
    copy_action_plan: ActionPlanPayload = mutation(
        _copy, description="Copy what is open into a later period, such as last week's plan into this one."
    )
    comment_on_action_plan: ActionPlanPayload = mutation(_comment, description="Say something of an action plan.")
    add_action_items: ActionPlanPayload = mutation(_add_items, description="Add items to an action plan.")
    update_action_item: ActionItemPayload = mutation(_update_item, description="Change what is told of an item.")
    remove_action_item: ActionPlanPayload = mutation(
        _remove_item, description="Remove an item from a draft; of what was agreed on it is cancelled instead."
    )
    complete_action_item: ActionItemPayload = mutation(
        _complete_item, description="Say that an item is done: by an activity that fulfils it, or on a day."
    )
    reopen_action_item: ActionItemPayload = mutation(_reopen_item, description="Take back that an item is done.")
    cancel_action_item: ActionItemPayload = mutation(_cancel_item, description="Cancel an item, with a reason.")
    carry_over_action_items: ActionPlanPayload = mutation(
        _carry_over, description="Carry what was not done over into a later action plan."
    )
