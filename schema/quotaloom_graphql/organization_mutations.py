"""Mutations of the tree, its members, and who leads and holds what."""

from __future__ import annotations

from datetime import date
from typing import Any

import strawberry

from quotaloom.organizations.commands.members import create_member, leave, rejoin, update_member
from quotaloom.organizations.commands.terms import appoint_head, appoint_holder, end_headship, end_holding
from quotaloom.organizations.commands.units import close_unit, create_unit, move_unit, rename_unit, reopen_unit
from quotaloom.organizations.membership import NewMember
from quotaloom.organizations.planting import NewUnit
from quotaloom.platform.work import Work
from quotaloom_graphql.context import Services
from quotaloom_graphql.enums import MemberRole, OrgUnitKind
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id, optional_id
from quotaloom_graphql.organization_loaders import load_headships, load_holdings, load_named_members, load_units
from quotaloom_graphql.organizations import Headship, Holding, Member, OrgUnit
from strawberry_breadth import batch

EXPECTED = "The version you saw; refused where it has changed meanwhile."


@strawberry.input(description="A new unit of the tree.")
class CreateOrgUnitInput:
    """A new unit."""

    name: str = strawberry.field(description="Its name.")
    kind: OrgUnitKind = strawberry.field(description="Department, team or position; the company exists already.")
    parent_id: strawberry.ID | None = strawberry.field(default=None, description="The unit it lies under.")
    key: str | None = strawberry.field(default=None, description="Its own key; made from the name if not given.")
    opened_on: date | None = strawberry.field(default=None, description="First day; its parent's if not given.")
    ordinal: int | None = strawberry.field(default=None, description="Its place among its siblings.")


@strawberry.input(description="A new name for a unit.")
class RenameOrgUnitInput:
    """A new name."""

    id: strawberry.ID = strawberry.field(description="The unit.")
    name: str = strawberry.field(description="Its new name.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A unit that lies under another parent from a day on; the days before stay as they were.")
class MoveOrgUnitInput:
    """A move."""

    id: strawberry.ID = strawberry.field(description="The unit.")
    parent_id: strawberry.ID = strawberry.field(description="The parent from that day on.")
    on: date = strawberry.field(description="The first day under it.")
    ordinal: int | None = strawberry.field(default=None, description="Its place among its new siblings.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A unit that no longer exists from a day on; its history stays.")
class CloseOrgUnitInput:
    """A closing."""

    id: strawberry.ID = strawberry.field(description="The unit.")
    on: date = strawberry.field(description="The first day without it.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A closed unit that is to be open again.")
class ReopenOrgUnitInput:
    """A reopening."""

    id: strawberry.ID = strawberry.field(description="The unit.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.type(description="The unit that was made or changed.")
class OrgUnitPayload:
    """A unit, or what was wrong."""

    org_unit: OrgUnit | None = batch(load_units, key="unit_id", by="id", one=True, description="The unit.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


@strawberry.input(description="A new member of the company.")
class CreateMemberInput:
    """A new member."""

    name: str = strawberry.field(description="The member's name.")
    email: str | None = strawberry.field(default=None, description="An address.")
    role: MemberRole = strawberry.field(default=MemberRole.MEMBER, description="Admin or member.")
    key: str | None = strawberry.field(default=None, description="The member's key; made from the name if not given.")
    joined_on: date | None = strawberry.field(default=None, description="First day.")


@strawberry.input(description="What to change of a member; what is left out stays.")
class UpdateMemberInput:
    """Changes of a member."""

    id: strawberry.ID = strawberry.field(description="The member.")
    name: str | None = strawberry.field(default=strawberry.UNSET, description="The new name.")
    email: str | None = strawberry.field(default=strawberry.UNSET, description="The new address; null for none.")
    role: MemberRole | None = strawberry.field(default=strawberry.UNSET, description="Admin or member.")
    joined_on: date | None = strawberry.field(default=strawberry.UNSET, description="First day; null for unknown.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A member who leaves; what he held and headed ends, and stays with the positions.")
class MemberLeavesInput:
    """A leaving."""

    id: strawberry.ID = strawberry.field(description="The member.")
    on: date = strawberry.field(description="The first day without the member.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A member whose leaving is taken back.")
class MemberReturnsInput:
    """A return."""

    id: strawberry.ID = strawberry.field(description="The member.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.type(description="The member who was entered or changed.")
class MemberPayload:
    """A member, or what was wrong."""

    member: Member | None = batch(load_named_members, key="member_id", by="id", one=True, description="The member.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


@strawberry.input(description="A member who holds a position from a day on, full-time: one holder a day.")
class AppointHolderInput:
    """A holding."""

    position_id: strawberry.ID = strawberry.field(description="The position.")
    member_id: strawberry.ID = strawberry.field(description="The member.")
    valid_from: date | None = strawberry.field(default=None, description="First day; from the beginning if not given.")
    valid_to: date | None = strawberry.field(default=None, description="The day after the last; open if not given.")
    replace: bool = strawberry.field(default=False, description="End the present holder's days where they overlap.")


@strawberry.input(description="A member who heads a company, department or team from a day on.")
class AppointHeadInput:
    """A headship."""

    org_unit_id: strawberry.ID = strawberry.field(description="The unit.")
    member_id: strawberry.ID = strawberry.field(description="The member.")
    valid_from: date | None = strawberry.field(default=None, description="First day; from the beginning if not given.")
    valid_to: date | None = strawberry.field(default=None, description="The day after the last; open if not given.")
    replace: bool = strawberry.field(default=False, description="End the present head's days where they overlap.")


@strawberry.input(description="A holding that ends.")
class EndHoldingInput:
    """An end."""

    id: strawberry.ID = strawberry.field(description="The holding.")
    on: date = strawberry.field(description="The first day without it.")


@strawberry.input(description="A headship that ends.")
class EndHeadshipInput:
    """An end."""

    id: strawberry.ID = strawberry.field(description="The headship.")
    on: date = strawberry.field(description="The first day without it.")


@strawberry.type(description="The holding that was made or ended, with its position and member.")
class HoldingPayload:
    """A holding, or what was wrong."""

    holding: Holding | None = batch(
        load_holdings,
        key="holding_id",
        by="id",
        one=True,
        description="The holding; null where it ended on its first day and so is gone.",
    )
    org_unit: OrgUnit | None = batch(load_units, key="unit_id", by="id", one=True, description="The position.")
    member: Member | None = batch(load_named_members, key="member_id", by="id", one=True, description="The member.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


@strawberry.type(description="The headship that was made or ended, with its unit and member.")
class HeadshipPayload:
    """A headship, or what was wrong."""

    headship: Headship | None = batch(
        load_headships,
        key="headship_id",
        by="id",
        one=True,
        description="The headship; null where it ended on its first day and so is gone.",
    )
    org_unit: OrgUnit | None = batch(load_units, key="unit_id", by="id", one=True, description="The unit.")
    member: Member | None = batch(load_named_members, key="member_id", by="id", one=True, description="The member.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _create_unit(work: Work, input: CreateOrgUnitInput, _: Services) -> dict[str, Any]:
    parent_id = optional_id(input.parent_id, "OrgUnit", ("parentId",))
    new = NewUnit(input.name, input.kind.value, parent_id, input.key, input.opened_on, input.ordinal)
    return {"unit_id": await create_unit(work, new)}


async def _rename_unit(work: Work, input: RenameOrgUnitInput, _: Services) -> dict[str, Any]:
    unit_id = decode_id(input.id, "OrgUnit", ("id",))
    await rename_unit(work, unit_id, input.name, input.expected_version)
    return {"unit_id": unit_id}


async def _move_unit(work: Work, input: MoveOrgUnitInput, _: Services) -> dict[str, Any]:
    unit_id = decode_id(input.id, "OrgUnit", ("id",))
    parent_id = decode_id(input.parent_id, "OrgUnit", ("parentId",))
    await move_unit(work, unit_id, parent_id, input.on, input.ordinal, input.expected_version)
    return {"unit_id": unit_id}


async def _close_unit(work: Work, input: CloseOrgUnitInput, _: Services) -> dict[str, Any]:
    unit_id = decode_id(input.id, "OrgUnit", ("id",))
    await close_unit(work, unit_id, input.on, input.expected_version)
    return {"unit_id": unit_id}


async def _reopen_unit(work: Work, input: ReopenOrgUnitInput, _: Services) -> dict[str, Any]:
    unit_id = decode_id(input.id, "OrgUnit", ("id",))
    await reopen_unit(work, unit_id, input.expected_version)
    return {"unit_id": unit_id}


async def _create_member(work: Work, input: CreateMemberInput, _: Services) -> dict[str, Any]:
    new = NewMember(input.name, input.email, input.role.value, input.key, input.joined_on)
    return {"member_id": await create_member(work, new)}


async def _update_member(work: Work, input: UpdateMemberInput, _: Services) -> dict[str, Any]:
    member_id = decode_id(input.id, "Member", ("id",))
    given = {"name": input.name, "email": input.email, "role": input.role, "joined_on": input.joined_on}
    changes = {name: value for name, value in given.items() if value is not strawberry.UNSET}
    for name in ("name", "role"):
        if changes.get(name, "") is None:
            del changes[name]
    if isinstance(role := changes.get("role"), MemberRole):
        changes["role"] = role.value
    await update_member(work, member_id, changes, input.expected_version)
    return {"member_id": member_id}


async def _member_leaves(work: Work, input: MemberLeavesInput, _: Services) -> dict[str, Any]:
    member_id = decode_id(input.id, "Member", ("id",))
    await leave(work, member_id, input.on, input.expected_version)
    return {"member_id": member_id}


async def _member_returns(work: Work, input: MemberReturnsInput, _: Services) -> dict[str, Any]:
    member_id = decode_id(input.id, "Member", ("id",))
    await rejoin(work, member_id, input.expected_version)
    return {"member_id": member_id}


async def _appoint_holder(work: Work, input: AppointHolderInput, _: Services) -> dict[str, Any]:
    position_id = decode_id(input.position_id, "OrgUnit", ("positionId",))
    member_id = decode_id(input.member_id, "Member", ("memberId",))
    holding_id = await appoint_holder(
        work, position_id, member_id, input.valid_from, input.valid_to, replace=input.replace
    )
    return {"holding_id": holding_id, "unit_id": position_id, "member_id": member_id}


async def _appoint_head(work: Work, input: AppointHeadInput, _: Services) -> dict[str, Any]:
    unit_id = decode_id(input.org_unit_id, "OrgUnit", ("orgUnitId",))
    member_id = decode_id(input.member_id, "Member", ("memberId",))
    headship_id = await appoint_head(work, unit_id, member_id, input.valid_from, input.valid_to, replace=input.replace)
    return {"headship_id": headship_id, "unit_id": unit_id, "member_id": member_id}


async def _end_holding(work: Work, input: EndHoldingInput, _: Services) -> dict[str, Any]:
    ended = await end_holding(work, decode_id(input.id, "Holding", ("id",)), input.on)
    return {"holding_id": ended.id, "unit_id": ended.unit_id, "member_id": ended.member_id}


async def _end_headship(work: Work, input: EndHeadshipInput, _: Services) -> dict[str, Any]:
    ended = await end_headship(work, decode_id(input.id, "Headship", ("id",)), input.on)
    return {"headship_id": ended.id, "unit_id": ended.unit_id, "member_id": ended.member_id}


@strawberry.type
class OrganizationMutation:
    """Mutations of the organization; all dated, none destroys history."""

    create_org_unit: OrgUnitPayload = mutation(_create_unit, description="Add a unit to the tree.")
    rename_org_unit: OrgUnitPayload = mutation(_rename_unit, description="Rename a unit.")
    move_org_unit: OrgUnitPayload = mutation(_move_unit, description="Put a unit under another parent from a day on.")
    close_org_unit: OrgUnitPayload = mutation(_close_unit, description="Close a unit from a day on.")
    reopen_org_unit: OrgUnitPayload = mutation(_reopen_unit, description="Open a closed unit again.")
    create_member: MemberPayload = mutation(_create_member, description="Enter a member.")
    update_member: MemberPayload = mutation(_update_member, description="Change a member's name, address or role.")
    member_leaves: MemberPayload = mutation(_member_leaves, description="Let a member leave from a day on.")
    member_returns: MemberPayload = mutation(_member_returns, description="Take a leaving back.")
    appoint_holder: HoldingPayload = mutation(_appoint_holder, description="Give a position a holder.")
    end_holding: HoldingPayload = mutation(_end_holding, description="End a member's days in a position.")
    appoint_head: HeadshipPayload = mutation(_appoint_head, description="Give a unit a head (负责人).")
    end_headship: HeadshipPayload = mutation(_end_headship, description="End a member's days as head.")
