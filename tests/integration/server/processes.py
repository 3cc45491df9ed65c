"""The `quotaloom` command in processes of its own, as a person runs it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped] # it ships no types

from quotaloom.platform.embedded import locks

QUOTALOOM = Path(sys.executable).with_name("quotaloom")
SECONDS = 60.0

_AFTER_THE_TOKEN = ("`quotaloom demo`", "  --data ")


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something holds; fails after a minute."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


@dataclass
class Home:
    """A data folder, a port, and the processes that were started with them."""

    data: Path
    command: Path = QUOTALOOM
    port: int = field(default_factory=free_port)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where the server is."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self, **settings: str) -> dict[str, str]:
        """Settings of this home and no others."""
        others = {name: value for name, value in os.environ.items() if not name.startswith("QUOTALOOM_")}
        return {**others, "QUOTALOOM_DATA_DIR": str(self.data), "QUOTALOOM_PORT": str(self.port), **settings}

    def run(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [self.command, *arguments],
            env=self.environment(**settings),
            cwd=self.data.parent,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        """Start a command."""
        process = subprocess.Popen(
            [self.command, *arguments],
            env=self.environment(**settings),
            cwd=self.data.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def serve(self, *arguments: str, **settings: str) -> Server:
        """Start a server and wait until it greets."""
        process = self.start("serve", *arguments, **settings)
        ending = "Quotaloom " if settings.get("QUOTALOOM_PROFILE") == "production" else _AFTER_THE_TOKEN
        return Server(self, process, _greeting(process, ending))

    def processes(self, named: str = "") -> list[int]:
        """The numbers of this home's live processes whose command has this in it, whoever their parents are."""
        return [process.pid for process in psutil.process_iter() if self._owns(process, named)]

    def is_left_alone(self) -> bool:
        """Whether nothing of this home runs any more, PostgreSQL included."""
        alive = self.data / "postgres.alive.lock"
        return not self.processes() and (not alive.exists() or locks.is_free(alive))

    def clear(self) -> None:
        """Kill what a test that failed has left running."""
        for number in self.processes():
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        for process in self.started:
            process.communicate()
        self.started.clear()

    def _owns(self, process: Any, named: str) -> bool:
        try:
            words = process.cmdline()
            ours = str(self.data / "postgres") in words or (
                process.environ().get("QUOTALOOM_DATA_DIR") == str(self.data)
            )
            return ours and bool(words) and named in " ".join(words)
        except psutil.Error:  # it has ended, or is somebody else's
            return False


@dataclass
class Server:
    """A server that has greeted."""

    home: Home
    process: subprocess.Popen[str]
    greeting: str

    @property
    def command(self) -> list[str]:
        """The command that the greeting offers, in words."""
        return shlex.split(self.greeting[self.greeting.index("curl ") :].replace("\\\n", " "))

    @property
    def token(self) -> str:
        """The token that the greeting shows."""
        return next(line for line in self.greeting.splitlines() if line.startswith("eyJ"))

    def ask(self, query: str, token: str | None = None, **variables: object) -> dict[str, Any]:
        """The answer to an operation."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        body = {"query": query, "variables": variables}
        answer: dict[str, Any] = httpx.post(
            f"{self.home.url}/graphql", json=body, headers=headers, timeout=SECONDS
        ).json()
        return answer

    def paste(self) -> dict[str, Any]:
        """Send what the offered command would send."""
        _, _, address, *options = self.command
        values = dict(zip(options[::2], options[1::2], strict=True))
        headers = dict(
            word.split(": ", 1) for name, word in zip(options[::2], options[1::2], strict=True) if name == "--header"
        )
        answer: dict[str, Any] = httpx.post(
            address, content=values["--data"].encode(), headers=headers, timeout=SECONDS
        ).json()
        return answer

    def is_healthy(self) -> bool:
        """Whether it answers on /health."""
        try:
            return bool(httpx.get(f"{self.home.url}/health", timeout=5).json() == {"status": "ok"})
        except httpx.TransportError:
            return False

    def end(self, *numbers: signal.Signals) -> str:
        """Send signals one after the other and wait for the end, which must be a good one; what it said besides."""
        for number in numbers or (signal.SIGTERM,):
            self.process.send_signal(number)
            time.sleep(0.02)
        _, said = self.process.communicate(timeout=SECONDS)
        assert self.process.returncode == 0, said
        return said

    def found_company(self, key: str) -> None:
        """Found a company with the operator's token of the greeting."""
        answer = self.ask(
            "mutation ($input: CreateCompanyInput!) { createCompany(input: $input) { key errors { message } } }",
            self.token,
            input={"key": key, "name": key.title(), "currency": "CNY", "adminName": "Ada"},
        )
        assert answer.get("data") == {"createCompany": {"key": key, "errors": []}}, json.dumps(answer)


def _greeting(process: subprocess.Popen[str], ending: str | tuple[str, ...]) -> str:
    """What it says up to the line that begins with `ending`."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith(ending):
            return "".join(lines)
    raise AssertionError(f"it did not serve: {process.communicate()[1]}")
