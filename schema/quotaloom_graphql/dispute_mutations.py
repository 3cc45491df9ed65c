"""Mutations of disputes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import strawberry

from quotaloom.incentives.disputes import (
    Decision,
    NewDispute,
    comment_on_dispute,
    decide_dispute,
    open_dispute,
    withdraw_dispute,
)
from quotaloom.platform.work import Work
from quotaloom_graphql.context import Services
from quotaloom_graphql.dispute_loaders import load_disputes
from quotaloom_graphql.disputes import Dispute
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.incentive_mutations import EXPECTED
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id
from strawberry_breadth import batch


@strawberry.input(description="The line of a statement, named as it names itself.")
class DisputedLineInput:
    """A line."""

    rule: str = strawberry.field(description="The line's `rule`.")
    key: str = strawberry.field(description="The line's `key`.")


@strawberry.input(description="A statement of yours, and what is wrong with it.")
class OpenDisputeInput:
    """A dispute."""

    statement_id: strawberry.ID = strawberry.field(description="The statement.")
    line: DisputedLineInput | None = strawberry.field(
        default=None, description="The line that is wrong; not given where one is missing."
    )
    text: str = strawberry.field(description="What is wrong, in 2,000 characters at the most.")
    amount: Decimal | None = strawberry.field(
        default=None, description="What you ask for beside what you have, in the statement's currency."
    )


@strawberry.input(description="Something to say in a dispute.")
class CommentOnDisputeInput:
    """A comment."""

    id: strawberry.ID = strawberry.field(description="The dispute.")
    text: str = strawberry.field(description="What you say, in 2,000 characters at the most.")


@strawberry.input(description="A decision on a dispute.")
class DecideDisputeInput:
    """A decision."""

    id: strawberry.ID = strawberry.field(description="The dispute.")
    granted: bool = strawberry.field(description="Whether the member is right.")
    amount: Decimal | None = strawberry.field(
        default=None,
        description="What he gets in his next statement; all that he claimed if not given. 0 where what is wrong is"
        " mended where it came from. None for what is refused.",
    )
    reason: str = strawberry.field(description="Why.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A dispute to take back.")
class WithdrawDisputeInput:
    """A dispute."""

    id: strawberry.ID = strawberry.field(description="The dispute, which is open.")
    reason: str | None = strawberry.field(default=None, description="Why.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.type(description="The dispute as it stands now.")
class DisputePayload:
    """A dispute, or what was wrong."""

    dispute: Dispute | None = batch(load_disputes, key="dispute_id", by="id", one=True, description="The dispute.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _open(work: Work, input: OpenDisputeInput, _: Services) -> dict[str, Any]:
    line = input.line
    new = NewDispute(
        decode_id(input.statement_id, "Statement", ("statementId",)),
        input.text,
        None if line is None else line.rule,
        None if line is None else line.key,
        input.amount,
    )
    return {"dispute_id": await open_dispute(work, new)}


def _dispute(id: strawberry.ID) -> int:
    return decode_id(id, "Dispute", ("id",))


async def _comment(work: Work, input: CommentOnDisputeInput, _: Services) -> dict[str, Any]:
    await comment_on_dispute(work, _dispute(input.id), input.text)
    return {"dispute_id": _dispute(input.id)}


async def _decide(work: Work, input: DecideDisputeInput, _: Services) -> dict[str, Any]:
    decision = Decision(input.reason, input.granted, input.amount)
    await decide_dispute(work, _dispute(input.id), decision, input.expected_version)
    return {"dispute_id": _dispute(input.id)}


async def _withdraw(work: Work, input: WithdrawDisputeInput, _: Services) -> dict[str, Any]:
    await withdraw_dispute(work, _dispute(input.id), input.reason, input.expected_version)
    return {"dispute_id": _dispute(input.id)}


@strawberry.type
class DisputeMutation:
    """Mutations of disputes."""

    open_dispute: DisputePayload = mutation(
        _open, description="Contest a statement of yours, from when it is reviewed until 60 days after it was paid."
    )
    comment_on_dispute: DisputePayload = mutation(
        _comment, description="Say something in a dispute: its member, the heads who lead him, and admins."
    )
    decide_dispute: DisputePayload = mutation(
        _decide,
        description="Grant or refuse a dispute: a head above whoever approved the run, or an admin; nobody his own.",
    )
    withdraw_dispute: DisputePayload = mutation(_withdraw, description="Take back a dispute of yours that is open.")
