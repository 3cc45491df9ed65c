"""Allocation rules: by which weights a unit's target is split among its children and over the months."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar, Generic

from quotaloom_sdk.errors import InvalidResult
from quotaloom_sdk.explanations import Explanation
from quotaloom_sdk.facts import MonthFact, UnitFact
from quotaloom_sdk.needs import Need, given_if
from quotaloom_sdk.policies import P, ParameterizedPolicy, require_plain_function
from quotaloom_sdk.weights import Weights, checked_tuple, equal_weights, exact_weights

Weight = int | Decimal | Fraction
"""Exact, finite, not negative; only the proportions count, and weights that are all zero count as equal."""


@dataclass(frozen=True, slots=True)
class AllocationRequest(Generic[P]):
    """What a rule decides on: the unit whose target is split, and its children in tree order.

    `months` are the months of the plan in order; `parameters` are the company's, validated by the rule's
    model. `recent_months` are the last 24 months that were over on the day on which the target is split, the
    earliest first; of a plan that is over by then, the 24 before it. They need RECENT.
    """

    unit: UnitFact
    children: tuple[UnitFact, ...]
    months: tuple[MonthFact, ...]
    metric_key: str
    parameters: P
    recent_months: tuple[MonthFact, ...] = field(default=(), metadata=given_if(Need.RECENT))


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationResult:
    """The weights of a split, and why.

    `months`: the weights by which the unit's own year is spread over the months where it is not given per
    month yet; one per month, None for equal. The children's weights come in one of two shapes: `children`
    has one per child, the same in each month; `matrix` has a row per child, in order, with a weight per
    month; both None is equal. Raises `InvalidResult` where both are given.
    """

    months: tuple[Weight, ...] | None = None
    children: tuple[Weight, ...] | None = None
    matrix: tuple[tuple[Weight, ...], ...] | None = None
    explanation: Explanation

    def __post_init__(self) -> None:
        if self.children is not None and self.matrix is not None:
            raise InvalidResult("an allocation gives children or matrix, not both; leave one of them None")

    def exact(self, request: AllocationRequest[P]) -> tuple[Weights, tuple[Weights, ...]]:
        """The weights as fractions: one per month, and a row per child with one per month.

        Raises `InvalidResult` where a weight is not exact, not finite or negative, or there are too few or too many.
        """
        children, months = len(request.children), len(request.months)
        by_month = (
            equal_weights(months) if self.months is None else exact_weights(self.months, months, "months", "months")
        )
        return by_month, self._matrix(children, months)

    def check(self, request: AllocationRequest[P]) -> None:
        """Raise `InvalidResult` unless the weights are those of the request's children and months."""
        self.exact(request)

    def _matrix(self, children: int, months: int) -> tuple[Weights, ...]:
        if self.matrix is not None:
            rows = checked_tuple(self.matrix, children, "matrix", "children")
            return tuple(exact_weights(row, months, f"matrix[{index}]", "months") for index, row in enumerate(rows))
        by_child: Weights = equal_weights(children)
        if self.children is not None:
            by_child = exact_weights(self.children, children, "children", "children")
        return tuple((weight,) * months for weight in by_child)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationRule(ParameterizedPolicy[P], Generic[P]):
    """A policy that answers with weights; the core makes exact whole amounts of them.

    `allocate` is pure: no clock, no chance, no file, no network; the same request gives the same result.
    It is called outside any transaction, and may raise `CannotDecide`. Raises `InvalidDefinition`.
    """

    kind: ClassVar[str] = "allocation"
    offers: ClassVar[frozenset[Need]] = frozenset(
        {Need.HISTORY, Need.RECENT, Need.ATTRIBUTES, Need.LOAD, Need.PLAN, Need.CALENDAR, Need.WORKSHEET}
    )

    allocate: Callable[[AllocationRequest[P]], AllocationResult]

    def __post_init__(self) -> None:
        ParameterizedPolicy.__post_init__(self)
        require_plain_function(self.key, "allocate", self.allocate)
