"""The tests of graphql-core, from its source distribution: downloaded once, kept in the user's cache."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from platformdirs import user_cache_path

from tests.acceptance.projects import ROOT, Environment, run
from tests.left_out import leave_out

NAME = "graphql-core"
SECONDS = 300
PLUGIN = "everywhere"


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How each test ended (`passed`, `failed`, `skipped`), and how many fields the engine resolved during it."""

    outcomes: dict[str, str]
    resolved: dict[str, int]

    def ended(self, outcome: str) -> set[str]:
        """The tests that ended so."""
        return {test for test, ended in self.outcomes.items() if ended == outcome}

    @property
    def through_the_engine(self) -> int:
        """The number of tests during which the engine resolved at least one field."""
        return sum(1 for count in self.resolved.values() if count)


def run_breadth_first(distribution: Path, folder: Path) -> Outcomes:
    """Run the execution tests of an unpacked distribution with every executor breadth-first."""
    report = folder / "report.json"
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", PLUGIN, *_QUIET, f"--rootdir={distribution}", "tests/execution"],
        cwd=distribution,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent), "EVERYWHERE_REPORT": str(report)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ran.returncode in (0, 1), f"{ran.stdout}\n{ran.stderr}"
    return Outcomes(**json.loads(report.read_text()))


_QUIET = ["-q", "-c", os.devnull, "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist"]
"""Without the settings of the distribution, which ask for plugins that measure speed."""


def source_distribution() -> Path:
    """The folder of the installed version's source, with its tests; skips where it cannot be downloaded.

    Its digest must be one of those in requirements.lock: what is run here is what was locked.
    """
    folder: Path = user_cache_path("quotaloom") / f"{NAME}-{version(NAME)}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            _unpack(_downloaded(Path(scratch)), Path(scratch)).rename(folder)
    return folder


def _downloaded(folder: Path) -> Path:
    try:
        environment = Environment.make(folder / "pip")
        wanted = ["--no-deps", "--no-binary", NAME, f"{NAME}=={version(NAME)}"]
        run(environment.python, "-m", "pip", "download", "--quiet", "--dest", folder, *wanted, cwd=folder)
    except (AssertionError, subprocess.TimeoutExpired) as error:
        if "CI" in os.environ:
            raise
        leave_out(f"the tests of {NAME}", f"their source cannot be downloaded: {str(error).strip().splitlines()[-1]}")
    (archive,) = folder.glob("*.tar.gz")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert digest in _locked_digests(), f"{archive.name} is not the one in requirements.lock"
    return archive


def _locked_digests() -> list[str]:
    (entry,) = re.findall(rf"^{NAME}==.*\n(?:    --hash.*\n)+", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    return re.findall(r"sha256:([0-9a-f]{64})", entry)


def _unpack(archive: Path, folder: Path) -> Path:
    with tarfile.open(archive) as tar:
        tar.extractall(folder / "source", filter="data")
    (unpacked,) = (folder / "source").iterdir()
    return unpacked
