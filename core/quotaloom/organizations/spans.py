"""Date ranges [start, end) whose open ends reach to the beginning or to the end of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from quotaloom.calendars.periods import known_day
from quotaloom.platform.errors import InputError


@dataclass(frozen=True, slots=True)
class Span:
    """The days from `start` up to, not including, `end`; `date.min` and `date.max` stand for an open end."""

    start: date = date.min
    end: date = date.max

    @classmethod
    def of(cls, valid_from: date | None, valid_to: date | None) -> Span:
        """The span of two nullable columns."""
        return cls(valid_from or date.min, valid_to or date.max)

    @property
    def valid_from(self) -> date | None:
        """The first day, or None for an open beginning, as tables store it."""
        return None if self.start == date.min else self.start

    @property
    def valid_to(self) -> date | None:
        """The first day after the span, or None for an open end, as tables store it."""
        return None if self.end == date.max else self.end

    def covers(self, day: date) -> bool:
        """Whether `day` is one of the span's days."""
        return self.start <= day < self.end

    def overlaps(self, other: Span) -> bool:
        """Whether the two share a day."""
        return max(self.start, other.start) < min(self.end, other.end)

    def within(self, other: Span) -> bool:
        """Whether every day of this span is one of the other's."""
        return other.start <= self.start and self.end <= other.end

    def shared(self, other: Span) -> Span:
        """The days of both; the caller has made sure that there are any."""
        return Span(max(self.start, other.start), min(self.end, other.end))

    def __str__(self) -> str:
        if self.valid_to is None:
            return "without beginning or end" if self.valid_from is None else f"from {self.start} on"
        if self.valid_from is None:
            return f"until before {self.end}"
        return f"from {self.start} until before {self.end}"


def refuse_unknown_day(day: date | None, place: str) -> None:
    """Raise `InputError` BAD_PERIOD at `place` of the input for a day before 1900 or after 2999; None is none."""
    try:
        if day is not None:
            known_day(day)
    except InputError as error:
        raise error.at(place) from None
