"""Rules of public pools: which ones bind a record, and what a refusal tells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Generic, TypeVar

P = TypeVar("P")
"""The parameters of a kind of rule."""


class RuleKind(StrEnum):
    """What a rule is about."""

    PROTECTION = "protection"
    RECYCLING = "recycling"
    COOLDOWN = "cooldown"
    CLAIM_LIMIT = "claim_limit"
    HOLDING_CAP = "holding_cap"


@dataclass(frozen=True, slots=True)
class Rule(Generic[P]):
    """A rule of one pool, or of all (None), for customers of one level, or of all (None)."""

    id: int
    key: str
    name: str
    pool_id: int | None
    level_id: int | None
    paused: bool
    parameters: P

    def binds(self, pool_id: int | None, level_id: int | None) -> bool:
        """Whether it is about a record of that pool and customer level."""
        return self.pool_id in (None, pool_id) and self.level_id in (None, level_id)

    @property
    def specificity(self) -> tuple[bool, bool]:
        """How closely it is about something: a pool counts for more than a level."""
        return self.pool_id is not None, self.level_id is not None


def governing(rules: Iterable[Rule[P]], pool_id: int | None, level_id: int | None) -> list[Rule[P]]:
    """Of the rules that bind a record those that are the most closely about it; a paused one keeps its place."""
    binding = [rule for rule in rules if rule.binds(pool_id, level_id)]
    closest = max((rule.specificity for rule in binding), default=None)
    return [rule for rule in binding if rule.specificity == closest]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record does not change hands.

    A rule that decided is named by its number, with what it counted (`used`), its `limit`, and the first day on which
    it would allow it, where there is such a day.
    """

    code: str
    message: str
    rule_id: int | None = None
    used: int | None = None
    limit: int | None = None
    possible_on: date | None = None
