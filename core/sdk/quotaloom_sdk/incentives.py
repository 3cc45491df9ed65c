"""Incentive rules: which lines of a statement follow from what a member achieved in a period."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Generic

from quotaloom_sdk.errors import InvalidResult
from quotaloom_sdk.exactness import (
    Share,
    exact_share,
    require_amount,
    require_distinct,
    require_one,
    require_text,
    require_text_or_empty,
    require_tuple,
)
from quotaloom_sdk.explanations import Explanation
from quotaloom_sdk.facts import LineFact, MemberFact, PeriodFact
from quotaloom_sdk.needs import Need, given_if
from quotaloom_sdk.policies import P, ParameterizedPolicy, require_plain_function
from quotaloom_sdk.texts import shown


@dataclass(frozen=True, slots=True)
class EntryFact:
    """An entry of the ledger that is credited to the member, with a business date in the period.

    `amount` in the metric's minor units, negative where it reverses an earlier one, which `reverses` then names
    by id, and for gross margin that is a loss. `source` is opportunity, order, payment, refund, import or activity.
    `overlay` tells credit on top from direct.
    """

    id: str
    metric_key: str
    amount: int
    business_date: date
    source: str
    overlay: bool = False
    reverses: str | None = None
    deal_id: str | None = None
    customer_id: str | None = None
    product_key: str | None = None


@dataclass(frozen=True, slots=True)
class TeamFact:
    """A member below the one that the request is about, and what he achieved; `levels_below` is 1 for a direct one."""

    member_id: str
    name: str
    levels_below: int
    lines: tuple[LineFact, ...]


@dataclass(frozen=True, slots=True)
class ReviewFact:
    """A filed review of the member for the period: its form's key, the score, and the grade if there are grades."""

    form_key: str
    score: Share
    grade: str | None = None


@dataclass(frozen=True, slots=True)
class IncentiveLine:
    """A line of a statement: what a member gets (above 0), or is charged (below 0), and why.

    `key` is the line's own within the policy and the period, the same in each run, because later corrections are
    told from first payments by it; `title` is what the member reads. `amount` in minor units of the statement's
    currency, rounded by the rule. `base` and `rate` where the amount is the one times the other. `entries` are the
    ids of the entries it rests on, if those were given. `policy` and `rule` are noted by the product in a request's
    `earlier`: the full key of the policy that gave the line, and the company's own key of the rule that used it;
    whatever an answer says there is replaced. Raises `InvalidResult`.
    """

    key: str
    title: str
    amount: int
    explanation: Explanation
    base: int | None = None
    rate: Share | None = None
    entries: tuple[str, ...] = ()
    policy: str = ""
    rule: str = ""

    def __post_init__(self) -> None:
        require_text("key of a line", self.key)
        require_text("title of a line", self.title)
        line = f"line {shown(self.key)}"
        require_amount(f"amount of {line}", self.amount)
        require_one(f"explanation of {line}", self.explanation, Explanation)
        if self.base is not None:
            require_amount(f"base of {line}", self.base)
        if self.rate is not None:
            exact_share(f"rate of {line}", self.rate)
        require_tuple(f"entries of {line}", self.entries, str)
        for entry in self.entries:
            require_text(f"an entry of {line}", entry)
        require_distinct(f"entries of {line}", self.entries)
        require_text_or_empty(f"policy of {line}", self.policy)
        require_text_or_empty(f"rule of {line}", self.rule)


@dataclass(frozen=True, slots=True)
class IncentiveRequest(Generic[P]):
    """What a rule decides on: one member, one period, as the ledger and the plan stand now.

    `lines` has each metric with what the member achieved; its three values need PLAN. `entries` need HISTORY and
    come by business date, then id. `earlier` are the lines that the policies before this one gave in this very run,
    in their order: what caps, floors and multipliers work on. `carried` is what an earlier period's floor cut off,
    0 or below. `corrected` is the sum of what corrects earlier periods: refunds, late deals. Both are in this
    statement already, beside `earlier`: what works on the total, such as a floor, counts them, a cap does not.
    `advanced` is what draws have paid out before and not got back, 0 or above. `team` needs TEAM, `reviews` needs
    REVIEWS. Amounts of money are in minor units of `currency`.
    """

    member: MemberFact
    period: PeriodFact
    currency: str
    lines: tuple[LineFact, ...]
    parameters: P
    earlier: tuple[IncentiveLine, ...] = ()
    carried: int = 0
    corrected: int = 0
    advanced: int = 0
    entries: tuple[EntryFact, ...] = field(default=(), metadata=given_if(Need.HISTORY))
    team: tuple[TeamFact, ...] = field(default=(), metadata=given_if(Need.TEAM))
    reviews: tuple[ReviewFact, ...] = field(default=(), metadata=given_if(Need.REVIEWS))


@dataclass(frozen=True, slots=True, kw_only=True)
class IncentiveResult:
    """The lines that the rule adds to the statement, in the order to show, and why; no line is a fine answer.

    `carry` is what the rule cut off for the next period to start with, 0 or below: a floor that lifts -1,900 to 0
    gives a line of 1,900 and carries -1,900. `advance` is what its lines pay in advance, above 0, or get back of what
    was advanced before, below 0: a recoverable draw. Raises `InvalidResult`, also where two lines share a key.
    """

    lines: tuple[IncentiveLine, ...]
    carry: int = 0
    advance: int = 0
    explanation: Explanation

    def __post_init__(self) -> None:
        require_tuple("lines", self.lines, IncentiveLine)
        require_distinct("lines", (line.key for line in self.lines))
        require_amount("carry", self.carry)
        if self.carry > 0:
            raise InvalidResult(f"carry must be 0 or below, not {self.carry}")
        require_amount("advance", self.advance)
        require_one("explanation", self.explanation, Explanation)

    def check(self, request: IncentiveRequest[P]) -> None:
        """Raise `InvalidResult` for an entry that the request does not have, or more got back than was advanced."""
        if -self.advance > request.advanced:
            raise InvalidResult(f"advance gets back {-self.advance}; {request.advanced} was advanced and not got back")
        known = {entry.id for entry in request.entries}
        for line in self.lines:
            unknown = next((entry for entry in line.entries if entry not in known), None)
            if unknown is not None:
                raise InvalidResult(
                    f"line {shown(line.key)} rests on entry {shown(unknown)}, which the request does not have"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class IncentiveRule(ParameterizedPolicy[P], Generic[P]):
    """A policy that answers with lines of a statement; several run in order.

    `reward` is pure: no clock, no chance, no file, no network; the same request gives the same lines to the byte.
    It is called outside any transaction. Raises `InvalidDefinition`.
    """

    kind: ClassVar[str] = "incentive"
    offers: ClassVar[frozenset[Need]] = frozenset(
        {Need.HISTORY, Need.ATTRIBUTES, Need.PLAN, Need.CALENDAR, Need.TEAM, Need.REVIEWS}
    )

    reward: Callable[[IncentiveRequest[P]], IncentiveResult]

    def __post_init__(self) -> None:
        ParameterizedPolicy.__post_init__(self)
        require_plain_function(self.key, "reward", self.reward)
