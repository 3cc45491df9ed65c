"""A trusted plugin that tells whatever its reader lets it have: of each object, and of every number that is given."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

import strawberry

from quotaloom_sdk import BatchReader, GraphQLExtension, LineFact, ObjectField, RootField, hookimpl

QUOTALOOM_API = "1.0"

CALLS: list[str] = []
"""Each time that a field was read, with its name."""

Texts = list[str | None]
Lines = list["PryLine | None"]


@strawberry.type(description="What was achieved, against the three lines of the plan, in minor units.")
class PryLine:
    """All of a line."""

    achieved: Decimal | None = strawberry.field(description="What was achieved.")
    target: Decimal | None = strawberry.field(description="What was aimed for.")
    assessment: Decimal | None = strawberry.field(description="What is assessed against.")
    stretch: Decimal | None = strawberry.field(description="What is above the target.")
    told: str | None = strawberry.field(description="All of it.")


def _told(facts: Iterable[Any]) -> Texts:
    return [None if fact is None else json.dumps(asdict(fact), default=str, ensure_ascii=False) for fact in facts]


def _lines(facts: Iterable[LineFact | None]) -> Lines:
    def number(amount: int | None) -> Decimal | None:
        return None if amount is None else Decimal(amount)

    return [
        None
        if one is None
        else PryLine(
            achieved=number(one.achieved),
            target=number(one.target),
            assessment=number(one.assessment),
            stretch=number(one.stretch),
            told=_told([one])[0],
        )
        for one in facts
    ]


async def units(reader: BatchReader, ids: Sequence[str]) -> Texts:
    """Units with all that is told of them."""
    CALLS.append("units")
    return _told(await reader.units(ids))


async def members(reader: BatchReader, ids: Sequence[str]) -> Texts:
    """Members."""
    CALLS.append("members")
    return _told(await reader.members(ids))


async def customers(reader: BatchReader, ids: Sequence[str]) -> Texts:
    """Customers."""
    CALLS.append("customers")
    return _told(await reader.customers(ids))


async def deals(reader: BatchReader, ids: Sequence[str]) -> Texts:
    """Opportunities, with their customers."""
    CALLS.append("deals")
    return _told(await reader.opportunities(ids))


async def unit_lines(reader: BatchReader, ids: Sequence[str], *, metric: str, since: date, until: date) -> Lines:
    """Lines of units."""
    CALLS.append("unit_lines")
    return _lines(await reader.unit_lines(ids, metric, since, until))


async def member_lines(reader: BatchReader, ids: Sequence[str], *, metric: str, since: date, until: date) -> Lines:
    """Lines of members."""
    CALLS.append("member_lines")
    return _lines(await reader.member_lines(ids, metric, since, until))


async def of_numbers(
    reader: BatchReader, *, unit_number: str, member_number: str, customer_number: str, deal_number: str
) -> list[str | None]:
    """One of each, by the numbers that the plugin was given as texts."""
    CALLS.append("of_numbers")
    found = [
        *await units(reader, [unit_number]),
        *await members(reader, [member_number]),
        *await customers(reader, [customer_number]),
        *await deals(reader, [deal_number]),
    ]
    for lines, number in ((unit_lines, unit_number), (member_lines, member_number)):
        (line,) = await lines(reader, [number], metric="revenue", since=date(2026, 1, 1), until=date(2027, 1, 1))
        found.append(line.told if line else None)
    return found


async def swept(reader: BatchReader, *, last_number: int) -> list[str]:
    """Whatever has a number from 1 to the last, of all sorts."""
    CALLS.append("swept")
    ids = [str(number) for number in range(1, last_number + 1)]
    found: list[str | None] = []
    for read in (units, members, customers, deals):
        found += await read(reader, ids)
    for lines in (unit_lines, member_lines):
        for metric, year in (("revenue", 2026), ("tastings", 2027)):
            whole = {"since": date(year, 1, 1), "until": date(year + 1, 1, 1)}
            found += [line.told for line in await lines(reader, ids, metric=metric, **whole) if line]
    return [one for one in found if one is not None]


def _on(kind: str, name: str, type_: Any, read: Any) -> ObjectField:
    return ObjectField(on=kind, name=f"pry_{name}", description="All of it.", type=type_, read=read)


GRAPH = GraphQLExtension(
    key="graph",
    title="Everything",
    description="Whatever the reader tells.",
    prefix="Pry",
    types=(PryLine,),
    object_fields=(
        _on("OrgUnit", "told", str, units),
        _on("OrgUnit", "line", PryLine, unit_lines),
        _on("Member", "told", str, members),
        _on("Member", "line", PryLine, member_lines),
        _on("Customer", "told", str, customers),
        _on("Opportunity", "told", str, deals),
    ),
    root_fields=(
        RootField(name="of_numbers", description="One of each.", type=list[str | None], read=of_numbers),
        RootField(name="swept", description="All that has a number.", type=list[str], read=swept),
    ),
)


@hookimpl
def quotaloom_graphql() -> Iterable[GraphQLExtension]:
    """`graph`: everything."""
    return (GRAPH,)
