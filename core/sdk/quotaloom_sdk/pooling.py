"""Pool policies: who gets which record of a public pool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import ClassVar, Generic

from quotaloom_sdk.attributes import NO_ATTRIBUTES, Attributes
from quotaloom_sdk.errors import InvalidResult, WrongLength
from quotaloom_sdk.exactness import require_distinct, require_one, require_text, require_text_or_empty, require_tuple
from quotaloom_sdk.explanations import Explanation
from quotaloom_sdk.facts import LineFact, Load
from quotaloom_sdk.needs import Need, given_if
from quotaloom_sdk.policies import P, ParameterizedPolicy, require_plain_function
from quotaloom_sdk.texts import shown


@dataclass(frozen=True, slots=True)
class RecordFact:
    """A record of the pool that waits for a holder. `kind` is lead, customer or opportunity.

    `entered_at` is when it came into the pool. `amount` in minor units of the company's currency, None where it
    has none. `earlier_holders` are member ids, the latest first. `attributes` need ATTRIBUTES.
    """

    id: str
    kind: str
    name: str
    entered_at: datetime
    source: str | None = None
    amount: int | None = None
    product_key: str | None = None
    customer_level: str | None = None
    earlier_holders: tuple[str, ...] = ()
    attributes: Attributes = field(default=NO_ATTRIBUTES, metadata=given_if(Need.ATTRIBUTES))


@dataclass(frozen=True, slots=True)
class Absence:
    """Days [starts_on, ends_on) on which somebody is away."""

    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class CandidateFact:
    """A member of the pool who may be given records now: he has not opted out, and no rule forbids it.

    `room` is how many more he may hold by the strictest cap, None without one. `last_turn` is the number of the
    pool's assignment that was his last, counted up by one with every record, None if he never got one. `load`
    needs LOAD. `absences` and `working`, whether he works at this hour, need CALENDAR. `lines`, his attainment in
    the current month, need HISTORY, and their targets PLAN. `first_response_minutes`, the median of the last 30
    days, needs HISTORY; None where nothing was answered. `attributes`, such as skills or a territory, need
    ATTRIBUTES.
    """

    member_id: str
    name: str
    room: int | None = None
    last_turn: int | None = None
    load: Load | None = field(default=None, metadata=given_if(Need.LOAD))
    absences: tuple[Absence, ...] = field(default=(), metadata=given_if(Need.CALENDAR))
    working: bool | None = field(default=None, metadata=given_if(Need.CALENDAR))
    lines: tuple[LineFact, ...] = field(default=(), metadata=given_if(Need.HISTORY))
    first_response_minutes: int | None = field(default=None, metadata=given_if(Need.HISTORY))
    attributes: Attributes = field(default=NO_ATTRIBUTES, metadata=given_if(Need.ATTRIBUTES))


@dataclass(frozen=True, slots=True)
class PoolRequest(Generic[P]):
    """What a policy decides on: the records to hand out, and who may get them, each in a stable order.

    `at` is the instant of the assignment, with its time zone, and `today` the business date. `memory` is the text
    that this policy returned for this pool the last time, empty at first.
    """

    pool_key: str
    at: datetime
    today: date
    records: tuple[RecordFact, ...]
    candidates: tuple[CandidateFact, ...]
    parameters: P
    memory: str = ""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A record and who gets it; `member_id` is None where the policy has nobody and the next in the chain decides.

    `reason` is one sentence that its new holder reads, empty if there is nothing to say. Raises `InvalidResult`.
    """

    record_id: str
    member_id: str | None
    reason: str = ""

    def __post_init__(self) -> None:
        require_text("record_id of an assignment", self.record_id)
        if self.member_id is not None:
            require_text("member_id of an assignment", self.member_id)
        require_text_or_empty("reason of an assignment", self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolResult:
    """One assignment per record, in the order of the request, and why.

    `memory`, up to 100,000 characters, comes back with the next request of this pool: what a weighted rotation
    needs to go on where it stopped. It is kept only if the assignments are. Raises `InvalidResult`.
    """

    assignments: tuple[Assignment, ...]
    memory: str = ""
    explanation: Explanation

    def __post_init__(self) -> None:
        require_tuple("assignments", self.assignments, Assignment)
        require_distinct("assignments", (one.record_id for one in self.assignments))
        require_text_or_empty("memory", self.memory)
        if len(self.memory) > 100_000:
            raise InvalidResult(f"memory has {len(self.memory)} characters; up to 100,000 are kept")
        require_one("explanation", self.explanation, Explanation)

    def check(self, request: PoolRequest[P]) -> None:
        """Raise `InvalidResult` unless each record has its assignment, to a candidate who has room for all he gets."""
        wanted = "assignments must name the records of the request, each once and in their order"
        if len(self.assignments) != len(request.records):
            raise WrongLength(f"{wanted}; there are {len(self.assignments)} for {len(request.records)} records")
        if [one.record_id for one in self.assignments] != [record.id for record in request.records]:
            raise InvalidResult(wanted)
        room = {candidate.member_id: candidate.room for candidate in request.candidates}
        for one in self.assignments:
            if one.member_id is None:
                continue
            if one.member_id not in room:
                raise InvalidResult(f"record {shown(one.record_id)} is for {shown(one.member_id)}, who is no candidate")
            left = room[one.member_id]
            if left is not None:
                if left <= 0:
                    raise InvalidResult(
                        f"record {shown(one.record_id)} is for {shown(one.member_id)}, who has no room for it"
                    )
                room[one.member_id] = left - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolPolicy(ParameterizedPolicy[P], Generic[P]):
    """A policy that hands out the records of a pool; several may form a chain, each deciding what is left.

    `assign` is pure: no clock, no chance, no file, no network; the same request gives the same result. It is
    called outside any transaction. Raises `InvalidDefinition`.
    """

    kind: ClassVar[str] = "pool"
    offers: ClassVar[frozenset[Need]] = frozenset({Need.HISTORY, Need.ATTRIBUTES, Need.LOAD, Need.PLAN, Need.CALENDAR})

    assign: Callable[[PoolRequest[P]], PoolResult]

    def __post_init__(self) -> None:
        ParameterizedPolicy.__post_init__(self)
        require_plain_function(self.key, "assign", self.assign)
