"""Which way a deal goes from one stage into another, who may send it there, and which stages it leaves behind."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from quotaloom.funnels.stages import Mover, Outcome
from quotaloom.funnels.stored_stages import StageFacts
from quotaloom.platform.errors import AccessDenied, InputError


class Direction(StrEnum):
    """Where a deal in an open stage goes: on (winning it, too), back, or out of the funnel (lost or invalid)."""

    FORWARD = "forward"
    BACKWARD = "backward"
    OUT = "out"


def direction(leaving: StageFacts, entering: StageFacts) -> Direction:
    """Which way it is from an open stage into another of the same version."""
    if entering.outcome in {Outcome.LOST, Outcome.INVALID}:
        return Direction.OUT
    if entering.outcome is Outcome.WON or entering.ordinal > leaving.ordinal:
        return Direction.FORWARD
    return Direction.BACKWARD


def way_on(stages: Sequence[StageFacts], leaving: StageFacts) -> list[StageFacts]:
    """The open stages after this one, in order, and at last the won one, wherever it stands."""
    after = [stage for stage in stages if stage.outcome is Outcome.OPEN and stage.ordinal > leaving.ordinal]
    return after + [stage for stage in stages if stage.outcome is Outcome.WON]


def left_behind(stages: Sequence[StageFacts], leaving: StageFacts, entering: StageFacts) -> list[StageFacts]:
    """The stages whose standards count: the one that is left forwards and those that are jumped over; or none."""
    if direction(leaving, entering) is not Direction.FORWARD:
        return []
    ahead = way_on(stages, leaving)
    return [leaving, *ahead[: ahead.index(entering)]]


def passed(stages: Sequence[StageFacts], leaving: StageFacts, entering: StageFacts) -> list[StageFacts]:
    """The stages whose permissions count: the one that is left, on or back, and those that are jumped over."""
    match direction(leaving, entering):
        case Direction.FORWARD:
            return left_behind(stages, leaving, entering)
        case Direction.BACKWARD:
            between = [one for one in stages if one.outcome is Outcome.OPEN]
            return [leaving, *(one for one in between if entering.ordinal < one.ordinal < leaving.ordinal)]
        case Direction.OUT:
            return []


def check_passage(stages: Sequence[StageFacts], leaving: StageFacts, entering: StageFacts, *, heads: bool) -> None:
    """Raise where the stages' permissions are against it; `heads` tells that the viewer is a head above, or an admin.

    A deal that jumps over a stage, on or back, leaves that one, too, and needs its permission. `InputError`
    NOT_FORWARD, NOT_BACKWARD for what nobody may, STAGE_SKIPPED for a jump; `AccessDenied` for what takes a head. Out
    of the funnel a deal may always go.
    """
    way = direction(leaving, entering)
    if way is Direction.OUT:
        return
    for stage in passed(stages, leaving, entering):
        _check_mover(stage, way, heads=heads)
    if way is Direction.FORWARD and not leaving.skipping:
        following = way_on(stages, leaving)[0]
        if entering.id != following.id:
            message = (
                f"out of {leaving.name!r} a deal comes into {following.name!r}, not at once into {entering.name!r}"
            )
            raise InputError("STAGE_SKIPPED", message, ("stageId",))


def _check_mover(stage: StageFacts, way: Direction, *, heads: bool) -> None:
    mover = stage.forward if way is Direction.FORWARD else stage.backward
    where = "on" if way is Direction.FORWARD else "back"
    if mover is Mover.NOBODY:
        message = f"no deal is moved {where} out of the stage {stage.name!r}"
        raise InputError(f"NOT_{way.upper()}", message, ("stageId",))
    if mover is Mover.HEAD and not heads:
        raise AccessDenied(f"moving a deal {where} out of the stage {stage.name!r} needs a head above its position")
