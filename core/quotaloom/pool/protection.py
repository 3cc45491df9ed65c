"""How long a holder is safe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from quotaloom.ownership.rule_parameters import bad, mapping, whole, whole_or_none
from quotaloom.platform.errors import Path


@dataclass(frozen=True, slots=True)
class Protection:
    """A holder is safe for `days`; an activity protects until its own date plus `activity_days`, if that is later.

    Never longer than `max_days`, counted like `days` from the day on which he got the record; None is no maximum.
    """

    days: int
    activity_days: int = 0
    max_days: int | None = None

    @classmethod
    def read(cls, given: Any, path: Path = ()) -> Protection:
        """From JSON; raises `InputError` BAD_PARAMETERS."""
        found = mapping(given, ("days", "activityDays", "maxDays"), path)
        days = whole(found, "days", path, least=0)
        most = whole_or_none(found, "maxDays", path)
        if most is not None and most < days:
            raise bad(f"maxDays is at least days, which is {days}", (*path, "maxDays"))
        return cls(days, whole_or_none(found, "activityDays", path, least=0) or 0, most)

    def last_day(self, since_on: date, last_activity_on: date | None) -> date:
        """The last protected day of a record that is held since `since_on`."""
        last = since_on + timedelta(self.days)
        if last_activity_on is not None:
            last = max(last, last_activity_on + timedelta(self.activity_days))
        return last if self.max_days is None else min(last, since_on + timedelta(self.max_days))
