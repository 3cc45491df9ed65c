"""Nobody overlooks that a suite was left out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.left_out import EVERYTHING

ROOT = Path(__file__).parents[2]

SUITE = """
import pytest
from pathlib import Path
from tests.left_out import leave_out, needs_data

@pytest.fixture(scope="session")
def compiler():
    leave_out("a disk that fails", "there is no compiler")

@pytest.mark.parametrize("n", range(2))
def test_of_the_disk(compiler, n): ...

@needs_data(Path("/nowhere/crm"))
def test_of_data():
    assert Path("/nowhere/crm").is_dir()

@pytest.mark.skip(reason="another reason")
def test_of_something_else(): ...

def test_that_passes(): ...
"""


def said(folder: Path, wanted: str, *options: str) -> tuple[int, list[str]]:
    """The exit code and the lines of a run of the suite."""
    (folder / "conftest.py").write_text("from tests.left_out import pytest_terminal_summary")
    (folder / "test_suite.py").write_text(SUITE)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-ra", "-c", os.devnull, f"--rootdir={folder}", *options, str(folder)],
        cwd=ROOT,
        env={**os.environ, EVERYTHING: wanted, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, run.stdout.splitlines()


@pytest.mark.parametrize("options", [("-p", "no:xdist"), ("-n", "2")], ids=["alone", "in parallel"])
def test_a_run_says_last_what_was_left_out(tmp_path: Path, options: tuple[str, ...]) -> None:
    """One line for each suite, with how many tests it is and why, below all others but pytest's own."""
    code, lines = said(tmp_path, "", *options)
    assert code == 0
    assert lines[-3:-1] == [
        "left out: a disk that fails (2 tests): there is no compiler",
        "left out: the data set crm (1 test): there is no such folder in ../shared/data",
    ]
    assert "1 passed, 4 skipped" in lines[-1]


def test_where_everything_is_wanted_what_is_missing_fails(tmp_path: Path) -> None:
    """Each test of the suite, with what is missing; whatever is skipped for another reason is skipped."""
    code, lines = said(tmp_path, "1", "-p", "no:xdist")
    assert code == 1
    assert f"a disk that fails: there is no compiler ({EVERYTHING} is set)" in lines
    assert "1 failed, 1 passed, 1 skipped, 2 errors" in lines[-1]
