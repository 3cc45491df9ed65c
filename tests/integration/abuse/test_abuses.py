"""Abuses of HTTP and WebSockets over bare sockets, against a server process as `quotaloom serve` starts it.

Each is answered with a status, or closed with a code, that its table says; nothing is ever an error of the server's.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from benchmarks.abuse import http_cases, websocket_cases
from benchmarks.abuse.sending import Abuse, connection, is_well, outcome
from benchmarks.abuse.websocket_sending import PING, TEXT, SocketAbuse, frame, handshake, socket_outcome

from tests.integration.server.conftest import new_home
from tests.integration.server.processes import Home, Server

PATIENCE = {
    "QUOTALOOM_REQUEST_SECONDS": "2",
    "QUOTALOOM_GREETING_SECONDS": "2",
    "QUOTALOOM_CORS_ORIGINS": "http://a.example",
}


@dataclass
class Abused:
    """A server, its company's admin, and what it has said, once it has ended."""

    home: Home
    server: Server
    token: str
    ended: str | None = None

    def end(self) -> str:
        """End it; what it has said."""
        if self.ended is None:
            self.ended = self.server.end()
        return self.ended


@pytest.fixture(scope="module")
def abused() -> Iterator[Abused]:
    """A server with a company, for all abuses."""
    with new_home() as home:
        server = home.serve(**PATIENCE)
        server.found_company("acme")
        yield Abused(home, server, home.run("token", "--company", "acme").stdout.strip())


def strange(abused: Abused, cases: Sequence[Abuse | SocketAbuse]) -> dict[str, object]:
    """What did not become of the cases what their table says, and after which others were answered no more."""

    async def sent() -> dict[str, object]:
        found: dict[str, object] = {}
        for case in cases:
            came_of_it = await _outcome(case, abused)
            if came_of_it != case.expected:
                found[case.name] = came_of_it
            if not await is_well(abused.home.port):
                found[f"{case.name}, to others"] = "no answer"
        return found

    return asyncio.run(sent())


async def _outcome(case: Abuse | SocketAbuse, abused: Abused) -> object:
    if isinstance(case, Abuse):
        return await outcome(case, abused.home.port, abused.token)
    return await socket_outcome(case, abused.home.port, abused.token)


@pytest.mark.parametrize("group", http_cases.GROUPS)
def test_each_abuse_of_http_is_answered(abused: Abused, group: str) -> None:
    """With the status of its table; and the connection ends, or takes another request, as the table says."""
    assert strange(abused, http_cases.GROUPS[group]) == {}


@pytest.mark.parametrize("group", websocket_cases.GROUPS)
def test_each_abuse_of_a_websocket_is_closed_with_its_code(abused: Abused, group: str) -> None:
    """After the messages that its table says, or its handshake is refused with a status."""
    assert strange(abused, websocket_cases.GROUPS[group]) == {}


def test_whoever_is_too_slow_is_told_so(abused: Abused) -> None:
    """A request has two seconds here, however busy its client is meanwhile, and a greeting as many."""

    async def sent() -> dict[str, object]:
        slow: list[Abuse | SocketAbuse] = [*http_cases.SLOW, *websocket_cases.SLOW]
        outcomes = await asyncio.gather(*(_outcome(case, abused) for case in slow))
        return {one.name: came for one, came in zip(slow, outcomes, strict=True) if came != one.expected}

    assert asyncio.run(sent()) == {}


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (frame(PING) * 501, rb"\x03\xf0\d+ frames within a second; socket_frames allows 500"),
        (
            frame(TEXT, b"{", final=False) + frame(0, b" ", final=False) * 250,
            rb"\x03\xf1a message in 251 frames and more; message_frames allows 250",
        ),
        (frame(TEXT, b" " * 262_145), rb"\x03\xf1a message of 262145 bytes; greeting_bytes allows 16384"),
    ],
    ids=["frames", "pieces", "bytes"],
)
def test_the_reason_of_a_close_names_the_limit(abused: Abused, sent: bytes, told: bytes) -> None:
    """Beside the code, in words."""

    async def heard() -> bytes:
        async with connection(abused.home.port) as (reader, writer), asyncio.timeout(20):
            writer.write(handshake() + sent)
            return await reader.read()

    assert re.search(rb"(?s)" + told, asyncio.run(heard()))


def test_no_abuse_was_an_error_of_the_server(abused: Abused) -> None:
    """It has warned of nothing and failed at nothing, and it ends as it should."""
    said = abused.end()
    assert re.findall(r"(?m)^.*\b(?:WARNING|ERROR|CRITICAL)\b.*$|^Traceback.*$|never awaited", said) == []


def test_there_are_many() -> None:
    """At least 200 of HTTP and 50 of WebSockets, each with a name of its own in its group."""
    of_http = [*http_cases.GROUPS.values(), http_cases.SLOW]
    of_sockets = [*websocket_cases.GROUPS.values(), websocket_cases.SLOW]
    assert sum(map(len, of_http)) >= 200
    assert sum(map(len, of_sockets)) >= 50
    assert all(len({one.name for one in group}) == len(group) for group in of_http)
    assert all(len({one.name for one in group}) == len(group) for group in of_sockets)
