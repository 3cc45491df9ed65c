"""Random split requests for property tests."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

from quotaloom.platform.amounts import Rational
from quotaloom.targets.decomposition import SplitRequest

plain_weights = st.integers(0, 4)
wild_weights: st.SearchStrategy[Rational] = st.one_of(
    st.just(0),
    st.integers(0, 10**12),
    st.decimals(0, 1000, places=3),
    st.sampled_from([Decimal("1e-18"), Decimal("1e18")]),
    st.fractions(0, 5, max_denominator=9),
)
factors = st.sampled_from([Fraction(1), Fraction(1), Fraction(11, 10), Fraction(4, 3), Fraction(9, 10)])


@st.composite
def weight_matrices(
    draw: st.DrawFn, children: int, months: int, weights: st.SearchStrategy[Rational] = wild_weights
) -> tuple[tuple[Rational, ...], ...]:
    """One row of weights per child; sometimes the same for every month, or with months of nothing but zeros."""
    if draw(st.booleans()):
        return tuple((weight,) * months for weight in draw(st.lists(weights, min_size=children, max_size=children)))
    row = st.tuples(*[weights] * months)
    return tuple(draw(st.lists(row, min_size=children, max_size=children)))


@st.composite
def free_requests(
    draw: st.DrawFn,
    most_children: int = 6,
    most_months: int = 12,
    largest: int = 10**9,
    weights: st.SearchStrategy[Rational] = wild_weights,
) -> SplitRequest:
    """Nothing fixed and nothing pinned."""
    children = draw(st.integers(1, most_children))
    months = draw(st.integers(1, most_months))
    columns = draw(st.lists(st.integers(0, largest), min_size=months, max_size=months))
    return SplitRequest(tuple(columns), draw(weight_matrices(children, months, weights)), draw(factors))


@st.composite
def bound_requests(
    draw: st.DrawFn,
    most_children: int = 6,
    most_months: int = 12,
    largest: int = 10**9,
    weights: st.SearchStrategy[Rational] = wild_weights,
) -> SplitRequest:
    """Some cells fixed and some years pinned, often but not always such that a table exists."""
    free = draw(free_requests(most_children, most_months, largest, weights))
    children, months = len(free.weights), len(free.columns)
    cell = st.tuples(st.integers(0, children - 1), st.integers(0, months - 1))
    chosen = draw(st.sets(cell, max_size=children * months // 2))
    share = draw(st.sampled_from([1, children, 2 * children]))
    fixed = {at: draw(st.integers(0, free.columns[at[1]] // share)) for at in sorted(chosen)}
    pinned = draw(st.sets(st.integers(0, children - 1), max_size=children))
    even = sum(free.columns) // children
    years = {
        child: sum(amount for (at, _), amount in fixed.items() if at == child)
        + draw(st.sampled_from([even, even // 2, 0, 1]) | st.integers(0, even))
        for child in sorted(pinned)
    }
    if len(years) == children and free.over_assignment == 1 and draw(st.booleans()):
        last = children - 1
        years[last] = max(0, sum(free.columns) - sum(years.values()) + years[last])
    return SplitRequest(free.columns, free.weights, free.over_assignment, fixed, years)
