"""In which stage a new deal may be opened, and by whom."""

from __future__ import annotations

from collections.abc import Sequence

from quotaloom.funnels.deals import NewOpportunity
from quotaloom.funnels.reach import heads_above
from quotaloom.funnels.stages import Mover, Outcome
from quotaloom.funnels.stored_stages import StageFacts, load_stages, standards_of
from quotaloom.ownership.permission import worked_positions
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work


async def require_opening(transaction: Transaction, work: Work, deal: NewOpportunity) -> None:
    """Raise unless the viewer, who works on its position, may open the deal in the stage that it names.

    `InputError` NOT_OPEN for a closing stage, and STAGE_SKIPPED where a stage before it asks for something: opening a
    deal behind that takes a head above the position, an admin or a service. Unknown stages are not looked at.
    """
    stages = (await load_stages(transaction, [deal.funnel_id])).get(deal.funnel_id, ())
    stage = next((one for one in stages if one.id == deal.stage_id), None)
    if stage is None:
        return
    if stage.outcome is not Outcome.OPEN:
        message = f"{stage.name!r} is {stage.outcome}: open the deal in an open stage first"
        raise InputError("NOT_OPEN", message, ("stageId",))
    asking = await _asking(transaction, [one for one in stages if one.ordinal < stage.ordinal])
    if asking is None or await _heads(transaction, work, deal.position_id):
        return
    message = f"{asking.name!r} asks for something: opening a deal behind it takes a head above its position"
    raise InputError("STAGE_SKIPPED", message, ("stageId",))


async def _asking(transaction: Transaction, before: Sequence[StageFacts]) -> StageFacts | None:
    """The first of the open ones of these stages that has standards, or that not everybody may leave or jump over."""
    opened = [stage for stage in before if stage.outcome is Outcome.OPEN]
    standards = await standards_of(transaction, [stage.id for stage in opened]) if opened else {}
    for stage in opened:
        if stage.id in standards or stage.forward is not Mover.HOLDER or not stage.skipping:
            return stage
    return None


async def _heads(transaction: Transaction, work: Work, position_id: int) -> bool:
    if await worked_positions(transaction, work.viewer, work.today) is None:
        return True
    return await heads_above(transaction, work.viewer, work.today, position_id)
