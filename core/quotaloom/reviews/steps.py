"""The steps of a review, in their order, and when each is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final


class Step(StrEnum):
    """What a review waits for; `FILED` and `CANCELLED` are its ends."""

    SELF = "self"
    MANAGER = "manager"
    CONFIRMATION = "confirmation"
    APPEAL = "appeal"
    DECISION = "decision"
    CALIBRATION = "calibration"
    FILED = "filed"
    CANCELLED = "cancelled"


class Overdue(StrEnum):
    """What happens to a step that is not done in time: it waits on, or the review goes on without it."""

    WAIT = "wait"
    GO_ON = "go_on"


@dataclass(frozen=True, slots=True)
class StepRule:
    """How many days a step has, what happens when they pass, and how many days before they are up one is reminded.

    The day on which the step begins is not counted. With no days the step is left out. `remind_days` 0: nobody is
    reminded before the time is up.
    """

    days: int
    overdue: Overdue = Overdue.GO_ON
    remind_days: int = 2


Rules = Mapping[Step, StepRule]

TIMED: Final = (Step.SELF, Step.MANAGER, Step.CONFIRMATION, Step.APPEAL, Step.DECISION)
"""The steps that have their time."""

OPTIONAL: Final = frozenset({Step.SELF, Step.CONFIRMATION, Step.APPEAL})
"""The steps that a form may leave out."""

ENDED: Final = frozenset({Step.FILED, Step.CANCELLED})
"""The steps after which there is none."""

_IN_ORDER: Final = (Step.SELF, Step.MANAGER, Step.CONFIRMATION, Step.APPEAL)

DEFAULT_RULES: Final[Rules] = {
    Step.SELF: StepRule(7),
    Step.MANAGER: StepRule(7),
    Step.CONFIRMATION: StepRule(5),
    Step.APPEAL: StepRule(5, remind_days=0),
    Step.DECISION: StepRule(10),
}
"""What a form has that says nothing else."""


def first_step(rules: Rules) -> Step:
    """The step that a review begins with."""
    return Step.SELF if rules[Step.SELF].days else Step.MANAGER


def next_step(step: Step, rules: Rules, *, calibrated: bool) -> Step:
    """The step after one that is done, without those that are left out; after the last one it is filed.

    Where grades are limited it waits for calibration first.
    """
    later = _IN_ORDER[_IN_ORDER.index(step) + 1 :] if step in _IN_ORDER else ()
    found = next((one for one in later if rules[one].days), None)
    if found is not None:
        return found
    return Step.CALIBRATION if calibrated and step is not Step.CALIBRATION else Step.FILED


def due_on(step: Step, rules: Rules, began_on: date) -> date | None:
    """The last day of a step that begins on a day; None for one that has no time."""
    rule = rules.get(step)
    return None if rule is None else began_on + timedelta(days=rule.days)
