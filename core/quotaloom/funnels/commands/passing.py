"""Whether a deal may pass from one stage into another: permissions, standards and gates, told together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from quotaloom.funnels.close_reasons import close_reason_id
from quotaloom.funnels.commands.change_plans import ChangePlan, require_gates_current
from quotaloom.funnels.commands.changes import Change
from quotaloom.funnels.passage import Direction, check_passage, direction, left_behind, passed
from quotaloom.funnels.reach import heads_above
from quotaloom.funnels.stages import Mover, Outcome
from quotaloom.funnels.standards import DealField, Unmet
from quotaloom.funnels.standings import standings_of, unmet_of
from quotaloom.funnels.stored_deals import StoredDeal
from quotaloom.funnels.stored_stages import StageFacts, standards_of
from quotaloom.ownership.permission import worked_positions
from quotaloom.platform.errors import InputError
from quotaloom.platform.refusals import raise_all
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work


async def require_passage(
    transaction: Transaction,
    work: Work,
    deal: StoredDeal,
    stages: Sequence[StageFacts],
    entering: StageFacts,
    change: Change,
    plan: ChangePlan,
) -> None:
    """Raise unless the deal may leave its stage for `entering`; `stages` are those of its version of its funnel.

    `InputError`, `ManyRefused` for several, names every standard that is not met, of the stages and of the gates that
    were asked; `AccessDenied` what takes a head; `PlanOutdated` where the gates are to be asked again.
    """
    leaving = next(stage for stage in stages if stage.id == deal.stage_id)
    way = passed(stages, leaving, entering)
    check_passage(stages, leaving, entering, heads=await _heads(transaction, work, deal, way))
    if direction(leaving, entering) is Direction.OUT:
        return
    await require_gates_current(transaction, plan, deal.version, work.today)
    unmet = await _unmet(transaction, work, deal, left_behind(stages, leaving, entering), change)
    refusals = [one.refusal() for one in (*unmet, *plan.unmet(leaving.id))]
    if entering.outcome is Outcome.WON and refusals:
        refusals += await _without_reason(transaction, deal, change)
    raise_all(refusals)


async def require_return(
    transaction: Transaction,
    work: Work,
    deal: StoredDeal,
    stages: Sequence[StageFacts],
    closed_from: StageFacts,
    entering: StageFacts,
) -> None:
    """Raise unless a closed deal may be reopened in `entering`: where it was closed, or further back if that permits.

    `InputError` NOT_FORWARD for a stage further on, which it reaches by moving there, and NOT_BACKWARD; `AccessDenied`
    for what takes a head.
    """
    if entering.id == closed_from.id:
        return
    if direction(closed_from, entering) is Direction.FORWARD:
        message = f"this deal was closed in the stage {closed_from.name!r}: reopen it there, and move it on from there"
        raise InputError("NOT_FORWARD", message, ("stageId",))
    way = passed(stages, closed_from, entering)
    check_passage(stages, closed_from, entering, heads=await _heads(transaction, work, deal, way))


async def _heads(transaction: Transaction, work: Work, deal: StoredDeal, way: Sequence[StageFacts]) -> bool:
    """Whether the viewer heads a unit above the deal's position, or needs not; looked up where it matters."""
    if not any(Mover.HEAD in {stage.forward, stage.backward} for stage in way):
        return False
    if await worked_positions(transaction, work.viewer, work.today) is None:
        return True
    return await heads_above(transaction, work.viewer, work.today, deal.position_id)


async def _unmet(
    transaction: Transaction, work: Work, deal: StoredDeal, way: Sequence[StageFacts], change: Change
) -> list[Unmet]:
    standards = await standards_of(transaction, [stage.id for stage in way]) if way else {}
    if not standards:
        return []
    standing = (await standings_of(transaction, work.company, [deal.id]))[deal.id]
    if change.amount is not None:
        standing = replace(standing, filled=standing.filled | {DealField.AMOUNT})
    return unmet_of(way, standards, standing)


async def _without_reason(transaction: Transaction, deal: StoredDeal, change: Change) -> list[InputError]:
    """What is wrong with the reason of a win, to be told with the rest."""
    try:
        await close_reason_id(transaction, deal.funnel_id, Outcome.WON, change.reason_key)
    except InputError as error:
        return [error]
    return []
