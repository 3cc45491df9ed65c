"""Exchange rates and conversion."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from quotaloom.metrics.currencies import currency_scale, known_currency
from quotaloom.metrics.rates import Rate, RateKind, RateTable, convert
from quotaloom.platform.errors import InputError

TABLE = RateTable(
    "CNY",
    [
        Rate("USD", RateKind.BOOKING, date(2026, 4, 1), Decimal("7.10")),
        Rate("USD", RateKind.BOOKING, date(2026, 1, 1), Decimal("7.20")),
        Rate("USD", RateKind.PLAN, date(2026, 1, 1), Decimal("7.00")),
        Rate("JPY", RateKind.PLAN, date(2026, 2, 1), Decimal("0.05")),
    ],
)


@pytest.mark.parametrize(
    ("day", "rate"),
    [(date(2026, 1, 1), "7.20"), (date(2026, 3, 31), "7.20"), (date(2026, 4, 1), "7.10"), (date(2030, 1, 1), "7.10")],
)
def test_a_rate_is_valid_from_its_day_until_the_next(day: date, rate: str) -> None:
    """The latest first day that is not later decides."""
    assert TABLE.rate("USD", RateKind.BOOKING, day) == Decimal(rate)


def test_kinds_are_kept_apart() -> None:
    """The plan rate stays 7.00 while the booking rate moves."""
    assert TABLE.rate("USD", RateKind.PLAN, date(2026, 4, 1)) == Decimal("7.00")
    assert TABLE.changes(RateKind.PLAN) == (date(2026, 1, 1), date(2026, 2, 1))


def test_the_companys_own_currency_is_one() -> None:
    """On any day, without being stored."""
    assert TABLE.rate("CNY", RateKind.BOOKING, date(1999, 1, 1)) == 1


@pytest.mark.parametrize(
    ("currency", "kind", "day"),
    [
        ("USD", RateKind.BOOKING, date(2025, 12, 31)),
        ("EUR", RateKind.PLAN, date(2026, 4, 1)),
        ("JPY", RateKind.BOOKING, date(2026, 4, 1)),
    ],
)
def test_a_missing_rate_is_an_error(currency: str, kind: RateKind, day: date) -> None:
    """Too early, an unknown currency, the other kind: the message names all three."""
    with pytest.raises(InputError, match=f"no {kind} rate of {currency} for {day}") as caught:
        TABLE.rate(currency, kind, day)
    assert caught.value.code == "MISSING_RATE"


@pytest.mark.parametrize(
    ("original", "rate", "from_scale", "to_scale", "converted"),
    [
        (10_000_00, "7.20", 2, 2, 72_000_00),
        (1, "0.5", 2, 2, 1),  # half a cent is a whole one
        (-1, "0.5", 2, 2, -1),  # away from zero
        (1, "0.4999999999", 2, 2, 0),
        (1, "0.05", 0, 2, 5),  # a yen at 0.05 is five fen
        (1_234, "1", 3, 2, 123),  # 1.234 dinars are 1.23
        (1_235, "1", 3, 2, 124),
        (5, "20", 2, 0, 1),  # five fen at 20 are one yen
        (2**62, "1.0000000001", 2, 2, 4611686018888556506),  # 4611686018427387904 + 461168601.84
    ],
)
def test_conversion_is_exact_and_half_up(
    original: int, rate: str, from_scale: int, to_scale: int, converted: int
) -> None:
    """Whole minor units in and out, rounded once, also far beyond what a float holds."""
    assert convert(original, Decimal(rate), from_scale, to_scale) == converted


def test_currencies_have_their_own_minor_units() -> None:
    """None for the yen, two for the yuan, three for the Kuwaiti dinar."""
    assert [currency_scale(currency) for currency in ("JPY", "CNY", "KWD")] == [0, 2, 3]


@pytest.mark.parametrize("currency", ["", "cny", "RMB", "US", "X" * 5000])
def test_what_is_no_currency_is_refused(currency: str) -> None:
    """The message names codes that are."""
    with pytest.raises(InputError, match="no ISO 4217 code such as CNY or USD"):
        known_currency(currency)
