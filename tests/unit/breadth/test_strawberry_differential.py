"""Strawberry's stock executor with data loaders against the breadth-first one: the same data from the same schema."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal
from enum import Enum
from operator import getitem
from random import Random
from typing import Any

import orjson
import strawberry
from strawberry import Info
from strawberry.schema.config import StrawberryConfig

from strawberry_breadth import BreadthFirstSchema, Pieces, Table, Texts, asked, batch, column
from tests.unit.breadth.test_contract import Context

DOCUMENTS = 300


@strawberry.enum
class Level(Enum):
    """How high a unit stands."""

    HIGH = "high"
    LOW = "low"


def row(number: int) -> dict[str, Any]:
    """A unit whose every column follows from its number."""
    return {
        "id": number,
        "boss": None if number % 4 == 0 else number // 2,
        "level": Level.HIGH if number % 2 else Level.LOW,
        "amount": Decimal(number) / 8,
        "key": f"U{number}",
        "since": date(2024, 1 + number % 12, 1),
        "note": None if number % 3 == 0 else f"unit {number}",
    }


async def load_units(keys: list[int], info: Info, count: int = 2) -> list[dict[str, Any]]:
    """Units below each, none below those that divide by 5."""
    return [{**row(key * 3 + n), "above": key} for key in reversed(keys) if key % 5 for n in range(count)]


async def load_crowd(keys: list[int], info: Info, size: int = 3) -> Pieces:
    """The same a few keys at a time; those of the last key are in no piece."""

    async def read(part: list[int]) -> list[dict[str, Any]]:
        return await load_units(part, info)

    known = keys[:-1] or keys
    parts = [known[begin : begin + size] for begin in range(0, len(known), size)]
    return Pieces(parts, read, lambda _, rows: rows)


async def load_table(keys: list[int], info: Info, count: int = 2) -> Table:
    """The same as columns, those that are asked for, and keys ready to be written."""
    rows = await load_units(keys, info, count)
    names = asked(info) or [*row(1), "above"]
    columns: dict[str, list[Any]] = {name: [one[name] for one in rows] for name in names}
    return Table({**columns, "key": Texts(columns["key"])} if "key" in columns else columns)


async def load_bosses(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """A boss for those that have one."""
    return [row(key) for key in keys if key]


async def load_scores(units: list[dict[str, Any]], info: Info) -> list[Any]:
    """A score for each, but an error for some."""
    return [ValueError("no score") if unit["id"] % 7 == 6 else unit["id"] % 7 for unit in units]


async def load_ranks(keys: list[int], info: Info) -> list[Any]:
    """A rank for each, but an error for some."""
    return [ValueError("no rank") if key % 7 == 5 else key % 7 for key in keys]


class Writer:
    """Writes early what is complete, as a server does that is asked for JSON."""

    def __init__(self) -> None:
        self.written = {"lists": 0, "texts": 0}

    def of_values(self, values: list[Any]) -> Any:
        """The JSON of a list."""
        self.written["lists"] += 1
        return orjson.Fragment(orjson.dumps(values))

    def of_text(self, text: str) -> Any:
        """What is JSON already."""
        self.written["texts"] += 1
        return orjson.Fragment(text)


class Writing(Context):
    """A context whose answer is written early."""

    json_writer = Writer()


@strawberry.type
class Unit:
    """A row."""

    id: int
    level: Level
    amount: Decimal
    since: date
    key: str
    note: str | None
    doubled: Decimal = column(lambda amount: amount * 2, of="amount", description="Twice.")
    units: list[Unit] = batch(load_units, key="id", by="above", description="Below.")
    crowd: list[Unit] = batch(load_crowd, key="id", by="above", description="Below, in pieces.")
    table: list[Unit] = batch(load_table, key="id", by="above", description="Below, as columns.")
    boss: Unit | None = batch(load_bosses, key="boss", by="id", one=True, description="Above.")
    score: int | None = batch(load_scores, description="Some have none.")
    rank: int | None = batch(load_ranks, key="id", across=True, description="The same, of all levels at once.")


@strawberry.type
class Query:
    """Root."""

    @strawberry.field
    def unit(self, number: int) -> Unit:
        """A unit by its number."""
        return row(number)  # type: ignore[return-value] # rows are dictionaries


CONFIG = StrawberryConfig(default_resolver=getitem)
STOCK = strawberry.Schema(Query, config=CONFIG)
BREADTH_FIRST = BreadthFirstSchema(Query, config=CONFIG)
LEAVES = ["id", "key", "level", "amount", "since", "note", "doubled", "score", "rank", "__typename"]
BELOW = [
    "units",
    "few: units(count: 1)",
    "crowd(size: 1)",
    "crowd",
    "table",
    "wide: table(count: 70)",
    "boss",
    "chief: boss",
]


def selection(random: Random, depth: int) -> str:
    """Some fields of a unit, relations among them as long as there is depth left."""
    chosen = random.sample(LEAVES, random.randint(1, 4)) if random.random() < 0.8 else ["key", "again: key"]
    below = random.sample(BELOW, 2 if depth else 0)
    if {"crowd", "crowd(size: 1)"} <= {*below}:  # one name in the answer
        below.pop()
    for name in below:
        chosen.append(f"{name} {selection(random, depth - 1)}")
    random.shuffle(chosen)
    return "{ " + " ".join(chosen) + " }"


async def test_both_executors_read_the_same_from_loaders() -> None:
    """300 documents over relations, columns, tables, enums, decimals and dates: equal, and equal if written early."""
    random = Random(7)
    for _ in range(DOCUMENTS):
        query = f"{{ unit(number: {random.randint(0, 40)}) {selection(random, 2)} }}"
        stock, got, written = await asyncio.gather(
            STOCK.execute(query, context_value=Context()),
            BREADTH_FIRST.execute(query, context_value=Context()),
            BREADTH_FIRST.execute(query, context_value=Writing()),
        )
        assert repr(got.data) == repr(stock.data), query
        assert orjson.dumps(written.data) == orjson.dumps(stock.data), query
        assert errors(got) == errors(written) == errors(stock), query
    assert all(Writing.json_writer.written.values())


def errors(result: Any) -> list[str]:
    """Sorted, as the stock executor tells them in the order in which loaders ended."""
    return sorted(f"{error.path} {error.message}" for error in result.errors or [])
