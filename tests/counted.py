"""What a run says at its end of tests that passed: how much they tried.

A test says it with pytest's fixture `record_property(COUNTED, "5,000 cases")`.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

COUNTED: Final = "counted"
"""The property whose value is said."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it, a line for each."""
    reports: list[Any] = terminalreporter.stats.get("passed", [])
    for report in sorted(reports, key=lambda report: str(report.nodeid)):
        for name, value in report.user_properties:
            if name == COUNTED:
                terminalreporter.write_line(f"{COUNTED}: {value}")
