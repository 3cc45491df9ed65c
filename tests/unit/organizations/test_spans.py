"""Date ranges with open ends."""

from __future__ import annotations

from datetime import date

import pytest

from quotaloom.organizations.spans import Span, refuse_unknown_day
from quotaloom.platform.errors import InputError

MARCH, APRIL, MAY = (date(2026, month, 1) for month in (3, 4, 5))


def test_the_end_is_not_included() -> None:
    """A range from March to April covers 1 March and 31 March, not 1 April."""
    span = Span(MARCH, APRIL)
    assert [span.covers(day) for day in (date(2026, 2, 28), MARCH, date(2026, 3, 31), APRIL)] == [
        False,
        True,
        True,
        False,
    ]


def test_ranges_that_meet_share_no_day() -> None:
    """One that ends on the day the other starts does not overlap it; one day more does."""
    assert not Span(MARCH, APRIL).overlaps(Span(APRIL, MAY))
    assert Span(MARCH, date(2026, 4, 2)).overlaps(Span(APRIL, MAY))
    assert Span().overlaps(Span(APRIL, MAY))


def test_open_ends_reach_beyond_every_day() -> None:
    """A bounded range lies within an unbounded one, never the other way round."""
    assert Span(MARCH, APRIL).within(Span())
    assert not Span(MARCH).within(Span(MARCH, MAY))


def test_open_ends_are_stored_as_null() -> None:
    """Columns give a span and get the same values back."""
    span = Span.of(None, APRIL)
    assert (span.valid_from, span.valid_to) == (None, APRIL)
    assert Span.of(MARCH, None).shared(span) == Span(MARCH, APRIL)


@pytest.mark.parametrize(
    ("span", "told"),
    [
        (Span(), "without beginning or end"),
        (Span(MARCH), "from 2026-03-01 on"),
        (Span(end=MAY), "until before 2026-05-01"),
        (Span(MARCH, MAY), "from 2026-03-01 until before 2026-05-01"),
    ],
)
def test_a_range_is_told_in_words(span: Span, told: str) -> None:
    """Messages say what the open ends are and that the end is not included."""
    assert str(span) == told


def test_days_out_of_reach_name_their_place() -> None:
    """The refusal carries the place in the input; no day at all is fine."""
    refuse_unknown_day(None, "on")
    refuse_unknown_day(date(1900, 1, 1), "on")
    with pytest.raises(InputError, match="3000-01-01 is out of reach") as caught:
        refuse_unknown_day(date(3000, 1, 1), "on")
    assert (caught.value.code, caught.value.path) == ("BAD_PERIOD", ("on",))
