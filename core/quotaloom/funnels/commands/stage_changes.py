"""Moving, winning, losing and reopening a deal: every change of stage goes through here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from quotaloom.funnels.crediting import (
    CreditingPlan,
    CreditsOutdated,
    blamed,
    crediting_setting,
    plan_credits,
    require_current,
    store_crediting,
)
from quotaloom.funnels.crediting_requests import WinFacts
from quotaloom.funnels.deals import check_amount, check_close, check_day
from quotaloom.funnels.moves import Move, insert_moves
from quotaloom.funnels.naming import may_be_id
from quotaloom.funnels.permission import require_seller, unknown, worked_positions
from quotaloom.funnels.reach import require_right_to_reopen
from quotaloom.funnels.references import StageFacts, load_stages
from quotaloom.funnels.stages import Outcome
from quotaloom.funnels.stored_deals import StoredDeal, hold_deal
from quotaloom.funnels.winnings import Win, post_wins, reverse_win
from quotaloom.metrics.currencies import known_currency
from quotaloom.platform.errors import Conflict, InputError
from quotaloom.platform.texts import checked_reason
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.host import PolicyHost

ATTEMPTS = 5
"""How often a crediting rule is asked afresh because the deal or the rule changed meanwhile."""


@dataclass(frozen=True, slots=True)
class _Change:
    """What is asked for: a stage by id, or the first with an outcome."""

    on: date
    reason: str | None
    stage_id: int | None = None
    outcome: Outcome | None = None
    amount: int | None = None
    currency: str | None = None


async def move_opportunity(
    work: Work,
    host: PolicyHost,
    opportunity_id: int,
    stage_id: int,
    on: date | None = None,
    reason: str | None = None,
    expected_version: int | None = None,
) -> None:
    """Move an open deal into another stage of its funnel, on a business date (today, where None).

    Into a won stage it is `win_opportunity`, into a lost one `lose_opportunity`, with all that belongs to it.
    Raises `NotFound`, `Conflict` where the version is another, `InputError` for a won or lost deal, for the
    stage it is in, for a date in the future or before the deal was opened.
    """
    await _change(work, opportunity_id, _Change(on or work.today, reason, stage_id), expected_version, host)


async def win_opportunity(
    work: Work,
    host: PolicyHost,
    opportunity_id: int,
    on: date | None = None,
    amount: int | None = None,
    currency: str | None = None,
    reason: str | None = None,
    expected_version: int | None = None,
) -> None:
    """Win an open deal on a business date (today, where None); posts its revenue, one order and so on.

    `amount` (minor units of `currency`, of the deal's where None) takes the place of the deal's. A deal without
    an amount, or with an estimated one, is refused until it is told. The company's crediting rule of that date
    shares the credit; without one it goes to the deal's splits, or to the holder of its position on that date.
    Raises as `move_opportunity`, what the ledger refuses, and `PolicyFailed` for what is the rule's fault.
    """
    check_amount(amount)
    if currency is not None:
        known_currency(currency, ("currency",))
        if amount is None:
            raise InputError("AMOUNT_NEEDED", "a currency needs an amount", ("amount",))
    change = _Change(on or work.today, reason, outcome=Outcome.WON, amount=amount, currency=currency)
    await _change(work, opportunity_id, change, expected_version, host)


async def lose_opportunity(
    work: Work,
    opportunity_id: int,
    on: date | None = None,
    reason: str | None = None,
    stage_id: int | None = None,
    expected_version: int | None = None,
) -> None:
    """Lose an open deal on a business date (today, where None), into a lost stage (the first, where None).

    Raises as `move_opportunity`.
    """
    change = _Change(on or work.today, reason, stage_id, Outcome.LOST)
    await _change(work, opportunity_id, change, expected_version)


async def reopen_opportunity(
    work: Work,
    opportunity_id: int,
    stage_id: int | None = None,
    on: date | None = None,
    reason: str | None = None,
    expected_version: int | None = None,
) -> None:
    """Put a won or lost deal back into an open stage: the one it was closed from, where None.

    What a win has posted is reversed, except what was refunded already. Raises `NotFound`, `Conflict`, and
    `InputError` for a deal that is open, a stage that is not, and a date in the future or before the close.
    """
    change = _Change(on or work.today, reason, stage_id)
    _check(work, change)

    async def apply(transaction: Transaction) -> None:
        deal = await hold_deal(transaction, work, opportunity_id, expected_version)
        if deal.outcome is Outcome.OPEN:
            raise InputError("NOT_CLOSED", "this deal is open: there is nothing to reopen", ("id",))
        if deal.outcome is Outcome.WON:
            await require_right_to_reopen(transaction, work, deal)
        if deal.closed_on is not None and change.on < deal.closed_on:
            raise InputError(
                "REOPENED_BEFORE_CLOSED", f"{change.on} is before {deal.closed_on}, when it was closed", ("on",)
            )
        stages = (await load_stages(transaction, [deal.funnel_id]))[deal.funnel_id]
        wanted = stage_id if stage_id is not None else await _closed_from(transaction, deal)
        stage = _open_stage(stages, wanted)
        await _enter(transaction, deal, stage, change)
        if deal.outcome is Outcome.WON:
            await reverse_win(transaction, work.company, deal.id, deal.key, deal.wins, change.on, deal.customer_id)
        _tell(transaction, "reopen", deal, stage, change)

    await work.write(apply)


async def _change(
    work: Work, opportunity_id: int, change: _Change, expected_version: int | None, host: PolicyHost | None = None
) -> None:
    """Change the stage; with `host`, which only losing does without, a crediting rule is asked about a win."""
    _check(work, change)
    for _ in range(ATTEMPTS):
        plan = None if host is None else await _plan_of_win(work, host, opportunity_id, change)
        try:
            await _try_to_change(work, opportunity_id, change, expected_version, plan)
        except CreditsOutdated:
            continue
        return
    raise Conflict("CONFLICT", "others keep changing this deal or its crediting rule; please try again", ("id",))


async def _plan_of_win(work: Work, host: PolicyHost, opportunity_id: int, change: _Change) -> CreditingPlan | None:
    """How a rule shares the credit, if this will be a win and the company has a rule; what is wrong is told later."""
    async with work.snapshot() as snapshot:
        setting = await crediting_setting(snapshot, change.on)
        win = None if setting is None else await _win_facts(snapshot, work, opportunity_id, change)
        if setting is None or win is None:
            return None
    (plan,) = await plan_credits(host, work.snapshot(), setting, [win])
    return plan


async def _win_facts(snapshot: Snapshot, work: Work, opportunity_id: int, change: _Change) -> WinFacts | None:
    """The deal as it would be won; None where it cannot be, or is no win."""
    if not may_be_id(opportunity_id) or not (change.stage_id is None or may_be_id(change.stage_id)):
        return None
    deal = await snapshot.fetch_one(
        "SELECT deal.position_id, deal.version, deal.amount, deal.amount_estimated, deal.currency"
        " FROM opportunity AS deal JOIN stage ON stage.company_id = deal.company_id AND stage.id = deal.stage_id"
        " WHERE deal.id = $1 AND stage.outcome = 'open' AND ($2 OR EXISTS (SELECT FROM stage AS wanted"
        " WHERE wanted.id = $3 AND wanted.funnel_id = deal.funnel_id AND wanted.outcome = 'won'))",
        opportunity_id,
        change.outcome is Outcome.WON,
        change.stage_id,
    )
    worked = await worked_positions(snapshot, work.viewer, work.today)
    if deal is None or (worked is not None and deal["position_id"] not in worked):
        return None
    amount = change.amount if change.amount is not None or deal["amount_estimated"] else deal["amount"]
    if amount is None:
        return None
    return WinFacts(opportunity_id, deal["version"], amount, change.currency or deal["currency"], change.on)


async def _try_to_change(
    work: Work, opportunity_id: int, change: _Change, expected_version: int | None, plan: CreditingPlan | None
) -> None:
    async def apply(transaction: Transaction) -> None:
        deal = await hold_deal(transaction, work, opportunity_id, expected_version)
        deal.require_open()
        stages = (await load_stages(transaction, [deal.funnel_id]))[deal.funnel_id]
        stage = _wanted(stages, change)
        if stage.id == deal.stage_id:
            raise InputError("NO_CHANGE", f"the deal is in the stage {stage.name!r} already", ("stageId",))
        check_close(deal.opened_on, change.on)
        if stage.outcome is Outcome.WON:
            await _win(transaction, work, deal, stage, change, plan)
        else:
            await _enter(transaction, deal, stage, change)
        _tell(transaction, {Outcome.WON: "win", Outcome.LOST: "lose"}.get(stage.outcome, "move"), deal, stage, change)

    await work.write(apply)


def _check(work: Work, change: _Change) -> None:
    require_seller(work.viewer, "changing the stage of an opportunity")
    check_day(change.on, ("on",))
    checked_reason(change.reason)
    if change.on > work.today:
        raise InputError("IN_THE_FUTURE", f"{change.on} is after today, {work.today}", ("on",))


def _wanted(stages: Sequence[StageFacts], change: _Change) -> StageFacts:
    for stage in stages:
        if change.stage_id in (None, stage.id) and change.outcome in (None, stage.outcome):
            return stage
    what = f"{change.outcome} stage" if change.outcome else "stage"
    raise unknown("stage", f"{change.stage_id} among the {what}s of this funnel", ("stageId",))


def _open_stage(stages: Sequence[StageFacts], stage_id: int | None) -> StageFacts:
    if stage_id is None:
        return next(stage for stage in stages if stage.outcome is Outcome.OPEN)
    for stage in stages:
        if stage.id == stage_id:
            if stage.outcome is not Outcome.OPEN:
                raise InputError("NOT_OPEN", f"{stage.name!r} is {stage.outcome}: name an open stage", ("stageId",))
            return stage
    raise unknown("stage", f"{stage_id} in this funnel", ("stageId",))


async def _closed_from(transaction: Transaction, deal: StoredDeal) -> int | None:
    row = await transaction.fetch_one(
        "SELECT stage.id FROM stage_move JOIN stage ON stage.company_id = stage_move.company_id"
        " AND stage.id = stage_move.from_stage_id AND stage.outcome = 'open'"
        " WHERE stage_move.company_id = $1 AND stage_move.opportunity_id = $2"
        " ORDER BY stage_move.moved_at DESC, stage_move.id DESC LIMIT 1",
        transaction.company_id,
        deal.id,
    )
    return None if row is None else int(row["id"])


async def _win(
    transaction: Transaction,
    work: Work,
    deal: StoredDeal,
    stage: StageFacts,
    change: _Change,
    plan: CreditingPlan | None,
) -> None:
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
    await _enter(transaction, deal, stage, change)
    win = Win(
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
        credits=None if plan is None else plan.credits,
    )
    if plan is None:
        await post_wins(transaction, work.company, [win])
        return
    try:
        await post_wins(transaction, work.company, [win])
    except InputError as error:
        if error.path[:1] != ("credits",):
            raise
        raise blamed(plan, error) from error
    await store_crediting(transaction, plan, deal.id, win.number)


async def _enter(transaction: Transaction, deal: StoredDeal, stage: StageFacts, change: _Change) -> None:
    await transaction.execute(
        "UPDATE opportunity SET stage_id = $3, closed_on = $4, lost_reason = $5, version = version + 1"
        " WHERE company_id = $1 AND id = $2",
        transaction.company_id,
        deal.id,
        stage.id,
        None if stage.outcome is Outcome.OPEN else change.on,
        change.reason if stage.outcome is Outcome.LOST else None,
    )
    await insert_moves(transaction, [Move(deal.id, deal.stage_id, stage.id, change.on, change.reason)])


def _tell(transaction: Transaction, verb: str, deal: StoredDeal, stage: StageFacts, change: _Change) -> None:
    transaction.record(
        f"opportunity.{verb}",
        "Opportunity",
        deal.id,
        before={"stage": deal.stage_name, "amount": deal.amount, "currency": deal.currency},
        after={"stage": stage.name, "on": change.on, "amount": change.amount, "currency": change.currency},
        reason=change.reason,
    )
    topics = {"move": "moved", "win": "won", "lose": "lost", "reopen": "reopened"}
    transaction.publish(f"opportunity.{topics[verb]}", id=deal.id, stage_id=stage.id)
