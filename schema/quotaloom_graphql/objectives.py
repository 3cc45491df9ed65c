"""Objectives: what plans serve, from a function's up to the company's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from quotaloom.strategy.objectives import ObjectiveLevel
from quotaloom_graphql.context import Info
from quotaloom_graphql.field_costs import READING
from quotaloom_graphql.focuses import Focus, load_objective_focuses
from quotaloom_graphql.nodes import Node, NodeLoader, global_id
from quotaloom_graphql.objective_loaders import (
    FiscalYear,
    IncludeArchived,
    load_objective_rights,
    load_objectives,
    load_objectives_below,
    load_objectives_of_year,
)
from quotaloom_graphql.organization_loaders import load_members, load_units
from quotaloom_graphql.plan_loaders import load_plans_of_objectives
from quotaloom_graphql.roots import root_field
from strawberry_breadth import batch

if TYPE_CHECKING:
    from quotaloom_graphql.organizations import Member, OrgUnit
    from quotaloom_graphql.plans import Plan

strawberry.enum(
    ObjectiveLevel,
    name="ObjectiveLevel",
    description="Whose objective it is: the company's, a business's, or a function's. Each serves one of the level"
    " above.",
)


@strawberry.type(description="What you may do with an objective; the server checks again.")
class ViewerCanOnObjective:
    """Rights of the viewer on an objective."""

    edit: bool = strawberry.field(description="Change it, archive it, and set its focuses.")


@strawberry.type(
    description="What the company wants to reach in a fiscal year (战略目标). Plans are attached to it, and by `parent`"
    " one comes from a function's objective to the company's."
)
class Objective(Node):
    """An objective."""

    id: strawberry.ID = global_id("Objective")
    fiscal_year: int = strawberry.field(description="The fiscal year, named after the calendar year it starts in.")
    level: ObjectiveLevel = strawberry.field(description="The company's, a business's or a function's.")
    name: str = strawberry.field(description="Its name.")
    description: str | None = strawberry.field(description="What is meant by it.")
    archived: bool = strawberry.field(description="Put away: nothing new is attached to it.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    owner: Annotated[Member, strawberry.lazy("quotaloom_graphql.organizations")] = batch(
        load_members, key="owner_id", by="id", one=True, description="The member who answers for it."
    )
    org_unit: Annotated[OrgUnit, strawberry.lazy("quotaloom_graphql.organizations")] | None = batch(
        load_units,
        key="unit_id",
        by="id",
        one=True,
        description="The unit that pursues it; null for the whole company, and where you may not know of the unit.",
    )
    parent: Objective | None = batch(
        load_objectives, key="parent_id", by="id", one=True, description="The objective that it serves."
    )
    children: list[Objective] = batch(
        load_objectives_below, key="id", by="parent_id", description="The objectives that serve it, by name."
    )
    plans: list[Annotated[Plan, strawberry.lazy("quotaloom_graphql.plans")]] = batch(
        load_plans_of_objectives,
        key="id",
        by="objective_id",
        description="The plans that serve it, by name; drafts for those who plan.",
    )
    focuses: list[Focus] = batch(
        load_objective_focuses, key="id", by="on_id", description="What its quarters are about, in their order."
    )
    viewer_can: ViewerCanOnObjective = batch(load_objective_rights, key="id", description="What you may do with it.")


async def _objectives(
    info: Info,
    fiscal_year: FiscalYear,
    level: Annotated[ObjectiveLevel | None, strawberry.argument(description="Only of this level.")] = None,
    include_archived: IncludeArchived = False,
) -> list[Any]:
    rows = await load_objectives_of_year(info, fiscal_year, include_archived)
    return [row for row in rows if level is None or row["level"] == level]


NODE_LOADERS: dict[str, NodeLoader] = {"Objective": load_objectives}
"""How `node(id:)` finds what these types name."""


@strawberry.type
class ObjectiveQuery:
    """Root fields."""

    objectives: list[Objective] = root_field(
        _objectives,
        weight=READING,
        description="The objectives of a fiscal year that you may see, corporate ones first, then by name.",
    )
