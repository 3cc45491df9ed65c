"""The reference suites of npm, and a server for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from benchmarks.npm import NoNetwork, scripts

from quotaloom.platform.database import Database
from tests.graph_client import Moment
from tests.integration.live.boards import LiveServer, live_server
from tests.integration.live.conftest import NOW
from tests.integration.protocol.running import Suites
from tests.left_out import leave_out

PROJECT = Path(__file__).with_name("node_suites")


@pytest.fixture(scope="session")
def suites() -> Iterator[Suites]:
    """The scripts of `node_suites`, with their packages."""
    try:
        with scripts(PROJECT) as folder:
            yield Suites(folder)
    except NoNetwork as error:
        leave_out("the reference suites of npm", f"their packages cannot be downloaded: {error}")


@pytest.fixture
async def server(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[LiveServer]:
    """A server of the open profile, on an empty database."""
    async with live_server(database_url, tmp_path, Moment(NOW)) as found:
        yield found
