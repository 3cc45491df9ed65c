"""Values that requests are made of: plain ones, and those that break careless arithmetic and text.

Strategies are made once and kept, here and in the modules beside: making one costs more than drawing from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from quotaloom_sdk.attributes import (
    NO_ATTRIBUTES,
    Attribute,
    AttributeKind,
    Attributes,
    AttributeValue,
    Choice,
    Reference,
)
from quotaloom_sdk.exactness import Share

LARGEST = 2**63 - 1
"""The largest amount that is stored."""

LARGEST_PAYABLE = 10**15
"""The largest amount where lines of money follow from it, so that a multiple of it is an amount, too."""

_NAMES = (
    "East",
    "West",
    "North",
    "A",
    "华东大区",
    "Süd & Söhne",
    "Cafe\u0301 O'Brien",
    '"Best" <b>team</b>',
    "مبيعات",
    "🚀 {rockets} %s",
    "None",
    "0",
    "x" * 200,
)

_FIRST = date(2000, 1, 1)
_LAST = date(2099, 12, 31)

names: SearchStrategy[str] = st.sampled_from(_NAMES)
"""Names as people give them: never blank, up to 200 characters; two things may have the same name."""

keys: SearchStrategy[str] = st.sampled_from(("revenue", "orders", "new_customers", "回款", "visits-2017", "K 9"))
"""Keys of metrics, products and the like."""

ids: SearchStrategy[str] = st.one_of(st.integers(1, 99), st.integers(1, LARGEST)).map(str)
"""Ids as the product has them: whole numbers, written as text."""

currencies: SearchStrategy[str] = st.sampled_from(("EUR", "CNY", "USD", "JPY", "BHD"))

days: SearchStrategy[date] = st.one_of(
    st.sampled_from((date(2017, 3, 15), date(2016, 2, 29), date(2017, 12, 31), date(2018, 1, 1))),
    st.dates(_FIRST, _LAST),
)

instants: SearchStrategy[datetime] = st.one_of(
    st.sampled_from((datetime(2017, 3, 15, 12, tzinfo=UTC), datetime(2017, 12, 31, 23, 59, 59, 999999, tzinfo=UTC))),
    st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 # they get UTC
)

Known = tuple[tuple[str, AttributeKind], ...] | None
"""The attributes that a policy asks for, with their types; None where it does not need any."""


@cache
def amounts(least: int = 0, most: int = LARGEST) -> SearchStrategy[int]:
    """Whole minor units in [least, most]: none, one, what people sell for, and the bounds."""
    edges = (0, 1, -1, 99, 100_000_00, -50_00, 2**31, 2**53 + 1, most - 1, most, least)
    usual = st.integers(max(least, -(10**9)), min(most, 10**9))
    return st.one_of(st.sampled_from([edge for edge in edges if least <= edge <= most]), usual)


@cache
def optional(values: SearchStrategy[int]) -> SearchStrategy[int | None]:
    """Those values, or None."""
    return st.one_of(st.none(), values)


@cache
def shares(most: int = 1) -> SearchStrategy[Share]:
    """Exact shares, rates or scores from 0 to `most`, some with an endless decimal."""
    hundredths = st.integers(0, most * 100).map(lambda whole: Decimal(whole) / 100)
    thirds = st.integers(0, most * 3).map(lambda whole: Fraction(whole, 3))
    return st.one_of(hundredths, thirds)


@cache
def spans() -> SearchStrategy[tuple[date, date]]:
    """Two days, the second later by a day up to a year."""
    return st.tuples(days, st.integers(1, 366)).map(lambda pair: (pair[0], pair[0] + timedelta(days=pair[1])))


_VALUES: Mapping[AttributeKind, SearchStrategy[AttributeValue]] = {
    AttributeKind.TEXT: names,
    AttributeKind.NUMBER: st.one_of(
        st.sampled_from(
            (Decimal(0), Decimal(1), Decimal("0.5"), Decimal("-1"), Decimal("999999999999999999.99999999"))
        ),
        st.integers(-100, 100_000).map(lambda whole: Decimal(whole) / 100),
    ),
    AttributeKind.DATE: days,
    AttributeKind.CHOICE: st.sampled_from((Choice("a", "Class A"), Choice("b", "Class B"), Choice("中", "中等"))),
    AttributeKind.REFERENCE: st.builds(
        Reference, st.sampled_from(("unit", "member", "customer", "opportunity", "lead")), ids
    ),
}


@cache
def attributes(known: Known) -> SearchStrategy[Attributes]:
    """What a company noted of an object: often the attributes `known`, of their types, and some that nobody knows."""
    if known is None:
        return st.just(NO_ATTRIBUTES)
    of_any_kind = st.one_of(*_VALUES.values())
    others = st.lists(st.sampled_from(("note", "区域", "x y")), max_size=2, unique=True)
    noted = st.integers(0, 3)

    @st.composite
    def drawn(draw: st.DrawFn) -> Attributes:
        entries = [Attribute(key, draw(_VALUES[kind])) for key, kind in known if draw(noted) != 0]
        taken = {key for key, _ in known}
        entries += [Attribute(key, draw(of_any_kind)) for key in draw(others) if key not in taken]
        return Attributes(tuple(entries))

    return drawn()
