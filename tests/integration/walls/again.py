"""Runs a test of this session once more, while something is taken away that it may need."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import cast

import pytest
from _pytest.runner import runtestprotocol

from tests.integration.walls.checks import REPOSITORY, Code, module_of
from tests.integration.walls.switches import Switches, switched

Reports = dict[str, pytest.TestReport]
"""What became of a test, by phase: `setup`, `call` and `teardown`."""

_MISSED = ("assert", "AssertionError", "Failed: DID NOT RAISE")


def again(item: pytest.Item, around: AbstractContextManager[None] | None = None) -> Reports:
    """Run the test with fixtures of its own; what `around` does lasts while it runs."""
    module = cast("pytest.Item", item.parent)  # its own fixtures end with the test, those of the module do not
    with around or nullcontext():
        return {cast("str", one.when): one for one in runtestprotocol(item, log=False, nextitem=module)}


def passed(reports: Reports) -> bool:
    """Whether it passed."""
    return len(reports) == 3 and all(one.passed for one in reports.values())


def missed(reports: Reports) -> str | None:
    """By which assertion of its own the test failed; None where it passed, or stumbled over something else."""
    call = reports.get("call")
    if call is None or not call.failed:
        return None
    crash = getattr(call.longrepr, "reprcrash", None)
    message = str(call.longrepr if crash is None else crash.message)
    return message if message.startswith(_MISSED) else None


@contextmanager
def everywhere(code: Code, files: Iterable[str]) -> Iterator[Switches]:
    """The product with a switch at each check, also in those of its files that no test has imported yet."""
    for file in files:
        importlib.import_module(module_of(REPOSITORY / file))
    with switched(code) as switches:
        yield switches
