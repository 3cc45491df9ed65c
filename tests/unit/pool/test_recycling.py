from __future__ import annotations

from datetime import date
from typing import Any, TypeVar

from quotaloom.ownership.owners import RecordKind
from quotaloom.ownership.rules import Rule
from quotaloom.pool.conditions import RecordFacts
from quotaloom.pool.protection import Protection
from quotaloom.pool.recycling import Fate, HolderRules, Recycling

P = TypeVar("P")
FACTS = RecordFacts(RecordKind.CUSTOMER, date(2026, 1, 1))


def rule(
    key: str, parameters: P, pool: int | None = None, level: int | None = None, *, paused: bool = False
) -> Rule[P]:
    return Rule(1, key, key.title(), pool, level, paused, parameters)


def after(days: int, *reminders: int, won: bool = False) -> Recycling:
    """A rule that takes back after so many days without a follow-up."""
    given: dict[str, Any] = {"when": {"noFollowUp": {"days": days}}, "recycleWon": won}
    return Recycling.read(given | ({"remindDays": list(reminders)} if reminders else {}))


def fate(protections: list[Rule[Protection]], recyclings: list[Rule[Recycling]], facts: RecordFacts = FACTS) -> Fate:
    """Of a customer of pool 7 and level 3."""
    return HolderRules(protections, recyclings).fate(7, 3, facts)


def test_a_record_goes_back_once_the_condition_is_true_and_the_protection_over() -> None:
    """After 5 days by the condition; protected for 10, so on the 11th; after 20, on that very day."""
    protected = [rule("safe", Protection(10))]
    assert fate([], [rule("idle", after(5))]).due_on == date(2026, 1, 6)
    early, late = (fate(protected, [rule("idle", after(days))]) for days in (5, 20))
    assert (early.protected_until, early.due_on) == (date(2026, 1, 11), date(2026, 1, 12))
    assert late.due_on == date(2026, 1, 21)
    assert [early.is_due(date(2026, 1, day)) for day in (11, 12, 30)] == [False, True, True]


def test_without_a_rule_nothing_happens() -> None:
    """A protected record without a recycling rule stays, and so does one that is won."""
    alone = fate([rule("safe", Protection(10))], [])
    assert (alone.protected_until, alone.due_on) == (date(2026, 1, 11), None)
    won = RecordFacts(RecordKind.CUSTOMER, date(2026, 1, 1), won=True)
    assert fate([], [rule("idle", after(5))], won).due_on is None
    assert fate([], [rule("idle", after(5, won=True))], won).due_on == date(2026, 1, 6)


def test_the_closest_rule_decides() -> None:
    """That of pool and level before that of the pool, then of the level, then of all; others' rules do not count."""
    rules = [
        rule("all", after(1)),
        rule("level", after(2), level=3),
        rule("pool", after(3), pool=7),
        rule("both", after(4), pool=7, level=3),
        rule("other-pool", after(5), pool=8, level=3),
        rule("other-level", after(6), pool=7, level=4),
    ]
    found = []
    while True:
        deciding = fate([], rules).recycling
        if deciding is None:
            break
        found.append(deciding.key)
        rules = [one for one in rules if one.key != deciding.key]
    assert found == ["both", "pool", "level", "all"]


def test_of_several_equally_close_the_longest_protects_and_the_first_takes_back() -> None:
    """Protected for 10 of 4 and 10 days; taken back after 12 of 12 and 40."""
    safe = [rule("short", Protection(4)), rule("long", Protection(10))]
    found = fate(safe, [rule("slow", after(40)), rule("quick", after(12))])
    assert (found.protected_until, found.due_on) == (date(2026, 1, 11), date(2026, 1, 13))
    assert (found.protection and found.protection.key, found.recycling and found.recycling.key) == ("long", "quick")


def test_a_paused_rule_takes_nothing_back_and_its_clock_goes_on() -> None:
    """Paused it is never due and reminds of nothing; started again it is due at once, if the day is past."""
    day = date(2026, 2, 1)
    paused = fate([], [rule("idle", after(5, 2), paused=True)])
    assert (paused.paused, paused.due_on, paused.is_due(day)) == (True, date(2026, 1, 6), False)
    assert paused.reminder_of(date(2026, 1, 5)) is None
    assert fate([], [rule("idle", after(5))]).is_due(day)


def test_a_paused_rule_stands_in_for_those_less_close() -> None:
    """Pausing the rule of a pool does not let the rule of all take its records; nor does a paused protection."""
    assert not fate([], [rule("all", after(5)), rule("mine", after(5), 7, paused=True)]).is_due(date(2027, 1, 1))
    assert not fate([rule("safe", Protection(1), paused=True)], [rule("all", after(5))]).is_due(date(2027, 1, 1))


def test_of_two_equally_close_the_one_that_is_not_paused_decides() -> None:
    """Although the paused one would be due earlier."""
    found = fate([], [rule("early", after(5), paused=True), rule("late", after(9))])
    assert (found.recycling and found.recycling.key, found.paused) == ("late", False)


def test_reminders_come_before_and_once_each() -> None:
    """Due on 31 January, reminded 7 and 1 days before: the latest that has come, none when it is due."""
    found = fate([], [rule("idle", after(30, 1, 7))])
    assert found.reminders == (date(2026, 1, 24), date(2026, 1, 30))
    days = {23: None, 24: 24, 29: 24, 30: 30, 31: None}
    assert {day: found.reminder_of(date(2026, 1, day)) for day in days} == {
        day: None if told is None else date(2026, 1, told) for day, told in days.items()
    }
