"""Scripts of Node.js beside the test, which go on while its own server answers them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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

    @asynccontextmanager
    async def subscriber(self, kind: str, port: int) -> AsyncIterator[Subscriber]:
        """A client of `graphql-ws` or `graphql-sse`, by its `kind`: `ws` or `sse`."""
        process = await asyncio.create_subprocess_exec(
            node(),
            self.folder / "subscriber.mjs",
            kind,
            f"127.0.0.1:{port}/graphql",
            cwd=self.folder,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            yield Subscriber(kind, process)
        finally:
            process.kill()
            await process.wait()


@dataclass
class Subscriber:
    """A reference client in a process of its own."""

    kind: str
    process: asyncio.subprocess.Process

    async def do(self, **command: Any) -> None:
        """Let it do something."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        await self.process.stdin.drain()

    async def says(self) -> dict[str, Any]:
        """What happens next to it."""
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), SECONDS)
        found: dict[str, Any] = json.loads(line)
        return found

    async def hears(self) -> dict[str, str]:
        """What its next message says is achieved, by the unit's name; it may come back in between."""
        said = await self.says()
        while not {"next", "error", "complete"} & said.keys():
            said = await self.says()
        assert said.get("data"), said
        return {unit["name"]: unit["attainment"]["achieved"] for unit in said["data"]["attainmentChanged"]["orgUnits"]}
