"""Rate, gap, status, pace, projection and growth of an achievement against its target."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from quotaloom.platform.amounts import divided

RATE_SCALE = 6
_RATE_UNIT = 10**RATE_SCALE


class AttainmentStatus(StrEnum):
    """Where an achievement stands against the three lines."""

    BELOW_ASSESSMENT = "below_assessment"
    BELOW_TARGET = "below_target"
    AT_TARGET = "at_target"
    AT_STRETCH = "at_stretch"


class Lines(NamedTuple):
    """The three lines of a period, in minor units; None where there is none.

    `relief` is what was taken off the target.
    """

    target: int | None = None
    assessment: int | None = None
    stretch: int | None = None
    relief: int = 0

    def plus(self, other: Lines) -> Lines:
        """The lines of two periods together; where one has none, the other's."""
        return Lines(
            _both(self.target, other.target),
            _both(self.assessment, other.assessment),
            _both(self.stretch, other.stretch),
            self.relief + other.relief,
        )


def _both(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return one + other


NO_LINES = Lines()


class Sums(NamedTuple):
    """What was achieved in a period, its overlay part, and the three lines; in minor units."""

    achieved: int = 0
    overlay: int = 0
    lines: Lines = NO_LINES

    def plus(self, later: Sums) -> Sums:
        """Those of two periods together."""
        return Sums(self.achieved + later.achieved, self.overlay + later.overlay, self.lines.plus(later.lines))


def rate(achieved: int, target: int | None) -> Decimal | None:
    """achieved ÷ target with six places, half up; None where the target is 0 or absent."""
    if not target:
        return None
    return Decimal(divided(achieved * _RATE_UNIT, target)).scaleb(-RATE_SCALE)


def gap(achieved: int, target: int | None) -> int | None:
    """target − achieved in minor units; None where there is no target."""
    return None if target is None else target - achieved


def status(achieved: int, lines: Lines, *, lower_is_better: bool = False) -> AttainmentStatus | None:
    """Below assessment, below target, at or above target, at or above stretch; None where the target is 0 or absent.

    Where lower is better, "at or above" reads "at or below", and so on.
    """
    if not lines.target:
        return None

    sign = -1 if lower_is_better else 1
    reached = sign * achieved
    if reached >= sign * lines.target:
        at_stretch = lines.stretch is not None and reached >= sign * lines.stretch
        return AttainmentStatus.AT_STRETCH if at_stretch else AttainmentStatus.AT_TARGET
    if lines.assessment is not None and reached < sign * lines.assessment:
        return AttainmentStatus.BELOW_ASSESSMENT
    return AttainmentStatus.BELOW_TARGET


def expected(target: int | None, elapsed: int, working_days: int) -> int | None:
    """The target prorated over the working days elapsed, in minor units, half up.

    A period without working days expects everything once it has ended and nothing before; the caller passes
    calendar days then.
    """
    if target is None or working_days == 0:
        return None
    return divided(target * elapsed, working_days)


def run_rate(achieved: int, elapsed: int, working_days: int) -> int | None:
    """What is achieved by the end of the period if it goes on as on the days elapsed: minor units, half up.

    None before the first working day has passed; the caller passes calendar days for a period without working days.
    """
    return divided(achieved * working_days, elapsed) if elapsed else None


def growth(now: int, before: int) -> Decimal | None:
    """(now − before) ÷ before with six places, half up; None where there was nothing before.

    Of a negative amount before, its size counts, so that growth is positive wherever there is more now.
    """
    return rate(now - before, abs(before))
