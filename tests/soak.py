"""What `make soak` adds: a long profile for property tests, progress, and a table of the figures that tests record.

A test records a figure with pytest's fixture `record_property("kills", 1_000)`, and tells how far it is with our
fixture `progress(12, 240, "what comes next")`.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings

from tests.progress import SHOWN, Line, Progress, uncaptured

settings.register_profile("soak", max_examples=20_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("soak")

_TERMINAL: Final = uncaptured()


def pytest_configure(config: pytest.Config) -> None:
    """Show how far a test is."""
    shown: Progress = Line(_TERMINAL)
    config.stash[SHOWN] = shown


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the figures."""
    reports: list[Any] = [*terminalreporter.stats.get("passed", []), *terminalreporter.stats.get("failed", [])]
    found = [
        (report.nodeid.split("::", 1)[-1], *figure)
        for report in reports
        for figure in (*report.user_properties, ("seconds", round(report.duration, 1)))
    ]
    if not found:
        return
    terminalreporter.section("figures")
    test_width, name_width = (max(len(str(row[place])) for row in found) for place in (0, 1))
    for test, name, value in found:
        shown = f"{value:,}" if isinstance(value, int) else str(value)
        terminalreporter.write_line(f"{test:{test_width}}  {name:{name_width}}  {shown:>12}")
