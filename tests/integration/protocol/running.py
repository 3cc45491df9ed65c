"""Scripts of Node.js beside the test, which go on while its own server answers them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from benchmarks.npm import node

SECONDS = 30.0
"""How long a script may take."""


@dataclass(frozen=True)
class Suites:
    """The folder of the scripts."""

    folder: Path

    async def run(self, script: str, *arguments: str) -> tuple[int, str]:
        """The exit code of a script, or of a program of a package, and what it said."""
        process = await asyncio.create_subprocess_exec(
            node(),
            self.folder / script,
            *arguments,
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(process.communicate(), SECONDS)
        assert process.returncode is not None
        return process.returncode, said.decode()
