"""Mutations of objectives, and of what is attached to them."""

from __future__ import annotations

from typing import Any, Final

import strawberry

from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.work import Work
from quotaloom.strategy.commands import archive_objective, create_objective, update_objective
from quotaloom.strategy.focuses import Focused, set_focus
from quotaloom.strategy.objectives import NewObjective, ObjectiveLevel
from quotaloom.targets.plan_objectives import attach_plan
from quotaloom_graphql.context import Info, Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import TYPENAME, Node, NodeLoader, decode_id, optional_id, split_id
from quotaloom_graphql.objective_loaders import load_objectives
from quotaloom_graphql.objectives import Objective
from quotaloom_graphql.plan_loaders import load_plans
from quotaloom_graphql.plans import PlanPayload
from strawberry_breadth import batch

EXPECTED = "The version you saw; refused where it has changed meanwhile."

FOCUSED: Final[dict[Focused, tuple[str, NodeLoader]]] = {
    Focused.PLAN: ("Plan", load_plans),
    Focused.OBJECTIVE: ("Objective", load_objectives),
}
"""The types that have focuses, and how `node(id:)` finds them."""


@strawberry.input(description="A new objective.")
class CreateObjectiveInput:
    """A new objective."""

    fiscal_year: int = strawberry.field(description="The fiscal year, named after the calendar year it starts in.")
    level: ObjectiveLevel = strawberry.field(description="The company's, a business's or a function's.")
    name: str = strawberry.field(description="Its name.")
    owner_id: strawberry.ID = strawberry.field(description="The member who answers for it.")
    parent_id: strawberry.ID | None = strawberry.field(
        default=None, description="The objective of the level above that it serves; none for a corporate one."
    )
    description: str | None = strawberry.field(
        default=None, description="What is meant by it, 2000 characters at most."
    )
    org_unit_id: strawberry.ID | None = strawberry.field(
        default=None, description="The unit that pursues it; none for the whole company."
    )


@strawberry.input(description="What to change of an objective; what is left out stays. Level and year stay.")
class UpdateObjectiveInput:
    """Changes of an objective."""

    id: strawberry.ID = strawberry.field(description="The objective.")
    name: str | None = strawberry.field(default=None, description="Its new name.")
    owner_id: strawberry.ID | None = strawberry.field(default=None, description="The member who answers for it now.")
    parent_id: strawberry.ID | None = strawberry.field(default=None, description="The objective that it serves now.")
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="What is meant by it; null clears it."
    )
    org_unit_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The unit that pursues it; null for the whole company."
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="An objective to put away, or to restore.")
class ArchiveObjectiveInput:
    """An archiving."""

    id: strawberry.ID = strawberry.field(description="The objective.")
    archived: bool = strawberry.field(default=True, description="False restores it.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A plan, and the objective that it serves.")
class AttachPlanInput:
    """An attachment."""

    plan_id: strawberry.ID = strawberry.field(description="The plan.")
    objective_id: strawberry.ID | None = strawberry.field(
        description="The objective, which is of the plan's fiscal year; null detaches the plan."
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="What a quarter of a plan or of an objective is about.")
class SetFocusInput:
    """A focus."""

    id: strawberry.ID = strawberry.field(description="The plan or the objective.")
    period: str = strawberry.field(description="A quarter of its fiscal year by its label, such as `2026-Q2`.")
    text: str | None = strawberry.field(description="What it is about, 2000 characters at most; null clears it.")
    expected_version: int | None = strawberry.field(
        default=None, description=f"{EXPECTED} 0 says that there was no focus."
    )


async def load_focused(parents: list[Any], info: Info) -> list[dict[str, Any] | None]:
    """The plan or objective that each parent names by `focused` and `focused_id`."""
    found: dict[tuple[Focused, int], dict[str, Any]] = {}
    for on, (type_name, load) in FOCUSED.items():
        if ids := {parent["focused_id"] for parent in parents if parent["focused"] == on}:
            found |= {(on, row["id"]): {**row, TYPENAME: type_name} for row in await load(sorted(ids), info)}
    return [found.get((parent["focused"], parent["focused_id"])) for parent in parents]


@strawberry.type(description="What the focus was set of.")
class SetFocusPayload:
    """A plan or objective, or what was wrong."""

    node: Node | None = batch(load_focused, description="The plan or objective, with its `focuses`.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


@strawberry.type(description="The objective that was made or changed.")
class ObjectivePayload:
    """An objective, or what was wrong."""

    objective: Objective | None = batch(
        load_objectives, key="objective_id", by="id", one=True, description="The objective."
    )
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _create_objective(work: Work, input: CreateObjectiveInput, _: Services) -> dict[str, Any]:
    new = NewObjective(
        fiscal_year=input.fiscal_year,
        level=input.level,
        name=input.name,
        owner_id=decode_id(input.owner_id, "Member", ("ownerId",)),
        parent_id=optional_id(input.parent_id, "Objective", ("parentId",)),
        description=input.description,
        unit_id=optional_id(input.org_unit_id, "OrgUnit", ("orgUnitId",)),
    )
    return {"objective_id": await create_objective(work, new)}


async def _update_objective(work: Work, input: UpdateObjectiveInput, _: Services) -> dict[str, Any]:
    objective_id = decode_id(input.id, "Objective", ("id",))
    changes: dict[str, Any] = {}
    if input.name is not None:
        changes["name"] = input.name
    if input.owner_id is not None:
        changes["owner_id"] = decode_id(input.owner_id, "Member", ("ownerId",))
    if input.parent_id is not None:
        changes["parent_id"] = decode_id(input.parent_id, "Objective", ("parentId",))
    if input.description is not strawberry.UNSET:
        changes["description"] = input.description
    if input.org_unit_id is not strawberry.UNSET:
        changes["unit_id"] = optional_id(input.org_unit_id, "OrgUnit", ("orgUnitId",))
    if not changes:
        raise InputError("NOTHING_TO_CHANGE", "name what shall change of the objective")
    await update_objective(work, objective_id, changes, input.expected_version)
    return {"objective_id": objective_id}


async def _archive_objective(work: Work, input: ArchiveObjectiveInput, _: Services) -> dict[str, Any]:
    objective_id = decode_id(input.id, "Objective", ("id",))
    await archive_objective(work, objective_id, archived=input.archived, expected_version=input.expected_version)
    return {"objective_id": objective_id}


async def _attach_plan(work: Work, input: AttachPlanInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "Plan", ("planId",))
    objective_id = optional_id(input.objective_id, "Objective", ("objectiveId",))
    await attach_plan(work, plan_id, objective_id, input.expected_version)
    return {"plan_id": plan_id}


async def _set_focus(work: Work, input: SetFocusInput, _: Services) -> dict[str, Any]:
    try:
        type_name, number = split_id(input.id)
    except NotFound as error:
        raise error.at("id") from None
    on = next((on for on, (name, _) in FOCUSED.items() if name == type_name), None)
    if on is None:
        raise NotFound("NOT_FOUND", f"{input.id[:60]!r} names no plan and no objective that you can see", ("id",))
    await set_focus(work, on, number, input.period, input.text, input.expected_version)
    return {"focused": on, "focused_id": number}


@strawberry.type
class ObjectiveMutation:
    """Mutations of objectives."""

    create_objective: ObjectivePayload = mutation(_create_objective, description="Set an objective of a fiscal year.")
    update_objective: ObjectivePayload = mutation(
        _update_objective, description="Change an objective, or let it serve another one."
    )
    archive_objective: ObjectivePayload = mutation(
        _archive_objective, description="Put an objective away that no other one serves, or restore it."
    )
    attach_plan: PlanPayload = mutation(
        _attach_plan, description="Attach a plan to the objective that it serves, or detach it."
    )
    set_focus: SetFocusPayload = mutation(
        _set_focus, description="Say what a quarter of a plan or of an objective is about."
    )
