"""Checks and filters that none of the walls' questions misses, each with a test that does; see `without`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True)
class Need:
    """A test below `tests/integration`, which fails by an assertion where `instead` stands in place of the check."""

    instead: str
    test: str


_LISTS: Final = tomllib.loads((Path(__file__).parent / "needed_by_tests.toml").read_text(encoding="utf-8"))

CHECKS: Final[dict[str, dict[str, Need]]] = {
    module: {name: Need(**need) for name, need in needs.items()} for module, needs in _LISTS["checks"].items()
}
"""By module and check."""

FILTERS: Final[dict[str, dict[str, str]]] = _LISTS["filters"]
"""By the function that sends the statement, and filter: a test below `tests/integration` that fails without it."""

TESTS: Final = frozenset(
    [need.test for needs in CHECKS.values() for need in needs.values()]
    + [test for tests in FILTERS.values() for test in tests.values()]
)
"""All of these tests."""
