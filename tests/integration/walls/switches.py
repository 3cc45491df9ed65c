"""Takes single checks of the running code away, and tells which of them were asked.

The code of every function with a check in it is exchanged for one with switches, in place: whoever holds the function,
holds the new code. At the end everything is as it was.
"""

from __future__ import annotations

import gc
import inspect
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Protocol

from tests.integration.walls.checks import SWITCH, Check, Code

Place = tuple[str, str, int]
"""A function by its file, its name and its first line."""


class Removable(Protocol):
    """A check or a filter: its number, and what it can be replaced with."""

    @property
    def number(self) -> int:
        """Its number."""

    @property
    def instead(self) -> tuple[str, ...]:
        """The ways of removing it."""


class Removing(Protocol):
    """What takes checks away, and tells which of them were asked since `asked` was emptied."""

    asked: set[int]

    def without(self, check: Any, way: int, /) -> AbstractContextManager[None]:
        """Run the block without it."""


@dataclass
class Switches:
    """Which checks are removed, in which of their ways, and which were asked since `asked` was emptied."""

    checks: list[Check]
    removed: frozenset[tuple[int, int]] = frozenset()
    asked: set[int] = field(default_factory=set)

    def __call__(self, number: int, way: int) -> bool:
        """Whether the check is removed in this way; the code asks before each check."""
        self.asked.add(number)
        return (number, way) in self.removed

    @contextmanager
    def without(self, check: Check, way: int) -> Iterator[None]:
        """Run the block without the check, and without those that are removed already."""
        before = self.removed
        self.removed = before | {(check.number, way)}
        try:
            yield
        finally:
            self.removed = before


@contextmanager
def switched(code: Code) -> Iterator[Switches]:
    """The product with a switch at each check, while the block runs."""
    switches = Switches(code.checks)
    written = _written(code)
    exchanged: list[tuple[FunctionType, CodeType]] = []
    gc.unfreeze()  # a server that started in this process froze all there was, and hides it from `get_objects`
    for function in [one for one in gc.get_objects() if isinstance(one, FunctionType)]:
        new = written.get(_place(function.__code__))
        if new is not None:
            exchanged.append((function, function.__code__))
            function.__code__ = new
            function.__globals__[SWITCH] = switches
    assert exchanged, "no function with a check in it was found"
    try:
        yield switches
    finally:
        for function, old in exchanged:
            function.__code__ = old
            function.__globals__.pop(SWITCH, None)


def _written(code: Code) -> dict[Place, CodeType]:
    """The functions that have switches in them, by their places."""
    found: dict[Place, CodeType] = {}
    for path, tree in code.modules.items():
        for one in _functions(compile(tree, str(path), "exec", dont_inherit=True)):
            if SWITCH in _names(one):
                found[_place(one)] = one
    return found


def _functions(code: CodeType) -> Iterator[CodeType]:
    for one in code.co_consts:
        if inspect.iscode(one):
            yield one
            yield from _functions(one)


def _names(code: CodeType) -> set[str]:
    """The names of a function and of all that is inside."""
    return set(code.co_names).union(*(_names(one) for one in code.co_consts if inspect.iscode(one)))


def _place(code: CodeType) -> Place:
    return str(Path(code.co_filename)), code.co_qualname, code.co_firstlineno
