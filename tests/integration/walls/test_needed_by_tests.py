"""Checks that no question misses: a test that is named for each fails without it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable
from typing import Final

import pytest

from tests.integration.walls.checks import REPOSITORY
from tests.integration.walls.needed_by_tests import CHECKS, FILTERS, TESTS
from tests.integration.walls.without import FOLDER

A_FEW: Final = "leads/test_commands.py"
"""Whose tests need checks of one package, and take a second."""


def tried(tests: Iterable[str]) -> str:
    """What pytest says of these tests, and of them without what they need; nothing of it may fail."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.integration.walls.without", "-p", "no:cacheprovider"]
    # What runs without its check may leave something behind that nobody waits for.
    command += ["-W", "ignore::pytest.PytestUnraisableExceptionWarning", "-m", ""]
    ended = subprocess.run(
        [*command, *(FOLDER + test for test in sorted(tests))], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-1000:]
    return ended.stdout.splitlines()[-1]


def test_each_test_that_is_named_is_there() -> None:
    """By file and function."""
    for test in TESTS:
        file, _, name = test.partition("::")
        assert f"def {name.partition('[')[0]}(" in (REPOSITORY / FOLDER / file).read_text(), test


def test_what_a_few_tests_need_they_miss() -> None:
    """Of one file, in a process of its own: its tests pass, and fail without each of the checks they are named for."""
    few = [test for test in TESTS if test.startswith(A_FEW)]
    needs = [need for needs in CHECKS.values() for need in needs.values() if need.test in few]
    assert len(needs) > 5
    assert f"{len(few) + len(needs)} passed" in tried(few)


@pytest.mark.soak
def test_what_tests_need_they_miss(record_property: Callable[[str, object], None]) -> None:
    """Of all checks and filters that tests are named for."""
    needs = sum(map(len, CHECKS.values())) + sum(map(len, FILTERS.values()))
    assert f"{len(TESTS) + needs} passed" in tried(TESTS)
    record_property("checks and filters that a test misses", needs)
