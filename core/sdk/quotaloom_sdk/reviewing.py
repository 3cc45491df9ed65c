"""Review scorers: which score follows from the parts of a review."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar, Generic

from quotaloom_sdk.errors import InvalidResult, Negative, WrongLength
from quotaloom_sdk.exactness import (
    Share,
    exact_share,
    require_distinct,
    require_one,
    require_text,
    require_tuple,
)
from quotaloom_sdk.explanations import Explanation
from quotaloom_sdk.facts import LineFact, MemberFact, PeriodFact
from quotaloom_sdk.needs import Need, given_if
from quotaloom_sdk.policies import P, ParameterizedPolicy, require_plain_function
from quotaloom_sdk.texts import shown


@dataclass(frozen=True, slots=True)
class ReviewPart:
    """A part of a review's form.

    `kind` is quantitative or qualitative. `weight` is not negative; only the proportions of the weights count. A
    qualitative part has the scores that were given, 0 to `most`, None until they are. A quantitative one has the
    `line` it is about: a metric with what was achieved and, with PLAN, its targets; `lower_is_better` where the metric
    is better when lower.
    """

    key: str
    title: str
    kind: str
    weight: Share
    most: Share
    self_score: Share | None = None
    manager_score: Share | None = None
    line: LineFact | None = None
    lower_is_better: bool = False


@dataclass(frozen=True, slots=True)
class ReviewRequest(Generic[P]):
    """What a scorer decides on: the parts of one member's review of a period, in the order of the form.

    `most` is the highest score of the whole. `earlier` are the scores of his reviews by this form before, the
    latest first; they need HISTORY.
    """

    member: MemberFact
    period: PeriodFact
    form_key: str
    parts: tuple[ReviewPart, ...]
    most: Share
    parameters: P
    earlier: tuple[Share, ...] = field(default=(), metadata=given_if(Need.HISTORY))


@dataclass(frozen=True, slots=True)
class PartScore:
    """What a part counts as, 0 to the part's `most`, and why. Raises `InvalidResult`."""

    key: str
    score: Share
    explanation: Explanation

    def __post_init__(self) -> None:
        require_text("key of a part", self.key)
        _require_score(f"score of part {shown(self.key)}", self.score)
        require_one(f"explanation of part {shown(self.key)}", self.explanation, Explanation)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewResult:
    """The score of the whole, that of each part in the order of the request, and why.

    Scores are exact; the core rounds them for show. Raises `InvalidResult`.
    """

    score: Share
    parts: tuple[PartScore, ...]
    explanation: Explanation

    def __post_init__(self) -> None:
        _require_score("score", self.score)
        require_tuple("parts", self.parts, PartScore)
        require_distinct("parts", (part.key for part in self.parts))
        require_one("explanation", self.explanation, Explanation)

    def check(self, request: ReviewRequest[P]) -> None:
        """Raise `InvalidResult` unless each part has its score, and no score is above the most there is."""
        wanted = "parts must be those of the request, each once and in their order"
        if len(self.parts) != len(request.parts):
            raise WrongLength(f"{wanted}; there are {len(self.parts)} for {len(request.parts)}")
        if [part.key for part in self.parts] != [part.key for part in request.parts]:
            raise InvalidResult(wanted)
        if Fraction(self.score) > Fraction(request.most):
            raise InvalidResult(f"score is {self.score}; the most is {request.most}")
        for scored, part in zip(self.parts, request.parts, strict=True):
            if Fraction(scored.score) > Fraction(part.most):
                raise InvalidResult(f"score of part {shown(part.key)} is {scored.score}; the most is {part.most}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewScorer(ParameterizedPolicy[P], Generic[P]):
    """A policy that answers with the score of a review.

    `score` is pure: no clock, no chance, no file, no network; the same request gives the same result. It is
    called outside any transaction. Raises `InvalidDefinition`.
    """

    kind: ClassVar[str] = "review"
    offers: ClassVar[frozenset[Need]] = frozenset({Need.HISTORY, Need.ATTRIBUTES, Need.PLAN, Need.CALENDAR})

    score: Callable[[ReviewRequest[P]], ReviewResult]

    def __post_init__(self) -> None:
        ParameterizedPolicy.__post_init__(self)
        require_plain_function(self.key, "score", self.score)


def _require_score(what: str, given: object) -> None:
    if exact_share(what, given) < 0:
        raise Negative(f"{what} must not be negative: {given}")
