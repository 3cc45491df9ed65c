"""Disputes about statements: what is contested, what was said, and how it was decided."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import strawberry

from quotaloom_graphql.connections import Connection
from quotaloom_graphql.dispute_loaders import (
    disputes_page,
    load_comments,
    load_corrections,
    load_dispute_rights,
    load_disputed_lines,
    load_disputes,
)
from quotaloom_graphql.field_costs import WHOLE_LIST
from quotaloom_graphql.incentive_enums import DisputeStatus
from quotaloom_graphql.incentive_loaders import load_statements
from quotaloom_graphql.incentives import Statement, StatementLine
from quotaloom_graphql.nodes import Node, NodeLoader, global_id
from quotaloom_graphql.organization_loaders import load_members
from quotaloom_graphql.organizations import Member
from quotaloom_graphql.roots import root_field
from strawberry_breadth import batch, column


@strawberry.type(description="What somebody said in a dispute.")
class DisputeComment:
    """A comment."""

    text: str = strawberry.field(description="What.")
    at: datetime = strawberry.field(description="When.")
    author: str = strawberry.field(description="Who.")
    member: Member | None = batch(
        load_members, key="author_id", by="id", one=True, description="The author, where you may see who it is."
    )


@strawberry.type(description="How a dispute was decided.")
class DisputeDecision:
    """A decision."""

    granted: bool = strawberry.field(description="Whether the member is right.")
    amount: Decimal | None = strawberry.field(
        description="What he gets in his next statement, in the statement's currency; 0 where what is wrong is mended"
        " where it came from, null where it was refused."
    )
    reason: str = strawberry.field(description="Why.")
    at: datetime = strawberry.field(description="When.")
    by: str = strawberry.field(description="Who decided.")
    member: Member | None = batch(
        load_members, key="decided_by_id", by="id", one=True, description="The same, where you may see who it is."
    )


@strawberry.type(description="What was granted, in the statement in which it stands.")
class DisputeCorrection:
    """A line and its statement."""

    line: StatementLine = strawberry.field(description="The line.")
    statement: Statement | None = batch(
        load_statements, key="statement_id", by="id", one=True, description="The statement."
    )


@strawberry.type(description="What you may do with a dispute as it stands; the server checks again.")
class ViewerCanOnDispute:
    """Rights of the viewer."""

    comment: bool = strawberry.field(description="Say something in it.")
    decide: bool = strawberry.field(
        description="Grant or refuse it: a head above whoever approved the run, or an admin; nobody his own."
    )
    withdraw: bool = strawberry.field(description="Take it back: your own.")


@strawberry.type(
    description="A member contests a line of his statement, or misses one (申诉). You see your own, those of members in"
    " the subtrees that you head, and as an admin all."
)
class Dispute(Node):
    """A dispute."""

    id: strawberry.ID = global_id("Dispute")
    status: DisputeStatus = strawberry.field(description="Where it stands.")
    period: str = column(str, of="label", description="The label of the statement's period.")
    opened_at: datetime = strawberry.field(description="When it was opened.")
    text: str = strawberry.field(description="What the member says.")
    title: str | None = strawberry.field(description="The contested line's title; null where a line is missing.")
    contested: Decimal | None = strawberry.field(
        description="The contested line's amount, as it was when it was contested; null where a line is missing."
    )
    claimed: Decimal | None = strawberry.field(description="What the member asks for; null where he named nothing.")
    currency: str = strawberry.field(description="ISO 4217 code of the amounts.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    member: Member | None = batch(load_members, key="member_id", by="id", one=True, description="Whose it is.")
    statement: Statement | None = batch(
        load_statements,
        key="statement_id",
        by="id",
        one=True,
        description="The contested statement, as far as you may see it; null where its run was cancelled.",
    )
    line: StatementLine | None = batch(
        load_disputed_lines,
        description="The contested line as it is now; null where a line is missing, or this one is gone since.",
    )
    thread: list[DisputeComment] = batch(
        load_comments, key="id", by="dispute_id", description="What was said, in the order in which it was."
    )
    decision: DisputeDecision | None = strawberry.field(description="How it was decided; null where it was not.")
    correction: DisputeCorrection | None = batch(
        load_corrections,
        description="What was granted, once a statement that you may see has it; the next one that is computed does.",
    )
    viewer_can: ViewerCanOnDispute = batch(load_dispute_rights, description="What you may do with it.")


@strawberry.type
class DisputeQuery:
    """Root fields of disputes."""

    disputes: Connection[Dispute] = root_field(
        disputes_page, weight=WHOLE_LIST, description="Disputes that you may see, the latest first: a page."
    )


NODE_LOADERS: dict[str, NodeLoader] = {"Dispute": load_disputes}
"""How `node(id:)` finds what these types name."""
