"""What will become of a held record: how long it is protected, when it goes back, and when its holder is reminded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from quotaloom.ownership.rule_parameters import bad, flag, listed, mapping
from quotaloom.ownership.rules import Rule, governing
from quotaloom.platform.errors import Path
from quotaloom.pool.conditions import Condition, RecordFacts, Tree, read_tree
from quotaloom.pool.protection import Protection


@dataclass(frozen=True, slots=True)
class Recycling:
    """A record goes back when `when` has come true and the last protected day is over.

    Its holder is reminded so many days before (`remind_days`). Won deals, and customers with one, stay unless
    `recycle_won`.
    """

    when: Tree
    remind_days: tuple[int, ...] = ()
    recycle_won: bool = False

    @classmethod
    def read(cls, given: Any, path: Path = ()) -> Recycling:
        """From JSON; raises `InputError` BAD_PARAMETERS."""
        found = mapping(given, ("when", "remindDays", "recycleWon"), path)
        days = listed(found, "remindDays", path) or ()
        if not all(isinstance(day, int) and not isinstance(day, bool) and 1 <= day <= 365 for day in days):
            raise bad("remindDays are whole numbers from 1 to 365", (*path, "remindDays"))
        when = read_tree(found.get("when"), (*path, "when"))
        return cls(when, tuple(sorted(set(days), reverse=True)), flag(found, "recycleWon", path))


@dataclass(frozen=True, slots=True)
class Fate:
    """What rules make of a held record, with the facts as they are.

    `protected_until` is the last protected day, by `protection`. On `due_on` the record goes back, by `recycling`,
    because of `condition`; with `paused` it would, if the rule were not paused. `reminders` are the days on which the
    holder is reminded. None where no rule says so.
    """

    protected_until: date | None = None
    protection: Rule[Protection] | None = None
    due_on: date | None = None
    recycling: Rule[Recycling] | None = None
    condition: Condition | None = None
    paused: bool = False
    reminders: tuple[date, ...] = ()

    def is_due(self, today: date) -> bool:
        """Whether it goes back today: also where a night was missed."""
        return self.due_on is not None and not self.paused and self.due_on <= today

    def reminder_of(self, today: date) -> date | None:
        """The reminder that is due: the latest that has come while the record has not gone back yet."""
        if self.due_on is None or self.paused or self.due_on <= today:
            return None
        return max((day for day in self.reminders if day <= today), default=None)


_Closest = tuple[Sequence[Rule[Protection]], Sequence[Rule[Recycling]]]


@dataclass(frozen=True, slots=True)
class HolderRules:
    """The rules that a holder must know: of protection and of recycling."""

    protections: Sequence[Rule[Protection]]
    recyclings: Sequence[Rule[Recycling]]
    _closest: dict[tuple[int, int | None], _Closest] = field(default_factory=dict, repr=False, compare=False)

    def fate(self, pool_id: int, level_id: int | None, facts: RecordFacts) -> Fate:
        """What becomes of a record of that pool and customer level.

        Of several protections that are equally close the longest holds, of several recyclings the first that is not
        paused. While the protection is paused nothing is recycled either.
        """
        protections, recyclings = self._governing(pool_id, level_id)
        protected_until, protection = _protected(protections, facts)
        asleep = protection is not None and protection.paused
        fates = [_due(rule, protected_until, protection, asleep or rule.paused, facts) for rule in recyclings]
        due = [fate for fate in fates if fate.due_on is not None]
        if not due:
            return Fate(protected_until, protection)
        return min(due, key=lambda fate: (fate.paused, fate.due_on))

    def _governing(self, pool_id: int, level_id: int | None) -> _Closest:
        """The closest rules, looked for once for all records of a pool and level."""
        found = self._closest.get((pool_id, level_id))
        if found is None:
            found = governing(self.protections, pool_id, level_id), governing(self.recyclings, pool_id, level_id)
            self._closest[pool_id, level_id] = found
        return found


def _protected(
    protections: Sequence[Rule[Protection]], facts: RecordFacts
) -> tuple[date | None, Rule[Protection] | None]:
    safe = [(rule.parameters.last_day(facts.since_on, facts.last_activity_on), rule) for rule in protections]
    return max(safe, key=lambda one: (one[1].paused, one[0]), default=(None, None))


def _due(
    rule: Rule[Recycling],
    protected_until: date | None,
    protection: Rule[Protection] | None,
    paused: bool,
    facts: RecordFacts,
) -> Fate:
    told = rule.parameters
    truth = None if facts.won and not told.recycle_won else told.when.comes_true(facts)
    if truth is None:
        return Fate(protected_until, protection)
    due_on = truth.on if protected_until is None else max(truth.on, protected_until + timedelta(1))
    reminders = tuple(due_on - timedelta(days) for days in told.remind_days)
    return Fate(protected_until, protection, due_on, rule, truth.because, paused, reminders)
