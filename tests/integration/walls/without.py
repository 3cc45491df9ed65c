"""A plugin for pytest: each test once more without each check that it is said to need, which it has to miss.

`pytest -p tests.integration.walls.without tests/integration/pool` tries all checks that the tests of that folder need.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

import pytest

from tests.integration.walls.again import again, everywhere, missed, passed
from tests.integration.walls.checks import Check, product
from tests.integration.walls.filters import watched
from tests.integration.walls.needed_by_tests import CHECKS, FILTERS, Need
from tests.integration.walls.switches import Switches

FOLDER: Final = "tests/integration/"
"""What the lists leave out in front of the name of a test."""


class Without:
    """Runs the tests of a session, and each again without what it needs."""

    def __init__(self) -> None:
        self._code = product()
        self._open = ExitStack()
        self._switches = Switches([])

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Put the switches in, when all tests are imported."""
        files = {check.file for item in session.items for check, _ in self._needed_by(item)}
        self._switches = self._open.enter_context(everywhere(self._code, files))

    def pytest_sessionfinish(self) -> None:
        """Take the switches out."""
        self._open.close()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """Run the test as it is, and then without one thing after another."""
        tell = item.ihook
        tell.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reports = again(item)
        for report in reports.values():
            tell.pytest_runtest_logreport(report=report)
        if passed(reports):
            for name, message in (*self._without_checks(item), *self._without_filters(item)):
                tell.pytest_runtest_logreport(report=_told(item, name, message))
        item.session._setupstate.teardown_exact(nextitem)
        tell.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _without_checks(self, item: pytest.Item) -> Iterator[tuple[str, str | None]]:
        for check, need in self._needed_by(item):
            reports = again(item, self._switches.without(check, check.instead.index(need.instead)))
            yield f"{check.module}: {need.instead} for {check.name}", missed(reports)

    def _needed_by(self, item: pytest.Item) -> list[tuple[Check, Need]]:
        needs = ((check, CHECKS.get(check.module, {}).get(check.name)) for check in self._code.checks)
        return [(check, need) for check, need in needs if need is not None and FOLDER + need.test == item.nodeid]

    def _without_filters(self, item: pytest.Item) -> Iterator[tuple[str, str | None]]:
        needed = [
            (function, name, need.instead)
            for function, needs in FILTERS.items()
            for name, need in needs.items()
            if FOLDER + need.test == item.nodeid
        ]
        if not needed:
            return
        with pytest.MonkeyPatch.context() as patch, watched(patch) as filters:
            assert passed(again(item)), "what is put into everybody's sight to find filters by disturbs the test"
            met = {(one.function, one.name): one for one in filters.met.values()}
            for function, name, instead in needed:
                one = met[function, name]
                reports = again(item, filters.without(one, one.instead.index(instead)))
                yield f"{function}: {instead} for {name}", missed(reports)


def pytest_configure(config: pytest.Config) -> None:
    """Run the tests of this session so."""
    config.pluginmanager.register(Without())


def _told(item: pytest.Item, name: str, message: str | None) -> pytest.TestReport:
    """A test of its own: it passes where the test fails without the check."""
    outcome, said = ("passed", None) if message else ("failed", f"It is not missed by its own assertion: {name}")
    return pytest.TestReport(f"{item.nodeid} without {name}", item.location, {}, outcome, said, "call")  # type: ignore[arg-type]
