"""Checks and filters that none of the walls' questions misses, each with a test that does; see `without`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True)
class Need:
    """A test below `tests/integration`, which fails by an assertion where `instead` stands in place of it."""

    instead: str
    test: str


_LISTS: Final = tomllib.loads((Path(__file__).parent / "needed_by_tests.toml").read_text(encoding="utf-8"))

CHECKS: Final[dict[str, dict[str, Need]]] = {
    module: {name: Need(**need) for name, need in needs.items()} for module, needs in _LISTS["checks"].items()
}
"""By module and check."""

FILTERS: Final[dict[str, dict[str, Need]]] = {
    function: {name: Need(**need) for name, need in needs.items()} for function, needs in _LISTS["filters"].items()
}
"""By the function that sends the statement, and filter."""

TESTS: Final = frozenset(need.test for needs in (*CHECKS.values(), *FILTERS.values()) for need in needs.values())
"""All of these tests."""
