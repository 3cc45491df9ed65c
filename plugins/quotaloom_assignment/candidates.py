"""Who can be given something now, how much more, and whose turn it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from quotaloom_sdk import Assignment, CandidateFact, Explanation, Parameters, PoolRequest, PoolResult, RecordFact, ui


class AssignmentParameters(Parameters):
    """What an admin may set for every way of handing out."""

    only_in_working_hours: bool = Field(
        default=False,
        description="Whether only those get something who work at this hour.",
        json_schema_extra=ui(widget="switch", group="People"),
    )


@dataclass(slots=True)
class Candidate:
    """A candidate who is there today; `room` is how many more he may get (None: any number), `turn` his last one."""

    fact: CandidateFact
    place: int
    room: int | None
    turn: int
    given: int = 0

    @property
    def free(self) -> bool:
        """Whether one more fits."""
        return self.room is None or self.room > 0

    @property
    def waiting(self) -> tuple[int, int]:
        """Who has waited longest has the lowest; among those who never had one, the first in the list."""
        return self.turn, self.place


@dataclass(slots=True)
class Hand:
    """Records being handed out, one after the other."""

    candidates: list[Candidate]
    turn: int
    assignments: list[Assignment] = field(default_factory=list)

    def give(self, record: RecordFact, to: Candidate | None, reason: str = "") -> None:
        """To this candidate, whose turn it was; None leaves the record to the next policy."""
        if to is None:
            self.assignments.append(Assignment(record.id, None))
            return
        self.turn += 1
        to.turn = self.turn
        to.given += 1
        if to.room is not None:
            to.room -= 1
        self.assignments.append(Assignment(record.id, to.fact.member_id, reason))

    def result(self, text: str, memory: str = "") -> PoolResult:
        """What was handed out, with how many each got."""
        counts = [(one.fact.name, one.given) for one in self.candidates if one.given]
        left = sum(one.member_id is None for one in self.assignments)
        items = tuple(Explanation(f"{name} got {count}.", (("records", count),)) for name, count in counts[:_LISTED])
        if len(counts) > _LISTED:
            items = (*items, Explanation(f"{len(counts) - _LISTED} more got some."))
        if left:
            items = (*items, Explanation(f"{left} left to the next policy.", (("records", left),)))
        return PoolResult(
            assignments=tuple(self.assignments), memory=memory, explanation=Explanation(text, items=items)
        )


_LISTED = 1000


def hand_of(request: PoolRequest[Any], parameters: AssignmentParameters) -> Hand:
    """Those of the candidates who are not away today and, where it is asked for, work at this hour."""
    known = [one.last_turn for one in request.candidates if one.last_turn is not None]
    present = [
        Candidate(fact, place, fact.room, -1 if fact.last_turn is None else fact.last_turn)
        for place, fact in enumerate(request.candidates)
        if _there(fact, request, parameters)
    ]
    return Hand(present, max(known, default=0))


def _there(fact: CandidateFact, request: PoolRequest[Any], parameters: AssignmentParameters) -> bool:
    if any(away.starts_on <= request.today < away.ends_on for away in fact.absences):
        return False
    return not parameters.only_in_working_hours or fact.working is True


def longest_waiting(candidates: Iterable[Candidate]) -> Candidate | None:
    """Of those with room, the one whose last turn is the longest ago; None where nobody has any."""
    return min((one for one in candidates if one.free), key=lambda one: one.waiting, default=None)
