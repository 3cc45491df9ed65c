"""clairvoyance, which recovers a schema from what a server says of documents that are not valid: run as it is."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from platformdirs import user_cache_path

from tests.acceptance.projects import Environment
from tests.left_out import leave_out

VERSION: Final = "2.5.5"
SECONDS: Final = 60.0

_PROGRAM: Final = "import site, sys; site.addsitedir(sys.argv.pop(1)); from clairvoyance.cli import cli; cli()"

_NEEDED: Final = (("--no-deps", f"clairvoyance=={VERSION}"), ("aiohttp>=3.8.1,<4", "rich>=13.3.1,<14"))
"""It names `asyncio` of PyPI besides, a predecessor of Python's own, which nothing needs."""


@dataclass(frozen=True, slots=True)
class Found:
    """What it found out: fields by type; nothing where it gave up. Whatever it said besides is in `said`."""

    types: dict[str, set[str]]
    said: str


@dataclass(frozen=True, slots=True)
class Clairvoyance:
    """The tool, in a folder of its own."""

    packages: Path
    folder: Path

    async def look(self, url: str, words: Iterable[str], document: str, headers: Mapping[str, str]) -> Found:
        """What it finds out with a list of words, beginning with them instead of `FUZZ` in the document."""
        listed, written = self.folder / "words.txt", self.folder / "schema.json"
        listed.write_text("\n".join(words))
        written.unlink(missing_ok=True)
        options = [part for name, value in headers.items() for part in ("--header", f"{name}: {value}")]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-S", "-c", _PROGRAM, str(self.packages)),
            *("--wordlist", str(listed), "--output", str(written), "--document", document, *options, url),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(process.communicate(), SECONDS)
        assert (process.returncode == 0) == written.exists(), said.decode()
        return Found(_types(json.loads(written.read_text())) if written.exists() else {}, said.decode())


def _types(schema: Mapping[str, Any]) -> dict[str, set[str]]:
    """Fields by type; clairvoyance gives a field `dummy` to types that it found none of."""
    types = schema["data"]["__schema"]["types"]
    return {one["name"]: {field["name"] for field in one.get("fields") or ()} - {"dummy"} for one in types}


def installed() -> Path:
    """The folder of its packages, installed once into the user's cache; skips where they cannot be downloaded."""
    tag = f"{sys.implementation.cache_tag}-{sys.platform}"
    folder: Path = user_cache_path("quotaloom") / f"clairvoyance-{VERSION}-{tag}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            _install(Path(scratch)).rename(folder)
    return folder


def _install(scratch: Path) -> Path:
    try:
        environment = Environment.make(scratch / "pip")
        for wanted in _NEEDED:
            environment.install("--target", str(scratch / "packages"), *wanted)
    except (AssertionError, subprocess.TimeoutExpired) as error:
        if "CI" in os.environ:
            raise
        leave_out("clairvoyance", f"it cannot be downloaded: {str(error).strip().splitlines()[-1]}")
    return scratch / "packages"
