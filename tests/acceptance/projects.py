"""Projects of partners: built, installed and tested in processes of their own, as partners do it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SDK = ROOT / "core" / "sdk"
QUOTALOOM = Path(sys.executable).with_name("quotaloom")
SECONDS = 300

DEFINED = """
import json, sys
from importlib.metadata import EntryPoint
from quotaloom.platform.allowing import AllowList
from quotaloom.policies.discovery import discover
entry_point = EntryPoint("acme_rules", "acme_rules", "quotaloom")
(plugin,) = discover([entry_point], allowed=AllowList(named={"acme_rules": True}), strict=True).plugins
policies = plugin.definitions.values()
"""
"""The beginning of a program that has the `policies` of the plugin `acme_rules`, as the server finds and checks it."""


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    """What a command prints, which must succeed; no setting and no import path of this process reaches it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("QUOTALOOM_", "PYTHON"))}
    ran = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**kept, **variables},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def new_plugin(name: str, folder: Path, *options: str) -> Path:
    """The project that `quotaloom plugin new` writes into `folder`."""
    run(QUOTALOOM, "plugin", "new", name, *options, cwd=folder)
    return folder / name


def wheel_of(project: Path, folder: Path) -> Path:
    """The project's wheel, built into `folder`."""
    before = set(folder.glob("*.whl"))
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=project)
    (wheel,) = set(folder.glob("*.whl")) - before
    return wheel


def copy_tests(project: Path, folder: Path) -> Path:
    """The project's tests and their configuration in a folder of their own, without what they test."""
    shutil.copytree(project / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(project / "pyproject.toml", folder)
    return folder


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment with nothing in it but pip."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> Environment:
        """Make one, with a copy of our pip where we have one, which takes a tenth of installing pip."""
        ours = [path for path in Path(sysconfig.get_path("purelib")).glob("pip*") if _is_of_pip(path)]
        run(sys.executable, "-m", "venv", *(["--without-pip"] if ours else []), folder, cwd=folder.parent)
        made = cls(folder)
        for path in ours:
            shutil.copytree(path, made.packages / path.name)
        if ours:
            made._write_script("pip", "pip._internal.cli.main")
        return made

    @classmethod
    def on_top_of_ours(cls, folder: Path) -> Environment:
        """One that has besides whatever the tests run with, Quotaloom and its command among it."""
        environment = cls.make(folder)
        ours = sysconfig.get_path("purelib")
        (environment.packages / "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
        for name, module in (("quotaloom", "quotaloom_server.command"), ("pytest", "pytest")):
            environment._write_script(name, module)
        return environment

    def _write_script(self, name: str, module: str) -> None:
        script = self.python.with_name(name)
        script.write_text(f"#!{self.python}\nimport sys\nfrom {module} import main\nsys.exit(main())\n")
        script.chmod(0o755)

    @property
    def quotaloom(self) -> Path:
        """The command of one that is on top of ours."""
        return self.python.with_name("quotaloom")

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def packages(self) -> Path:
        """Where its packages are."""
        (found,) = self.folder.glob("lib/python*/site-packages")
        return found

    def install(self, *what: str) -> None:
        """Have pip install something, from wherever pip is configured to look."""
        run(self.python, "-m", "pip", "install", "--quiet", *what, cwd=self.folder)

    def installed(self) -> set[str]:
        """The names of all that is installed."""
        listed = run(self.python, "-m", "pip", "list", "--format", "json", cwd=self.folder)
        return {one["name"] for one in json.loads(listed)}


def _is_of_pip(path: Path) -> bool:
    return path.name == "pip" or (path.name.startswith("pip-") and path.suffix == ".dist-info")
