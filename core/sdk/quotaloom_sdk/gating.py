"""Stage gates: what must be true of a deal before it may leave a stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Generic

from quotaloom_sdk.exactness import require_distinct, require_one, require_text, require_tuple
from quotaloom_sdk.explanations import Explanation
from quotaloom_sdk.facts import DealFact
from quotaloom_sdk.needs import Need, given_if
from quotaloom_sdk.policies import P, ParameterizedPolicy, require_plain_function


@dataclass(frozen=True, slots=True)
class StageFact:
    """A stage of a funnel; `outcome` is open or won, `ordinal` its place from 0."""

    key: str
    name: str
    ordinal: int
    outcome: str


@dataclass(frozen=True, slots=True)
class ActivityFact:
    """Something done for the deal: `kind` is visit, call, meeting, mail or task; `done_on` a business date."""

    kind: str
    done_on: date
    member_id: str
    matter: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalFact:
    """A decision of a manager about the deal in this stage."""

    member_id: str
    approved: bool
    decided_on: date


@dataclass(frozen=True, slots=True)
class GateRequest(Generic[P]):
    """What a gate decides on: a deal, the stage it is in and the one it shall move to.

    `today` is the business date and `entered_on` the one it came into its stage. `competitors`, `next_step` and
    `documents` (their names) are as noted at the deal. `activities` need HISTORY and come the earliest first.
    """

    deal: DealFact
    funnel_key: str
    leaving: StageFact
    entering: StageFact
    entered_on: date
    today: date
    parameters: P
    competitors: tuple[str, ...] = ()
    next_step: str | None = None
    documents: tuple[str, ...] = ()
    approvals: tuple[ApprovalFact, ...] = ()
    activities: tuple[ActivityFact, ...] = field(default=(), metadata=given_if(Need.HISTORY))


@dataclass(frozen=True, slots=True)
class UnmetStandard:
    """A standard that the deal does not meet: a stable `code`, and what to do about it in words.

    `field` names what is to be filled in, such as `next_step`, where there is one. Raises `InvalidResult`.
    """

    code: str
    message: str
    field: str | None = None

    def __post_init__(self) -> None:
        require_text("code of an unmet standard", self.code)
        require_text("message of an unmet standard", self.message)
        if self.field is not None:
            require_text("field of an unmet standard", self.field)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """Every standard that is not met, each code once per field, and why; none at all lets the deal pass.

    Raises `InvalidResult`.
    """

    unmet: tuple[UnmetStandard, ...] = ()
    explanation: Explanation

    def __post_init__(self) -> None:
        require_tuple("unmet", self.unmet, UnmetStandard)
        require_distinct("unmet", ((one.code, one.field) for one in self.unmet))
        require_one("explanation", self.explanation, Explanation)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageGate(ParameterizedPolicy[P], Generic[P]):
    """A policy that lets a deal pass or says what is missing; all gates of a company are asked.

    `examine` is pure: no clock, no chance, no file, no network; the same request gives the same result. It is
    called outside any transaction. Raises `InvalidDefinition`.
    """

    kind: ClassVar[str] = "stage_gate"
    offers: ClassVar[frozenset[Need]] = frozenset({Need.HISTORY, Need.ATTRIBUTES})

    examine: Callable[[GateRequest[P]], GateResult]

    def __post_init__(self) -> None:
        ParameterizedPolicy.__post_init__(self)
        require_plain_function(self.key, "examine", self.examine)
