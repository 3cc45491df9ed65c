"""What was said of a unit's month in a plan, and the mutations that say and settle it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import strawberry

from quotaloom.platform.work import Work
from quotaloom.targets.comments import add_comment, resolve_comment
from quotaloom_graphql.comment_loaders import load_comment_rights, load_comments
from quotaloom_graphql.context import Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import Node, NodeLoader, decode_id, global_id
from quotaloom_graphql.organization_loaders import load_members, load_units
from quotaloom_graphql.organizations import Member, OrgUnit
from quotaloom_graphql.plan_loaders import load_plans
from quotaloom_graphql.plans import Plan
from strawberry_breadth import batch


@strawberry.type(description="What you may do with a comment; the server checks again.")
class ViewerCanOnComment:
    """Rights of the viewer."""

    resolve: bool = strawberry.field(description="Mark it as settled, and take that back.")


@strawberry.type(description="What somebody says of a unit's month in a plan, whatever version of it.")
class CellComment(Node):
    """A comment."""

    id: strawberry.ID = global_id("CellComment")
    text: str = strawberry.field(description="What was said.")
    at: datetime = strawberry.field(description="When.")
    author: str = strawberry.field(description="By whom.")
    period: str = strawberry.field(description="The month's label.")
    starts_on: date = strawberry.field(description="First day of the month.")
    ends_on: date = strawberry.field(description="The day after the last.")
    resolved_at: datetime | None = strawberry.field(description="When it was settled; null while it is not.")
    resolved_by: str | None = strawberry.field(description="By whom.")
    member: Member | None = batch(
        load_members, key="author_id", by="id", one=True, description="Its author; null where that was no member."
    )
    org_unit: OrgUnit | None = batch(load_units, key="unit_id", by="id", one=True, description="The unit.")
    plan: Plan | None = batch(load_plans, key="plan_id", by="id", one=True, description="The plan.")
    viewer_can: ViewerCanOnComment = batch(load_comment_rights, description="What you may do with it.")


@strawberry.input(description="Something to say of a unit's month in a plan.")
class AddCellCommentInput:
    """A comment."""

    plan_id: strawberry.ID = strawberry.field(description="The plan.")
    org_unit_id: strawberry.ID = strawberry.field(description="The unit.")
    month: str = strawberry.field(description="A month of the plan by its label, such as `2017-06`.")
    text: str = strawberry.field(description="What you say, in 2,000 characters at the most.")


@strawberry.input(description="A comment to settle, or to open again.")
class ResolveCellCommentInput:
    """A comment to settle."""

    comment_id: strawberry.ID = strawberry.field(description="The comment.")
    resolved: bool = strawberry.field(default=True, description="False opens it again.")


@strawberry.type(description="The comment as it stands now.")
class CellCommentPayload:
    """A comment, or what was wrong."""

    comment: CellComment | None = batch(load_comments, key="comment_id", by="id", one=True, description="The comment.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _add(work: Work, input: AddCellCommentInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "Plan", ("planId",))
    unit_id = decode_id(input.org_unit_id, "OrgUnit", ("orgUnitId",))
    return {"comment_id": await add_comment(work, plan_id, unit_id, input.month, input.text)}


async def _resolve(work: Work, input: ResolveCellCommentInput, _: Services) -> dict[str, Any]:
    comment_id = decode_id(input.comment_id, "CellComment", ("commentId",))
    await resolve_comment(work, comment_id, resolved=input.resolved)
    return {"comment_id": comment_id}


NODE_LOADERS: dict[str, NodeLoader] = {"CellComment": load_comments}
"""How `node(id:)` finds what these types name."""


@strawberry.type
class CommentMutation:
    """Mutations of comments."""

    add_cell_comment: CellCommentPayload = mutation(
        _add,
        description="Say something of a unit's month in a plan: those who plan for it, and who holds the position.",
    )
    resolve_cell_comment: CellCommentPayload = mutation(
        _resolve, description="Mark a comment as settled, or open it again."
    )
