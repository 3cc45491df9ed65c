"""Conditions on which a record goes back to its pool, and the day on which each comes true.

Every clock starts when the present holder got the record, or later. With the facts as they are, a condition comes true
on a certain day or never: so the same function decides, explains and reminds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from quotaloom.ownership.owners import RecordKind
from quotaloom.ownership.rule_parameters import bad, listed, mapping, whole
from quotaloom.platform.errors import Path

DEEPEST = 5
"""How deeply `any` and `all` may be nested."""


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """What is known of a held record; the dates are business dates of the company.

    `has_opportunity`: a customer with an open or won deal, a lead that became one. `won`: a won deal, or a customer
    with one. `stage_key` and `stage_since` are of an open deal.
    """

    kind: RecordKind
    since_on: date
    last_activity_on: date | None = None
    has_opportunity: bool = False
    won: bool = False
    stage_key: str | None = None
    stage_since: date | None = None
    contract_ends_on: date | None = None


class Circumstance(StrEnum):
    """What a condition waits for."""

    NO_FOLLOW_UP = "no_follow_up"
    NO_OPPORTUNITY = "no_opportunity"
    NOT_WON = "not_won"
    STUCK_IN_STAGE = "stuck_in_stage"
    CONTRACT_ENDED = "contract_ended"


@dataclass(frozen=True, slots=True)
class Condition:
    """One circumstance that has lasted for `days`; `stages` are keys of stages, None for all."""

    circumstance: Circumstance
    days: int
    stages: tuple[str, ...] | None = None

    def comes_true(self, facts: RecordFacts) -> Truth | None:
        """The first day on which it is true with the facts as they are, None for never."""
        begun = _BEGINNINGS[self.circumstance](self, facts)
        return None if begun is None else Truth(max(begun, facts.since_on) + timedelta(self.days), self)


@dataclass(frozen=True, slots=True)
class Truth:
    """A day, and the condition by which it came to be that one."""

    on: date
    because: Condition


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True as soon as one of its parts is."""

    parts: tuple[Tree, ...]

    def comes_true(self, facts: RecordFacts) -> Truth | None:
        """The earliest of its parts, the first named of several."""
        truths = [truth for truth in (part.comes_true(facts) for part in self.parts) if truth is not None]
        return min(truths, key=lambda truth: truth.on, default=None)


@dataclass(frozen=True, slots=True)
class AllOf:
    """True as soon as all of its parts are."""

    parts: tuple[Tree, ...]

    def comes_true(self, facts: RecordFacts) -> Truth | None:
        """The latest of its parts, never where one never comes true."""
        truths = [part.comes_true(facts) for part in self.parts]
        known = [truth for truth in truths if truth is not None]
        return max(known, key=lambda truth: truth.on) if len(known) == len(truths) else None


Tree = Condition | AnyOf | AllOf


def _no_follow_up(_: Condition, facts: RecordFacts) -> date | None:
    return facts.last_activity_on or facts.since_on


def _no_opportunity(_: Condition, facts: RecordFacts) -> date | None:
    return None if facts.kind is RecordKind.OPPORTUNITY or facts.has_opportunity else facts.since_on


def _not_won(_: Condition, facts: RecordFacts) -> date | None:
    return None if facts.won else facts.since_on


def _stuck_in_stage(condition: Condition, facts: RecordFacts) -> date | None:
    if facts.stage_key is None or (condition.stages is not None and facts.stage_key not in condition.stages):
        return None
    return facts.stage_since or facts.since_on


def _contract_ended(_: Condition, facts: RecordFacts) -> date | None:
    return facts.contract_ends_on


_BEGINNINGS: Final[dict[Circumstance, Callable[[Condition, RecordFacts], date | None]]] = {
    Circumstance.NO_FOLLOW_UP: _no_follow_up,
    Circumstance.NO_OPPORTUNITY: _no_opportunity,
    Circumstance.NOT_WON: _not_won,
    Circumstance.STUCK_IN_STAGE: _stuck_in_stage,
    Circumstance.CONTRACT_ENDED: _contract_ended,
}
"""Since when each circumstance holds, None where it does not."""

NAMES: Final = {
    "noFollowUp": Circumstance.NO_FOLLOW_UP,
    "noOpportunity": Circumstance.NO_OPPORTUNITY,
    "notWon": Circumstance.NOT_WON,
    "stuckInStage": Circumstance.STUCK_IN_STAGE,
    "contractEnded": Circumstance.CONTRACT_ENDED,
}
"""Conditions by their names in JSON."""


def read_tree(given: Any, path: Path = (), depth: int = 1) -> Tree:
    """From JSON: `{"any": [...]}`, `{"all": [...]}`, or one condition such as `{"noFollowUp": {"days": 30}}`.

    Raises `InputError` BAD_PARAMETERS.
    """
    found = mapping(given, ("any", "all", *NAMES), path)
    if len(found) != 1:
        raise bad(f"one of any, all, {', '.join(NAMES)} is needed here", path)
    ((name, value),) = found.items()
    if name in NAMES:
        return _read_condition(NAMES[name], value, (*path, name))
    if depth >= DEEPEST:
        raise bad(f"any and all are nested {DEEPEST - 1} deep at the most", path)
    parts = listed(found, name, path)
    if parts is None:
        raise bad(f"{name} is a list of conditions", (*path, name))
    read = tuple(read_tree(part, (*path, name, number), depth + 1) for number, part in enumerate(parts))
    return AnyOf(read) if name == "any" else AllOf(read)


def _read_condition(circumstance: Circumstance, given: Any, path: Path) -> Condition:
    names = ("days", "stages") if circumstance is Circumstance.STUCK_IN_STAGE else ("days",)
    found = mapping(given, names, path)
    stages = listed(found, "stages", path)
    if stages is not None and not all(map(_may_be_key, stages)):
        raise bad("stages are keys of stages", (*path, "stages"))
    least = 0 if circumstance is Circumstance.CONTRACT_ENDED else 1
    return Condition(circumstance, whole(found, "days", path, least=least), None if stages is None else tuple(stages))


def _may_be_key(given: Any) -> bool:
    """Whether PostgreSQL can keep it, and a stage could have it as its key."""
    return isinstance(given, str) and 0 < len(given) <= 64 and given.isprintable()
