"""What is asked for where the stage of a deal shall change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from quotaloom.funnels.deals import check_day
from quotaloom.funnels.stages import Outcome
from quotaloom.funnels.stored_stages import StageFacts
from quotaloom.ownership.permission import require_seller, unknown
from quotaloom.platform.errors import InputError
from quotaloom.platform.texts import checked_reason
from quotaloom.platform.work import Work


@dataclass(frozen=True, slots=True)
class Change:
    """A change of stage on a business date: into a stage by id, or the first with an outcome.

    `amount` is in minor units of `currency`. `reason` is free text, `reason_key` the key of a reason of the funnel.
    """

    on: date
    reason: str | None
    stage_id: int | None = None
    outcome: Outcome | None = None
    amount: int | None = None
    currency: str | None = None
    reason_key: str | None = None


def check_change(work: Work, change: Change) -> None:
    """Raise what is wrong with a change whatever the deal."""
    require_seller(work.viewer, "changing the stage of an opportunity")
    check_day(change.on, ("on",))
    checked_reason(change.reason)
    if change.on > work.today:
        raise InputError("IN_THE_FUTURE", f"{change.on} is after today, {work.today}", ("on",))


def wanted_stage(stages: Sequence[StageFacts], change: Change) -> StageFacts:
    """The stage that a change leads into, of those of the deal's version of its funnel; raises `InputError`."""
    for stage in stages:
        if change.stage_id in (None, stage.id) and change.outcome in (None, stage.outcome):
            return stage
    if change.outcome is Outcome.INVALID and change.stage_id is None:
        message = "this funnel has no stage for invalid deals: revise it first, or lose the deal"
        raise InputError("NO_INVALID_STAGE", message, ("id",))
    what = f"{change.outcome} stage" if change.outcome else "stage"
    raise unknown("stage", f"{change.stage_id} among the {what}s of this funnel", ("stageId",))


def open_stage(stages: Sequence[StageFacts], stage_id: int | None) -> StageFacts:
    """The open stage with this id, or the first one; raises `InputError`."""
    if stage_id is None:
        return next(stage for stage in stages if stage.outcome is Outcome.OPEN)
    for stage in stages:
        if stage.id == stage_id:
            if stage.outcome is not Outcome.OPEN:
                raise InputError("NOT_OPEN", f"{stage.name!r} is {stage.outcome}: name an open stage", ("stageId",))
            return stage
    raise unknown("stage", f"{stage_id} in this funnel", ("stageId",))
