"""Fair turns by weight, over days and among changing groups: somebody with the weight 2 gets twice as many.

Every record adds to each who could have had it his share of it, and takes a whole one from him who gets it. What that
leaves is what each is owed: the next goes to whom most is owed. Shares are whole millionths of a record, so that what
is kept between two runs is short and exact. Who could not have had a record is owed nothing for it: coming back from an
absence brings no flood.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction

from quotaloom_sdk import CandidateFact

WHOLE = 1_000_000
_MOST_OWED = 1_000_000 * WHOLE


class Turns:
    """Who is owed how much, and how many more each may hold, while records are handed out one after the other."""

    def __init__(self, candidates: Sequence[CandidateFact], weights: Mapping[str, Fraction], memory: str) -> None:
        remembered = _remembered(memory)
        self._weights = weights
        self._owed = {one.member_id: remembered.get(one.member_id, 0) for one in candidates}
        self._room = {one.member_id: one.room for one in candidates}
        self._last = {one.member_id: -1 if one.last_turn is None else one.last_turn for one in candidates}

    def next(self, fitting: Sequence[CandidateFact]) -> CandidateFact | None:
        """Whose turn it is: to whom most is owed, then who has waited longest. None where nobody has room."""
        able = [one for one in fitting if self._room[one.member_id] != 0 and self._weights[one.member_id] > 0]
        if not able:
            return None
        total = sum((self._weights[one.member_id] for one in able), Fraction())
        for one in able:
            self._owed[one.member_id] += int(WHOLE * self._weights[one.member_id] / total)
        chosen = max(able, key=lambda one: (self._owed[one.member_id], -self._last[one.member_id]))
        self._give(chosen.member_id)
        return chosen

    def memory(self) -> str:
        """What each is owed, as text for the next run; of candidates alone, so that it does not grow."""
        owed = {member: millionths for member, millionths in sorted(self._owed.items()) if millionths}
        return json.dumps(owed) if owed else ""

    def _give(self, member_id: str) -> None:
        self._owed[member_id] -= WHOLE
        self._last[member_id] = max(self._last.values()) + 1
        room = self._room[member_id]
        self._room[member_id] = None if room is None else room - 1


def _remembered(memory: str) -> dict[str, int]:
    """What was owed at the end of the last run; nothing where the text is not what `memory` wrote."""
    try:
        found = json.loads(memory or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {member: owed for member, owed in found.items() if type(owed) is int and abs(owed) <= _MOST_OWED}
