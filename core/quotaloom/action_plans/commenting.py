"""What is said of an action plan."""

from __future__ import annotations

from typing import Final

from quotaloom.action_plans.storing import hold_plan, load_rights
from quotaloom.action_plans.telling import tell_head, tell_member
from quotaloom.platform.errors import AccessDenied, InputError
from quotaloom.platform.texts import checked_text
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

MOST_COMMENTS: Final = 500
"""How many comments an action plan may have."""


async def comment_on_plan(work: Work, plan_id: int, text: str) -> int:
    """Say something of a plan, a closed one too; returns the comment's id.

    Its member, whoever heads its unit or one above, and admins. What somebody else says the member is told, what the
    member says whoever heads the nearest unit above. Raises `NotFound`, `AccessDenied`, `InputError` TEXT_MISSING,
    TOO_LONG, BAD_TEXT, TOO_MANY_COMMENTS.
    """
    said = checked_text(text, ("text",), "a comment")
    if said is None:
        raise InputError("TEXT_MISSING", "a comment says something", ("text",))

    async def apply(transaction: Transaction) -> int:
        rights = await load_rights(transaction, work)
        plan = await hold_plan(transaction, rights, plan_id, path=("planId",))
        if not rights.comments(plan.member_id, plan.unit_id):
            raise AccessDenied("an action plan is commented on by its member and by whoever heads a unit above")
        row = await transaction.fetch_one(
            "INSERT INTO action_plan_comment (company_id, action_plan_id, text, at, author, author_id)"
            " SELECT $1, $2, $3, $4, $5, $6 WHERE (SELECT count(*) FROM action_plan_comment"
            " WHERE company_id = $1 AND action_plan_id = $2) < $7 RETURNING id",
            transaction.company_id,
            plan.id,
            said,
            transaction.now,
            transaction.writer.subject,
            transaction.writer.member_id,
            MOST_COMMENTS,
        )
        if row is None:
            message = f"there are {MOST_COMMENTS} comments on this plan, and that is the most"
            raise InputError("TOO_MANY_COMMENTS", message, ("text",))
        comment_id: int = row["id"]
        tell = tell_head if rights.is_own(plan.member_id) else tell_member
        await tell(transaction, work, plan, "action_plan.commented")
        after = {"plan": plan.id, "text": said}
        transaction.record("action_plan.comment", "ActionPlan", plan.id, after=after)
        transaction.publish("action_plan.commented", id=plan.id)
        return comment_id

    return await work.write(apply)
