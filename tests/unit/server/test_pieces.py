"""JSON in pieces is the JSON of the whole."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


async def test_half_of_a_surrogate_pair_is_replaced_in_its_piece() -> None:
    """The rest of a large answer stays as it is."""
    units = rows(6_000)
    units[5_000]["name"] = "Unit \ud800"
    read = orjson.loads(b"".join(await pieces.dumped({"data": units})))
    assert [read["data"][number]["name"] for number in (4_999, 5_000)] == ["Unit 4999", "Unit \ufffd"]
