"""A deal that comes into a stage: what is written of it, and what of its win."""

from __future__ import annotations

from quotaloom.funnels.close_reasons import close_reason_id
from quotaloom.funnels.commands.changes import Change
from quotaloom.funnels.crediting import CreditingPlan, blamed, require_current, store_crediting
from quotaloom.funnels.deal_lines import replace_lines, won_for
from quotaloom.funnels.moves import Move, insert_moves
from quotaloom.funnels.stages import Outcome
from quotaloom.funnels.stored_deals import StoredDeal
from quotaloom.funnels.stored_stages import StageFacts
from quotaloom.funnels.winnings import Win, post_wins
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

_VERBS = {Outcome.WON: "win", Outcome.LOST: "lose", Outcome.INVALID: "invalidate"}

_TOPICS = {"move": "moved", "win": "won", "lose": "lost", "invalidate": "invalidated", "reopen": "reopened"}


async def win(
    transaction: Transaction,
    work: Work,
    deal: StoredDeal,
    stage: StageFacts,
    change: Change,
    plan: CreditingPlan | None,
) -> None:
    """Put the deal into the won stage and post what it counts for; the plan of a rule shares the credit.

    Where it is won for another amount than its lines come to, these are changed in proportion.

    Raises `InputError` AMOUNT_NEEDED and what the ledger refuses, `CreditsOutdated`, and `PolicyFailed`.
    """
    amount = deal.amount if change.amount is None else change.amount
    if amount is None or (change.amount is None and deal.amount_estimated):
        told = "has only an estimated amount" if deal.amount_estimated else "has no amount"
        raise InputError("AMOUNT_NEEDED", f"this deal {told}: tell what it was won for", ("amount",))
    await require_current(transaction, plan, deal.version, change.on)
    currency = change.currency or deal.currency
    await transaction.execute(
        "UPDATE opportunity SET amount = $3, currency = $4, amount_estimated = false, wins = wins + 1"
        " WHERE company_id = $1 AND id = $2",
        transaction.company_id,
        deal.id,
        amount,
        currency,
    )
    lines = won_for(deal.lines, amount)
    if lines != deal.lines:
        await replace_lines(transaction, deal.id, lines)
    await enter(transaction, deal, stage, change)
    posted = Win(
        opportunity_id=deal.id,
        key=deal.key,
        number=deal.wins + 1,
        amount=amount,
        currency=currency,
        closed_on=change.on,
        position_id=deal.position_id,
        splits=deal.splits,
        customer_id=deal.customer_id,
        product_id=deal.product_id,
        lines=lines,
        credits=None if plan is None else plan.credits,
    )
    if plan is None:
        await post_wins(transaction, work.company, [posted])
        return
    try:
        await post_wins(transaction, work.company, [posted])
    except InputError as error:
        if error.path[:1] != ("credits",):
            raise
        raise blamed(plan, error) from error
    await store_crediting(transaction, plan, deal.id, posted.number)


async def enter(transaction: Transaction, deal: StoredDeal, stage: StageFacts, change: Change) -> None:
    """Put the deal into the stage and record the move. Raises `InputError` for the reason of a closed deal."""
    closed = stage.outcome is not Outcome.OPEN
    reason_id = None
    if closed:
        reason_id = await close_reason_id(transaction, deal.funnel_id, stage.outcome, change.reason_key)
    elif change.reason_key is not None:
        raise InputError("NOT_CLOSED", "a deal that stays open needs no reason of the funnel", ("reasonKey",))
    await transaction.execute(
        "UPDATE opportunity SET stage_id = $3, closed_on = $4, lost_reason = $5, close_reason_id = $6,"
        " version = version + 1 WHERE company_id = $1 AND id = $2",
        transaction.company_id,
        deal.id,
        stage.id,
        change.on if closed else None,
        change.reason if stage.outcome in {Outcome.LOST, Outcome.INVALID} else None,
        reason_id,
    )
    await insert_moves(transaction, [Move(deal.id, deal.stage_id, stage.id, change.on, change.reason)])


def tell(
    transaction: Transaction, deal: StoredDeal, stage: StageFacts, change: Change, *, reopened: bool = False
) -> None:
    """Record a change of stage and publish it."""
    verb = "reopen" if reopened else _VERBS.get(stage.outcome, "move")
    transaction.record(
        f"opportunity.{verb}",
        "Opportunity",
        deal.id,
        before={"stage": deal.stage_name, "amount": deal.amount, "currency": deal.currency},
        after={
            "stage": stage.name,
            "on": change.on,
            "amount": change.amount,
            "currency": change.currency,
            "reason_key": change.reason_key,
        },
        reason=change.reason,
    )
    transaction.publish(f"opportunity.{_TOPICS[verb]}", id=deal.id, stage_id=stage.id)
