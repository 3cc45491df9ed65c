"""The imported company behind a real `quotaloom serve`, as a person would run it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from os import environ
from pathlib import Path
from typing import Any

import httpx

from benchmarks import maven
from benchmarks.measuring import run
from quotaloom.platform.embedded.folders import folders_for
from quotaloom.platform.settings import Settings
from quotaloom.platform.tokens import Identity
from quotaloom_server.bearers import company_named, first_admin
from quotaloom_server.databases import bring_up_to_date, connected, database_urls
from quotaloom_server.keys import token_authority

QUOTALOOM = Path(sys.executable).with_name("quotaloom")
START_SECONDS = 60.0
TOKEN_LIFE = timedelta(hours=1)

QUERY = """
query Tree {
  company {
    root { ...figures
      children { ...figures
        children { ...figures head { member { name } }
          children { ...figures holders { member { name } } } } } }
  }
}
fragment figures on OrgUnit {
  name kind
  year: attainment(period: "2017") { target assessment achieved rate }
  quarters: attainments(period: "2017", grain: QUARTER) { period target assessment achieved rate }
}
"""
"""Company, regions, managers' teams and positions, each with fiscal year 2017 and its quarters."""


@dataclass(frozen=True, slots=True)
class Served:
    """A serving process: its number, its settings, an admin of the imported company and his token."""

    pid: int
    settings: Settings
    admin: Identity
    token: str

    def client(self) -> httpx.AsyncClient:
        """A client that keeps its connection."""
        return httpx.AsyncClient(
            base_url=f"http://{self.settings.host}:{self.settings.port}",
            headers={"authorization": f"Bearer {self.token}"},
            timeout=START_SECONDS,
        )


async def ask(client: httpx.AsyncClient) -> None:
    """Send the nested query; raises where it is not answered."""
    response = await client.post("/graphql", json={"query": QUERY})
    response.raise_for_status()
    if b'"errors"' in response.content:
        raise RuntimeError(f"the nested query failed: {response.text[:1000]}")


@contextmanager
def served_maven() -> Iterator[Served]:
    """Import the data set and plan a year in a data folder of its own, then serve that; gone at the end."""
    maven.files()
    with data_folder() as folder:
        settings = Settings(data_dir=folder, port=free_port())
        admin = _load(settings)
        token = token_authority(settings).issue(admin, datetime.now(UTC), TOKEN_LIFE)
        with serving(settings) as process:
            yield Served(process.pid, settings, admin, token)


def _load(settings: Settings) -> Identity:
    async def load() -> Identity:
        await bring_up_to_date(urls)
        async with connected(settings, urls) as database:
            now = datetime.now(UTC)
            await maven.load_with_plan(database, now)
            return await first_admin(database, await company_named(database, urls, maven.COMPANY), now)

    with database_urls(settings) as urls:
        return run(load())


@contextmanager
def data_folder() -> Iterator[Path]:
    """A data folder of its own, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="quotaloom-") as parent:
        Path(parent).chmod(0o711)  # as root, PostgreSQL's account passes through; the folder is ours and new
        folder = Path(parent, "data")
        try:
            yield folder
        finally:
            folders = folders_for(folder)
            shutil.rmtree(folders.sockets())
            shutil.rmtree(folders.home)


@contextmanager
def serving(settings: Settings, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """A real server that answers, ended with the block; `variables` are added to its environment."""
    log = settings.data_dir.parent / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [QUOTALOOM, "serve"], env=_environment(settings) | variables, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _await_health(settings, process, log)
            yield process
        finally:
            process.terminate()
            process.wait()


def _environment(settings: Settings) -> dict[str, str]:
    own = {"QUOTALOOM_DATA_DIR": str(settings.data_dir), "QUOTALOOM_PORT": str(settings.port)}
    # Rates are counted as ever; what is measured with one token would come to the usual ones within seconds.
    rates = dict.fromkeys(("QUOTALOOM_TOKEN_COST_PER_MINUTE", "QUOTALOOM_COMPANY_COST_PER_MINUTE"), str(10**12))
    return {**environ, **rates, **own}


def _await_health(settings: Settings, process: subprocess.Popen[Any], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"http://{settings.host}:{settings.port}/health").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise RuntimeError(f"`quotaloom serve` did not start:\n{log.read_text()[-2000:]}")


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
