"""Checks that no question misses: a test that is named for each fails without it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from typing import Final

import pytest

from tests.integration.walls.checks import REPOSITORY
from tests.integration.walls.needed_by_tests import CHECKS, FILTERS, TESTS
from tests.integration.walls.without import FOLDER

SHARDS: Final = 2
"""In how many processes a run tries the tests, each with its own files."""

FILES: Final = sorted({test.partition("::")[0] for test in TESTS})


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


@pytest.mark.parametrize("shard", range(SHARDS))
def test_what_tests_need_they_miss(shard: int) -> None:
    """In a process of its own the tests pass, and fail without each check and filter that they are named for."""
    files = FILES[shard::SHARDS]
    tests = [test for test in TESTS if test.partition("::")[0] in files]
    all_needs = [need for needs in (*CHECKS.values(), *FILTERS.values()) for need in needs.values()]
    needs = [need for need in all_needs if need.test in tests]
    assert len(needs) > 50
    assert f"{len(tests) + len(needs)} passed" in tried(tests)
