"""JSON in pieces is the JSON of the whole."""

from __future__ import annotations

import asyncio
import tracemalloc
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quotaloom.platform.limits import LimitExceeded
from quotaloom_server import pieces

TEXTS = st.text(max_size=5)
ANSWERS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | TEXTS,
    lambda one: st.lists(one, max_size=12) | st.dictionaries(TEXTS, one, max_size=6) | st.tuples(one, one),
    max_leaves=60,
)


def rows(number: int) -> list[dict[str, Any]]:
    """That many units with their months."""
    return [
        {"name": f"Unit {unit}", "cells": [{"period": str(month)} for month in range(12)]} for unit in range(number)
    ]


@given(answer=ANSWERS, heavy=st.integers(1, 20), large=st.sampled_from([1, 30, 10_000]))
@settings(max_examples=60, deadline=None)
def test_pieces_joined_are_the_whole(answer: Any, heavy: int, large: int) -> None:
    """Whatever is nested in what, and however small the pieces are, not a byte differs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "HEAVY", heavy)
        patch.setattr(pieces, "LARGE", large)
        written = asyncio.run(pieces.dumped(answer))
    assert b"".join(written) == orjson.dumps(answer)


async def turns_of(answer: Any, early: pieces.Fragments | None = None) -> int:
    """How often others have their turn while the answer is written."""
    taken = 0

    async def count() -> None:
        nonlocal taken
        while True:
            taken += 1
            await asyncio.sleep(0)

    others = asyncio.create_task(count())
    await pieces.dumped(answer, None, early)
    others.cancel()
    return taken


@pytest.mark.parametrize(("count", "cells", "many"), [(60, 6_000, True), (60, 60, False), (1_000, 12, False)])
async def test_what_was_written_early_counts_by_its_size(count: int, cells: int, many: bool) -> None:
    """Sixty lists of a quarter of a megabyte are no sixty values; small ones are copied at a stretch."""
    early = pieces.Fragments()
    values: list[Any] = [{"cells": [{"period": str(month), "target": "1234567.00"} for month in range(cells)]}] * count
    answer = {"data": {"units": [{"cells": early.of_values(one["cells"])} for one in values]}}
    assert (await turns_of(answer, early) > count // 2) is many
    assert b"".join(await pieces.dumped(answer, None, early)) == orjson.dumps({"data": {"units": values}})


async def test_others_get_their_turn_while_a_large_answer_is_written() -> None:
    """A list of 6,000 units and one that hangs by a single branch are written in many turns, a small one in none."""
    assert await turns_of({"data": {"units": rows(3)}}) == 0
    assert await turns_of({"data": {"units": rows(6_000)}}) > 10
    assert await turns_of({"data": {"root": {"children": [{"children": rows(6_000)}]}}}) > 10


NOTE = "\U0001f600" * 2_000
WIDE: dict[str, Any] = {f"a{number}": NOTE for number in range(240)}
"""A row of 1.9 MB, as aliases make it."""

PIECE = 8 * 2**20
"""More bytes than any piece has: 640,000 characters, of four bytes each, and a quarter of a megabyte before them."""


@pytest.mark.parametrize(
    "data",
    [
        {"leads": {"nodes": [WIDE] * 30}},
        {"leads": {"nodes": [{"a": "b"}] * 4_000 + [WIDE] * 30}},
        {f"a{number}": WIDE for number in range(30)},
        {"leads": [[{"text": NOTE * 7_200}]]},
    ],
    ids=["rows", "rows after small ones", "fields", "a single text"],
)
async def test_few_values_may_be_much_text(data: Any) -> None:
    """57 MB come in pieces, none of which is larger than eight, and the last is as small as the first."""
    written = await pieces.dumped({"data": data})
    assert len(written) > 7
    assert max(map(len, written)) < PIECE
    assert b"".join(written) == orjson.dumps({"data": data})
    assert await turns_of({"data": data}) > 7


@pytest.mark.parametrize("rows_of_notes", [30, 500])
async def test_no_more_is_written_than_the_limit_and_a_piece(rows_of_notes: int) -> None:
    """57 MB or 960 MB of which 10 MB may be sent: the same memory, and the error tells how far it came."""
    tracemalloc.start()
    try:
        with pytest.raises(LimitExceeded) as caught:
            await pieces.dumped({"data": [WIDE] * rows_of_notes}, 10 * 2**20)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 10 * 2**20 < caught.value.found < 10 * 2**20 + PIECE
    assert peak < 3 * (10 * 2**20 + PIECE)


async def test_lists_that_are_written_early_are_bounded_as_well() -> None:
    """Of a hundred lists with a megabyte each, ten are kept; one of much text is left to be written in the end."""
    early = pieces.Fragments(10 * 2**20)
    assert early.of_values([WIDE] * 2) == [WIDE] * 2
    tracemalloc.start()
    try:
        kept = [early.of_values([{"note": NOTE}] * 125) for _ in range(100)]
        assert tracemalloc.get_traced_memory()[0] < 30 * 2**20
    finally:
        tracemalloc.stop()
    with pytest.raises(LimitExceeded) as caught:
        await pieces.dumped({"data": kept}, 10 * 2**20, early)
    assert caught.value.found == early.size == 100 * len(orjson.dumps([{"note": NOTE}] * 125))


def test_fragments_within_others_count_once() -> None:
    """Four levels of lists, each in the next, are as large as the text that comes out."""
    early = pieces.Fragments(1_000)
    inner: Any = [{"period": "2026-01"}] * 10
    for _ in range(4):
        inner = [{"children": early.of_values(inner)}]
    text = orjson.dumps(early.of_values(inner))
    assert len(text) == early.size == 211 + 4 * 15


async def test_half_of_a_surrogate_pair_is_replaced_in_its_piece() -> None:
    """The rest of a large answer stays as it is."""
    units = rows(6_000)
    units[5_000]["name"] = "Unit \ud800"
    read = orjson.loads(b"".join(await pieces.dumped({"data": units})))
    assert [read["data"][number]["name"] for number in (4_999, 5_000)] == ["Unit 4999", "Unit \ufffd"]
