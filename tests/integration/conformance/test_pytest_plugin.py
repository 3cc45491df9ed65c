"""The kit as a plugin of pytest, in the project of a partner."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.conformance.projects import HALF_SOUND, SOUND, project

ITEMS = ["pyproject.toml::acme", "pyproject.toml::acme.even", "pyproject.toml::acme.likewise"]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in the project, as its author does, who has none of the plugins that come with our own tests."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    absent = [f"-pno:{name}" for name in ("cacheprovider", "asyncio", "schemathesis")]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *absent, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def collected(folder: Path, *arguments: str) -> list[str]:
    """The tests that pytest finds."""
    ran = run(folder, "--collect-only", "-q", *arguments)
    return [line for line in ran.stdout.splitlines() if "::" in line]


def test_sound_plugin_is_green(tmp_path: Path) -> None:
    """Every policy is a test beside the partner's own."""
    ran = run(project(tmp_path, SOUND), "-v")
    assert ran.returncode == 0, ran.stdout
    assert "4 passed" in ran.stdout
    assert all(f"{item} PASSED" in ran.stdout for item in ITEMS)


def test_findings_are_shown_without_a_traceback(tmp_path: Path) -> None:
    """A test fails with what was found, in plain words, and the request."""
    ran = run(project(tmp_path, HALF_SOUND), "-rf")
    assert ran.returncode == 1
    assert "1 failed, 3 passed" in ran.stdout
    assert "policy acme.backwards" in ran.stdout
    assert "\nnegative: children[0] is negative: -1\n  asked: AllocationRequest(unit=UnitFact(" in ran.stdout
    assert "FAILED pyproject.toml::acme.backwards - negative: children[0] is negative: -1" in ran.stdout
    assert "Traceback" not in ran.stdout + ran.stderr
    assert "items.py" not in ran.stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), ["tests/test_own.py::test_own", *ITEMS]),
        (("tests",), ["tests/test_own.py::test_own", *ITEMS]),
        ((".",), [*ITEMS, "tests/test_own.py::test_own"]),
        (("tests/test_own.py",), ["tests/test_own.py::test_own"]),
        (("tests/test_own.py::test_own",), ["tests/test_own.py::test_own"]),
        (("pyproject.toml",), ITEMS),
        (("tests", "pyproject.toml"), ["tests/test_own.py::test_own", *ITEMS]),
        (("tests", "pyproject.toml::acme.even"), ["tests/test_own.py::test_own", "pyproject.toml::acme.even"]),
        (("pyproject.toml::acme.even",), ["pyproject.toml::acme.even"]),
        (("-k", "acme.even"), ["pyproject.toml::acme.even"]),
        (
            (
                "-o",
                "quotaloom_plugin=",
            ),
            ["tests/test_own.py::test_own"],
        ),
    ],
    ids=" ".join,
)
def test_policies_are_collected_once_with_folders(
    arguments: tuple[str, ...], expected: list[str], tmp_path: Path
) -> None:
    """Where pytest looks through folders it finds the policies; a file that is named is run alone."""
    assert collected(project(tmp_path, SOUND), *arguments) == expected


def test_policies_are_collected_from_a_folder_below(tmp_path: Path) -> None:
    """Wherever in the project pytest is run."""
    assert collected(project(tmp_path, SOUND) / "tests") == ["tests/test_own.py::test_own", *ITEMS]


def test_policies_are_shared_out_among_processes(tmp_path: Path) -> None:
    """With `-n` each policy is still checked once."""
    ran = run(project(tmp_path, HALF_SOUND), "-n", "2")
    assert "1 failed, 3 passed" in ran.stdout, ran.stdout


def test_module_that_cannot_be_imported_is_one_readable_failure(tmp_path: Path) -> None:
    """The test of the plugin says why, and the partner's own tests run."""
    ran = run(project(tmp_path, "import no_such_module"))
    assert "1 failed, 1 passed" in ran.stdout
    assert "cannot be used: cannot be imported: ModuleNotFoundError: No module named 'no_such_module'" in ran.stdout, (
        ran.stdout
    )


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            "quotaloom_plugin=acme rules",
            "quotaloom_plugin: 'acme rules' names no plugin; write it as in an entry point",
        ),
        ("quotaloom_examples=many", "quotaloom_seconds and quotaloom_examples must be numbers above 0"),
        ("quotaloom_seconds=0", "seconds must be more than 0, not 0.0"),
    ],
)
def test_wrong_setting_is_told(setting: str, message: str, tmp_path: Path) -> None:
    """It names the setting and what may stand there."""
    ran = run(project(tmp_path, SOUND), "-o", setting)
    assert ran.returncode != 0
    assert message in ran.stdout + ran.stderr, ran.stdout + ran.stderr


def test_other_projects_notice_nothing(tmp_path: Path) -> None:
    """Where the setting is missing, pytest loads neither the SDK nor hypothesis for it."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_own.py").write_text(
        "import sys\n\ndef test_own():\n"
        "    assert 'quotaloom_pytest' in sys.modules\n"
        "    assert not {'quotaloom_sdk', 'pydantic', 'hypothesis'} & set(sys.modules)\n"
    )
    ran = run(tmp_path)
    assert ran.returncode == 0, ran.stdout
