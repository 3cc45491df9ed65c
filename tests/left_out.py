"""Suites that need what is not everywhere: npm's packages, a C compiler, data beside the checkout.

Where that is missing they are left out, and the end of the run says which, and why. With `TEST_EVERYTHING=1` in the
environment, as `make soak` sets it, they fail instead.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Final, NoReturn

import pytest

EVERYTHING: Final = "TEST_EVERYTHING"
"""The variable of the environment; no setting of the product, whose names it does not share."""

_MARK: Final = "left out: "


def everything_is_wanted() -> bool:
    """Whether what is missing is a failure."""
    return os.environ.get(EVERYTHING, "") not in ("", "0")


def leave_out(suite: str, why: str) -> NoReturn:
    """Leave the test out that asks, which belongs to this suite, or fail it where everything is wanted."""
    if everything_is_wanted():
        pytest.fail(f"{suite}: {why} ({EVERYTHING} is set)", pytrace=False)
    pytest.skip(f"{_MARK}{suite}: {why}")


def needs_data(folder: Path) -> pytest.MarkDecorator:
    """Leaves tests out where the folder of a data set is missing, unless everything is wanted: then they fail at it."""
    missing = not folder.is_dir() and not everything_is_wanted()
    return pytest.mark.skipif(
        missing, reason=f"{_MARK}the data set {folder.name}: there is no such folder in ../shared/data"
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None]:
    """Say last, before pytest's own line, which suites were left out."""
    yield
    for (suite, why), tests in sorted(_left_out(terminalreporter).items()):
        terminalreporter.write_line(f"{_MARK}{suite} ({tests} {'test' if tests == 1 else 'tests'}): {why}", yellow=True)


def _left_out(terminalreporter: pytest.TerminalReporter) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        _, _, reason = report.longrepr
        _, mark, told = reason.partition(_MARK)
        if mark:
            suite, _, why = told.partition(": ")
            found[suite, why] += 1
    return found
