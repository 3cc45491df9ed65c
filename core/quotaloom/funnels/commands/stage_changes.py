"""Moving, closing and reopening a deal: every change of stage goes through here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from quotaloom.funnels.commands.change_plans import ChangePlan, PlanOutdated, plan_change
from quotaloom.funnels.commands.changes import Change, check_change, open_stage, wanted_stage
from quotaloom.funnels.commands.entering import enter, tell, win
from quotaloom.funnels.commands.passing import require_passage, require_return
from quotaloom.funnels.crediting import CreditsOutdated
from quotaloom.funnels.deals import check_amount, check_close
from quotaloom.funnels.reach import require_right_to_reopen
from quotaloom.funnels.stages import Outcome
from quotaloom.funnels.stored_deals import StoredDeal, hold_deal
from quotaloom.funnels.stored_stages import StageFacts, stages_beside
from quotaloom.funnels.winnings import reverse_win
from quotaloom.metrics.currencies import known_currency
from quotaloom.ownership.holding_caps import require_caps_kept
from quotaloom.ownership.owners import RecordKind
from quotaloom.platform.errors import Conflict, InputError
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.host import PolicyHost

ATTEMPTS = 5
"""How often policies are asked afresh because the deal or the company's policies changed meanwhile."""


async def move_opportunity(
    work: Work,
    host: PolicyHost,
    opportunity_id: int,
    stage_id: int,
    on: date | None = None,
    reason: str | None = None,
    expected_version: int | None = None,
    reason_key: str | None = None,
) -> None:
    """Move an open deal into another stage of its version of its funnel, on a business date (today, where None).

    Into a won stage it is `win_opportunity`, into a lost one `lose_opportunity`, into an invalid one
    `invalidate_opportunity`, with all that belongs to it. On and back it goes as the stage that it leaves permits, and
    on only when it meets the standards of that stage and of those that it jumps over, and the company's gates let it
    pass: `InputError`, `ManyRefused` for several, names all that is missing, told at the field where there is one.
    Raises `NotFound`, `Conflict` where the version is another, `AccessDenied` for what takes a head, `InputError` for a
    won, lost or invalid deal, for the stage it is in, for a date in the future or before the deal was opened.
    """
    change = Change(on or work.today, reason, stage_id, reason_key=reason_key)
    await _change(work, opportunity_id, change, expected_version, host)


async def win_opportunity(
    work: Work,
    host: PolicyHost,
    opportunity_id: int,
    on: date | None = None,
    amount: int | None = None,
    currency: str | None = None,
    reason: str | None = None,
    expected_version: int | None = None,
    reason_key: str | None = None,
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
    change = Change(on or work.today, reason, None, Outcome.WON, amount, currency, reason_key)
    await _change(work, opportunity_id, change, expected_version, host)


async def lose_opportunity(
    work: Work,
    opportunity_id: int,
    on: date | None = None,
    reason: str | None = None,
    stage_id: int | None = None,
    expected_version: int | None = None,
    reason_key: str | None = None,
) -> None:
    """Lose an open deal on a business date (today, where None), into a lost stage (the first, where None).

    No standard and no permission of its stage keeps it. Where its funnel has reasons for lost deals, one of them is
    named by `reason_key`. Raises as `move_opportunity`.
    """
    change = Change(on or work.today, reason, stage_id, Outcome.LOST, reason_key=reason_key)
    await _change(work, opportunity_id, change, expected_version)


async def invalidate_opportunity(
    work: Work,
    opportunity_id: int,
    on: date | None = None,
    reason: str | None = None,
    stage_id: int | None = None,
    expected_version: int | None = None,
    reason_key: str | None = None,
) -> None:
    """Close an open deal that never was one, such as a test or a duplicate, into an invalid stage; otherwise as losing.

    `InputError` NO_INVALID_STAGE where its version of its funnel has none.
    """
    change = Change(on or work.today, reason, stage_id, Outcome.INVALID, reason_key=reason_key)
    await _change(work, opportunity_id, change, expected_version)


async def reopen_opportunity(
    work: Work,
    opportunity_id: int,
    stage_id: int | None = None,
    on: date | None = None,
    reason: str | None = None,
    expected_version: int | None = None,
) -> None:
    """Put a closed deal back into an open stage: the one it was closed from, where None.

    What a win has posted is reversed, except what was refunded already. Raises `NotFound`, `Conflict`, and
    `InputError` for a deal that is open, a stage that is not or is further on than the one it was closed from, and a
    date in the future or before the close, HOLDING_CAP where its holder has too many by now; further back it takes what
    moving it back would.
    """
    change = Change(on or work.today, reason, stage_id)
    check_change(work, change)

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
        stages = (await stages_beside(transaction, [deal.stage_id]))[deal.stage_id]
        before = await _closed_from(transaction, deal, stages)
        stage = open_stage(stages, stage_id if stage_id is not None or before is None else before.id)
        if before is not None:
            await require_return(transaction, work, deal, stages, before, stage)
        await enter(transaction, deal, stage, change)
        if deal.outcome is Outcome.WON:
            await reverse_win(transaction, work.company, deal.id, deal.key, deal.wins, change.on, deal.customer_id)
        await require_caps_kept(transaction, RecordKind.OPPORTUNITY, {deal.id: ("id",)})
        tell(transaction, deal, stage, change, reopened=True)

    await work.write(apply)


async def _change(
    work: Work, opportunity_id: int, change: Change, expected_version: int | None, host: PolicyHost | None = None
) -> None:
    """Change the stage; with `host`, which only losing does without, gates and a crediting rule are asked before."""
    check_change(work, change)
    for _ in range(ATTEMPTS):
        plan = ChangePlan() if host is None else await plan_change(work, host, opportunity_id, change)
        try:
            await _try_to_change(work, opportunity_id, change, expected_version, plan)
        except (PlanOutdated, CreditsOutdated):
            continue
        return
    raise Conflict("CONFLICT", "others keep changing this deal or the company's policies; please try again", ("id",))


async def _try_to_change(
    work: Work, opportunity_id: int, change: Change, expected_version: int | None, plan: ChangePlan
) -> None:
    async def apply(transaction: Transaction) -> None:
        deal = await hold_deal(transaction, work, opportunity_id, expected_version)
        deal.require_open()
        stages = (await stages_beside(transaction, [deal.stage_id]))[deal.stage_id]
        stage = wanted_stage(stages, change)
        if stage.id == deal.stage_id:
            raise InputError("NO_CHANGE", f"the deal is in the stage {stage.name!r} already", ("stageId",))
        check_close(deal.opened_on, change.on)
        await require_passage(transaction, work, deal, stages, stage, change, plan)
        if stage.outcome is Outcome.WON:
            await win(transaction, work, deal, stage, change, plan.credits)
        else:
            await enter(transaction, deal, stage, change)
        tell(transaction, deal, stage, change)

    await work.write(apply)


async def _closed_from(transaction: Transaction, deal: StoredDeal, stages: Sequence[StageFacts]) -> StageFacts | None:
    """The open one of these stages that the deal was in the last time, if it ever was in any."""
    opened = {stage.id: stage for stage in stages if stage.outcome is Outcome.OPEN}
    row = await transaction.fetch_one(
        "SELECT from_stage_id FROM stage_move WHERE company_id = $1 AND opportunity_id = $2"
        " AND from_stage_id = ANY ($3::bigint[]) ORDER BY moved_at DESC, id DESC LIMIT 1",
        transaction.company_id,
        deal.id,
        list(opened),
    )
    return None if row is None else opened[row["from_stage_id"]]
