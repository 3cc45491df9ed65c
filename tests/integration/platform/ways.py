"""Ways to PostgreSQL: cut at any time or in the moment of a COMMIT, silent, in crumbs, or encrypted."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any

from quotaloom.platform.database import credentials

COMMIT = b"COMMIT;\0"
"""How asyncpg writes it, in a message of its own."""

SSL_REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
"""What a client that wants a connection encrypted sends first; PostgreSQL answers with `S`."""


class Cut(Enum):
    """When the next connection that commits is cut."""

    BEFORE = auto()
    """PostgreSQL never hears of it."""

    MEANWHILE = auto()
    """PostgreSQL hears of it, and nobody knows what it does."""

    AFTER = auto()
    """PostgreSQL has committed and said so, and nobody hears it."""


@dataclass
class Way:
    """The address of the database by this way, and what happens on it next."""

    url: str
    cut: Cut | None = None
    cuts: int = 0
    is_open: bool = True
    lingers: bool = False
    """Whether a connection stays open to us where PostgreSQL has closed it."""
    ended: int = 0
    """How many connections PostgreSQL has closed, and all that it told on these was passed on."""
    speaks: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    @asynccontextmanager
    async def closed(self) -> AsyncIterator[None]:
        """Every connection is cut, and no other taken, while the block runs."""
        self.is_open = False
        await self.cut_all()
        try:
            yield
        finally:
            self.is_open = True

    @asynccontextmanager
    async def silent(self) -> AsyncIterator[None]:
        """Nothing comes through while the block runs, and all of it afterwards."""
        self.speaks.clear()
        try:
            yield
        finally:
            self.speaks.set()

    async def cut_all(self) -> None:
        """Cut every connection there is."""
        cut = list(self._tasks)
        for task in cut:
            task.cancel()
        await asyncio.gather(*cut, return_exceptions=True)


@asynccontextmanager
async def way_to(database_url: str, *, crumbs: int = 2**16, certificate: Path | None = None) -> AsyncIterator[Way]:
    """Listen on a port of this machine, and pass everything on to the server's socket.

    Answers come so many bytes at a time (`crumbs`); with a certificate the way is encrypted, as that to a database in
    another place is.
    """
    to = credentials(database_url)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if not way.is_open:
            writer.close()
            return
        way._tasks.add(task)
        if certificate is not None:
            await _encrypt(reader, writer, certificate)
        behind = await asyncio.open_unix_connection(f"{to['host']}/.s.PGSQL.{to['port']}")
        answers = asyncio.create_task(_pass_on(way, behind[0], writer, crumbs))
        try:
            await _ask(way, reader, behind[0], behind[1], answers)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            answers.cancel()
            for end in (writer, behind[1]):
                end.close()
            way._tasks.discard(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    mode = "" if certificate is None else "?sslmode=require"
    way = Way(f"postgresql://{to['user']}@127.0.0.1:{port}/{to['database']}{mode}")
    way.speaks.set()
    async with server:
        try:
            yield way
        finally:
            await way.cut_all()


async def _ask(
    way: Way,
    reader: asyncio.StreamReader,
    answers: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    passing: asyncio.Task[None],
) -> None:
    while sent := await reader.read(2**16):
        await way.speaks.wait()
        cut, commits = way.cut, COMMIT in sent
        if commits and cut is not None:
            way.cut = None
            way.cuts += 1
            if cut is Cut.BEFORE:
                return
            passing.cancel()  # nobody hears the answer
            with suppress(asyncio.CancelledError):
                await passing
        writer.write(sent)
        await writer.drain()
        if commits and cut is not None:
            if cut is Cut.AFTER:
                await answers.read(2**16)
            return


async def _encrypt(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, certificate: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    assert await reader.readexactly(8) == SSL_REQUEST
    writer.write(b"S")
    await writer.start_tls(context)


async def _pass_on(way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int) -> None:
    while told := await reader.read(most):
        await way.speaks.wait()
        writer.write(told)
        await writer.drain()
        await asyncio.sleep(0)  # each is looked at before the next one comes
    way.ended += 1
    if not way.lingers:
        writer.close()
