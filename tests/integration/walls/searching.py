"""A plugin for pytest that finds the tests which miss a check or a filter, for `needed_by_tests.toml`.

`pytest -p tests.integration.walls.searching --without pool/giving tests/integration/pool` tries the checks whose
module and name have this text in them; `--without-filter pool.chains`, likewise, filters by their function and name.
Which of the ways lets somebody in, and which one out, is for people to tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

import pytest

from tests.integration.walls.again import again, everywhere, missed, passed
from tests.integration.walls.checks import product
from tests.integration.walls.filters import watched
from tests.integration.walls.switches import Removable, Removing, Switches
from tests.integration.walls.without import FOLDER


class Searching:
    """Runs the tests of a session, and each again without each of the checks that it asks, or filters that it meets."""

    def __init__(self, text: str, filter_text: str) -> None:
        code = product()
        self._code, self._open, self._switches = code, ExitStack(), Switches([])
        self._wanted = [check for check in code.checks if text and text in f"{check.module}: {check.name}"]
        self._wanted_filter = filter_text
        self._found: list[str] = []

    def pytest_collection_finish(self) -> None:
        """Put the switches in, when all tests are imported."""
        self._switches = self._open.enter_context(everywhere(self._code, {check.file for check in self._wanted}))

    def pytest_sessionfinish(self) -> None:
        """Take the switches out."""
        self._open.close()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """Run the test as it is, and then without one check after another."""
        self._switches.asked.clear()
        reports = again(item)
        for report in reports.values():
            item.ihook.pytest_runtest_logreport(report=report)
        if passed(reports):
            asked = [check for check in self._wanted if check.number in self._switches.asked]
            self._try(item, self._switches, {f"{check.module}: {check.name}": check for check in asked})
            if self._wanted_filter:
                self._try_filters(item)
        item.session._setupstate.teardown_exact(nextitem)
        return True

    def _try_filters(self, item: pytest.Item) -> None:
        with pytest.MonkeyPatch.context() as patch, watched(patch) as filters:
            if passed(again(item)):
                met = {f"{one.function}: {one.name}": one for one in filters.met.values()}
                self._try(item, filters, {name: one for name, one in met.items() if self._wanted_filter in name})

    def _try(self, item: pytest.Item, switches: Removing, tried: Mapping[str, Removable]) -> None:
        for name, one in tried.items():
            for way, instead in enumerate(one.instead):
                message = missed(again(item, switches.without(one, way)))
                if message is not None:
                    test = item.nodeid.removeprefix(FOLDER)
                    self._found.append(f"{name}\n    {instead} is missed by {test}\n    {message}")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show what was found."""
        terminalreporter.section("missed")
        for one in sorted(self._found):
            terminalreporter.write_line(one)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which checks and filters to try."""
    parser.addoption("--without", default="", help="a part of the checks' modules and names")
    parser.addoption("--without-filter", default="", help="a part of the filters' functions and names")


def pytest_configure(config: pytest.Config) -> None:
    """Run the tests of this session so."""
    config.pluginmanager.register(Searching(config.getoption("--without"), config.getoption("--without-filter")))
