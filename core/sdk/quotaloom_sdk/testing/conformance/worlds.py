"""Small companies that fields of the graph read from, generated, and the same ten times as big."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from quotaloom_sdk.facts import CustomerFact, DealFact, LineFact, MemberFact, UnitFact
from quotaloom_sdk.needs import narrowed
from quotaloom_sdk.testing.conformance.facts import customers, deals, lines, members, tuples_of, units
from quotaloom_sdk.testing.conformance.values import LARGEST_PAYABLE, Known, amounts, days, optional
from quotaloom_sdk.testing.reading import MemoryReader

F = TypeVar("F")

HIDDEN = "404"
"""The id of something that the viewer may not see."""

_TIMES = 10
_KINDS = ("company", "department", "team", "position")


@dataclass(frozen=True, slots=True)
class World:
    """What can be read; `figures` by id, of whatever metric is asked for."""

    units: tuple[UnitFact, ...]
    members: tuple[MemberFact, ...]
    customers: tuple[CustomerFact, ...]
    deals: tuple[DealFact, ...]
    figures: Mapping[str, LineFact] = field(default_factory=dict)

    def ids(self, on: str) -> list[str]:
        """Those of all objects of a type of the core."""
        facts: Mapping[str, tuple[Any, ...]] = {
            "OrgUnit": self.units,
            "Member": self.members,
            "Customer": self.customers,
            "Opportunity": self.deals,
        }
        return [fact.id for fact in facts[on]]

    def reader(self) -> MemoryReader:
        """A reader of it that has not been called yet."""
        return MemoryReader(self.units, self.members, self.customers, self.deals, _EveryMetric(self.figures))

    def enlarged(self) -> World:
        """The same many times over: each object with other ids, and otherwise alike."""
        return World(
            tuple(replace(one, id=id_) for one, id_ in _copies(self.units)),
            tuple(replace(one, id=id_) for one, id_ in _copies(self.members)),
            tuple(replace(one, id=id_) for one, id_ in _copies(self.customers)),
            tuple(replace(one, id=id_) for one, id_ in _copies(self.deals)),
            {copy: line for id_, line in self.figures.items() for copy in _ids(id_)},
        )


class _EveryMetric(dict[tuple[str, str], LineFact]):
    """Lines of whatever metric is asked for."""

    def __init__(self, figures: Mapping[str, LineFact]) -> None:
        super().__init__()
        self._figures = figures

    def get(self, key: tuple[str, str], default: Any = None) -> Any:
        line = self._figures.get(key[0])
        return default if line is None else replace(line, metric_key=key[1])


def _copies(facts: tuple[Any, ...]) -> list[tuple[Any, str]]:
    return [(fact, id_) for fact in facts for id_ in _ids(fact.id)]


def _ids(id_: str) -> list[str]:
    return [str(int(id_) + 1000 * turn) for turn in range(_TIMES)]


@st.composite
def worlds(draw: DrawFn, known: Known) -> World:
    """Up to three objects of each type, which may belong to one another, some with figures, some seen by name alone."""
    of_units = _numbered(draw(tuples_of(units(known, _KINDS), 3)))
    of_members = _numbered(draw(tuples_of(members(known), 3)))
    of_customers = _numbered(draw(tuples_of(customers(known), 3)))
    of_deals = _numbered(draw(tuples_of(deals(known, optional(amounts()), st.one_of(st.none(), days)), 3)))
    figures = draw(tuples_of(st.one_of(st.none(), lines(LARGEST_PAYABLE)), 3, 3))
    by_name_alone: bool = draw(st.booleans())
    seen = _by_name_alone if by_name_alone else _whole
    return World(
        tuple(seen(replace(unit, achieved=(), planned=())) for unit in of_units),
        tuple(seen(replace(one, positions=tuple(unit.id for unit in of_units[:2]))) for one in of_members),
        of_customers,
        tuple(_owned(deal, of_units, of_members, of_customers) for deal in of_deals),
        {str(number): line for number, line in enumerate(figures, start=1) if line is not None},
    )


def _by_name_alone(fact: F) -> F:
    """A unit or member of which the viewer may see no more than the name: neither attributes nor a load."""
    return narrowed(fact, frozenset())


def _whole(fact: F) -> F:
    return fact


def _numbered(facts: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(replace(fact, id=str(number)) for number, fact in enumerate(facts, start=1))


def _owned(
    deal: DealFact, units: tuple[UnitFact, ...], members: tuple[MemberFact, ...], customers: tuple[CustomerFact, ...]
) -> DealFact:
    """The deal, of a position, a member and a customer that are there."""
    return replace(
        deal,
        position_id=units[0].id if units else "1",
        member_id=members[0].id if members and deal.member_id else None,
        customer=customers[0] if customers and deal.customer else None,
    )
