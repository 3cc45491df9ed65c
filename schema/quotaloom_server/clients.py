"""Clients that may hang up before they are answered."""

from __future__ import annotations

import asyncio
from typing import Self

from starlette.types import Receive


class Client:
    """Whoever sent a request whose body has been read; watched from the first time that somebody asks for it."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._watching: asyncio.Task[None] | None = None

    async def gone(self) -> None:
        """Return once the client has hung up; may be awaited by several at once."""
        if self._watching is None:
            self._watching = asyncio.ensure_future(self._watch())
        await asyncio.shield(self._watching)

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.watch_no_more()

    @property
    def is_watched(self) -> bool:
        """Whether anybody has asked for it."""
        return self._watching is not None

    async def watch_no_more(self) -> None:
        """It is answered."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
