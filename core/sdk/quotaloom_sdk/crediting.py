"""Crediting rules: who gets which share of a deal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Generic

from quotaloom_sdk.errors import InvalidResult, Negative, WrongLength
from quotaloom_sdk.exactness import Share, exact_share, require_distinct, require_one, require_text, require_tuple
from quotaloom_sdk.explanations import Explanation
from quotaloom_sdk.facts import DealFact
from quotaloom_sdk.needs import Need
from quotaloom_sdk.policies import P, ParameterizedPolicy, require_plain_function

MOST_CREDITS = 50
"""How many shares a deal may be split into."""


@dataclass(frozen=True, slots=True)
class Credit:
    """A share of a deal for a position, above 0 and up to 1.

    Direct shares divide the deal. `overlay` comes on top of it: it counts for the position and its member, and
    for no unit above. Without a `member_id` it is for whoever holds the position on the business date. Raises
    `InvalidResult`.
    """

    position_id: str
    share: Share
    overlay: bool = False
    member_id: str | None = None

    def __post_init__(self) -> None:
        require_text("position_id of a credit", self.position_id)
        share = exact_share("the share of a credit", self.share)
        if not 0 < share <= 1:
            refused = Negative if share < 0 else InvalidResult
            raise refused(f"the share of a credit must be above 0 and up to 1, not {self.share}")
        require_one("overlay of a credit", self.overlay, bool)
        if self.member_id is not None:
            require_text("member_id of a credit", self.member_id)


@dataclass(frozen=True, slots=True)
class CreditingRequest(Generic[P]):
    """What a rule decides on: a deal that is about to be credited, and the splits that its people named.

    The deal's amount is there, and its `closed_on` is the business date. `named` are in the order they were named,
    none at all where the deal is its position's alone.
    """

    deal: DealFact
    named: tuple[Credit, ...]
    parameters: P


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditingResult:
    """The credits of a deal, and why; the core makes whole amounts of the shares.

    The direct shares sum to exactly 1: write thirds as `Fraction(1, 3)`. What cannot be divided goes to the
    largest share, then to the first. Overlay shares are not part of the sum. A position comes once, and there are
    up to 50 credits. Raises `InvalidResult`.
    """

    credits: tuple[Credit, ...]
    explanation: Explanation

    def __post_init__(self) -> None:
        require_tuple("credits", self.credits, Credit)
        if len(self.credits) > MOST_CREDITS:
            raise WrongLength(f"it gives {len(self.credits)} credits; {MOST_CREDITS} at the most")
        require_one("explanation", self.explanation, Explanation)
        require_distinct("credits", (credit.position_id for credit in self.credits))
        direct = sum((Fraction(credit.share) for credit in self.credits if not credit.overlay), Fraction())
        if direct != 1:
            raise InvalidResult(f"the direct shares sum to {direct}; they must sum to exactly 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditingRule(ParameterizedPolicy[P], Generic[P]):
    """A policy that answers with shares of a deal.

    `credit` is pure: no clock, no chance, no file, no network; the same request gives the same result. It is
    called outside any transaction. Raises `InvalidDefinition`.
    """

    kind: ClassVar[str] = "crediting"
    offers: ClassVar[frozenset[Need]] = frozenset({Need.ATTRIBUTES})

    credit: Callable[[CreditingRequest[P]], CreditingResult]

    def __post_init__(self) -> None:
        ParameterizedPolicy.__post_init__(self)
        require_plain_function(self.key, "credit", self.credit)
