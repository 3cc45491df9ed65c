"""A pytest plugin for the tests of graphql-core itself: every executor there becomes breadth-first.

It is loaded by name (`-p everywhere`) into a process of its own, whose package `tests` is graphql-core's.
`EVERYWHERE_REPORT` names the file for the outcomes: per test id, how it ended and how many fields the engine
resolved meanwhile.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql.execution.executor import Executor
from graphql.execution.executor_throwing_on_incremental import ExecutorThrowingOnIncremental
from graphql.execution.incremental.incremental_executor import IncrementalExecutor

from strawberry_breadth.engine import BreadthFirst
from strawberry_breadth.resolving import RESOLVED

_EXECUTION = "graphql.execution"


class _EveryExecutor(type):
    """Whatever is an executor of graphql-core is an instance of its stand-in too, as tests ask for it."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Executor)


class BreadthFirstExecutor(BreadthFirst, Executor, metaclass=_EveryExecutor):  # type: ignore[type-arg]
    """In place of the base executor, which tests build and inherit from."""


class BreadthFirstThrowing(BreadthFirst, ExecutorThrowingOnIncremental):
    """In place of the default for subscriptions."""


class BreadthFirstIncremental(BreadthFirst, IncrementalExecutor):
    """In place of the default for queries and mutations; what is deferred or streamed stays the base's."""


def _replace() -> None:
    for name, replacement, modules in (
        ("Executor", BreadthFirstExecutor, ("graphql", "graphql.execution")),
        ("ExecutorThrowingOnIncremental", BreadthFirstThrowing, (f"{_EXECUTION}.executor_throwing_on_incremental",)),
        ("IncrementalExecutor", BreadthFirstIncremental, (f"{_EXECUTION}.incremental.incremental_executor",)),
    ):
        # `import graphql.execution.execute as …` gives the function of that name, not the module.
        for module in (*modules, f"{_EXECUTION}.execute"):
            setattr(sys.modules[module], name, replacement)


_replace()

SECONDS = 20
"""How long one test may take; the longest takes two with the default."""

OUTCOMES: dict[str, str] = {}
BY_TEST: dict[str, int] = {}


def pytest_configure() -> None:
    """Have a test that takes too long be interrupted."""
    signal.signal(signal.SIGALRM, _too_long)


def _too_long(*_: object) -> None:
    raise TimeoutError(f"not done after {SECONDS} seconds")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Count what the engine resolves during one test; one that waits for ever fails."""
    before = RESOLVED.fields
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        BY_TEST[item.nodeid] = RESOLVED.fields - before


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note how a test ended; a failure outside of the test's own call counts as well."""
    if report.when == "call" or report.outcome != "passed":
        OUTCOMES[report.nodeid] = report.outcome


def pytest_sessionfinish() -> None:
    """Write the report."""
    Path(os.environ["EVERYWHERE_REPORT"]).write_text(json.dumps({"outcomes": OUTCOMES, "resolved": BY_TEST}))
