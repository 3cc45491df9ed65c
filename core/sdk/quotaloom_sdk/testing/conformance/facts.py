"""What requests tell about months, units, people, deals and figures, generated."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from quotaloom_sdk.facts import (
    CustomerFact,
    DealFact,
    LineFact,
    Load,
    MemberFact,
    MonthFact,
    PeriodFact,
    UnitFact,
    WorksheetFact,
)
from quotaloom_sdk.testing.allocation import months
from quotaloom_sdk.testing.conformance.values import (
    LARGEST,
    Known,
    amounts,
    attributes,
    currencies,
    days,
    ids,
    keys,
    names,
    optional,
    spans,
)

T = TypeVar("T")


@cache
def tuples_of(values: SearchStrategy[T], most: int = 5, least: int = 0) -> SearchStrategy[tuple[T, ...]]:
    """Tuples of `least` to `most` values."""
    return st.lists(values, min_size=least, max_size=most).map(tuple)


@cache
def distinct(values: SearchStrategy[T], most: int = 5, least: int = 0) -> SearchStrategy[tuple[T, ...]]:
    """The same without any value twice."""
    return st.lists(values, min_size=least, max_size=most, unique=True).map(tuple)


_WORKDAYS = st.integers(0, 23)

_LOADS = (
    Load(members=1, customers=3, leads=2, opportunities=4, open_amount=80_000_00),
    Load(members=0, customers=0, leads=0, opportunities=0, open_amount=0),
    Load(members=12, customers=1, leads=0, opportunities=1, open_amount=1),
    Load(members=1, customers=40, leads=100_000, opportunities=0, open_amount=0),
    Load(members=3, customers=100_000, leads=7, opportunities=2_000, open_amount=LARGEST),
)

loads: SearchStrategy[Load] = st.sampled_from(_LOADS)


_WORKSHEETS = (
    WorksheetFact(2017, customers_needed=12, repurchase_rate=Decimal("0.5"), money=80_000_00),
    None,
    WorksheetFact(2016),
    WorksheetFact(2017, customers_needed=0, repurchase_rate=Decimal(0), money=0),
    WorksheetFact(2017, customers_needed=10**9, repurchase_rate=Decimal(1000), money=LARGEST),
)

# A load and a worksheet are drawn as one: requests stay quick to make smaller.
_carried: SearchStrategy[tuple[Load, WorksheetFact | None]] = st.sampled_from(
    tuple(zip(_LOADS, _WORKSHEETS, strict=True))
)


@cache
@st.composite
def fiscal_years(draw: DrawFn) -> tuple[MonthFact, ...]:
    """The twelve months of a fiscal year that starts in any month, each with its working days."""
    year = months(draw(st.integers(2000, 2098)), first=draw(st.integers(1, 12)))
    workdays = draw(_rows(_WORKDAYS))
    return tuple(replace(month, workdays=days) for month, days in zip(year, workdays, strict=True))


@cache
@st.composite
def units(draw: DrawFn, known: Known, kinds: tuple[str, ...]) -> UnitFact:
    """A unit of twelve months: history that may be negative, targets that may be missing. It has no id or key yet."""
    name, kind, achieved = draw(names), draw(st.sampled_from(kinds)), draw(_rows(amounts(-LARGEST)))
    planned, noted, (load, worksheet) = draw(_rows(optional(amounts()))), draw(attributes(known)), draw(_carried)
    return UnitFact(
        id="",
        name=name,
        kind=kind,
        achieved=achieved,
        planned=planned,
        attributes=noted,
        load=load,
        worksheet=worksheet,
        recent=2 * achieved,  # no draws of its own: requests stay quick to make smaller
    )


@cache
@st.composite
def _rows(draw: DrawFn, figures: SearchStrategy[T]) -> tuple[T, ...]:
    """A figure for each of twelve months: the same throughout, or up to three that take turns."""
    turns = draw(tuples_of(figures, 3, 1))
    return tuple(turns[place % len(turns)] for place in range(12))


@cache
def members(known: Known) -> SearchStrategy[MemberFact]:
    """A member with up to three positions."""
    return st.builds(MemberFact, ids, names, distinct(ids, 3), attributes(known))


@cache
def customers(known: Known) -> SearchStrategy[CustomerFact]:
    """A customer, of some level or none."""
    return st.builds(CustomerFact, ids, names, st.sampled_from((None, "A", "重点")), attributes(known))


@cache
def deals(
    known: Known, amount: SearchStrategy[int | None], closed_on: SearchStrategy[date | None]
) -> SearchStrategy[DealFact]:
    """A deal; what need not be noted of it is missing now and then."""
    return st.builds(
        DealFact,
        id=ids,
        name=names,
        amount=amount,
        currency=currencies,
        position_id=ids,
        member_id=st.one_of(st.none(), ids),
        product_key=st.one_of(st.none(), keys),
        customer=st.one_of(st.none(), customers(known)),
        opened_on=days,
        expected_close_on=st.one_of(st.none(), days),
        closed_on=closed_on,
        attributes=attributes(known),
    )


_SELDOM = st.sampled_from((False, False, True))


@cache
def lines(most: int) -> SearchStrategy[LineFact]:
    """What was achieved of a metric, less than nothing at times, against three values that may be missing or 0."""
    value = st.one_of(st.sampled_from((None, 0)), amounts(0, most))
    return st.builds(LineFact, keys, amounts(-most, most), value, value, value, _SELDOM)


@cache
def line_sets(most: int) -> SearchStrategy[tuple[LineFact, ...]]:
    """Lines of up to three metrics, each once."""
    return st.lists(lines(most), max_size=3, unique_by=lambda line: line.metric_key).map(tuple)


@st.composite
def _periods(draw: DrawFn) -> PeriodFact:
    start, end = draw(spans())
    return PeriodFact(f"{start:%Y-%m}", start, end, draw(st.integers(0, 260)))


PERIODS: SearchStrategy[PeriodFact] = _periods()
"""A period of a day up to a year, with its working days."""
