"""Fields whose keys of several levels are loaded by one call."""

from __future__ import annotations

import asyncio
from operator import getitem
from typing import Any

import pytest
import strawberry
from strawberry import Info
from strawberry.schema.config import StrawberryConfig

from strawberry_breadth import BreadthFirstSchema, batch
from strawberry_breadth.gathering import Gathering, Reading

CALLS: list[tuple[str, list[int]]] = []


async def load_below(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """Two below each: 10 and 11 below 1."""
    CALLS.append(("below", keys))
    return [{"id": key * 10 + number, "above": key} for key in keys for number in range(2)]


async def load_sizes(keys: list[int], info: Info, times: int = 1, of: list[int] | None = None) -> list[dict[str, Any]]:
    """The number itself, `times`; 13 is too much for anybody."""
    CALLS.append(("sizes", keys))
    if times == 13:
        raise ValueError("thirteen")
    return [{"id": key, "size": key * times} for key in keys]


@strawberry.type
class Size:
    """How large."""

    size: int


@strawberry.type
class Thing:
    """A thing above others."""

    id: int
    below: list[Thing] = batch(load_below, key="id", by="above", description="Below it.")
    size: Size | None = batch(load_sizes, key="id", by="id", one=True, across=True, description="How large.")


@strawberry.type
class Query:
    """Root."""

    @strawberry.field
    def thing(self) -> Thing:
        """Number 1."""
        return {"id": 1}  # type: ignore[return-value] # rows are dictionaries


SCHEMA = BreadthFirstSchema(Query, config=StrawberryConfig(default_resolver=getitem))


async def ask(query: str, **variables: Any) -> Any:
    CALLS.clear()
    return await SCHEMA.execute(query, variables)


async def test_the_keys_of_all_levels_go_to_one_call_after_the_tree_is_walked() -> None:
    """Three levels cost one call of the field, which comes when the lowest level is known, and nobody loses his own."""
    result = await ask("{ thing { size { size } below { size { size } below { id size { size } } } } }")
    assert result.errors is None
    assert CALLS == [("below", [1]), ("below", [10, 11]), ("sizes", [1, 10, 11, 100, 101, 110, 111])]
    eleven = result.data["thing"]["below"][1]
    assert (result.data["thing"]["size"], eleven["size"]) == ({"size": 1}, {"size": 11})
    assert eleven["below"] == [{"id": 110, "size": {"size": 110}}, {"id": 111, "size": {"size": 111}}]


async def test_other_arguments_or_lists_as_arguments_are_calls_of_their_own() -> None:
    """Only what is asked in the same words is loaded together, and what has no hash is not gathered at all."""
    await ask("{ thing { size { size } twice: size(times: 2) { size } below { size(times: 2) { size } } } }")
    assert sorted(CALLS[1:]) == [("sizes", [1]), ("sizes", [1, 10, 11])]
    await ask("{ thing { size(of: [1]) { size } below { size(of: [1]) { size } } } }")
    assert sorted(CALLS[1:]) == [("sizes", [1]), ("sizes", [10, 11])]


async def test_what_the_one_call_raises_is_told_at_every_place_in_document_order() -> None:
    """Each parent of each level has the error, the upper level's where its field stands."""
    result = await ask("{ thing { below { size(times: 13) { size } } size(times: 13) { size } } }")
    assert [(error.message, error.path) for error in result.errors] == [
        ("thirteen", ["thing", "below", 0, "size"]),
        ("thirteen", ["thing", "below", 1, "size"]),
        ("thirteen", ["thing", "size"]),
    ]
    assert len(CALLS) == 2


async def test_whoever_is_cancelled_while_loading_leaves_it_to_the_next() -> None:
    """Two wait for one read; the first is cancelled in its middle, and the second gets the results all the same."""
    gathering, loads = Gathering(), 0
    reading = gathering.join("mark", [1])
    assert gathering.join("mark", [2, 1]) is reading

    async def load(keys: list[int]) -> dict[int, int]:
        nonlocal loads
        loads += 1
        await asyncio.sleep(3600 if loads == 1 else 0)
        return {key: key for key in keys}

    first = asyncio.ensure_future(reading.results(load))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(reading.results(load))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == {1: 1, 2: 2}
    assert first.cancelled()
    assert loads == 2


async def test_a_read_that_has_begun_takes_no_more_keys() -> None:
    """Who comes too late begins another; an error of the read is everybody's who waits for it."""
    gathering = Gathering()
    reading = gathering.join("mark", [1])

    async def load(_: list[int]) -> dict[int, int]:
        raise ValueError("none")

    for _ in range(2):
        with pytest.raises(ValueError, match="none"):
            await reading.results(load)
    later = gathering.join("mark", [2])
    assert isinstance(later, Reading)
    assert list(later.keys) == [2]
