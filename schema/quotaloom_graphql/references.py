"""What a company's requests look up all the time: its calendar and its metrics, kept while they stand."""

from __future__ import annotations

from dataclasses import dataclass, field

from quotaloom.calendars.company_calendar import CompanyCalendar
from quotaloom.platform.unit_of_work import Record
from quotaloom.platform.work import CompanyFacts

MOST_COMPANIES = 256
"""Of how many companies a process keeps them; those that asked last."""


@dataclass(slots=True)
class References:
    """What was read of one company as these facts show it; None for what nobody asked for yet."""

    company: CompanyFacts
    calendar: CompanyCalendar | None = None
    metrics: dict[int, Record] | None = None


@dataclass(frozen=True, slots=True)
class KeptReferences:
    """The references of many companies, for one process.

    Every request reads its company's facts in its own snapshot, and `reference_version` in them tells whether
    holidays, metrics or products changed: what is kept is given out for exactly the same facts, so it is never stale.
    """

    _kept: dict[int, References] = field(default_factory=dict)

    def of(self, company: CompanyFacts) -> References:
        """What is kept for these very facts; whoever misses something in it reads it and puts it there."""
        kept = self._kept.pop(company.id, None)
        if kept is None or (kept.company is not company and kept.company != company):
            kept = References(company)
        self._kept[company.id] = kept
        if len(self._kept) > MOST_COMPANIES:
            del self._kept[next(iter(self._kept))]
        return kept
