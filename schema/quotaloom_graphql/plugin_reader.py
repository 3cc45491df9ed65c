"""What fields of plugins read through: many objects at once, of one snapshot, within what the viewer may see."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar

from quotaloom.attributes.definitions import Subject
from quotaloom.attributes.reads import attributes_of
from quotaloom.calendars.periods import date_range
from quotaloom.funnels.facts import customer_facts, deal_facts
from quotaloom.loads.reads import unit_loads
from quotaloom.organizations import reads
from quotaloom.organizations.sight import Sight
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import Work
from quotaloom.targets.line_facts import member_line_facts, unit_line_facts
from quotaloom_graphql.context import RequestContext
from quotaloom_graphql.plugin_references import without_unseen
from quotaloom_graphql.questions import metric_named
from quotaloom_sdk import CustomerFact, DealFact, LineFact, MemberFact, UnitFact

T = TypeVar("T")


class SightedReader:
    """The SDK's `BatchReader` for one request."""

    def __init__(self, context: RequestContext, work: Work, sight: Sight) -> None:
        self._context = context
        self._work = work
        self._sight = sight

    @property
    def today(self) -> date:
        """The business date of the request."""
        return self._work.today

    async def units(self, ids: Sequence[str]) -> list[UnitFact | None]:
        """Units that the viewer may see by name; with attributes and load where he may see their figures."""
        rows = await reads.units(self._snapshot, _numbers(ids, self._sight.names_unit))
        seen = self._sight.seen_units(row["id"] for row in rows)
        attributes = await attributes_of(self._snapshot, Subject.UNIT, seen)
        loads = await unit_loads(self._snapshot, self._work.company, seen, self.today)
        facts = {}
        for row in rows:
            fact = UnitFact(str(row["id"]), row["name"], row["kind"], key=row["key"])
            if row["id"] in loads:
                fact = replace(fact, attributes=attributes[row["id"]], load=loads[row["id"]])
            facts[row["id"]] = fact
        return _in_order(ids, await without_unseen(self._context, self._sight, facts))

    async def members(self, ids: Sequence[str]) -> list[MemberFact | None]:
        """Members whom the viewer may see by name; with attributes and positions where he may see their figures."""
        rows = await reads.members(self._snapshot, _numbers(ids, self._sight.names_member))
        seen = [row["id"] for row in rows if self._sight.sees_member(row["id"])]
        attributes = await attributes_of(self._snapshot, Subject.MEMBER, seen)
        held: dict[int, list[str]] = {member_id: [] for member_id in seen}
        for row in await reads.positions(self._snapshot, seen, self.today):
            if self._sight.names_unit(row["position_id"]):
                held[row["member_id"]].append(str(row["position_id"]))
        facts = {}
        for row in rows:
            fact = MemberFact(str(row["id"]), row["name"])
            if row["id"] in held:
                fact = MemberFact(fact.id, fact.name, tuple(held[row["id"]]), attributes[row["id"]])
            facts[row["id"]] = fact
        return _in_order(ids, await without_unseen(self._context, self._sight, facts))

    async def customers(self, ids: Sequence[str]) -> list[CustomerFact | None]:
        """Customers with a deal that the viewer may see, or without any."""
        facts = await customer_facts(self._snapshot, _numbers(ids), self._sight.units_with_figures)
        return _in_order(ids, await without_unseen(self._context, self._sight, facts))

    async def opportunities(self, ids: Sequence[str]) -> list[DealFact | None]:
        """Deals of the positions whose figures the viewer may see."""
        facts = await deal_facts(self._snapshot, _numbers(ids), self._sight.units_with_figures)
        return _in_order(ids, await without_unseen(self._context, self._sight, facts))

    async def unit_lines(
        self, ids: Sequence[str], metric_key: str, starts_on: date, ends_on: date
    ) -> list[LineFact | None]:
        """Lines of the units whose figures the viewer may see. Raises `InputError` for an unknown metric or no day."""
        metric, period = await metric_named(self._context, metric_key), date_range(starts_on, ends_on)
        wanted, calendar = _numbers(ids, self._sight.sees_unit), await self._context.calendar()
        return _in_order(ids, await unit_line_facts(self._snapshot, calendar, metric, wanted, period))

    async def member_lines(
        self, ids: Sequence[str], metric_key: str, starts_on: date, ends_on: date
    ) -> list[LineFact | None]:
        """Lines of members: the viewer's own whole, of others what falls in the subtrees that he heads."""
        metric, period = await metric_named(self._context, metric_key), date_range(starts_on, ends_on)
        calendar, found = await self._context.calendar(), dict[int, LineFact]()
        for members, positions in self._sight.positions_of(_numbers(ids)):
            found |= await member_line_facts(self._snapshot, calendar, metric, members, period, positions)
        return _in_order(ids, found)

    @property
    def _snapshot(self) -> Snapshot:
        return self._context.snapshot


async def plugin_reader(context: RequestContext) -> SightedReader:
    """The reader of a request, one for all its fields."""

    async def make() -> SightedReader:
        return SightedReader(context, await context.work(), await context.sight())

    return await context.once("plugin reader", make)


def _numbers(ids: Sequence[str], visible: Callable[[int], bool] = lambda _: True) -> list[int]:
    """Those of the ids that could name a row and are visible, each once."""
    numbers = dict.fromkeys(int(id_) for id_ in ids if _could_name(id_))
    return [number for number in numbers if visible(number)]


def _could_name(id_: object) -> bool:
    return isinstance(id_, str) and id_.isascii() and id_.isdigit() and len(id_) < 19


def _in_order(ids: Sequence[str], facts: Mapping[int, T]) -> list[T | None]:
    return [facts.get(int(id_)) if _could_name(id_) else None for id_ in ids]
