"""Units of the tree, members, and who leads and holds what."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import strawberry

from quotaloom_graphql.attainments import (
    Attainment,
    load_member_attainment,
    load_member_attainments,
    load_unit_attainment,
    load_unit_attainments,
)
from quotaloom_graphql.attribute_loaders import load_member_attributes, load_unit_attributes
from quotaloom_graphql.attributes import AttributeValue
from quotaloom_graphql.enums import MemberRole, OrgUnitKind
from quotaloom_graphql.funnel_loaders import load_unit_opportunities
from quotaloom_graphql.nodes import Node, encode_id, global_id
from quotaloom_graphql.objective_loaders import load_objectives_of_units
from quotaloom_graphql.organization_loaders import (
    load_ancestors,
    load_children,
    load_current_head,
    load_descendants,
    load_headed_units,
    load_heads,
    load_holders,
    load_member_rights,
    load_members,
    load_parent,
    load_positions,
    load_unit_rights,
    load_units,
)
from quotaloom_graphql.reliefs import QuotaRelief, load_reliefs
from quotaloom_graphql.targets import (
    TargetCell,
    TargetMismatch,
    load_target_cells,
    load_target_mismatch,
    load_target_mismatches,
)
from strawberry_breadth import batch, column

if TYPE_CHECKING:
    from quotaloom_graphql.funnels import Opportunity
    from quotaloom_graphql.objectives import Objective


@strawberry.type(description="What you may do with a unit, for showing or hiding buttons; the server checks again.")
class ViewerCanOnUnit:
    """Rights of the viewer."""

    edit: bool = strawberry.field(description="Rename, move, close, set attributes, and appoint heads and holders.")
    plan: bool = strawberry.field(description="Set and decompose the targets of this unit in a draft.")
    plan_below: bool = strawberry.field(description="Set and decompose the targets of the units below it.")


@strawberry.type(description="What you may do with a member; the server checks again.")
class ViewerCanOnMember:
    """Rights of the viewer on a member."""

    edit: bool = strawberry.field(description="Change, set attributes, let leave, appoint.")


@strawberry.type(description="A member in a position for a date range.")
class Holding:
    """Who holds which position, from when to when."""

    id: strawberry.ID = column(
        lambda number: encode_id("Holding", number), of="id", description="Names it for `endHolding`."
    )
    position: OrgUnit = batch(load_units, key="position_id", by="id", one=True, description="The position (岗位).")
    member: Member = batch(load_members, key="member_id", by="id", one=True, description="The member.")
    valid_from: date | None = strawberry.field(description="First day; null where it has always been so.")
    valid_to: date | None = strawberry.field(description="The day after the last; null where it is open.")


@strawberry.type(description="A member who heads a company, department or team for a date range.")
class Headship:
    """Who heads which unit, from when to when."""

    id: strawberry.ID = column(
        lambda number: encode_id("Headship", number), of="id", description="Names it for `endHeadship`."
    )
    org_unit: OrgUnit = batch(load_units, key="unit_id", by="id", one=True, description="The unit.")
    member: Member = batch(load_members, key="member_id", by="id", one=True, description="The member.")
    valid_from: date | None = strawberry.field(description="First day; null where it has always been so.")
    valid_to: date | None = strawberry.field(description="The day after the last; null where it is open.")


@strawberry.type(
    description="A node of the company's tree: the company, a department, a team or a position (组织单元)."
)
class OrgUnit(Node):
    """A unit."""

    id: strawberry.ID = global_id("OrgUnit")
    key: str = strawberry.field(description="The company's own name for it, unique.")
    name: str = strawberry.field(description="Its name.")
    kind: OrgUnitKind = strawberry.field(description="Company, department, team or position.")
    opened_on: date | None = strawberry.field(description="First day; null where it has always existed.")
    closed_on: date | None = strawberry.field(description="The day after the last; null while it is open.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    parent: OrgUnit | None = batch(load_parent, key="id", by="unit_id", one=True, description="The unit above it.")
    ancestors: list[OrgUnit] = batch(load_ancestors, key="id", by="unit_id", description="The units above, root first.")
    children: list[OrgUnit] = batch(
        load_children, key="id", by="parent_id", description="The units right below it, in tree order."
    )
    descendants: list[OrgUnit] = batch(
        load_descendants, key="id", by="ancestor_id", description="All units below it, in tree order."
    )
    holders: list[Holding] = batch(
        load_holders, key="id", by="position_id", description="Who holds this position, the earliest first."
    )
    heads: list[Headship] = batch(
        load_heads, key="id", by="unit_id", description="Who heads this unit (负责人), the earliest first."
    )
    head: Headship | None = batch(
        load_current_head, key="id", by="unit_id", one=True, description="Who heads this unit today."
    )
    target_cells: list[TargetCell] | None = batch(
        load_target_cells,
        key="id",
        by="unit_id",
        description="Its own target values; empty where it has none, or where you may see its name only.",
    )
    attainment: Attainment | None = batch(
        load_unit_attainment,
        key="id",
        by="unit_id",
        one=True,
        description="How much of its target is achieved; null where you may see its name only.",
    )
    attainments: list[Attainment] | None = batch(
        load_unit_attainments, key="id", by="unit_id", description="Attainment for each period of a grain."
    )
    reliefs: list[QuotaRelief] = batch(
        load_reliefs,
        key="id",
        by="position_id",
        description="What this position is relieved of, the earliest first, revoked ones too; empty where you may see"
        " its name only.",
    )
    target_mismatch: TargetMismatch | None = batch(
        load_target_mismatch,
        key="id",
        by="unit_id",
        one=True,
        description="Its own target against the sum of its children's, over-assignment included.",
    )
    target_mismatches: list[TargetMismatch] | None = batch(
        load_target_mismatches,
        key="id",
        by="unit_id",
        description="The same for each period of a grain; empty where you may see its name only.",
    )
    opportunities: list[Annotated[Opportunity, strawberry.lazy("quotaloom_graphql.funnels")]] | None = batch(
        load_unit_opportunities, key="id", by="parent_id", description="Deals of the positions below it, or of its own."
    )
    objectives: list[Annotated[Objective, strawberry.lazy("quotaloom_graphql.objectives")]] = batch(
        load_objectives_of_units,
        key="id",
        by="unit_id",
        description="The objectives of a fiscal year that it pursues, corporate ones first, then by name.",
    )
    attributes: list[AttributeValue] = batch(
        load_unit_attributes,
        key="id",
        by="subject_id",
        description="What the company notes of it; empty where it notes nothing, or where you may see its name only.",
    )
    viewer_can: ViewerCanOnUnit = batch(
        load_unit_rights, key="id", by="unit_id", one=True, description="What you may do with it."
    )


@strawberry.type(description="A person of the company (成员).")
class Member(Node):
    """A member."""

    id: strawberry.ID = global_id("Member")
    key: str = strawberry.field(description="The company's own name for the member, unique.")
    name: str = strawberry.field(description="The member's name.")
    email: str | None = strawberry.field(description="An address; null where none is known.")
    role: MemberRole = strawberry.field(description="Admin or member.")
    joined_on: date | None = strawberry.field(description="First day; null where it is not known.")
    left_on: date | None = strawberry.field(description="The first day without the member; null while he is there.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    positions: list[Holding] = batch(
        load_positions, key="id", by="member_id", description="The positions held, the earliest first."
    )
    headships: list[Headship] = batch(
        load_headed_units, key="id", by="member_id", description="The units that the member heads today."
    )
    attainment: Attainment | None = batch(
        load_member_attainment,
        key="id",
        by="member_id",
        one=True,
        description="Attainment over all positions, by the days they were held; null where you may not see it.",
    )
    attainments: list[Attainment] | None = batch(
        load_member_attainments, key="id", by="member_id", description="Attainment for each period of a grain."
    )
    attributes: list[AttributeValue] = batch(
        load_member_attributes,
        key="id",
        by="subject_id",
        description="What the company notes of the member; empty where you may see the name only.",
    )
    viewer_can: ViewerCanOnMember = batch(
        load_member_rights, key="id", by="member_id", one=True, description="What you may do with the member."
    )
