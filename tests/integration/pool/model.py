"""What should become of records, told as plainly as possible: each day is looked at by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from quotaloom.ownership.rules import RuleKind


@dataclass
class Held:
    """Since when somebody has a record, and when he last did something for it."""

    by: str | None
    since: date
    last: date | None = None


Idle = Callable[[Held, date], bool]

TREES: Final[list[tuple[dict[str, Any], Idle]]] = [
    (
        {"noFollowUp": {"days": 5}},
        lambda held, day: (day - (held.last or held.since)).days >= 5,
    ),
    (
        {"any": [{"noFollowUp": {"days": 9}}, {"notWon": {"days": 14}}]},
        lambda held, day: (day - (held.last or held.since)).days >= 9 or (day - held.since).days >= 14,
    ),
    (
        {"all": [{"noFollowUp": {"days": 3}}, {"noOpportunity": {"days": 8}}]},
        lambda held, day: (day - (held.last or held.since)).days >= 3 and (day - held.since).days >= 8,
    ),
]
"""Conditions of recycling, and whether each is true on a day."""

PROTECTIONS: Final[list[dict[str, int]]] = [{"days": 4}, {"days": 2, "activityDays": 3, "maxDays": 10}]


@dataclass
class Model:
    """Records by number, whose each is, and the rules by kind; a rule that is none is left out."""

    records: list[Held]
    rules: dict[RuleKind, Any] = field(default_factory=dict)
    paused: set[RuleKind] = field(default_factory=set)
    claims: list[tuple[str, date]] = field(default_factory=list)
    left: dict[tuple[int, str], date] = field(default_factory=dict)

    def binding(self, kind: RuleKind) -> Any:
        """What the rule of a kind says, None where there is none or it rests."""
        return None if kind in self.paused else self.rules.get(kind)

    def claim(self, who: str, number: int, day: date) -> str | None:
        """He claims a record; why he does not get it."""
        held = self.records[number].by
        if held is not None:
            return "YOURS_ALREADY" if held == who else "ALREADY_CLAIMED"
        refusal = self._cooldown(who, number, day) or self._limit(who, day) or self._cap(who)
        if refusal is None:
            self.records[number] = Held(who, day)
            self.claims.append((who, day))
        return refusal

    def claim_next(self, who: str, count: int, day: date) -> list[int]:
        """The records that he gets."""
        waiting = [number for number, one in enumerate(self.records) if one.by is None]
        got: list[int] = []
        for number in sorted(waiting, key=lambda number: (self.records[number].since, number)):
            if len(got) < count and self.claim(who, number, day) is None:
                got.append(number)
        return got

    def release(self, who: str, number: int, day: date) -> str | None:
        """He gives a record back; others' he does not see."""
        held = self.records[number].by
        if held is None:
            return "WAITING"
        if held != who:
            return "NOT_FOUND"
        self._leaves(number, day)
        return None

    def assign(self, to: str, number: int, day: date, *, override: bool) -> str | None:
        """An admin gives him a record that waits."""
        if self.records[number].by is not None:
            return "ALREADY_CLAIMED"
        refusal = self._cooldown(to, number, day) or self._cap(to)
        if refusal is None or override:
            self.records[number] = Held(to, day)
            return None
        return refusal

    def transfer(self, to: str, number: int, day: date) -> str | None:
        """An admin gives him a record that somebody has."""
        held = self.records[number].by
        if held is None:
            return "WAITING"
        if held == to:
            return "NO_CHANGE"
        if self._cap(to):
            return "HOLDING_CAP"
        self._leaves(number, day)
        self.records[number] = Held(to, day)
        return None

    def call(self, number: int, day: date) -> None:
        """Its holder does something for a record."""
        self.records[number].last = day

    def night(self, day: date) -> int:
        """How many records go back today."""
        due = [number for number, one in enumerate(self.records) if one.by is not None and self.is_due(one, day)]
        for number in due:
            self._leaves(number, day)
        return len(due)

    def is_due(self, held: Held, day: date) -> bool:
        """Whether a held record goes back, if nobody does anything, on that day."""
        tree = self.binding(RuleKind.RECYCLING)
        asleep = RuleKind.PROTECTION in self.rules and RuleKind.PROTECTION in self.paused
        if tree is None or asleep or self.protected(held, day):
            return False
        idle: Idle = TREES[tree][1]
        return idle(held, day)

    def protected(self, held: Held, day: date) -> bool:
        """Whether its holder is safe on a day."""
        rule = self.rules.get(RuleKind.PROTECTION)
        if rule is None:
            return False
        told = PROTECTIONS[rule]
        if "maxDays" in told and (day - held.since).days > told["maxDays"]:
            return False
        by_activity = held.last is not None and (day - held.last).days <= told.get("activityDays", 0)
        return (day - held.since).days <= told["days"] or by_activity

    def due_on(self, held: Held, horizon: int = 60) -> date | None:
        """The first day on which it goes back, found by looking at one day after the other."""
        days = (held.since + timedelta(offset) for offset in range(horizon))
        return next((day for day in days if self.is_due(held, day)), None)

    def _leaves(self, number: int, day: date) -> None:
        held = self.records[number].by
        assert held is not None
        self.left[number, held] = day
        self.records[number] = Held(None, day)

    def _cooldown(self, who: str, number: int, day: date) -> str | None:
        days, left = self.binding(RuleKind.COOLDOWN), self.left.get((number, who))
        return "COOLDOWN" if days is not None and left is not None and (day - left).days < days else None

    def _limit(self, who: str, day: date) -> str | None:
        rule = self.binding(RuleKind.CLAIM_LIMIT)
        if rule is None:
            return None
        count, window = rule
        same: dict[str, Callable[[date], Any]] = {
            "DAY": lambda one: one,
            "WEEK": lambda one: one.isocalendar()[:2],
            "MONTH": lambda one: (one.year, one.month),
        }
        taken = sum(claimant == who and same[window](on) == same[window](day) for claimant, on in self.claims)
        return "CLAIM_LIMIT" if taken >= count else None

    def _cap(self, who: str) -> str | None:
        count = self.binding(RuleKind.HOLDING_CAP)
        return "HOLDING_CAP" if count is not None and sum(one.by == who for one in self.records) >= count else None
