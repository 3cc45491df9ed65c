"""Columns become objects by an expression that is compiled for their names."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from operator import truth
from typing import Any

import pytest

from strawberry_breadth.plans import assembler
from strawberry_breadth.texts import row_writer


async def forgotten() -> None:
    """Awaited by nobody."""


def forgotten_ones() -> Iterator[Coroutine[Any, Any, None]]:
    """Each is let go by whoever takes it."""
    yield forgotten()
    yield forgotten()


@pytest.mark.parametrize(
    ("make", "first"),
    [(assembler, {"a": True, "b": 1}), (row_writer, '{"a":"True","b":"1"}')],
    ids=["objects", "texts"],
)
def test_python_warns_as_ever_while_objects_are_made(make: Callable[..., Callable[..., list[Any]]], first: Any) -> None:
    """What is let go in the very expression, such as by the garbage collector, is warned of, and nothing else."""
    with pytest.warns(RuntimeWarning, match="'forgotten' was never awaited"):
        assert make(["a", "b"])([map(truth, forgotten_ones()), [1, 2]])[0] == first
