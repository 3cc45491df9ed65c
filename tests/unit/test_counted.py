"""A run says how much its tests tried, although they passed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SUITE = """
def test_of_many(record_property):
    record_property("counted", "5,000 cases")
    record_property("another", "figure")

def test_that_fails(record_property):
    record_property("counted", "none")
    raise AssertionError
"""


@pytest.mark.parametrize("options", [("-p", "no:xdist"), ("-n", "2")], ids=["alone", "in parallel"])
def test_a_run_says_how_much_was_tried(tmp_path: Path, options: tuple[str, ...]) -> None:
    """A line for what a test counted that passed, and nothing of other figures or of one that failed."""
    (tmp_path / "conftest.py").write_text("from tests.counted import pytest_terminal_summary")
    (tmp_path / "test_suite.py").write_text(SUITE)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", os.devnull, f"--rootdir={tmp_path}", *options, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert [line for line in run.stdout.splitlines() if line.startswith("counted")] == ["counted: 5,000 cases"]
