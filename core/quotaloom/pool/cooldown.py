"""How long somebody who had a record must wait before he may have it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from quotaloom.ownership.rule_parameters import mapping, whole
from quotaloom.ownership.rules import Refusal, Rule, governing
from quotaloom.platform.errors import Path


@dataclass(frozen=True, slots=True)
class Cooldown:
    """Every earlier holder waits for `days`, from the day on which he last gave the record up or lost it."""

    days: int

    @classmethod
    def read(cls, given: Any, path: Path = ()) -> Cooldown:
        """From JSON; raises `InputError` BAD_PARAMETERS."""
        return cls(whole(mapping(given, ("days",), path), "days", path))


@dataclass(frozen=True, slots=True)
class Waiting:
    """Until when an earlier holder waits: `free_on` is the first day on which he may have it again."""

    free_on: date
    rule: Rule[Cooldown]


def waiting(
    rules: Sequence[Rule[Cooldown]], pool_id: int | None, level_id: int | None, left_on: date
) -> Waiting | None:
    """How long he who left on that day waits, by the longest of the closest rules; None where none binds."""
    found = [
        Waiting(left_on + timedelta(rule.parameters.days), rule)
        for rule in governing(rules, pool_id, level_id)
        if not rule.paused
    ]
    return max(found, key=lambda one: one.free_on, default=None)


def cooldown_refusal(one: Waiting | None, today: date) -> Refusal | None:
    """Why he may not have it today; None where he may."""
    if one is None or today >= one.free_on:
        return None
    days = one.rule.parameters.days
    message = (
        f"{one.rule.name} ({one.rule.key}): whoever had this record waits {days} days before he may have it again;"
        f" possible on {one.free_on}"
    )
    return Refusal("COOLDOWN", message, one.rule.id, (today - one.free_on).days + days, days, one.free_on)
