"""A `BatchReader` that reads what a test gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from quotaloom_sdk.facts import CustomerFact, DealFact, LineFact, MemberFact, UnitFact


@dataclass(frozen=True, slots=True)
class MemoryReader:
    """Answers from memory; whatever is not in it cannot be seen.

    Lines are by id and metric key, the same for all days. `calls` counts the calls of each method: a field that is
    asked about many objects makes as many calls as for one.
    """

    unit_facts: Sequence[UnitFact] = ()
    member_facts: Sequence[MemberFact] = ()
    customer_facts: Sequence[CustomerFact] = ()
    deal_facts: Sequence[DealFact] = ()
    lines: Mapping[tuple[str, str], LineFact] = field(default_factory=dict)
    today: date = date(2017, 3, 15)
    calls: dict[str, int] = field(default_factory=dict)

    async def units(self, ids: Sequence[str]) -> Sequence[UnitFact | None]:
        """Those of `unit_facts`."""
        self._count("units")
        return [next((one for one in self.unit_facts if one.id == id_), None) for id_ in ids]

    async def members(self, ids: Sequence[str]) -> Sequence[MemberFact | None]:
        """Those of `member_facts`."""
        self._count("members")
        return [next((one for one in self.member_facts if one.id == id_), None) for id_ in ids]

    async def customers(self, ids: Sequence[str]) -> Sequence[CustomerFact | None]:
        """Those of `customer_facts`."""
        self._count("customers")
        return [next((one for one in self.customer_facts if one.id == id_), None) for id_ in ids]

    async def opportunities(self, ids: Sequence[str]) -> Sequence[DealFact | None]:
        """Those of `deal_facts`."""
        self._count("opportunities")
        return [next((one for one in self.deal_facts if one.id == id_), None) for id_ in ids]

    async def unit_lines(
        self, ids: Sequence[str], metric_key: str, starts_on: date, ends_on: date
    ) -> Sequence[LineFact | None]:
        """Those of `lines`."""
        self._count("unit_lines")
        return [self.lines.get((id_, metric_key)) for id_ in ids]

    async def member_lines(
        self, ids: Sequence[str], metric_key: str, starts_on: date, ends_on: date
    ) -> Sequence[LineFact | None]:
        """Those of `lines`."""
        self._count("member_lines")
        return [self.lines.get((id_, metric_key)) for id_ in ids]

    def _count(self, method: str) -> None:
        self.calls[method] = self.calls.get(method, 0) + 1
