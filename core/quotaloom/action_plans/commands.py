"""Making and changing action plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

from quotaloom.action_plans.facts import (
    MOST_ITEMS,
    NewItem,
    NewPlan,
    PlanState,
    Step,
    checked_aim,
    checked_item,
    checked_title,
    plan_period,
)
from quotaloom.action_plans.linking import linked, refinable
from quotaloom.action_plans.placing import earlier_plan, longer_plan, planned_unit, planner, taken_up
from quotaloom.action_plans.serving import GivenTarget, served_target, target_of
from quotaloom.action_plans.storing import (
    StoredPlan,
    hold_own_plan,
    insert_items,
    insert_plan,
    keep_entry,
    load_rights,
    require_changeable,
    update_row,
)
from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.ownership.permission import require_seller
from quotaloom.platform.errors import InputError, Path
from quotaloom.platform.input_keys import InputKey, key_columns
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

CHANGEABLE: Final = frozenset(
    {"title", "aim", "metric_id", "target_period", "plan_id", "objective_id", "part_of_id", "follows_id", "review_id"}
)
"""What `update_plan` takes; the member and the period of a plan stay."""

# What items of a plan, and of the shorter ones below it, refine in longer plans; cancelled ones are parts of nothing.
_REFINED_ABOVE: Final = """
WITH RECURSIVE below (id) AS (
    SELECT $2::bigint
    UNION SELECT plan.id FROM below JOIN action_plan AS plan ON plan.company_id = $1 AND plan.part_of_id = below.id
)
SELECT DISTINCT above.id FROM action_item AS item
JOIN action_item AS above ON above.company_id = item.company_id AND above.id = item.refines_id
WHERE item.company_id = $1 AND item.state <> 'cancelled'
    AND item.action_plan_id IN (SELECT id FROM below) AND above.action_plan_id NOT IN (SELECT id FROM below)
"""


async def create_plan(work: Work, new: NewPlan) -> int:
    """Make a draft of an action plan, with items; returns its id.

    For the viewer himself; admins and services with `funnels:write` make one for anybody. The same again under the same
    `request_key` of the same caller gives the first plan. Raises `NotFound`, `AccessDenied`, `InputError` (see `facts`,
    `placing`, `serving` and `linking`), TOO_MANY_ITEMS, and IDEMPOTENCY_KEY_REUSED for a key that made another one.
    """
    require_seller(work.viewer, "making an action plan")
    days, grain = plan_period(fiscal_calendar(work.company), new.period)
    told = {"title": checked_title(new.title), "aim": checked_aim(new.aim)}
    key = InputKey.of(work.viewer, new.request_key, {"new": asdict(replace(new, request_key=None))})
    refuse_too_many(len(new.items), ("items",))
    paths: list[Path] = [("items", number) for number in range(len(new.items))]
    items = [checked_item(item, days, path) for item, path in zip(new.items, paths, strict=True)]

    async def apply(transaction: Transaction) -> int:
        rights = await load_rights(transaction, work)
        member_id = await planner(transaction, work, rights, new.member_id, days)
        placed = {"member_id": member_id, "grain": grain.value, "starts_on": days.starts_on, "ends_on": days.ends_on}
        if (earlier := await made_before(transaction, key)) is not None:
            return earlier
        longer = await longer_plan(transaction, rights, new.part_of_id, member_id, grain, days)
        given = GivenTarget(new.metric_id, new.target_period, new.plan_id, new.objective_id)
        served = await served_target(
            transaction, work, rights, given, None if longer is None else target_of(longer), days
        )
        columns = {
            **placed,
            "unit_id": await planned_unit(transaction, member_id, days, new.unit_id),
            **asdict(served),
            "part_of_id": new.part_of_id,
            "follows_id": await earlier_plan(transaction, rights, new.follows_id, member_id, days),
            "review_id": await taken_up(transaction, new.review_id, member_id),
            **told,
            **key_columns(key),
        }
        ready = await linked(transaction, work, member_id, new.part_of_id, items, paths)
        return await enter_plan(transaction, columns, ready, key)

    return await work.write(apply)


async def enter_plan(
    transaction: Transaction, columns: Mapping[str, Any], items: Sequence[NewItem], key: InputKey | None
) -> int:
    """Store a draft with its items, audited and published; its id, or that of the same request before."""
    plan_id = await insert_plan(transaction, columns)
    if plan_id is None:
        # The same request was answered by another transaction since we looked.
        earlier = await made_before(transaction, key)
        assert earlier is not None
        return earlier
    await insert_items(transaction, plan_id, items)
    after = {**columns, "items": [asdict(item) for item in items]}
    transaction.record("action_plan.create", "ActionPlan", plan_id, after=after)
    transaction.publish("action_plan.created", id=plan_id)
    return plan_id


async def made_before(transaction: Transaction, key: InputKey | None) -> int | None:
    """The plan that this request made before; raises IDEMPOTENCY_KEY_REUSED where the key was another one's."""
    return None if key is None else await key.earlier(transaction, "action_plan")


def refuse_too_many(number: int, path: Path) -> None:
    """Raise `InputError` TOO_MANY_ITEMS for more items than a plan may have."""
    if number > MOST_ITEMS:
        message = f"{number} items are too many: an action plan has {MOST_ITEMS} at the most"
        raise InputError("TOO_MANY_ITEMS", message, path)


async def update_plan(
    work: Work, plan_id: int, changes: Mapping[str, Any], expected_version: int | None = None
) -> None:
    """Change what is told of a plan, the target that it serves, or the plans that it belongs to and follows.

    `changes` holds names of `CHANGEABLE` with what `NewPlan` takes; None takes a title, an aim, a plan, an objective or
    a reference away. Once a plan is agreed on, what was there before is kept in its history. Raises `NotFound`,
    `AccessDenied`, `Conflict`, and `InputError` as `create_plan`, CLOSED, SUBMITTED, and REFINED where items refine
    those of the longer plan that it would leave.
    """
    require_seller(work.viewer, "changing an action plan")
    for name in changes.keys() - CHANGEABLE:
        raise InputError("UNKNOWN_FIELD", f"{name} cannot be changed", (name,))

    async def apply(transaction: Transaction) -> None:
        plan = await hold_own_plan(transaction, work, plan_id, expected_version)
        require_changeable(plan)
        columns = await _changed(transaction, work, plan, changes)
        before = {name: getattr(plan, name) for name in columns}
        await update_row(transaction, "action_plan", plan.id, columns)
        if plan.state is PlanState.AGREED and before != columns:
            await keep_entry(transaction, plan.id, Step.PLAN_CHANGED, before=before, after=columns)
        transaction.record("action_plan.change", "ActionPlan", plan.id, before=before, after=columns)
        transaction.publish("action_plan.changed", id=plan.id)

    await work.write(apply)


async def _changed(
    transaction: Transaction, work: Work, plan: StoredPlan, changes: Mapping[str, Any]
) -> dict[str, Any]:
    """What is stored of the plan once `changes` are made, by column."""
    columns: dict[str, Any] = {}
    if "title" in changes:
        columns["title"] = checked_title(changes["title"])
    if "aim" in changes:
        columns["aim"] = checked_aim(changes["aim"])
    rights = await load_rights(transaction, work)
    if "part_of_id" in changes:
        wanted = changes["part_of_id"]
        await longer_plan(transaction, rights, wanted, plan.member_id, plan.grain, plan.days)
        await _refuse_refined(transaction, plan, wanted)
        columns["part_of_id"] = wanted
    if "follows_id" in changes:
        columns["follows_id"] = await earlier_plan(
            transaction, rights, changes["follows_id"], plan.member_id, plan.days
        )
    if "review_id" in changes:
        columns["review_id"] = await taken_up(transaction, changes["review_id"], plan.member_id)
    names = {"metric_id", "target_period", "plan_id", "objective_id"} & changes.keys()
    if names:
        given = GivenTarget(**{name: changes[name] for name in names})
        served = asdict(await served_target(transaction, work, rights, given, target_of(plan), plan.days))
        gone = {name: None for name in ("plan_id", "objective_id") if name in changes and changes[name] is None}
        columns |= {**served, **gone}
    return columns


async def _refuse_refined(transaction: Transaction, plan: StoredPlan, part_of_id: int | None) -> None:
    refined = [row["id"] for row in await transaction.fetch(_REFINED_ABOVE, transaction.company_id, plan.id)]
    if set(refined) - (await refinable(transaction, part_of_id, refined)).keys():
        message = (
            "items of it, or of shorter plans that belong to it, refine items of the longer plan that it would leave;"
            " let them go first"
        )
        raise InputError("REFINED", message, ("partOfId",))
