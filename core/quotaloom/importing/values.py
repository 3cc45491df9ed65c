"""Days and amounts as files write them."""

from __future__ import annotations

import re
from datetime import date, datetime

from quotaloom.calendars.periods import known_day
from quotaloom.importing.mapping import TablePart
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.amounts import parse_amount
from quotaloom.platform.errors import InputError

_EXAMPLE = date(2017, 3, 14)


class ValueReader:
    """Reads the values of one file; what it cannot read raises `InputError` with what it would read."""

    def __init__(self, part: TablePart, currency: str) -> None:
        self._part = part
        self._scale = currency_scale(currency)
        self._currency = currency
        self._amount = _amount_pattern(part)
        self._days: dict[str, date] = {}

    def day(self, text: str) -> date:
        """A day in the file's format, nothing else; raises `InputError` BAD_DATE or BAD_PERIOD."""
        found = self._days.get(text)
        if found is None:
            found = self._days[text] = known_day(self._parsed_day(text))
        return found

    def amount(self, text: str) -> int:
        """Minor units of the currency; raises `InputError` BAD_AMOUNT, NEGATIVE_AMOUNT, TOO_PRECISE, TOO_LARGE."""
        if not self._amount.fullmatch(text):
            raise self._bad_amount(text)
        plain = text.replace(self._part.thousands_separator, "") if self._part.thousands_separator else text
        minor = parse_amount(plain.replace(self._part.decimal_separator, "."), self._scale)
        if minor < 0:
            raise InputError("NEGATIVE_AMOUNT", f"{text!r} is negative: an amount starts at 0")
        return minor

    def _parsed_day(self, text: str) -> date:
        day_format = self._part.date_format
        try:
            day = datetime.strptime(text, day_format).date()  # noqa: DTZ007 (a day has no zone)
        except ValueError:
            day = date.min
        # strptime is lenient: it takes 2017-3-1 for %Y-%m-%d.
        if day == date.min or day.strftime(day_format) != text:
            raise InputError("BAD_DATE", f"{text!r} is no date such as {_EXAMPLE.strftime(day_format)}")
        return day

    def _bad_amount(self, text: str) -> InputError:
        point, thousands = self._part.decimal_separator, self._part.thousands_separator
        example = f"1{thousands}234" + (f"{point}{'50'.ljust(self._scale, '0')[: self._scale]}" if self._scale else "")
        advice = "" if thousands else ", without separators between thousands"
        return InputError("BAD_AMOUNT", f"{text!r} is no amount in {self._currency} such as {example}{advice}")


def _amount_pattern(part: TablePart) -> re.Pattern[str]:
    point, thousands = re.escape(part.decimal_separator), re.escape(part.thousands_separator)
    grouped = f"[0-9]{{1,3}}(?:{thousands}[0-9]{{3}})+|" if thousands else ""
    return re.compile(f"-?(?:{grouped}[0-9]+)(?:{point}[0-9]+)?")
