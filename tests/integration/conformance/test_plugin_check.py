"""`quotaloom plugin check`, as a person runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.conformance.projects import HALF_SOUND, PYPROJECT, SOUND, project

QUOTALOOM = Path(sys.executable).with_name("quotaloom")


def check(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [QUOTALOOM, "plugin", "check", *arguments],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("QUOTALOOM_")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("root", ["src", "."])
def test_sound_project_is_fine(root: str, tmp_path: Path) -> None:
    """Its pyproject.toml names the plugin, whose module lies in src or beside it; nothing is installed for it."""
    ran = check(project(tmp_path, SOUND, root).parent, str(tmp_path), "--examples", "10")
    assert ran.stdout == "acme: fine\nacme.even: fine, 10 requests\nacme.likewise: fine, 10 requests\n"
    assert ran.returncode == 0
    assert ran.stderr == "Checking acme\nChecking acme.even\nChecking acme.likewise\n"


def test_findings_are_told_and_the_exit_code_says_so(tmp_path: Path) -> None:
    """In plain words, with the request, below the policy."""
    ran = check(project(tmp_path, HALF_SOUND), ".", "--examples", "10")
    assert ran.returncode == 1
    lines = ran.stdout.splitlines()
    assert lines[:4] == [
        "acme: fine",
        "acme.even: fine, 10 requests",
        "acme.backwards: 1 finding, 10 requests",
        "  negative: children[0] is negative: -1",
    ]
    assert lines[4].startswith("    asked: AllocationRequest(unit=UnitFact(id='")


def test_file_is_called_as_its_project_says(tmp_path: Path) -> None:
    """Or, without a project, by its own name."""
    named = check(project(tmp_path, SOUND), "src/acme_rules.py", "--examples", "1")
    assert named.stdout.splitlines()[0] == "acme: fine"
    (tmp_path / "pyproject.toml").unlink()
    alone = check(tmp_path, "src/acme_rules.py", "--examples", "1")
    assert alone.stdout.splitlines()[0] == "acme_rules: fine"


def test_module_of_a_package_is_imported_with_it(tmp_path: Path) -> None:
    """A file inside a package is known by its dotted name."""
    package = project(tmp_path, "") / "src" / "acme"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "even.py").write_text(SOUND, encoding="utf-8")
    (package / "plugin.py").write_text("from acme.even import *\nfrom acme.even import QUOTALOOM_API\n")
    (tmp_path / "pyproject.toml").write_text(PYPROJECT.format(root="src").replace('"acme_rules"', '"acme.plugin"'))
    ran = check(tmp_path, "src/acme/plugin.py", "--examples", "1")
    assert ran.stdout == "acme: fine\nacme.even: fine, 1 request\nacme.likewise: fine, 1 request\n"


def test_installed_plugin_is_known_by_its_name(tmp_path: Path) -> None:
    """Such as the one that ships with the product."""
    ran = check(tmp_path, "allocation", "--examples", "5")
    assert (ran.returncode, ran.stdout.splitlines()[0]) == (0, "allocation: fine")


def test_time_per_call_can_be_set(tmp_path: Path) -> None:
    """A rule that sleeps longer is too slow."""
    source = SOUND.replace("def even(request):", "def even(request):\n    time.sleep(0.2)")
    ran = check(project(tmp_path, source), ".", "--examples", "1", "--seconds", "0.1")
    assert ran.returncode == 1
    assert "  too slow: it took 0.1 seconds or more, twice; a call may take 0.1\n" in ran.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("nowhere",),
            "nowhere is neither a folder, nor a file, nor an installed plugin; there are: allocation, assignment,"
            " incentives, reviews.",
        ),
        (("tests",), "has no pyproject.toml that names a plugin; write [project.entry-points.quotaloom] in it."),
        (("pyproject.toml",), "pyproject.toml is no Python file."),
        ((".", "--examples", "0"), "Invalid value for '--examples'"),
        ((), "Missing argument 'PATH_OR_NAME'"),
    ],
)
def test_wrong_usage_is_told(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    """It exits with 2 and says what there is."""
    ran = check(project(tmp_path, SOUND), *arguments)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert message in ran.stderr.replace("\n", " ")
