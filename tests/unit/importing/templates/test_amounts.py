"""Amounts as people and spreadsheets write them."""

from __future__ import annotations

from datetime import date

import pytest

from quotaloom.importing.templates.amounts import CLEARED, decimal_mark, read_amount
from quotaloom.importing.templates.sheets import FORMULA_WITHOUT_VALUE, Value
from quotaloom.platform.errors import InputError


def refused(value: Value, scale: int = 2, mark: str | None = None) -> str:
    """The code with which it is refused."""
    with pytest.raises(InputError) as caught:
        read_amount(value, scale, lambda: mark)
    return caught.value.code


@pytest.mark.parametrize(
    ("value", "minor"),
    [
        ("1234.50", 123450),
        ("1234,5", 123450),
        ("1,234.50", 123450),
        ("1.234,50", 123450),
        ("1 234,5", 123450),
        ("1\u00a0234\u202f567.5", 123456750),
        ("1'234.50", 123450),
        ("1\u2019234.50", 123450),
        ("1,234,567", 123456700),
        ("1.234.567", 123456700),
        ("'1234.50", 123450),
        ("１２３４．５０", 123450),
        ("0", 0),
        ("12,3", 1230),
        ("0.500", 50),
        (1234.5, 123450),
        (1234, 123400),
        (0.1 + 0.2, 30),
        (33333.34, 3333334),
        (999999999999.99, 99999999999999),
    ],
)
def test_what_is_clear_is_read_exactly(value: Value, minor: int) -> None:
    """Marks of every country, wide digits, and numbers that a spreadsheet worked out with noise in the last bit."""
    assert read_amount(value, 2) == minor


@pytest.mark.parametrize("value", ["10²", "①", "½", "1000³"])
def test_digits_that_are_no_digits_of_the_number_are_refused(value: str) -> None:
    """10² with the mark of a footnote is not 102."""
    assert refused(value) == "NOT_A_NUMBER"


@pytest.mark.parametrize("value", ["-", "\u2013", "\u2014", "\u2212", "\uff0d"])
def test_every_dash_clears(value: str) -> None:
    """The one of the keyboard, what a spreadsheet makes of it, and the wide one."""
    assert read_amount(value, 2) is CLEARED


@pytest.mark.parametrize("value", ["1,234", "1.234", "12,000"])
def test_what_may_mean_two_things_is_refused(value: str) -> None:
    """One mark before three digits: thousands, or three places."""
    assert refused(value) == "AMBIGUOUS"


def test_the_other_amounts_of_a_file_say_what_its_marks_mean() -> None:
    """Beside 1,234.50 the text 1,234 is 1234; beside 1.234,50 the text 1.234 is; beside both neither is clear."""
    assert decimal_mark(["5", "1,234", "1,234.50", None, 7.5]) == "."
    assert read_amount("1,234", 2, lambda: ".") == 123400
    assert decimal_mark(["1.234", "1.234,50"]) == ","
    assert read_amount("1.234", 2, lambda: ",") == 123400
    assert decimal_mark(["1,234.50", "1.234,50"]) is None
    assert decimal_mark(["1,234", "words", "-"]) is None
    assert refused("12,5", mark=".") == "NOT_A_NUMBER"
    assert refused("1.234", mark=".") == "TOO_PRECISE"


def test_with_three_places_a_point_is_one() -> None:
    """A metric of three places is written so by ourselves: 1.234 is one and something."""
    assert read_amount("1.234", 3) == 1234


@pytest.mark.parametrize("value", ["-", "\u2013", "\u2014", "\u2212"])
def test_a_dash_clears(value: str) -> None:
    """Also the long ones that spreadsheets make of it."""
    assert read_amount(value, 2) is CLEARED


def test_an_empty_cell_says_nothing() -> None:
    """It leaves what is there."""
    assert read_amount(None, 2) is None


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("abc", "NOT_A_NUMBER"),
        ("12.5%", "NOT_A_NUMBER"),
        ("1.2E+06", "NOT_A_NUMBER"),
        ("¥100", "NOT_A_NUMBER"),
        ("(100)", "NOT_A_NUMBER"),
        ("1 2", "NOT_A_NUMBER"),
        ("2026 100", "NOT_A_NUMBER"),
        ("1,23,456.5", "NOT_A_NUMBER"),
        ("12.34.56", "NOT_A_NUMBER"),
        ("#REF!", "NOT_A_NUMBER"),
        ("=1+1", "NOT_A_NUMBER"),
        ("1" * 5000, "TOO_LARGE"),
        (FORMULA_WITHOUT_VALUE, "NOT_A_NUMBER"),
        (True, "NOT_A_NUMBER"),
        (date(2026, 1, 2), "NOT_A_NUMBER"),
        (float("nan"), "NOT_A_NUMBER"),
        (float("inf"), "TOO_LARGE"),
        ("-5", "NEGATIVE_AMOUNT"),
        (-5, "NEGATIVE_AMOUNT"),
        ("1.005", "AMBIGUOUS"),
        ("0.001", "TOO_PRECISE"),
        (0.001, "TOO_PRECISE"),
        (1e15, "TOO_LARGE"),
        ("99999999999999999999", "TOO_LARGE"),
    ],
)
def test_what_is_no_amount_is_refused(value: Value, code: str) -> None:
    """Words, dates, percent, exponents, signs, badly grouped digits, and what does not fit exactly."""
    assert refused(value) == code
