"""What mutations of action plans are given, and what the domain makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

import strawberry

from quotaloom.action_plans.facts import NewItem, NewPlan
from quotaloom.activities.facts import Subjects
from quotaloom.activities.kinds import ActivityKind
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.amounts import parse_amount
from quotaloom.platform.errors import Path
from quotaloom.platform.work import Work
from quotaloom_graphql.nodes import optional_id

EXPECTED = "The version you saw; refused where it has changed meanwhile."
ONCE = "Your own name of this request: the same again makes nothing and answers with the first plan."
STARTS_ON = "The first day on which it may be done; the plan's first if not given."
ENDS_ON = "The day after the last; the plan's end if not given."
BUDGET = "What it may cost, in the company's currency."

NAMED: Final[Mapping[str, str]] = {
    "lead_id": "Lead",
    "customer_id": "Customer",
    "opportunity_id": "Opportunity",
    "activity_id": "Activity",
    "refines_id": "ActionItem",
}
"""What items name."""


@strawberry.input(description="Something to do in an action plan.")
class ActionItemInput:
    """An item."""

    kind: ActivityKind = strawberry.field(description="A visit, call, meeting, mail or task.")
    matter: str = strawberry.field(description="What it is about, in 200 characters at the most.")
    starts_on: date | None = strawberry.field(default=None, description=STARTS_ON)
    ends_on: date | None = strawberry.field(default=None, description=ENDS_ON)
    opportunity_id: strawberry.ID | None = strawberry.field(
        default=None, description="The deal that it is for; its customer is named with it."
    )
    customer_id: strawberry.ID | None = strawberry.field(default=None, description="Or the customer.")
    lead_id: strawberry.ID | None = strawberry.field(default=None, description="Or the lead.")
    place: str | None = strawberry.field(default=None, description="Where.")
    materials: list[str] = strawberry.field(default_factory=list, description="With what; 50 at the most.")
    budget: Decimal | None = strawberry.field(default=None, description=BUDGET)
    activity_id: strawberry.ID | None = strawberry.field(
        default=None, description="An activity of the member, of the same kind, that fulfils it once it is done."
    )
    refines_id: strawberry.ID | None = strawberry.field(
        default=None, description="The item of a longer plan, which this plan belongs to, that it is a part of."
    )


@strawberry.input(description="A new action plan: a draft.")
class CreateActionPlanInput:
    """A plan."""

    period: str = strawberry.field(
        description="A quarter, a month, a week or a day by its label, such as `2026-06` or `2026-W23`."
    )
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose it is: yours if not given; somebody else's for admins."
    )
    org_unit_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="A position that he holds, or a unit that he heads, in these days; his first if not given.",
    )
    metric_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The metric of the target that it serves; that of the longer plan if not given.",
    )
    target_period: str | None = strawberry.field(
        default=None,
        description="The period of that target by its label; that of the longer plan, or its own, if not given.",
    )
    plan_id: strawberry.ID | None = strawberry.field(
        default=None, description="The plan of that target; the published one if not given."
    )
    objective_id: strawberry.ID | None = strawberry.field(
        default=None, description="The objective that it serves; the plan's if not given."
    )
    part_of_id: strawberry.ID | None = strawberry.field(
        default=None, description="The longer action plan of the member that it belongs to."
    )
    follows_id: strawberry.ID | None = strawberry.field(
        default=None, description="The earlier action plan of the member that it follows."
    )
    review_id: strawberry.ID | None = strawberry.field(
        default=None, description="A review of the member whose outcome it takes up."
    )
    title: str | None = strawberry.field(default=None, description="What it is called.")
    aim: str | None = strawberry.field(default=None, description="What it shall reach, 2,000 characters at the most.")
    items: list[ActionItemInput] = strawberry.field(
        default_factory=list, description="What is to be done; 200 at the most."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=ONCE)


@strawberry.input(description="What to change of an action plan; what is left out stays. Its member and period stay.")
class UpdateActionPlanInput:
    """Changes of a plan."""

    id: strawberry.ID = strawberry.field(description="The action plan.")
    title: str | None = strawberry.field(default=strawberry.UNSET, description="What it is called; null clears it.")
    aim: str | None = strawberry.field(default=strawberry.UNSET, description="What it shall reach; null clears it.")
    metric_id: strawberry.ID | None = strawberry.field(default=None, description="Another metric.")
    target_period: str | None = strawberry.field(default=None, description="Another period of the target.")
    plan_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The plan of the target; null for the published one."
    )
    objective_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The objective; null for the plan's."
    )
    part_of_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The longer plan that it belongs to; null for none."
    )
    follows_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The earlier plan that it follows; null for none."
    )
    review_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The review whose outcome it takes up; null for none."
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="Items to add to an action plan, all or none.")
class AddActionItemsInput:
    """Items to add."""

    plan_id: strawberry.ID = strawberry.field(description="The action plan.")
    items: list[ActionItemInput] = strawberry.field(description="What is to be done.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(
    description="What to change of an item; what is left out stays. Of one that is done, `result` and `spent` alone."
)
class UpdateActionItemInput:
    """Changes of an item."""

    id: strawberry.ID = strawberry.field(description="The item.")
    kind: ActivityKind | None = strawberry.field(default=None, description="Another kind.")
    matter: str | None = strawberry.field(default=None, description="What it is about.")
    starts_on: date | None = strawberry.field(default=None, description="The first day.")
    ends_on: date | None = strawberry.field(default=None, description="The day after the last.")
    opportunity_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The deal that it is for; its customer is named with it."
    )
    customer_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The customer.")
    lead_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The lead.")
    place: str | None = strawberry.field(default=strawberry.UNSET, description="Where.")
    materials: list[str] | None = strawberry.field(default=None, description="With what, all of it; 50 at the most.")
    budget: Decimal | None = strawberry.field(default=strawberry.UNSET, description=BUDGET)
    activity_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The activity that fulfils it once it is done; null for none."
    )
    refines_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The item of a longer plan that it is a part of; null for none."
    )
    result: str | None = strawberry.field(default=strawberry.UNSET, description="What came of it.")
    spent: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="What it cost, in the company's currency; null for its activity's cost."
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="An item that is done: by an activity, or on a day.")
class CompleteActionItemInput:
    """What is done."""

    id: strawberry.ID = strawberry.field(description="The item.")
    activity_id: strawberry.ID | None = strawberry.field(
        default=None, description="The activity that fulfils it, which is done and of the same kind; its day counts."
    )
    done_on: date | None = strawberry.field(
        default=None, description="Or the day on which it was done; today if neither is given."
    )
    result: str | None = strawberry.field(default=None, description="What came of it; the activity's if not given.")
    spent: Decimal | None = strawberry.field(
        default=None, description="What it cost, in the company's currency; the activity's cost if not given."
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


def new_plan(work: Work, input: CreateActionPlanInput) -> NewPlan:
    """A plan as the domain takes it."""
    return NewPlan(
        period=input.period,
        member_id=optional_id(input.member_id, "Member", ("memberId",)),
        unit_id=optional_id(input.org_unit_id, "OrgUnit", ("orgUnitId",)),
        metric_id=optional_id(input.metric_id, "Metric", ("metricId",)),
        target_period=input.target_period,
        plan_id=optional_id(input.plan_id, "Plan", ("planId",)),
        objective_id=optional_id(input.objective_id, "Objective", ("objectiveId",)),
        part_of_id=optional_id(input.part_of_id, "ActionPlan", ("partOfId",)),
        follows_id=optional_id(input.follows_id, "ActionPlan", ("followsId",)),
        review_id=optional_id(input.review_id, "Review", ("reviewId",)),
        title=input.title,
        aim=input.aim,
        items=new_items(work, input.items),
        request_key=input.idempotency_key,
    )


def plan_changes(input: UpdateActionPlanInput) -> dict[str, Any]:
    """Changes of a plan as the domain takes them."""
    changes: dict[str, Any] = {
        name: getattr(input, name) for name in ("title", "aim") if getattr(input, name) is not strawberry.UNSET
    }
    if input.target_period is not None:
        changes["target_period"] = input.target_period
    if input.metric_id is not None:
        changes["metric_id"] = optional_id(input.metric_id, "Metric", ("metricId",))
    named = {"plan_id": "Plan", "objective_id": "Objective", "part_of_id": "ActionPlan", "follows_id": "ActionPlan"}
    named["review_id"] = "Review"
    return changes | _ids(input, named)


def new_items(work: Work, items: list[ActionItemInput]) -> list[NewItem]:
    """Items as the domain takes them."""
    return [_new_item(work, item, ("items", number)) for number, item in enumerate(items)]


def _new_item(work: Work, item: ActionItemInput, path: Path) -> NewItem:
    ids = {
        column: optional_id(getattr(item, column), type_name, (*path, _camel(column)))
        for column, type_name in NAMED.items()
    }
    return NewItem(
        kind=item.kind,
        matter=item.matter,
        subjects=Subjects(ids["lead_id"], ids["customer_id"], ids["opportunity_id"]),
        starts_on=item.starts_on,
        ends_on=item.ends_on,
        place=item.place,
        materials=tuple(item.materials),
        budget=own_amount(work, item.budget, (*path, "budget")),
        activity_id=ids["activity_id"],
        refines_id=ids["refines_id"],
    )


def item_changes(work: Work, input: UpdateActionItemInput) -> dict[str, Any]:
    """Changes of an item as the domain takes them; the records that it is for come apart, by `lead_id` and so on."""
    changes: dict[str, Any] = {
        name: value
        for name in ("kind", "matter", "starts_on", "ends_on")
        if (value := getattr(input, name)) is not None
    }
    changes |= {name: value for name in ("place", "result") if (value := getattr(input, name)) is not strawberry.UNSET}
    if input.materials is not None:
        changes["materials"] = tuple(input.materials)
    for name in ("budget", "spent"):
        if (value := getattr(input, name)) is not strawberry.UNSET:
            changes[name] = own_amount(work, value, (name,))
    return changes | _ids(input, NAMED)


def _ids(input: Any, named: Mapping[str, str]) -> dict[str, int | None]:
    return {
        column: optional_id(value, type_name, (_camel(column),))
        for column, type_name in named.items()
        if (value := getattr(input, column)) is not strawberry.UNSET
    }


def own_amount(work: Work, amount: Decimal | None, path: Path) -> int | None:
    """An amount in minor units of the company's currency."""
    return None if amount is None else parse_amount(amount, currency_scale(work.company.currency), path)


def _camel(column: str) -> str:
    first, *others = column.split("_")
    return first + "".join(part.title() for part in others)
