"""Rows that come in pieces, and lists that are written before the rest of the answer is there."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Hashable
from operator import getitem
from typing import Any

import orjson
import pytest
import strawberry
from strawberry import Info
from strawberry.schema.config import StrawberryConfig

from strawberry_breadth import BreadthFirstSchema, Pieces, Table, Texts, batch
from strawberry_breadth.listing import MANY_LISTS

LOG: list[tuple[str, Any]] = []


class Context:
    """What batch fields need, and somebody who writes lists."""

    def __init__(self, *, writes: bool = False) -> None:
        self.batches: dict[Hashable, Any] = {}
        self.lists: list[Any] = []
        self.json_writer = self if writes else None

    def of_values(self, values: list[Any]) -> Any:
        """JSON that is put into JSON."""
        self.lists.append(values)
        return orjson.Fragment(orjson.dumps(values))

    def of_text(self, text: str) -> Any:
        """The same of JSON."""
        self.lists.append(text)
        return orjson.Fragment(text)


async def load_units(keys: list[int], info: Info, count: int = 3) -> list[dict[str, Any]]:
    """10 to 19 below 1; the last has no number of its own."""
    below = [
        {"id": key * 10 + n, "above": key, "boss": None if n == count - 1 else key}
        for key in keys
        for n in range(count)
    ]
    LOG.append(("units", keys))
    return below


def load_marks(
    keys: list[int], info: Info, fails_at: int = 0, of: list[int] | None = None, cancels: bool = False
) -> Any:
    """Two marks of each, two keys at a time; nobody knows any of the number 11."""

    async def read(part: list[int]) -> list[int]:
        LOG.append(("read", part))
        await asyncio.sleep(0)
        if fails_at in part:
            raise asyncio.CancelledError if cancels else ValueError("no marks here")
        LOG.append(("was read", part))
        return part

    def rows(part: list[int], found: list[int]) -> Table:
        assert part is found
        LOG.append(("rows", part))
        marked = [(key, n) for key in part if key != 11 for n in range(2)]
        return Table({"unit": [key for key, _ in marked], "mark": [f"{key}/{n}" for key, n in marked]})

    async def pieces() -> Pieces:
        return Pieces([keys[begin : begin + 2] for begin in range(0, len(keys), 2)], read, rows)

    return pieces()


async def load_texts(keys: list[int], info: Info) -> Table:
    """Marks that are known to be plain, the last unit's first, and whose they are; none of the number 11."""
    marked = [(key, n) for key in reversed(keys) if key != 11 for n in range(3)]
    marks = Texts(f"{key}/{n} 公海" for key, n in marked)
    return Table({"unit": [key for key, _ in marked], "mark": marks, "of": [f'"{key}"' for key, _ in marked]})


async def load_bosses(keys: list[int], info: Info) -> Pieces:
    """One boss for each, but for 13."""

    async def read(part: list[int]) -> list[int]:
        return part

    return Pieces([[key] for key in keys], read, lambda part, _: [{"id": key} for key in part if key != 13])


async def load_echoes(marks: list[Any], info: Info) -> list[str]:
    """The mark again; tells that it was asked."""
    LOG.append(("echoes", [mark["mark"] for mark in marks]))
    return [mark["mark"] for mark in marks]


@strawberry.type
class Mark:
    """What a unit is given."""

    mark: str
    of: str | None
    echo: str = batch(load_echoes, description="The same.")


@strawberry.type
class Boss:
    """Who leads."""

    id: int


@strawberry.type
class Unit:
    """A unit."""

    id: int
    units: list[Unit] = batch(load_units, key="id", by="above", description="Below.")
    marks: list[Mark] | None = batch(load_marks, key="id", by="unit", across=True, description="Some.")
    sure: list[Mark] = batch(load_marks, key="id", by="unit", description="The same, of each level by itself.")
    texts: list[Mark] = batch(load_texts, key="id", by="unit", description="Plain ones.")
    boss: Boss | None = batch(load_bosses, key="boss", by="id", one=True, description="Above.")


@strawberry.type
class Query:
    """Root."""

    @strawberry.field
    def unit(self) -> Unit | None:
        """Number 1."""
        return {"id": 1, "boss": 13}  # type: ignore[return-value] # rows are dictionaries


CONFIG = StrawberryConfig(default_resolver=getitem)
SCHEMA = BreadthFirstSchema(Query, config=CONFIG)
STOCK = strawberry.Schema(Query, config=CONFIG)


async def ask(query: str, *, writes: bool = False) -> Any:
    LOG.clear()
    return await SCHEMA.execute(query, context_value=Context(writes=writes))


def did(what: str) -> list[Any]:
    return [of for done, of in LOG if done == what]


@pytest.mark.parametrize(
    "query",
    [
        "{ unit { marks { mark } units { id marks { mark } units(count: 2) { id marks { mark echo } } } } }",
        "{ unit { sure { mark } units { sure { mark } other: sure(of: [1]) { echo } } } }",
        "{ unit { boss { id } units { boss { id } units { boss { id } } } } }",
        "{ unit { units(count: 0) { marks { mark } } } }",
    ],
)
async def test_pieces_give_what_rows_would(query: str) -> None:
    """Of several levels, of objects with equal keys, with none and without rows: as under Strawberry's executor."""
    expected = await STOCK.execute(query, context_value=Context())
    result = await ask(query)
    assert (result.errors, expected.errors) == (None, None)
    assert result.data == expected.data


async def test_results_find_their_objects() -> None:
    """By hand: 11 has no marks, 13 is nobody, and the unit that has no boss has none."""
    result = await ask("{ unit { boss { id } units { marks { mark } boss { id } } } }")
    one = {"id": 1}
    assert result.data == {
        "unit": {
            "boss": None,
            "units": [
                {"marks": [{"mark": "10/0"}, {"mark": "10/1"}], "boss": one},
                {"marks": [], "boss": one},
                {"marks": [{"mark": "12/0"}, {"mark": "12/1"}], "boss": None},
            ],
        }
    }


async def test_the_next_piece_is_being_read_while_one_is_completed() -> None:
    """Before the first is turned into rows, the second is under way; two at the most are there that nobody took."""
    await ask("{ unit { units(count: 9) { sure { mark echo } } } }")
    assert did("read") == did("rows") == [[10, 11], [12, 13], [14, 15], [16, 17], [18]]
    for number, part in enumerate(did("rows")):
        before = LOG[: LOG.index(("rows", part))]
        begun = len([done for done, _ in before if done == "read"])
        assert min(number + 2, 5) <= begun <= number + 3


async def test_what_a_piece_raises_is_the_error_of_those_that_have_not_come() -> None:
    """The first piece stays; those of the second and the third have the error, and nothing more is read."""
    result = await ask("{ unit { units(count: 6) { id marks(failsAt: 13) { mark } } } }")
    assert [len(unit["marks"] or ()) for unit in result.data["unit"]["units"]] == [2, 0, 0, 0, 0, 0]
    assert [unit["marks"] for unit in result.data["unit"]["units"]][1:] == [[], None, None, None, None]
    told = [(error.message, error.path) for error in result.errors]
    assert told == [("no marks here", ["unit", "units", number, "marks"]) for number in range(2, 6)]
    assert did("read") == [[10, 11], [12, 13]]


async def test_an_error_where_there_must_be_rows_nulls_what_is_above() -> None:
    """As the default executor tells it: the first of them, and the unit is null."""
    result = await ask("{ unit { units(count: 6) { sure(failsAt: 13) { mark } } } }")
    assert result.data == {"unit": None}
    assert [(error.message, error.path) for error in result.errors] == [("no marks here", ["unit", "units", 2, "sure"])]


async def test_reading_that_is_cancelled_by_somebody_else_leaves_nobody_waiting() -> None:
    """It is an error like any other, as it is of a loader that gives rows at once."""
    result = await asyncio.wait_for(
        ask("{ unit { units(count: 6) { marks(failsAt: 13, cancels: true) { mark } } } }"), 5
    )
    assert [unit["marks"] for unit in result.data["unit"]["units"]][1:] == [[], None, None, None, None]
    assert {error.message for error in result.errors} == {"a batch field ended with CancelledError"}


async def test_nothing_is_read_for_an_operation_that_is_over() -> None:
    """Whoever asked is cancelled before all pieces have come: reading ends with it, and leaves no task behind."""
    before = asyncio.all_tasks()
    asking = asyncio.ensure_future(ask("{ unit { units(count: 99) { sure { mark } } } }"))
    for _ in range(12):
        await asyncio.sleep(0)
    assert len(did("read")) > 1
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
    assert len(did("read")) < 12


async def test_complete_lists_are_written_early_into_the_same_json() -> None:
    """Those of many objects; what is told of errors, and what is null, is as it would be without."""
    query = "{ unit { units(count: %d) { id boss { id } marks(failsAt: %d) { mark } units(count: 1) { id } } } }"
    for count, fails_at in ((MANY_LISTS - 1, 0), (MANY_LISTS + 40, 0), (MANY_LISTS + 40, 60)):
        whole = await ask(query % (count, fails_at))
        LOG.clear()
        context = Context(writes=True)
        result = await SCHEMA.execute(query % (count, fails_at), context_value=context)
        assert orjson.dumps(result.data) == orjson.dumps(whole.data)
        assert [str(error) for error in result.errors or ()] == [str(error) for error in whole.errors or ()]
        assert all(isinstance(values, list) for values in context.lists)


@pytest.mark.parametrize(
    ("asked", "kind"),
    [("mark", str), ("a: mark other: mark", str), ("mark __typename", str), ("mark of", list), ("mark echo", list)],
)
async def test_rows_of_texts_become_json_without_objects(asked: str, kind: type) -> None:
    """Where nothing but texts is asked; one field that is anything else, and they are objects before."""
    query = f"{{ unit {{ units(count: {MANY_LISTS}) {{ texts {{ {asked} }} }} }} }}"
    whole = await ask(query)
    context = Context(writes=True)
    result = await SCHEMA.execute(query, context_value=context)
    assert orjson.dumps(result.data) == orjson.dumps(whole.data)
    assert len(context.lists) == MANY_LISTS
    assert set(map(type, context.lists)) == {kind}
    assert whole.data["unit"]["units"][1]["texts"] == []


@pytest.mark.parametrize(("units", "written"), [(22, []), (23, [str] * 23)])  # of three each, but for one that has none
async def test_rows_of_texts_are_written_from_so_many_on(units: int, written: list[type]) -> None:
    """63 rows are objects; 66, in however few lists, are not. The JSON is the same."""
    query = f"{{ unit {{ units(count: {units}) {{ texts {{ mark }} }} }} }}"
    whole = await ask(query)
    assert sum(len(one["texts"]) for one in whole.data["unit"]["units"]) == 3 * (units - 1)
    context = Context(writes=True)
    result = await SCHEMA.execute(query, context_value=context)
    assert orjson.dumps(result.data) == orjson.dumps(whole.data)
    assert list(map(type, context.lists)) == written


async def test_others_have_their_turn_while_lists_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many objects each time, and whatever comes of it is the same."""
    query = f"{{ unit {{ units(count: {MANY_LISTS}) {{ texts {{ of }} }} }} }}"
    whole = await ask(query)
    monkeypatch.setattr("strawberry_breadth.listing.AT_A_STRETCH", 30)
    turns, written = 0, list[int]()

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    class Noting(Context):
        def of_values(self, values: list[Any]) -> Any:
            written.append(turns)
            return super().of_values(values)

    turning = asyncio.ensure_future(others())
    result = await SCHEMA.execute(query, context_value=Noting(writes=True))
    turning.cancel()
    assert orjson.dumps(result.data) == orjson.dumps(whole.data)
    assert max(map(written.count, written)) <= 12  # of three objects each, and one of none
    assert len(set(written)) == 6


async def test_what_was_read_is_let_go_with_the_answer() -> None:
    """Without the garbage collector: an operation leaves no cycles behind, which would keep all its rows till then."""
    query = f"{{ unit {{ units(count: {MANY_LISTS}) {{ id texts {{ mark }} marks {{ mark }} boss {{ id }} }} }} }}"
    await ask(query)

    async def left_behind() -> int:
        gc.collect()
        gc.disable()
        try:
            for _ in range(5):
                await ask(query)
            return gc.collect()
        finally:
            gc.enable()

    # What the tests before this one left to other threads may become garbage now; an operation's would each time.
    assert 0 in [await left_behind() for _ in range(3)]


async def test_others_have_their_turn_while_rows_of_texts_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """87 rows of two texts, of which thirty are written at a stretch: six turns more, and the JSON is the same."""
    query = "{ unit { units(count: 30) { texts { a: mark b: mark } } } }"
    found = []
    for _ in range(2):
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        turning = asyncio.ensure_future(others())
        result = await SCHEMA.execute(query, context_value=Context(writes=True))
        turning.cancel()
        found.append((turns, orjson.dumps(result.data)))
        monkeypatch.setattr("strawberry_breadth.listing.MANY_TEXTS", 30)
    assert found[1] == (found[0][0] + 6, found[0][1])
