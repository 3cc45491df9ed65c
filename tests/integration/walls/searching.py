"""A plugin for pytest that finds the tests which miss a check, for `needed_by_tests.toml`.

`pytest -p tests.integration.walls.searching --without pool/giving tests/integration/pool` tries the checks whose
module and name have this text in them. Which of the ways lets somebody in, and which one out, is for people to tell.
"""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.integration.walls.again import again, everywhere, missed, passed
from tests.integration.walls.checks import product
from tests.integration.walls.switches import Switches
from tests.integration.walls.without import FOLDER


class Searching:
    """Runs the tests of a session, and each again without each of the checks that it asks."""

    def __init__(self, text: str) -> None:
        code = product()
        self._code, self._open, self._switches = code, ExitStack(), Switches([])
        self._wanted = [check for check in code.checks if text in f"{check.module}: {check.name}"]
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
        asked = [check for check in self._wanted if check.number in self._switches.asked]
        for check in asked if passed(reports) else ():
            for way, instead in enumerate(check.instead):
                message = missed(again(item, self._switches.without(check, way)))
                if message is not None:
                    test = item.nodeid.removeprefix(FOLDER)
                    self._found.append(
                        f"{check.module}: {check.name}\n    {instead} is missed by {test}\n    {message}"
                    )
        item.session._setupstate.teardown_exact(nextitem)
        return True

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show what was found."""
        terminalreporter.section("missed")
        for one in sorted(self._found):
            terminalreporter.write_line(one)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which checks to try."""
    parser.addoption("--without", default="", help="a part of the checks' modules and names")


def pytest_configure(config: pytest.Config) -> None:
    """Run the tests of this session so."""
    config.pluginmanager.register(Searching(config.getoption("--without")))
