"""One serving process: uvicorn with our application, quiet, ending in order."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from quotaloom.platform.limits import Limits
from quotaloom_server.crowd import allow_files
from quotaloom_server.front_config import FrontConfig
from quotaloom_server.http_front import HTTPFront
from quotaloom_server.live import PING_SECONDS
from quotaloom_server.signals import told_of_signals
from quotaloom_server.websocket_front import WebSocketFront

GRACE_SECONDS = 5
"""How long requests under way may take to finish once the process is asked to end."""

PLUGINS_GRACE_SECONDS = 4
"""How long plugins may take of it; then there is a second left to tell who waits for them."""


class Server(uvicorn.Server):
    """Serves until SIGINT or SIGTERM, lets requests under way finish, then raises the signal again."""

    def __init__(self, application: Starlette, started: Callable[[], object]) -> None:
        limits = application.state.services.limits
        super().__init__(
            FrontConfig(
                limits,
                application,
                lifespan="on",
                http=HTTPFront,
                ws=WebSocketFront,
                ws_max_size=limits.message_bytes,
                ws_ping_interval=PING_SECONDS,
                ws_ping_timeout=PING_SECONDS,
                ws_per_message_deflate=False,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # the application looks at them where it matters
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._application = application
        self._tell_started = started

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until a signal comes; a second Ctrl-C does not wait for requests."""
        limits: Limits = self.config.limits  # type: ignore[attr-defined] # a `FrontConfig`
        allow_files(limits.open_connections + limits.spare_connections)
        with told_of_signals(self.handle_exit):
            super().run(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `run`: uvicorn would raise them again while the loop still runs."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open for requests, then tell that it is so."""
        await super().startup(sockets)
        if self.started:
            self._tell_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let requests under way finish; one that waits for a plugin for too long is told so, instead of cut off.

        Event streams, which never finish, end at once.
        """
        self._application.state.streams.end()
        ending: list[asyncio.Task[None]] = []

        def end_plugins() -> None:
            ending.append(asyncio.ensure_future(self._application.state.policies.close()))

        timer = asyncio.get_running_loop().call_later(PLUGINS_GRACE_SECONDS, end_plugins)
        await super().shutdown(sockets)
        timer.cancel()
        await asyncio.gather(*ending)
