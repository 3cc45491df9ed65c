"""How many records one may claim in a day, week or month, counting what was taken and not what is still held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.periods import Grain, Period
from quotaloom.ownership.rule_parameters import bad, mapping, whole
from quotaloom.ownership.rules import Refusal, Rule
from quotaloom.platform.errors import Path
from quotaloom.platform.work import CompanyFacts

MOST_CLAIMS = 1_000_000


class Window(StrEnum):
    """For how long claims are counted: a business date, an ISO week, or a month of the company's calendar."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def around(self, company: CompanyFacts, today: date) -> Period:
        """The window that `today` lies in."""
        return fiscal_calendar(company).containing(today, Grain(self.value))


@dataclass(frozen=True, slots=True)
class ClaimLimit:
    """How many one may claim in each window."""

    count: int
    window: Window

    @classmethod
    def read(cls, given: Any, path: Path = ()) -> ClaimLimit:
        """From JSON; raises `InputError` BAD_PARAMETERS."""
        found = mapping(given, ("count", "window"), path)
        try:
            window = Window(str(found.get("window")).lower())
        except ValueError:
            raise bad("window is DAY, WEEK or MONTH", (*path, "window")) from None
        return cls(whole(found, "count", path, least=0, most=MOST_CLAIMS), window)


@dataclass
class Claims:
    """What one member has claimed, by pool, customer level and day, and the limits that bind him today."""

    limits: Sequence[Rule[ClaimLimit]]
    windows: dict[Window, Period]
    today: date
    taken: Counter[tuple[int | None, int | None, date]]

    def refusal(self, pool_id: int | None, level_id: int | None) -> Refusal | None:
        """Why he may not claim one more; of several limits that are reached the one that lasts the longest decides."""
        reached = []
        for rule in self.limits:
            if rule.binds(pool_id, level_id):
                used, limit = self.used(rule), rule.parameters.count
                if used >= limit:
                    reached.append((self.windows[rule.parameters.window].ends_on, used - limit, rule, used))
        if not reached:
            return None
        possible_on, _, rule, used = max(reached, key=lambda one: one[:2])
        limit, window = rule.parameters.count, rule.parameters.window
        if limit == 0:
            return Refusal("CLAIM_LIMIT", f"{rule.name} ({rule.key}): nothing is to be claimed", rule.id, used, 0)
        message = (
            f"{rule.name} ({rule.key}): {used} of {limit} a {window} are claimed already; possible on {possible_on}"
        )
        return Refusal("CLAIM_LIMIT", message, rule.id, used, limit, possible_on)

    def used(self, rule: Rule[ClaimLimit]) -> int:
        """How many he claimed in the present window of a limit."""
        starts_on = self.windows[rule.parameters.window].starts_on
        return sum(
            count
            for (pool_id, level_id, day), count in self.taken.items()
            if day >= starts_on and rule.binds(pool_id, level_id)
        )

    def add(self, pool_id: int | None, level_id: int | None) -> None:
        """He claims one more."""
        self.taken[pool_id, level_id, self.today] += 1
