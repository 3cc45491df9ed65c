"""Servers on real sockets, and clients that listen to them as a browser does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from quotaloom.platform.settings import Settings
from quotaloom_graphql.context import Services
from quotaloom_server.application import create_application
from quotaloom_server.gate import Gate
from quotaloom_server.keys import token_authority
from quotaloom_server.listening import taken
from quotaloom_server.serving import Server
from tests.graph_client import GraphClient, Moment
from tests.loaded_once import built_in_plugins, loading_once

SECONDS = 10.0
"""How long a test waits for what must come."""

LARGEST = 2**24
"""How many bytes a message may have: who asks for all that there is, is answered with more than one megabyte."""

FIGURES = 'orgUnits { name attainment(period: "2026") { target achieved } } changedAt'


@dataclass
class Board:
    """One WebSocket of a client."""

    socket: ClientConnection
    _numbers: Any = field(default_factory=lambda: count(1))

    async def send(self, **message: Any) -> None:
        """Send a message of the protocol."""
        await self.socket.send(json.dumps(message))

    async def hear(self, seconds: float = SECONDS) -> dict[str, Any]:
        """The next message."""
        text = await asyncio.wait_for(self.socket.recv(), seconds)
        assert isinstance(text, str), "a browser reads text"
        found: dict[str, Any] = json.loads(text)
        return found

    async def subscribe(self, unit_ids: list[str], fields: str = FIGURES, **arguments: Any) -> str:
        """Subscribe to units; the number of the subscription."""
        number = str(next(self._numbers))
        query = (
            "subscription ($ids: [ID!]!, $metrics: [String!]) {"
            f" attainmentChanged(orgUnitIds: $ids, metrics: $metrics) {{ {fields} }} }}"
        )
        variables = {"ids": unit_ids, **arguments}
        await self.send(id=number, type="subscribe", payload={"query": query, "variables": variables})
        return number

    async def told(self, seconds: float = SECONDS) -> dict[str, str]:
        """What the next message says is achieved, by the unit's name."""
        message = await self.hear(seconds)
        assert message["type"] == "next", message
        units = message["payload"]["data"]["attainmentChanged"]["orgUnits"]
        found = {unit["name"]: unit["attainment"]["achieved"] for unit in units}
        assert len(found) == len(units), "a unit comes once in a message"
        return found

    async def refused(self) -> list[tuple[str, list[Any]]]:
        """Codes and places of the errors that the next message has."""
        message = await self.hear()
        assert message["type"] == "error", message
        return [(one["extensions"]["code"], one["extensions"].get("input", [])) for one in message["payload"]]

    async def hears_nothing(self, seconds: float = 0.8) -> bool:
        """Whether no message comes for a while."""
        try:
            await self.hear(seconds)
        except TimeoutError:
            return True
        return False

    async def closed(self) -> int:
        """The code with which the server closes."""
        await asyncio.wait_for(self.socket.wait_closed(), SECONDS)
        assert self.socket.close_code is not None
        return self.socket.close_code


@dataclass
class LiveServer:
    """A server on a port of this machine."""

    port: int
    graph: GraphClient
    services: Services
    server: Server
    gate: Gate
    task: asyncio.Task[None]

    @property
    def watching(self) -> int:
        """How many subscriptions are open."""
        return self.services.feed.watching

    @asynccontextmanager
    async def board(self, client: GraphClient, **params: str) -> AsyncIterator[Board]:
        """A client's connection that was let in."""
        async with self.connected() as board:
            await board.send(type="connection_init", payload=params or client.headers)
            assert await board.hear() == {"type": "connection_ack"}
            yield board

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Board]:
        """A connection that has not said whose it is."""
        async with board_at(self.port) as board:
            yield board

    async def end(self) -> None:
        """End it as a signal does, and wait for that."""
        self.server.should_exit = True
        await asyncio.wait_for(asyncio.shield(self.task), SECONDS)

    async def nobody_watches(self) -> bool:
        """Whether nobody watches any more, soon."""
        for _ in range(200):
            if self.watching == 0:
                return True
            await asyncio.sleep(0.02)
        return False


@asynccontextmanager
async def board_at(port: int, **options: Any) -> AsyncIterator[Board]:
    """A connection to a server."""
    protocol = Subprotocol("graphql-transport-ws")
    options = {"max_size": LARGEST, **options}
    async with connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=[protocol], **options) as opened:
        yield Board(opened)


@asynccontextmanager
async def live_server(
    database_url: str, folder: Path, clock: Moment, /, port: int = 0, **options: Any
) -> AsyncIterator[LiveServer]:
    """A server with our own uvicorn, its clock being the test's; `options` are settings."""
    settings = Settings(data_dir=folder, **options)
    with loading_once():
        application = create_application(settings, database_url, clock, built_in_plugins())
    started = asyncio.Event()
    with taken("127.0.0.1", port) as sockets:
        server = Server(application, started.set)
        task = asyncio.create_task(server.serve(sockets))
        await asyncio.wait_for(started.wait(), SECONDS)
        port = sockets[0].getsockname()[1]
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=SECONDS) as http:
                graph = GraphClient(http, token_authority(settings), clock)
                yield LiveServer(port, graph, application.state.services, server, application.state.gate, task)
        finally:
            server.should_exit = True
            await asyncio.wait_for(task, SECONDS)
